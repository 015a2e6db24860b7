"""Publishes a site's signals in real time, as its devices would, packed by asset, through the edge's own road."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from edge.buffer import BufferFullError
from edge.pack import Sampled
from simulators.signals import signals_of
from telemetry.formats.envelope import entry, series
from telemetry.quality import Reason
from telemetry.site import Kind
from telemetry.topics import TopicKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge.agent import Agent
    from simulators.signals import Readings, Signal
    from telemetry.site import Site

log = logging.getLogger(__name__)

SAMPLES_A_PACK = 50
QUALITY = int(Reason.SIMULATED)


class _Stream(NamedTuple):
    """What goes into one pack together."""

    device: str
    asset: str
    kind: TopicKind


class SignalSource:
    """Signals for every point of a site, published through an agent that speaks for all its devices.

    Parameters
    ----------
    site
        The port; its points say how often each is sampled.
    agent
        Where the readings go; started and stopped by the caller.
    seed
        Another seed, other signals.
    history_s
        How much of the past is sent first [s]; none means the latest reading of every point.
    clock_s
        Time [s since 1970-01-01 UTC].
    """

    def __init__(
        self,
        site: Site,
        agent: Agent,
        *,
        seed: int = 0,
        history_s: float = 0.0,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._signals = signals_of(site, seed)
        self._agent = agent
        self._history_s = int(history_s)
        self._clock_s = clock_s
        self.readings = 0  # handed to the agent so far

    def run(self, stop: threading.Event) -> None:
        """Send what is due once a second until `stop` is set."""
        done_s = int(self._clock_s())
        self.send_history(done_s)
        while not stop.is_set():
            now_s = int(self._clock_s())
            if now_s > done_s:
                # After a pause (a laptop asleep) at most a minute is made up for: this is a live source.
                self.send(max(done_s, now_s - 60), now_s)
                done_s = now_s
            stop.wait(max(0.01, now_s + 1 - self._clock_s()))

    def send_history(self, now_s: int) -> None:
        """Send the past of every point up to now, or its latest reading where that is older."""
        for signal in self._signals:
            found = signal.samples(now_s - self._history_s, now_s) if self._history_s else signal.latest(now_s)
            self._send_series(signal, found if len(found.ts_s) else signal.latest(now_s))

    def send(self, after_s: int, until_s: int) -> None:
        """Send everything with after < time ≤ until [s], one pack an asset."""
        packs: dict[_Stream, list[dict[str, Any]]] = defaultdict(list)
        for signal in self._signals:
            found = signal.samples(after_s, until_s)
            for ts_s, value in zip(found.ts_s.tolist(), found.values.tolist(), strict=True):
                offset_ms = 1000 * (ts_s - until_s)
                packs[_stream(signal)].append(entry(signal.point.short_name, value, t=offset_ms, quality=QUALITY))
        by_device: dict[str, list[Sampled]] = defaultdict(list)
        for stream, entries in packs.items():
            sampled = Sampled(asset=stream.asset, ts_ms=1000 * until_s, entries=entries, kind=stream.kind)
            by_device[stream.device].append(sampled)
            self.readings += len(entries)
        for device, sampled_packs in by_device.items():
            self._keep(device, sampled_packs)

    def _send_series(self, signal: Signal, found: Readings) -> None:
        stream, packs = _stream(signal), []
        for start in range(0, len(found.ts_s), SAMPLES_A_PACK):
            ts_s = found.ts_s[start : start + SAMPLES_A_PACK]
            values = found.values[start : start + SAMPLES_A_PACK].tolist()
            first_s = int(ts_s[0])
            column = series(signal.point.short_name, (1000 * (ts_s - first_s)).tolist(), values, quality=QUALITY)
            packs.append(Sampled(asset=stream.asset, ts_ms=1000 * first_s, entries=[column], kind=stream.kind))
            self.readings += len(values)
        if packs:
            self._keep(stream.device, packs)

    def _keep(self, device: str, packs: list[Sampled]) -> None:
        try:
            self._agent.send_many(packs, device=device)
        except BufferFullError as error:
            log.warning("simulated readings are left out: %s", error)


def _stream(signal: Signal) -> _Stream:
    kind = TopicKind.EVENT if signal.point.kind is Kind.EVENT else TopicKind.TELEMETRY
    return _Stream(signal.device, signal.point.asset, kind)
