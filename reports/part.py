"""What the sections and drawings are made of: the records of a run, figure by figure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from locales.words import Words
    from savings.input_record import MeterInput, RunInput
    from savings.record import MeterRun, Run
    from savings.restate import Explanation


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """The run before this one, and why the two differ."""

    previous: Run
    explanation: Explanation | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One figure of a report: its rows and what the run says of them."""

    given: RunInput
    rows: MeterInput
    run: MeterRun

    @property
    def is_monthly(self) -> bool:
        """Whether rows are bills."""
        return self.given.plan.frequency == "monthly"

    def summed(self, run: Run) -> tuple[date, date]:
        """Return the first and the last day that the saving is summed over; those asked for where a run kept none."""
        for each in self.run.coverage:
            if each.period == "reporting" and each.used_from and each.used_to:
                return each.used_from, each.used_to
        return run.reporting_from, run.reporting_to


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything that a report is made of."""

    given: RunInput
    run: Run
    say: Words
    restatement: Restatement | None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The figures in the order of the plan."""
        rows = {each.meter.id: each for each in self.given.meters}
        return tuple(Part(given=self.given, rows=rows[each.meter], run=each) for each in self.run.meters)

    @property
    def summed(self) -> tuple[date, date]:
        """The first and the last day that any figure is summed over."""
        days = [part.summed(self.run) for part in self.parts] or [(self.run.reporting_from, self.run.reporting_to)]
        return min(first for first, _ in days), max(last for _, last in days)

    @property
    def several(self) -> bool:
        """Whether figures need to be told apart by a heading."""
        return len(self.parts) > 1
