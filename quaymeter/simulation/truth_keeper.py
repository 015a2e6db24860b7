"""The truth of a simulated history, kept over a login of its own while the history is imported over another."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Self

from storage import truth
from storage.engine import connect
from storage.truth import DayTruth, FaultTruth, TruthRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quaymeter.simulation.plan import HistoryPlan
    from simulators.sensors.faults import Fault
    from simulators.truth import TruthRow


class TruthKeeper:
    """Writes the truth of one plan; without a key it writes nothing. Use as a context manager."""

    def __init__(self, dsn: str, plan: HistoryPlan) -> None:
        self._plan = plan
        self._connection = connect(dsn) if dsn else None
        self.run = TruthRun(
            site=plan.site.id,
            scenario=plan.scenario.name,
            seed=plan.scenario.seed,
            begins=plan.scenario.begins,
            step_s=plan.scenario.step_s,
            content=plan.content,
            code_version=code_version(),
        )

    def __enter__(self) -> Self:
        """Keep the faults at once: they are known beforehand. A run of another content is refused here."""
        try:
            if self._connection is not None:
                truth.write(self._connection, self.run, faults=map(_fault, self._plan.faults()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def keep(self, rows: Iterable[TruthRow]) -> None:
        """Keep days; they are there when this returns."""
        days = [DayTruth(row.demonstrator, row.point, row.day, row.without, row.with_, row.unit) for row in rows]
        if self._connection is not None and days:
            truth.write(self._connection, self.run, days=days)

    @property
    def lacking(self) -> bool:
        """Whether days of the plan are not kept, though there is a key: the history came before it."""
        if self._connection is None or not self._plan.scenario.demonstrators:
            return False
        first, last = self._plan.local_days(self._plan.last)
        for kept in truth.runs(self._connection, self.run.site):
            if kept.run == self.run and kept.first_day and kept.last_day:
                return last >= first and not (kept.first_day <= first and kept.last_day >= last)
        return last >= first


def code_version() -> str:
    """Return the version of quaymeter that is running, "" where it is not installed."""
    try:
        return version("quaymeter")
    except PackageNotFoundError:
        return ""


def _fault(fault: Fault) -> FaultTruth:
    detail = {"other": fault.other} if fault.other else {}
    return FaultTruth(
        point=fault.point,
        kind=str(fault.kind),
        begins_at=fault.start,
        ends_at=fault.end,
        size=fault.size,
        detail=detail,
    )
