"""Stand-in signals for every point of a site, until the physical simulators come.

Each signal is a pure function of (seed, point, time): two runs give the same values, a restart sends the same reading
for the same time again (a duplicate, not a conflict), and history can be filled in at once. Nothing here knows any
physics: points are plausible one by one, not together. Every reading carries the quality flag SIMULATED.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.bands import band_of
from telemetry.site import Kind
from telemetry.units import conversion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.bands import Band
    from telemetry.site import Asset, Point, Site

EPOCH_S = 1_767_225_600  # 2026-01-01T00:00:00Z: registers count from here [s]
DAY_S = 86_400.0
STATE_BLOCK_S = 600  # a state holds for whole blocks of this length [s]
EVENT_BLOCK_S = 3_600  # at most one event a block [s]
# Periods [s] and shares of the swing: the day, the shift, the tens of minutes, the minutes.
_WAVES = ((DAY_S, 0.55), (DAY_S / 3.7, 0.25), (2_900.0, 0.14), (410.0, 0.06))


class Readings(NamedTuple):
    """Samples of one point, in the unit that its device sends; both of length n."""

    ts_s: NDArray[np.int64]  # [s since 1970-01-01 UTC]
    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One point's made-up life."""

    point: Point
    device: str
    seed: bytes
    band: Band  # [canonical unit; counters: per hour]
    phases: tuple[float, ...]  # of the waves [rad]
    period_s: int
    offset_s: int  # sampling happens at multiples of the period plus this, so that points do not all come at once
    factor: float  # declared unit → canonical unit: canonical = value * factor + offset
    offset: float

    def samples(self, after_s: int, until_s: int) -> Readings:
        """Return the readings with after < time ≤ until."""
        if self.point.kind is Kind.EVENT:
            return self._events(after_s, until_s)
        first = (after_s - self.offset_s) // self.period_s + 1
        last = (until_s - self.offset_s) // self.period_s
        due = np.arange(first, last + 1, dtype=np.int64) * self.period_s + self.offset_s
        if self.point.kind is Kind.STATE:
            due = np.union1d(due, self._changes(after_s, until_s))
        return Readings(due, self.values(due))

    def latest(self, now_s: int) -> Readings:
        """Return the newest reading at or before now: one, or none for an event that is long ago."""
        reach = EVENT_BLOCK_S * 24 if self.point.kind is Kind.EVENT else self.period_s
        found = self.samples(now_s - reach, now_s)
        return Readings(found.ts_s[-1:], found.values[-1:])

    def values(self, ts_s: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values (n,) at times (n,) [s], in the declared unit."""
        if self.point.kind is Kind.STATE:
            return self._states(ts_s)
        made = self._registers(ts_s) if self.point.kind is Kind.COUNTER else self._levels(ts_s)
        return np.round((made - self.offset) / self.factor, self._digits())

    def _levels(self, ts_s: NDArray[np.int64]) -> NDArray[np.float64]:
        middle, swing = (self.band.low + self.band.high) / 2, self._swing()
        shape = np.zeros(len(ts_s))
        for (period_s, share), phase in zip(_WAVES, self.phases, strict=True):
            shape += share * np.sin(2 * math.pi * ts_s / period_s + phase)
        return middle + swing * shape

    def _swing(self) -> float:
        """Half the band [canonical unit], less where the point may not change that fast."""
        swing = (self.band.high - self.band.low) / 2
        if self.point.rate_limit is None or swing == 0:
            return swing
        steepest = sum(share * 2 * math.pi / period_s for period_s, share in _WAVES)
        return min(swing, 0.5 * self.point.rate_limit / steepest)

    def _registers(self, ts_s: NDArray[np.int64]) -> NDArray[np.float64]:
        """Integrate a rate that follows the day and never turns negative, in closed form."""
        per_s = (self.band.low + self.band.high) / 2 / 3600
        depth = (self.band.high - self.band.low) / (self.band.high + self.band.low)
        elapsed = (ts_s - EPOCH_S).astype(np.float64)
        angle, start = 2 * math.pi / DAY_S, self.phases[0]
        registers = per_s * (elapsed - depth / angle * (np.cos(angle * elapsed + start) - math.cos(start)))
        modulus = self.point.modulus or math.inf
        registers = np.mod(registers + self._fraction(0) * min(modulus, 1e6), modulus)
        return np.floor(registers) if self.point.quantity == "count" else registers

    def _states(self, ts_s: NDArray[np.int64]) -> NDArray[np.float64]:
        blocks, back = np.unique(ts_s // STATE_BLOCK_S, return_inverse=True)
        on = [float(self._fraction(int(block)) < self._duty()) for block in blocks]
        return np.asarray(on, np.float64)[back]

    def _changes(self, after_s: int, until_s: int) -> NDArray[np.int64]:
        """Return the block edges in (after, until] at which the state switches: a state is sent when it changes."""
        edges = np.arange(after_s // STATE_BLOCK_S + 1, until_s // STATE_BLOCK_S + 1, dtype=np.int64) * STATE_BLOCK_S
        switched: NDArray[np.bool_] = self._states(edges) != self._states(edges - 1)
        return edges[switched]

    def _events(self, after_s: int, until_s: int) -> Readings:
        """At most one amount a block, at an instant of its own, in working hours (04 to 18 h UTC)."""
        times, amounts = [], []
        for block in range(after_s // EVENT_BLOCK_S, until_s // EVENT_BLOCK_S + 1):
            chance = self._fraction(block)
            instant = block * EVENT_BLOCK_S + int(self._fraction(-block - 1) * EVENT_BLOCK_S)
            works = 4 <= instant % DAY_S / 3600 < 18
            if works and chance < 0.6 and after_s < instant <= until_s:
                amount = self.band.low + (self.band.high - self.band.low) * chance / 0.6
                times.append(instant)
                amounts.append(round((amount - self.offset) / self.factor, self._digits()))
        return Readings(np.asarray(times, np.int64), np.asarray(amounts, np.float64))

    def _duty(self) -> float:
        """Return the share of time that a state is on, by what such states are called."""
        for word, share in (("door", 0.06), ("defrost", 0.05)):
            if word in self.point.key:
                return share
        return 0.8

    def _digits(self) -> int:
        """Digits after the point: about a thousandth of what is usual, as an instrument would send."""
        if self.point.quantity == "count":
            return 0
        usual = max(abs(self.band.low), abs(self.band.high), 1e-9) / abs(self.factor)
        return min(6, max(2, 3 - math.floor(math.log10(usual))))

    def _fraction(self, index: int) -> float:
        return _fraction(self.seed, index)


def signals_of(site: Site, seed: int = 0) -> list[Signal]:
    """Return a signal for every point of a site, in the site's order."""
    assets = {asset.key: asset for asset in site.assets}
    return [_signal(point, assets[point.asset], seed) for point in site.points]


def _signal(point: Point, asset: Asset, seed: int) -> Signal:
    own = hashlib.blake2b(point.key.encode(), digest_size=16, key=seed.to_bytes(8, "big", signed=True)).digest()
    factor, offset = conversion(point.quantity, point.unit)
    period_s = max(1, round(point.period_s))
    return Signal(
        point=point,
        device=asset.device,
        seed=own,
        band=band_of(point, asset),
        phases=tuple(2 * math.pi * _fraction(own, -10 - wave) for wave in range(len(_WAVES))),
        period_s=period_s,
        offset_s=int(_fraction(own, -1) * period_s),
        factor=factor,
        offset=offset,
    )


def _fraction(seed: bytes, index: int) -> float:
    """Return a number in [0, 1) that depends on nothing else: no state, so any moment can be asked for alone."""
    digest = hashlib.blake2b(index.to_bytes(12, "big", signed=True), digest_size=8, key=seed).digest()
    return int.from_bytes(digest, "big") / 2.0**64
