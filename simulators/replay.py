"""Recorded data sent as a device would send it: over MQTT, with its own timestamps, at a chosen speed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from edge.buffer import BufferFullError
from edge.pack import Sampled
from simulators.recorded import read_recorded
from telemetry.errors import ConfigurationError
from telemetry.formats.envelope import series
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.agent import Agent
    from simulators.recorded import RecordedColumn, RecordedLayout, RecordedRow
    from telemetry.site import Site

PACKS_AT_ONCE = 100  # kept in one transaction of the buffer
READINGS_A_PACK = 50
LOOK_S = 0.1  # how often progress is told while waiting [s]


@dataclass(frozen=True, kw_only=True)
class ReplayProgress:
    """How far a replay is; `settled` are the readings that receipts have answered for."""

    readings: int = 0  # read from the file and given to the agent
    missing: int = 0  # empty cells
    packs: int = 0
    settled: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    last_ts_ms: int | None = None  # of the rows read so far
    seconds: float = 0.0
    finished: bool = False  # the file was read to its end and every pack is safe


class _Pending(NamedTuple):
    """Samples of one point that wait for a pack."""

    ts_ms: list[int]
    values: list[float]


@dataclass
class _AssetRows:
    """What one asset's next pack will hold."""

    asset: str
    device: str
    columns: dict[int, RecordedColumn]  # place in the row → column
    pending: dict[int, _Pending] = field(default_factory=dict)
    readings: int = 0

    def add(self, row: RecordedRow) -> int:
        """Take this asset's values of a row; return how many were missing."""
        missing = 0
        for place in self.columns:
            value = row.values[place]
            if value is None:
                missing += 1
                continue
            pending = self.pending.setdefault(place, _Pending([], []))
            pending.ts_ms.append(row.ts_ms)
            pending.values.append(value)
            self.readings += 1
        return missing

    def take(self) -> Sampled:
        """Make the pack and start the next one."""
        first = min(pending.ts_ms[0] for pending in self.pending.values())
        entries = [
            series(
                self.columns[place].point.rpartition("/")[2],
                [ts_ms - first for ts_ms in pending.ts_ms],
                pending.values,
                unit=self.columns[place].unit,
            )
            for place, pending in self.pending.items()
        ]
        self.pending, self.readings = {}, 0
        return Sampled(asset=self.asset, ts_ms=first, entries=entries)


class Replay:
    """Sends recorded files through an agent, which must have been started.

    Parameters
    ----------
    site
        Declares the points and which device speaks for each asset.
    agent
        Speaks for those devices. Its buffer should refuse when full: a replay can wait.
    speed
        Recorded seconds a second; 3600 plays an hour in a second, 0 as fast as the road takes.
    on_progress
        Called several times a second.
    """

    def __init__(
        self,
        site: Site,
        agent: Agent,
        *,
        speed: float = 0.0,
        on_progress: Callable[[ReplayProgress], None] = lambda _: None,
    ) -> None:
        self._site = site
        self._agent = agent
        self._speed = speed
        self._on_progress = on_progress
        self._told_s = 0.0

    def run(
        self,
        path: Path,
        layout: RecordedLayout,
        *,
        stop: threading.Event | None = None,
        drain_s: float = 3600.0,
    ) -> ReplayProgress:
        """Send a file and wait until all of it is safe, at most `drain_s` [s]; return what became of it.

        Raises
        ------
        TransferError
            With file and line, where the file cannot be read on; what came before it has been sent.
        ConfigurationError
            If a point is not declared in the site.
        """
        run = _Run(self._agent, stop or threading.Event(), self._speed)
        assets = self._assets(layout)
        try:
            for row in read_recorded(path, layout):
                if run.stop.is_set():
                    break
                run.pace(row.ts_ms)
                for rows in assets:
                    run.missing += rows.add(row)
                    if rows.readings >= READINGS_A_PACK or (self._speed > 0 and run.waited and rows.readings):
                        run.keep(rows)
                self._tell(run)
        finally:
            for rows in assets:
                if rows.readings:
                    run.keep(rows)
            run.send()
        end = time.monotonic() + drain_s
        while self._agent.buffer.packs and time.monotonic() < end and not run.stop.is_set():
            run.stop.wait(0.02)
            self._tell(run)
        run.finished = not self._agent.buffer.packs and not run.stop.is_set()
        done = run.progress()
        self._on_progress(done)
        return done

    def _tell(self, run: _Run) -> None:
        now = time.monotonic()
        if now - self._told_s >= LOOK_S:
            self._told_s = now
            self._on_progress(run.progress())

    def _assets(self, layout: RecordedLayout) -> list[_AssetRows]:
        declared = {point.key for point in self._site.points}
        devices = {asset.key: asset.device for asset in self._site.assets}
        made: dict[str, _AssetRows] = {}
        for place, column in enumerate(layout.columns):
            if column.point not in declared:
                raise ConfigurationError(
                    f'point "{column.point}" is not declared',
                    place=f"site {self._site.id}",
                    cure=did_you_mean(column.point, declared) or "add it to the site file and apply it",
                )
            asset = column.point.rpartition("/")[0]
            made.setdefault(asset, _AssetRows(asset, devices[asset], {})).columns[place] = column
        return list(made.values())


