"""Which history of a simulated port is wanted, and its parts: one UTC day each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from simulators.port import Port
from simulators.sensors.port_readings import PortReadings, scenario_faults
from storage.importing import ColumnChunk
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from simulators.scenario import Scenario
    from simulators.sensors.faults import Fault
    from simulators.sensors.sampler import DayColumns
    from simulators.truth import TruthRow
    from telemetry.site import Site

TRUTH_EVERY = 30  # parts


@dataclass(frozen=True, kw_only=True)
class HistoryPlan:
    """A stretch of a scenario, as its sensors saw it."""

    site: Site
    scenario: Scenario
    first: date  # day of UTC
    last: date  # day of UTC, included
    cadence_s: int  # points are read every max(period, cadence) [s]
    until: datetime | None = None  # readings from here on are left out: a live source sends them

    def __post_init__(self) -> None:
        """Refuse days that the scenario does not have, and a history without a day."""
        if self.first < self.scenario.begins:
            raise ConfigurationError(
                f"scenario {self.scenario.name} begins on {self.scenario.begins}",
                place="--from",
                cure=f"ask from {self.scenario.begins} on, or let it begin earlier with --begins",
            )
        if self.last < self.first:
            raise ConfigurationError(
                f"{self.last} is before {self.first}", place="--to", cure="give a day after --from"
            )

    @property
    def parts(self) -> int:
        """Number of parts: one a day."""
        return (self.last - self.first).days + 1

    @property
    def name(self) -> str:
        """For people."""
        return f"scenario {self.scenario.name}, seed {self.scenario.seed}, from {self.first} by {self.cadence_s} s"

    @property
    def fingerprint(self) -> str:
        """Of everything that decides what the parts hold, but not of how many there are."""
        until = self.until.isoformat() if self.until else ""
        said = f"{self.site.id} {self.first} {self.cadence_s} {until} ".encode() + msgspec.json.encode(self.scenario)
        return hashlib.sha256(said).hexdigest()

    @property
    def content(self) -> str:
        """Digest of the whole scenario, the same however its tables are ordered."""
        return hashlib.sha256(msgspec.json.encode(self.scenario, order="sorted")).hexdigest()

    def day_of(self, part: int) -> date:
        """Return the day of a part."""
        return self.first + timedelta(days=part)

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of its sensors that begin before it ends."""
        end = datetime.combine(self.last + timedelta(days=1), time(), UTC)
        return tuple(one for one in scenario_faults(self.scenario, self.site) if one.start < end)

    def local_days(self, last: date) -> tuple[date, date]:
        """Return the first and the last day of the site's calendar that lie whole between its start and a UTC day."""
        start = datetime.combine(self.first, time(), UTC).astimezone(self.site.timezone)
        end = datetime.combine(last + timedelta(days=1), time(), UTC).astimezone(self.site.timezone)
        first = start.date() if start.time() == time() else start.date() + timedelta(days=1)
        return first, end.date() - timedelta(days=1)


class MadePart(NamedTuple):
    """One day of readings, and the truth that became complete with it."""

    chunk: ColumnChunk
    truth: list[TruthRow]


def make_parts(plan: HistoryPlan, first_part: int) -> Iterator[MadePart]:
    """Simulate the port from its beginning and yield its days from one part on.

    The truth comes every month and with the last part, each time for all days since it came last.
    """
    port = Port(plan.site, plan.scenario)
    readings = PortReadings(
        port, plan.site, begins=plan.scenario.begins, seed=plan.scenario.seed, cadence_s=plan.cadence_s,
        faults=plan.faults(),
    )  # fmt: skip
    told: date | None = None
    for part, made in enumerate(readings.days(plan.day_of(first_part), plan.last), start=first_part):
        rows: list[TruthRow] = []
        if part % TRUTH_EVERY == TRUTH_EVERY - 1 or part == plan.parts - 1:
            first, last = plan.local_days(plan.day_of(part))
            rows = port.truth().rows(told or first, last)
            told = last + timedelta(days=1)
        yield MadePart(_chunk(made.columns(), plan.until), rows)


def make_truth(plan: HistoryPlan) -> Iterator[list[TruthRow]]:
    """Simulate the port without reading its sensors and yield the truth of the whole plan."""
    port = Port(plan.site, plan.scenario)
    for _ in port.days(plan.first, plan.last):
        pass
    yield port.truth().rows(*plan.local_days(plan.last))


def _chunk(columns: DayColumns, until: datetime | None) -> ColumnChunk:
    """Return a day as storage takes it, without what is left to a live source."""
    keys, key_index, ts_us, value, quality = columns
    if until is not None and len(ts_us):
        kept: slice | np.ndarray[tuple[int], np.dtype[np.bool_]] = ts_us < round(until.timestamp() * 1_000_000)
        key_index, ts_us, value, quality = key_index[kept], ts_us[kept], value[kept], quality[kept]
    return ColumnChunk(key=keys, key_index=key_index, ts_us=ts_us, value=value, quality=quality)
