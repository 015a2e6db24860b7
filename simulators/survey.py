"""One pass through a scenario that keeps what descriptions and plots need: drivers by day, one week in full, truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.day import UNIX
from simulators.port import Port, last_day
from simulators.sensors.port_readings import scenario_faults
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.port import PortDay
    from simulators.scenario import Scenario
    from simulators.truth import TruthRow
    from telemetry.site import Site

MONTHS = 26
WEEK = 7
PRODUCTION = "production_kg_per_h:"


class Driver(NamedTuple):
    """A driver of the port and its unit."""

    name: str
    unit: str


DRIVERS = (
    Driver("sea", "°C"),
    Driver("air", "°C"),
    Driver("humidity", "%"),
    Driver("tide_range", "m"),
    Driver("salinity", "1"),
    Driver("turbidity", "NTU"),
    Driver("production", "t"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """What one pass through a scenario saw."""

    site: Site
    scenario: Scenario
    first: date
    last: date
    drivers: Mapping[str, np.ndarray]  # by name (days,): means of the day, its tidal range, its tonnes
    week: tuple[PortDay, ...]  # seven days in full
    truth: tuple[TruthRow, ...]

    @property
    def dates(self) -> list[date]:
        """The days of the survey (days,)."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def survey(
    site: Site,
    scenario: Scenario,
    *,
    first: date | None = None,
    last: date | None = None,
    week: date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Simulate from first to last (26 months of the scenario if left out) and keep what is worth looking at.

    Parameters
    ----------
    week
        First day of the week kept in full; a Monday four weeks before the end if left out.
    progress
        Is told (days done, days in all).

    Raises
    ------
    ConfigurationError
        If the period ends before it or the scenario begins, or the scenario declares what cannot be.
    """
    first = max(first or scenario.begins, scenario.begins)
    last = last or last_day(MONTHS, scenario.begins)
    if last < first:
        raise ConfigurationError(
            f"{last} is before {first}", place="--to", cure=f"give a day from {first} on; the scenario begins with it"
            if first == scenario.begins else "give a day after --from",
        )  # fmt: skip
    scenario_faults(scenario, site)  # none is drawn here, yet what cannot befall a sensor is told as backfill tells it
    start = week or max(first, last - timedelta(days=28 + last.weekday()))
    port = Port(site, scenario)
    rows, kept = [], []
    total = (last - first).days + 1
    for done, made in enumerate(port.days(first, last), start=1):
        rows.append(_drivers(made))
        today = UNIX + timedelta(days=made.day.number)
        if start <= today < start + timedelta(days=WEEK):
            kept.append(made)
        if progress is not None:
            progress(done, total)
    columns = np.array(rows).T
    return Survey(
        site=site,
        scenario=scenario,
        first=first,
        last=last,
        drivers={driver.name: column for driver, column in zip(DRIVERS, columns, strict=True)},
        week=tuple(kept),
        truth=tuple(port.truth().rows(first, last)),
    )


def _drivers(made: PortDay) -> tuple[float, ...]:
    """Return a day's drivers in the order of DRIVERS."""
    weather = made.weather
    made_kg = sum(
        float(flow[0].sum()) * made.day.step_h for name, flow in made.flows.items() if name.startswith(PRODUCTION)
    )
    return (
        float(weather.sea_c.mean()),
        float(weather.air_c.mean()),
        float(weather.humidity.mean()),
        float(np.ptp(weather.tide_m)),
        float(weather.salinity_psu.mean()),
        float(weather.turbidity_ntu.mean()),
        made_kg / 1000,
    )