class _Waiting(NamedTuple):
    """A pack that the agent has not got yet."""

    device: str
    readings: int
    sampled: Sampled


class _Run:
    """One file on its way."""

    def __init__(self, agent: Agent, stop: threading.Event, speed: float) -> None:
        self.stop = stop
        self.missing = 0
        self.finished = False
        self.waited = False  # whether the last row had to wait for its time
        self._agent = agent
        self._speed = speed
        self._before = agent.publisher.counts
        self._started_s = time.monotonic()
        self._first_ts_ms: int | None = None
        self._last_ts_ms: int | None = None
        self._readings = self._packs = 0
        self._waiting: list[_Waiting] = []

    def pace(self, ts_ms: int) -> None:
        """Wait until it is this row's time."""
        self._first_ts_ms = ts_ms if self._first_ts_ms is None else self._first_ts_ms
        self._last_ts_ms = ts_ms
        self.waited = False
        if self._speed > 0:
            due_s = self._started_s + (ts_ms - self._first_ts_ms) / 1000 / self._speed
            if due_s > time.monotonic():
                self.send()
                self.waited = True
                self.stop.wait(due_s - time.monotonic())

    def keep(self, rows: _AssetRows) -> None:
        """Pack what an asset has; hand over when there is enough for one transaction."""
        self._waiting.append(_Waiting(rows.device, rows.readings, rows.take()))
        if len(self._waiting) >= PACKS_AT_ONCE or self.waited:
            self.send()

    def send(self) -> None:
        """Give packs to the agent; where its buffer is full, wait for the receipts.

        Packs for which there is no room when the replay is stopped are left out: the next run reads them again.
        """
        for device in dict.fromkeys(waiting.device for waiting in self._waiting):
            chosen = [waiting for waiting in self._waiting if waiting.device == device]
            if self._hand_over(device, [waiting.sampled for waiting in chosen]):
                self._readings += sum(waiting.readings for waiting in chosen)
                self._packs += len(chosen)
        self._waiting = []

    def _hand_over(self, device: str, packs: list[Sampled]) -> bool:
        """Give packs of one device to the agent; say whether it took them before the replay was stopped."""
        while True:
            try:
                self._agent.send_many(packs, device=device)
            except BufferFullError:
                if self._agent.buffer.packs == 0:
                    raise
                if self.stop.wait(0.05):
                    return False
            else:
                return True

    def progress(self) -> ReplayProgress:
        """Return how far this is."""
        now, before = self._agent.publisher.counts, self._before
        stored, duplicate = now.stored - before.stored, now.duplicate - before.duplicate
        quarantined = now.quarantined - before.quarantined
        return ReplayProgress(
            readings=self._readings,
            missing=self.missing,
            packs=self._packs,
            settled=stored + duplicate + quarantined,
            stored=stored,
            duplicate=duplicate,
            quarantined=quarantined,
            last_ts_ms=self._last_ts_ms,
            seconds=time.monotonic() - self._started_s,
            finished=self.finished,
        )
