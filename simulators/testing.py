"""A simulated port in a test, with everything known that a real one hides.

Put `pytest_plugins = ["simulators.testing"]` into the topmost `conftest.py`; then a test has a port in a few lines:

    def test_my_analysis(simulated_port):
        run = simulated_port(scenario="capecure", first=date(2024, 9, 1), last=date(2024, 9, 7))
        ts_us, value = run.series("quay/intake/t_sea_in")
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pytest

from simulators.port import Port, has_model
from simulators.scenario import Scenario, load_scenario
from simulators.sensors.fault_tables import faults_of
from simulators.sensors.faults import Fault
from simulators.sensors.port_readings import PortModel, PortReadings, scenario_faults
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from simulators.sensors.sampler import DayColumns
    from simulators.truth import TruthBook, TruthRow
    from telemetry.site import MeterSwap, Site

SITES = Path(__file__).parents[1] / "sites"
A_WEEK = timedelta(days=6)


class Series(NamedTuple):
    """Readings of one point; both (n,), in order of time."""

    ts_us: NDArray[np.int64]  # [µs since 1970-01-01 UTC]
    value: NDArray[np.float64]  # declared unit


class KnownPort(PortModel, Protocol):
    """A model of a port that also knows what was true."""

    def truth(self) -> TruthBook:
        """Return what was true of every day simulated so far."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedRun:
    """A stretch of a port's life: what its sensors told, what was true, what went wrong."""

    site: Site
    port: KnownPort
    readings: PortReadings
    first: date  # of UTC
    last: date

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are there at some time of the run, in order of their start."""
        start, end = np.datetime64(self.first), np.datetime64(self.last + timedelta(days=1))
        start_s, end_s = (int(each.astype("datetime64[s]").astype(np.int64)) for each in (start, end))
        return tuple(
            fault
            for fault in self.readings.faults
            if fault.start_s < end_s and max(fault.end_s, fault.start_s + 1) > start_s
        )

    @property
    def swaps(self) -> tuple[MeterSwap, ...]:
        """The swaps of meters up to the last day, with both registers, as a site file would declare them."""
        return self.readings.swaps if self._columns else ()

    def columns(self) -> list[DayColumns]:
        """Return the readings day by day, as an import takes them."""
        return self._columns

    def series(self, key: str) -> Series:
        """Return the readings of one point.

        Raises
        ------
        ConfigurationError
            If the site has no such point.
        """
        keys = [point.key for point in self.site.points]
        if key not in keys:
            raise ConfigurationError(f'unknown point "{key}"', place=self.site.id, cure="name one of the site's points")
        number = keys.index(key)
        rows = [day.key_index == number for day in self._columns]
        ts_us = [day.ts_us[own] for day, own in zip(self._columns, rows, strict=True)]
        value = [day.value[own] for day, own in zip(self._columns, rows, strict=True)]
        return Series(np.concatenate([np.zeros(0, np.int64), *ts_us]), np.concatenate([np.zeros(0), *value]))

    def truth(self, demonstrator: str) -> list[TruthRow]:
        """Return what a demonstrator truly saved, by point and day of the site's calendar."""
        simulated = self._columns  # the truth is known of days that were simulated
        rows = self.port.truth().rows(self.first, self.last) if simulated else []
        return [row for row in rows if row.demonstrator == demonstrator]

    @cached_property
    def _columns(self) -> list[DayColumns]:
        return [day.columns() for day in self.readings.days(self.first, self.last)]


class Simulate(Protocol):
    """What the fixture `simulated_port` is."""

    def __call__(
        self,
        scenario: str | Path | Scenario = "plain",
        *,
        first: date | None = None,
        last: date | None = None,
        faults: Iterable[Fault | Mapping[str, Any]] | None = None,
        cadence_s: int = 900,
        site: Site | Path | None = None,
        port: KnownPort | None = None,
    ) -> SimulatedRun:
        """Return a run; see `simulate`."""
        ...


def simulate(
    scenario: str | Path | Scenario = "plain",
    *,
    first: date | None = None,
    last: date | None = None,
    faults: Iterable[Fault | Mapping[str, Any]] | None = None,
    cadence_s: int = 900,
    site: Site | Path | None = None,
    port: KnownPort | None = None,
) -> SimulatedRun:
    """Return a run of a simulated port.

    Parameters
    ----------
    scenario
        A scenario, its name or its file.
    first, last
        Days of UTC, both included; the scenario's first week where they are not given.
    faults
        Faults, or tables as `[[faults]]` of a scenario has; those of the scenario where nothing is given.
    cadence_s
        Points are read every `max(period, cadence)` [s].
    site
        A site or its file; the first one in `sites/` that has a physical model where nothing is given.
    port
        Another model of the site, for tests of its own.
    """
    told = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    place = _site(site)
    first = first or told.begins
    own = scenario_faults(told, place) if faults is None else _faults(faults, place, told)
    model = port or Port(place, told)
    readings = PortReadings(model, place, begins=told.begins, seed=told.seed, cadence_s=cadence_s, faults=own)
    return SimulatedRun(site=place, port=model, readings=readings, first=first, last=last or first + A_WEEK)


@pytest.fixture
def simulated_port() -> Simulate:
    """Make simulated ports: see `simulate`."""
    return simulate


def _site(site: Site | Path | None) -> Site:
    if site is None:
        modelled = [path for path in sorted(SITES.glob("*.toml")) if has_model(path.stem)]
        if not modelled:
            raise ConfigurationError(
                "no site with a physical model", place=str(SITES), cure="give the fixture a site: `site=Path(…)`"
            )
        site = modelled[0]
    return load_site(site) if isinstance(site, Path) else site


def _faults(faults: Iterable[Fault | Mapping[str, Any]], site: Site, scenario: Scenario) -> tuple[Fault, ...]:
    made: list[Fault] = []
    for each in faults:
        made += [each] if isinstance(each, Fault) else faults_of([each], site, scenario=scenario)
    return tuple(sorted(made, key=lambda fault: (fault.start, fault.point, fault.kind)))
