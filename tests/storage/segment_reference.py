"""Roll-ups computed a second time, in plain Python and straight from the definition, to hold the SQL against.

Every level is computed from the raw readings, bucket by bucket; nothing is shared with the database's way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = {"1m": 60, "15m": 900, "1h": 3600}
LONGEST_S = 2 * 86_400  # what a counter gained over a longer gap is booked by days alone


@dataclass(kw_only=True)
class Described:
    """What the algorithm needs to know of a point."""

    kind: str
    silent_s: float
    period_s: float
    modulus: float | None = None
    rate_limit: float | None = None
    timezone: str = "Europe/Paris"
    swaps: Sequence[tuple[float, float, float]] = field(default_factory=list)  # time [s], before, after
    stretches: Sequence[tuple[float, float, float]] = field(default_factory=list)  # history: from, to [s], cadence [s]

    def cadence_s(self, moment: float) -> float:
        """Return the coarsest cadence of the history that a moment belongs to; 0 outside."""
        return max((cadence for starts, ends, cadence in self.stretches if starts <= moment <= ends), default=0.0)

    def hold_s(self, moment: float) -> float:
        """Return how long a reading of a moment holds."""
        return max(self.silent_s, 1.05 * self.cadence_s(moment))

    def leaves_out(self, level: str, moment: float) -> bool:
        """Say whether there are no rows of a level at a moment: in each bucket of a stretch's level that it touches."""
        for starts, ends, cadence in self.stretches:
            kept = "1m" if cadence < 60 else "15m" if cadence <= 900 else "1h"
            if level in SECONDS and SECONDS[level] < SECONDS[kept]:
                first, end = bounds(kept, self.timezone, starts)[0], bounds(kept, self.timezone, ends)[1]
                if first <= moment < end:
                    return True
        return False

    def kept_at(self, finest: str, moment: float) -> str:
        """Return the finest level that is kept at a moment."""
        levels = ["1m", "15m", "1h", "1d"]
        return next(level for level in levels[levels.index(finest) :] if not self.leaves_out(level, moment))


@dataclass(kw_only=True)
class Bucket:
    """Expected figures of one bucket."""

    n: int = 0
    n_bad: int = 0
    integral: float = 0.0
    held: list[float] = field(default_factory=list)
    increase: float | None = None
    total: float | None = None
    valid_s: float = 0.0
    spread_s: float = 0.0
    resets: int = 0
    quality: int = 0
    touched: bool = False


def bounds(level: str, timezone: str, moment: float) -> tuple[float, float]:
    """Start and end [s] of the bucket that a time falls into."""
    if level != "1d":
        start = moment // SECONDS[level] * SECONDS[level]
        return start, start + SECONDS[level]
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
    midnights = [
        datetime(each.year, each.month, each.day, tzinfo=zone).timestamp() for each in (day, day + timedelta(days=1))
    ]
    return midnights[0], midnights[1]


def expected(
    point: Described, readings: Sequence[tuple[float, float, int]], level: str, finest: str
) -> dict[float, Bucket]:
    """Return bucket start [s] → figures, from readings (time [s], value, quality) in any order.

    An event stands for its period; how much of a bucket events fill is counted at the finest level that is kept, and
    the last hold of a gauge ends with its bucket there. In a stretch of coarser history that level is coarser.
    """
    filled: dict[float, float] = {}
    buckets: dict[float, Bucket] = {}
    ordered = sorted(readings)
    for moment, value, quality in ordered:
        start, _ = bounds(level, point.timezone, moment)
        bucket = buckets.setdefault(start, Bucket())
        bucket.touched = True
        if quality & 3 == 2:
            bucket.n_bad += 1
            bucket.quality |= quality & 0x1FFC
            continue
        bucket.n += 1
        bucket.quality |= quality & 0x1FFF
        if point.kind == "event":
            bucket.total = (bucket.total or 0.0) + value
            bucket.held.append(value)
            start, end = bounds(point.kept_at(finest, moment), point.timezone, moment)
            before = filled.get(start, 0.0)
            filled[start] = min(before + max(point.period_s, point.cadence_s(moment)), end - start)
            bucket.valid_s += filled[start] - before
    if point.kind in ("gauge", "state"):
        _hold(point, ordered, level, finest, buckets)
    if point.kind == "counter":
        _gain(point, ordered, level, buckets)
    return {start: bucket for start, bucket in buckets.items() if bucket.touched and not point.leaves_out(level, start)}


def _hold(
    point: Described,
    ordered: Sequence[tuple[float, float, int]],
    level: str,
    finest: str,
    buckets: dict[float, Bucket],
) -> None:
    for index, (moment, value, quality) in enumerate(ordered):
        if quality & 3 == 2:
            continue
        # Until the next reading; the last of all to the end of its bucket, for what comes after is not known yet.
        ends = (
            ordered[index + 1][0]
            if index + 1 < len(ordered)
            else bounds(point.kept_at(finest, moment), point.timezone, moment)[1]
        )
        until = min(ends, moment + point.hold_s(moment))
        at = moment
        while at < until:
            start, end = bounds(level, point.timezone, at)
            bucket = buckets.setdefault(start, Bucket())
            bucket.touched = True
            known = min(until, end) - at
            bucket.integral += value * known
            bucket.valid_s += known
            bucket.held.append(value)
            bucket.quality |= quality & 0x1FFF
            at = end


def _gain(
    point: Described, ordered: Sequence[tuple[float, float, int]], level: str, buckets: dict[float, Bucket]
) -> None:
    nodes = [(moment, 1, value, value, quality) for moment, value, quality in ordered if quality & 3 != 2]
    nodes += [(moment, 0, before, after, 0) for moment, before, after in point.swaps]
    nodes.sort()
    for (t0, _, _, went, q0), (t1, _, came, _, q1) in pairwise(nodes):
        if level != "1d" and t1 - t0 > LONGEST_S:
            continue
        gained, reset = difference(point, went, came, t1 - t0)
        spread = t1 - t0 > point.hold_s(t0)
        quality = (q0 | q1) & 0x1FFF | (1 if reset else 0) | (65 if spread else 0)
        at = t0
        last = None
        while at < t1 or (t1 == t0 and last is None):
            start, end = bounds(level, point.timezone, at)
            last = buckets.setdefault(start, Bucket())
            last.touched = True
            part = min(t1, end) - at
            share = gained * part / (t1 - t0) if t1 > t0 else gained
            last.increase = (last.increase or 0.0) + share
            last.quality |= quality
            if spread:
                last.spread_s += part
            else:
                last.valid_s += part
            at = end
        if reset and last is not None:
            last.resets += 1


def difference(point: Described, went: float, came: float, seconds: float) -> tuple[float, bool]:
    """Increment from one register to the next, and whether it was a reset."""
    if came >= went:
        return came - went, False
    if point.modulus is not None and went < point.modulus and came >= 0:
        rolled = came - went + point.modulus
        allowed = point.modulus / 2
        if point.rate_limit is not None:
            allowed = min(allowed, point.rate_limit * seconds)
        if rolled <= allowed:
            return rolled, False
    return max(came, 0.0), True
