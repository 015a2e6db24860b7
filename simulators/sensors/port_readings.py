"""A simulated port seen through its sensors: days of readings, the same however they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from simulators.sensors.fault_tables import faults_of
from simulators.sensors.random_faults import random_faults
from simulators.sensors.sampler import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.scenario import Scenario
    from simulators.sensors.faults import Fault
    from simulators.sensors.sampler import DayReadings
    from telemetry.site import MeterSwap, Site

FAULTS_KNOWN_FOR = timedelta(days=10 * 366)  # how long after its first day a scenario has faults by chance


class ModelDay(Protocol):
    """One day of a port as it is."""

    @property
    def day(self) -> Day:
        """Which day, in which steps."""
        ...

    @property
    def outputs(self) -> Mapping[str, Output]:
        """What plants say of it, by point key; arrays (n,)."""
        ...


class PortModel(Protocol):
    """What sensors need of a port (see `simulators.port.Port`)."""

    def days(self, first: date, last: date) -> Iterator[ModelDay]:
        """Yield the days of UTC from first to last, both included."""
        ...


class PortReadings:
    """Readings of every point of a simulated port.

    Parameters
    ----------
    port
        Where the truth comes from.
    site
        Its points.
    begins
        First day of the port [UTC]: registers count from its midnight, so every request starts there, unread.
    seed, cadence_s, faults
        As for a `Sampler`.
    """

    def __init__(
        self,
        port: PortModel,
        site: Site,
        *,
        begins: date,
        seed: int = 0,
        cadence_s: int = 1,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.site = site
        self.begins = begins
        self.seed = seed
        self.cadence_s = cadence_s
        self.faults = tuple(faults)
        self.swaps: tuple[MeterSwap, ...] = ()  # of the days read last, with both registers
        self._port = port

    def days(self, first: date, last: date) -> Iterator[DayReadings]:
        """Yield the readings of the days of UTC from first to last, both included; none before the port begins."""
        sampler = Sampler(self.site, seed=self.seed, cadence_s=self.cadence_s, faults=self.faults)
        for made in self._port.days(self.begins, last):
            if made.day.start_s < _midnight_s(first):
                sampler.skip(made.day, made.outputs)
                continue
            found = sampler.read(made.day, made.outputs)
            self.swaps = sampler.swaps
            yield found


def scenario_faults(scenario: Scenario, site: Site) -> tuple[Fault, ...]:
    """Return every fault of a scenario, those declared and those by chance, in order of their start.

    Raises
    ------
    ConfigurationError
        If a declared fault cannot be.
    """
    declared = faults_of(scenario.faults, site, scenario=scenario)
    drawn: tuple[Fault, ...] = ()
    if scenario.random_faults is not None:
        last = scenario.begins + FAULTS_KNOWN_FOR
        drawn = random_faults(scenario.seed, site, scenario.begins, last, scenario.random_faults.per_point_per_year)
    return tuple(sorted((*declared, *drawn), key=lambda fault: (fault.start, fault.point, fault.kind)))


def _midnight_s(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
