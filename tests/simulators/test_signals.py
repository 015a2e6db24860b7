"""Stand-in signals: the same for the same seed and time, plausible, and true to their kind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.pack import Packer, Sampled
from simulators.signals import Signal, signals_of
from simulators.source import SignalSource
from telemetry.batch import Message
from telemetry.catalogue import catalogue_of
from telemetry.decode import Decoder
from telemetry.quality import Reason
from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Sequence

SITE = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
SIGNALS = signals_of(SITE, seed=3)
NOW_S = 1_795_000_000  # 18 November 2026
DAY_S = 86_400


class PackingAgent:
    """Stands in for the agent: packs and keeps, without a disk or a broker."""

    def __init__(self) -> None:
        self.packers: dict[str, Packer] = {}
        self.packs: list[Message] = []

    def send_many(self, sampled: Sequence[Sampled], *, device: str = "") -> list[int]:
        """Pack as the agent does."""
        packer = self.packers.setdefault(device, Packer(SITE.id, device, 1))
        for one in sampled:
            pack = packer.pack(one)
            self.packs.append(Message(pack.topic, pack.payload, pack.content_type, NOW_S * 1_000_000))
        return list(range(len(sampled)))


def day_of(signal: Signal) -> tuple[np.ndarray, np.ndarray]:
    """Return a day of a signal in the canonical unit."""
    found = signal.samples(NOW_S - DAY_S, NOW_S)
    return found.ts_s, found.values * signal.factor + signal.offset


@pytest.mark.parametrize("signal", SIGNALS, ids=[signal.point.key for signal in SIGNALS])
def test_a_day_is_plausible_and_true_to_its_kind(signal: Signal) -> None:
    """Inside valid range, bounds and rate limit; registers never fall; states are 0 or 1; times are in order."""
    point, quantity = signal.point, QUANTITIES[signal.point.quantity]
    ts_s, values = day_of(signal)
    assert (np.diff(ts_s) > 0).all()
    assert ((ts_s > NOW_S - DAY_S) & (ts_s <= NOW_S)).all()
    assert ((values >= quantity.minimum) & (values <= quantity.maximum)).all()
    if point.kind is Kind.COUNTER:
        assert (np.diff(values) >= 0).all()
        assert values[-1] > values[0]
        if point.quantity == "duration":
            assert values[-1] - values[0] <= DAY_S
    elif point.kind is Kind.STATE:
        assert set(values) <= {0.0, 1.0}
    if point.valid_min is not None and len(values):
        assert values.min() >= point.valid_min
    if point.valid_max is not None and len(values):
        assert values.max() <= point.valid_max
    if point.rate_limit is not None:
        assert (np.abs(np.diff(values)) <= point.rate_limit * np.diff(ts_s) + 1e-9).all()
    if point.kind is not Kind.EVENT and point.period_s < DAY_S:
        assert np.diff(ts_s).max() <= point.period_s
        assert len(signal.latest(NOW_S).ts_s) == 1


def test_the_same_seed_gives_the_same_signals_however_the_time_is_cut() -> None:
    """A restart, or history filled in at once, gives the readings that the live source would have given."""
    for signal, again, other in zip(SIGNALS, signals_of(SITE, seed=3), signals_of(SITE, seed=4), strict=True):
        whole = signal.samples(NOW_S - 7200, NOW_S)
        parts = [again.samples(start, start + 600) for start in range(NOW_S - 7200, NOW_S, 600)]
        assert np.concatenate([part.ts_s for part in parts]).tolist() == whole.ts_s.tolist()
        assert np.concatenate([part.values for part in parts]).tolist() == whole.values.tolist()
        if signal.band.low != signal.band.high and signal.point.kind is Kind.GAUGE:
            times = np.arange(NOW_S, NOW_S + DAY_S, 600)
            assert signal.values(times).tolist() != other.values(times).tolist()


def test_what_the_source_sends_is_taken_by_the_decoder_and_flagged_as_simulated() -> None:
    """An hour of readings passes the contract, from the devices that may send them, flagged SIMULATED and else good."""
    agent = PackingAgent()
    source = SignalSource(SITE, agent, seed=3, history_s=3600, clock_s=lambda: NOW_S)  # type: ignore[arg-type]  # a stand-in
    source.send_history(NOW_S - 60)
    source.send(NOW_S - 60, NOW_S)
    decoded = Decoder(catalogue_of(SITE), clock_us=lambda: NOW_S * 1_000_000).decode(agent.packs)
    assert not decoded.refusals
    assert len(decoded.batch) == source.readings > 10_000
    assert ((decoded.batch.quality & int(Reason.SIMULATED)) != 0).all()
    assert ((decoded.batch.quality & 3) == 0).all()
    silent = {point.key for point in SITE.points if point.kind is not Kind.EVENT}
    numbers = {entry.point_id: key for key, entry in catalogue_of(SITE).points.items()}
    assert silent <= {numbers[point_id] for point_id in set(decoded.batch.point_id.tolist())}


def test_the_source_runs_until_it_is_stopped() -> None:
    """It sends the latest of every point at once, then what each second brings."""
    agent, stop = PackingAgent(), threading.Event()
    now = [float(NOW_S)]

    def clock() -> float:
        now[0] += 0.4
        if now[0] > NOW_S + 30:
            stop.set()
        return now[0]

    source = SignalSource(SITE, agent, clock_s=clock)  # type: ignore[arg-type]  # a stand-in for the agent
    source.run(stop)
    times = np.concatenate([signal.samples(NOW_S, NOW_S + 29).ts_s for signal in signals_of(SITE)])
    assert source.readings >= len(SITE.points) - 10 + len(times)
