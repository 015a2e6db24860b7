"""Headlines of stored runs: each figure with its interval, and the verdict on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.verdicts import Verdict, judged, worst
from savings.record import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.savings_runs import FigureRow, RunRow
    from telemetry.plan import Plan

# columns of a headline, and their unit where it is not the figure's own
UNITS: Mapping[str, str] = {"percent": "%", "money": "EUR", "carbon": "t"}


def figure_of(row: FigureRow, name: str) -> Figure | None:
    """Return saving, percent, money or carbon of a headline with its interval; None where it has none."""
    value: float | None = getattr(row, name)
    if value is None:
        return None
    low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
    return Figure(value=value, low=low, high=high, unit=UNITS.get(name, row.unit))


def verdict_of_figure(row: FigureRow) -> Verdict:
    """Return the verdict on one figure."""
    return judged(row.saving, row.saving_low, row.saving_high)


def verdict_of_run(plan: Plan | None, run: RunRow | None) -> Verdict:
    """Return what stands for a run as a whole: the least favourable of its figures."""
    if run is None:
        return Verdict.WAITING if plan is None or plan.periods else Verdict.UNDATED
    return worst([verdict_of_figure(row) for row in run.figures])
