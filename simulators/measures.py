"""From the tables of a scenario to what is in force in which world, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import DAY_S
from simulators.worlds import Worlds
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.scenario import Happening, Measure, Scenario

KINDS = frozenset(
    {
        "seawater_condenser", "floating_head", "strip_doors", "demand_defrost", "ec_fans", "trap_repair",
        "condensate_return", "excess_air", "insulation", "seawater_substitution", "heat_pump", "variable_speed",
        "cleaning_policy", "null",
    }
)  # fmt: skip
# Kind of happening → its value while there is none.
HAPPENINGS: Mapping[str, float] = {
    "out_of_service": 0.0,
    "production_factor": 1.0,
    "set_point_shift_k": 0.0,
    "stock_factor": 1.0,
    "leak": 0.0,
}
_FOREVER = np.iinfo(np.int64).max
_YEAR_S = 365.25 * DAY_S


@dataclass(frozen=True, kw_only=True, eq=False)
class _Period:
    start_s: int  # [s since 1970-01-01 UTC]
    end_s: int

    def holds(self, at_s: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (at_s >= self.start_s) & (at_s < self.end_s)


class Plan:
    """The measures and happenings of a scenario, ready to be asked for any day."""

    def __init__(self, scenario: Scenario, zone: ZoneInfo) -> None:
        """Resolve every moment once; raises ConfigurationError for kinds that nobody knows."""
        self.demonstrators = scenario.demonstrators
        self._measures = [(each, _period(scenario, each, zone)) for each in scenario.measures]
        self._happenings = [(each, _period(scenario, each, zone)) for each in scenario.happenings]
        for measure in scenario.measures:
            _known(measure.kind, KINDS, f"measure of {measure.demonstrator}")
        for happening in scenario.happenings:
            _known(happening.kind, HAPPENINGS, f"happening at {happening.asset}")
            if happening.caused_by:
                _known(happening.caused_by, self.demonstrators, f"caused_by of a happening at {happening.asset}")

    @property
    def count(self) -> int:
        """Number of worlds, W."""
        return 1 + len(self.demonstrators)

    def worlds(self, day: Day) -> Worlds:
        """Return what is in force on a day."""
        shares: dict[tuple[str, str], NDArray[np.float64]] = {}
        happenings: dict[tuple[str, str], NDArray[np.float64]] = {}
        for measure, period in self._measures:
            profile = _share(measure, period, day)
            if profile.any():
                self._combine(shares, (measure.kind, measure.asset), profile, measure.demonstrator)
        for happening, period in self._happenings:
            held = period.holds(day.starts_s)
            if held.any():
                self._set(happenings, happening, held)
        return Worlds(count=self.count, steps=day.steps, shares=shares, happenings=happenings)

    def _combine(
        self, shares: dict[tuple[str, str], NDArray[np.float64]], key: tuple[str, str],
        profile: NDArray[np.float64], demonstrator: str,
    ) -> None:  # fmt: skip
        """Add a measure's share to all worlds but the one without its demonstrator."""
        table = np.empty((self.count, len(profile)))
        table[:] = profile
        table[1 + self.demonstrators.index(demonstrator)] = 0.0
        shares[key] = np.minimum(1.0, shares.get(key, 0.0) + table)

    def _set(
        self, happenings: dict[tuple[str, str], NDArray[np.float64]], happening: Happening, held: NDArray[np.bool_]
    ) -> None:
        key, usual = (happening.kind, happening.asset), HAPPENINGS[happening.kind]
        before = happenings.get(key, np.full((1, len(held)), usual))
        after = np.where(held, happening.value, before)
        if happening.caused_by:
            after = np.tile(after, (self.count if len(after) == 1 else 1, 1))
            after[1 + self.demonstrators.index(happening.caused_by)] = np.broadcast_to(before, after.shape)[
                1 + self.demonstrators.index(happening.caused_by)
            ]
        happenings[key] = after


def _share(measure: Measure, period: _Period, day: Day) -> NDArray[np.float64]:
    """Return a measure's share in force by step (n,): stages, wear, and weeks on and off."""
    age_s = (day.starts_s - period.start_s).astype(np.float64)
    share = np.zeros(day.steps)
    for after_days, stage in measure.stages:
        share[age_s >= after_days * DAY_S] = stage
    share *= np.maximum(0.0, 1.0 - measure.decay_per_year * np.maximum(age_s, 0.0) / _YEAR_S)
    if measure.alternate_days:
        share *= (age_s // (measure.alternate_days * DAY_S)) % 2 == 0
    return share * period.holds(day.starts_s)


def _period(scenario: Scenario, table: Measure | Happening, zone: ZoneInfo) -> _Period:
    end_s = _FOREVER if table.end is None else scenario.instant_s(table.end, zone)
    start_s = scenario.instant_s(table.start, zone)
    if end_s <= start_s:
        raise ConfigurationError(
            f"{table.kind} at {table.asset} ends before it begins",
            place=f"scenario {scenario.name}",
            cure="`from` comes before `to`",
        )
    return _Period(start_s=start_s, end_s=end_s)


def _known(word: str, known: Mapping[str, float] | frozenset[str] | tuple[str, ...], place: str) -> None:
    if word not in known:
        raise ConfigurationError(
            f'"{word}" is not known', place=place, cure=f"{did_you_mean(word, known)}known: {', '.join(sorted(known))}"
        )
