"""What each demonstrator truly saved: the same port under the same luck, without its measure less with it.

Amounts are in the canonical unit of each point of the demonstrator's boundary, by day of the site's calendar. No code
that analyses may import this module or read what it made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simulators.day import MINUTES
from simulators.operations.calendar import date_of, local_pieces
from simulators.outputs import Flow, Mean
from telemetry.errors import ConfigurationError
from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.scenario import Scenario
    from telemetry.site import Site


class Boundary(NamedTuple):
    """One point that a demonstrator is judged by."""

    demonstrator: str
    point: str
    unit: str  # canonical unit of what is summed up
    world: int  # the world without this demonstrator


class TruthRow(NamedTuple):
    """The truth of one demonstrator, point and day [unit]."""

    demonstrator: str
    point: str
    day: date  # of the site's calendar
    unit: str
    without: float  # what the point would have used without the demonstrator
    with_: float  # what it used

    @property
    def saving(self) -> float:
        """Without less with [unit]."""
        return self.without - self.with_


def boundaries(site: Site, scenario: Scenario) -> tuple[Boundary, ...]:
    """Return the points that each demonstrator of a scenario is judged by.

    Raises
    ------
    ConfigurationError
        If neither the scenario nor the site says them, or a point is unknown.
    """
    declared = {plan.id: [each.point for meter in plan.meters for each in meter.points] for plan in site.demonstrators}
    points = {point.key: point for point in site.points}
    found = []
    for world, demonstrator in enumerate(scenario.demonstrators, start=1):
        own = [key for measure in scenario.measures if measure.demonstrator == demonstrator for key in measure.energy]
        for key in own or declared.get(demonstrator) or [""]:
            if key not in points:
                raise ConfigurationError(
                    f'the boundary of {demonstrator} names "{key}", which is no point of {site.id}',
                    place=f"scenario {scenario.name}",
                    cure="declare the demonstrator in the site file, or give the measure `energy = [points]`",
                )
            unit = QUANTITIES[points[key].quantity].unit
            found.append(Boundary(demonstrator, key, "kW.h" if unit == "kW" else unit, world))
    return tuple(found)


class TruthBook:
    """Adds up the truth day by day; days are handed over one after the other."""

    def __init__(self, boundary: Sequence[Boundary], zone: ZoneInfo) -> None:
        self._boundary = boundary
        self._zone = zone
        self._sums: dict[tuple[Boundary, date], list[float]] = {}

    def add(self, day: Day, outputs: Mapping[str, Output]) -> None:
        """Add the outputs of a day, all worlds."""
        local = _local_days(day, self._zone)
        for boundary in self._boundary:
            output = outputs.get(boundary.point)
            if output is None:
                continue
            amounts = _amounts(output, day)
            with_ = amounts[0]
            without = amounts[boundary.world] if len(amounts) > 1 else with_
            for each, steps in local:
                sums = self._sums.setdefault((boundary, each), [0.0, 0.0])
                used = float(with_[steps].sum())
                sums[0] += used if without is with_ else float(without[steps].sum())
                sums[1] += used

    def rows(self, first: date | None = None, last: date | None = None) -> list[TruthRow]:
        """Return the truth so far, first and last day included, in order of demonstrator, point and day."""
        return [
            TruthRow(boundary.demonstrator, boundary.point, day, boundary.unit, sums[0], sums[1])
            for (boundary, day), sums in sorted(self._sums.items())
            if (first is None or day >= first) and (last is None or day <= last)
        ]


def _amounts(output: Output, day: Day) -> NDArray[np.float64]:
    """Return what a point used by world and step (W or 1, n)."""
    if isinstance(output, Flow):
        return output.values
    if isinstance(output, Mean):
        return output.values * day.step_h
    raise ConfigurationError(
        "a demonstrator's boundary is made of counters and powers", place="truth", cure="choose another point"
    )


def _local_days(day: Day, zone: ZoneInfo) -> list[tuple[date, slice]]:
    """Return the days of the site's calendar that a UTC day touches, with the steps that begin in each."""
    every = MINUTES // day.steps
    pieces = local_pieces(day.number, zone.key)
    found = [(date_of(piece.day), slice(-(-piece.utc.start // every), -(-piece.utc.stop // every))) for piece in pieces]
    return [(each, steps) for each, steps in found if steps.start < steps.stop]
