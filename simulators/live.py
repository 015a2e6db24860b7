"""A simulated port in real time: its readings published as its devices would, with the faults that roads have.

What is sent is what the history of the same port, seed and time holds. A restart goes on where the last run stopped:
the last second that is wholly sent is kept in a small file beside the agent's buffer.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edge.buffer import BufferFullError
from edge.pack import Sampled
from simulators.live_days import LiveDays
from simulators.road import Road
from simulators.sensors.sampler import QUALITY
from telemetry.formats.envelope import entry, series
from telemetry.site import Kind
from telemetry.topics import TopicKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from edge.agent import Agent
    from simulators.live_days import Sent
    from simulators.sensors.port_readings import PortReadings

log = logging.getLogger(__name__)

SAMPLES_A_PACK = 50
CATCH_UP_S = 6 * 3600  # how much of a pause is made up for [s]
WINDOW_S = 3600  # of the past, handed to the agent at once [s]


class _Stream(NamedTuple):
    """What goes into one pack together."""

    device: str
    asset: str
    kind: TopicKind


class LiveSource:
    """A simulated port, published through an agent that speaks for all its devices.

    Parameters
    ----------
    readings
        The port as its sensors see it.
    agent
        Where the readings go; started and stopped by the caller.
    position
        File that keeps how far it has come; without one, every start is a first one.
    history_s
        How much of the past is sent at the first start [s], with the latest reading of every point.
    catch_up_s
        How much of a pause is made up for at most [s].
    clock_s
        Time [s since 1970-01-01 UTC].
    """

    def __init__(
        self,
        readings: PortReadings,
        agent: Agent,
        *,
        position: Path | None = None,
        history_s: float = 0.0,
        catch_up_s: float = CATCH_UP_S,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._days = LiveDays(readings)
        self._road = Road(readings.faults, readings.seed)
        self._streams = _streams(readings)
        self._agent = agent
        self._position = position
        self._history_s, self._catch_up_s = int(history_s), int(catch_up_s)
        self._clock_s = clock_s
        self.readings = 0  # handed to the agent so far

    def run(self, stop: threading.Event) -> None:
        """Send what is due once a second until `stop` is set."""
        done_s = self.send_history(int(self._clock_s()), stop)
        while not stop.is_set():
            now_s = int(self._clock_s())
            if now_s > done_s:
                start_s = max(done_s, now_s - self._catch_up_s)
                if now_s - start_s > 60:  # a laptop that slept: in large packs
                    done_s = self._send_past(start_s, now_s, stop)
                else:
                    self.send(start_s, now_s)
                    done_s = now_s
            stop.wait(max(0.01, now_s + 1 - self._clock_s()))
        self._send_rows(self._road.rest(), done_s)
        self._keep_position(done_s)

    def send_history(self, now_s: int, stop: threading.Event | None = None) -> int:
        """Send what is missing up to now [s]; return how far that came.

        At the first start this is the wanted history, and of points that were silent in it the latest reading; after
        that, what was due since the last run, as far back as a pause is made up for.
        """
        last_s = self._last_position()
        if last_s is None:
            self._send_series(self._days.latest(now_s - self._history_s))
            return self._send_past(now_s - self._history_s, now_s, stop)
        # A position in the future was kept by a clock that has been set back: sending goes on from now.
        return self._send_past(max(min(last_s, now_s), now_s - self._catch_up_s), now_s, stop)

    def send(self, after_s: int, until_s: int) -> None:
        """Send everything that is due with after < time ≤ until [s], one pack an asset."""
        rows = self._days.rows(after_s, until_s)
        self._send_rows(self._road.taken(rows, until_s), until_s)
        self._keep_position(until_s)

    def _send_past(self, after_s: int, until_s: int, stop: threading.Event | None) -> int:
        """Send a stretch of the past in packs of one point; return how far it came."""
        while after_s < until_s and not (stop is not None and stop.is_set()):
            end_s = min(until_s, (after_s // WINDOW_S + 1) * WINDOW_S)
            self._send_series(self._days.rows(after_s, end_s))
            self._keep_position(end_s)
            after_s = end_s
        return after_s

    def _send_rows(self, rows: Iterable[Sent], now_s: int) -> None:
        packs: dict[_Stream, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            name = row.key.rpartition("/")[2]
            packs[self._streams[row.key]].append(entry(name, row.value, t=row.ts_ms - 1000 * now_s, quality=QUALITY))
        by_device: dict[str, list[Sampled]] = defaultdict(list)
        for stream, entries in packs.items():
            by_device[stream.device].append(
                Sampled(asset=stream.asset, ts_ms=1000 * now_s, entries=entries, kind=stream.kind)
            )
        for device, sampled in by_device.items():
            self._keep(device, sampled)

    def _send_series(self, rows: Iterable[Sent]) -> None:
        by_key: dict[str, list[Sent]] = defaultdict(list)
        for row in rows:
            by_key[row.key].append(row)
        by_device: dict[str, list[Sampled]] = defaultdict(list)
        for key, found in by_key.items():
            by_device[self._streams[key].device] += self._series_packs(key, found)
        for device, sampled in by_device.items():
            self._keep(device, sampled)

    def _series_packs(self, key: str, found: list[Sent]) -> Iterable[Sampled]:
        stream, name = self._streams[key], key.rpartition("/")[2]
        for start in range(0, len(found), SAMPLES_A_PACK):
            part = found[start : start + SAMPLES_A_PACK]
            first_ms = part[0].ts_ms
            offsets = [row.ts_ms - first_ms for row in part]
            column = series(name, offsets, [row.value for row in part], quality=QUALITY)
            yield Sampled(asset=stream.asset, ts_ms=first_ms, entries=[column], kind=stream.kind)

    def _keep(self, device: str, sampled: list[Sampled]) -> None:
        try:
            self._agent.send_many(sampled, device=device)
        except BufferFullError as error:
            log.warning("simulated readings are left out: %s", error)
            return
        self.readings += sum(np.size(each["v"]) for one in sampled for each in one.entries)

    def _last_position(self) -> int | None:
        """Return the last second that an earlier run has sent, none where nothing sound is kept."""
        if self._position is None:
            return None
        try:
            return int(self._position.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def _keep_position(self, done_s: int) -> None:
        """Keep the last second that is wholly sent: what is held back on the road is not."""
        if self._position is None:
            return
        beside = self._position.with_name(self._position.name + ".new")
        beside.write_text(str(min(done_s, self._road.settled_s(done_s))), "ascii")
        beside.replace(self._position)


def _streams(readings: PortReadings) -> dict[str, _Stream]:
    devices = {asset.key: asset.device for asset in readings.site.assets}
    kinds = {Kind.EVENT: TopicKind.EVENT}
    return {
        point.key: _Stream(devices[point.asset], point.asset, kinds.get(point.kind, TopicKind.TELEMETRY))
        for point in readings.site.points
    }
