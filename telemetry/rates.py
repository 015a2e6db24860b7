"""Rate limits: a value that changed faster than its point can is uncertain.

The last believable value of each point is held here, so one watch belongs to one stream of readings in about the order
of their times. A reading older than the last one is compared with nothing: it is late, not fast.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from telemetry.quality import QualityClass, Reason, judged, quality_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from telemetry.points import PointTable

NO_TIME = np.iinfo(np.int64).min


class RateWatch:
    """Last value and time of every point with a rate limit."""

    def __init__(self, table: PointTable) -> None:
        """Start with nothing known about any point."""
        self._table = table
        self._limited = np.isfinite(table.rate_limit)
        self._any = bool(self._limited.any())
        self._value = np.zeros(len(table.points))
        self._ts_us = np.full(len(table.points), NO_TIME, np.int64)

    def keep(self, older: RateWatch) -> None:
        """Take over what an older watch knows of the same points."""
        theirs = older._table.rows_of(self._table.point_id)
        same = theirs >= 0
        self._value[same] = older._value[theirs[same]]
        self._ts_us[same] = older._ts_us[theirs[same]]

    def copied(self) -> RateWatch:
        """Return a watch that knows the same and goes its own way."""
        made: RateWatch = copy(self)
        made._value, made._ts_us = self._value.copy(), self._ts_us.copy()
        return made

    def judge(
        self,
        row: NDArray[np.int32],
        ts_us: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.int16],
    ) -> NDArray[np.int16]:
        """Return qualities (n,) with the reason RATE where a value jumped; bad values neither judge nor are judged."""
        if not self._any:
            return quality
        chosen = np.flatnonzero(self._limited[row] & (quality_class(quality) < QualityClass.BAD))
        if len(chosen) == 0:
            return quality
        order = chosen[_by_point_and_time(row[chosen], ts_us[chosen])]
        row, ts_us, value = row[order], ts_us[order], value[order]
        too_fast = self._too_fast(row, ts_us, value)
        self._remember(row, ts_us, value)
        if not too_fast.any():
            return quality
        mask = np.zeros(len(quality), np.bool_)
        mask[order[too_fast]] = True
        return judged(quality, mask, Reason.RATE, QualityClass.UNCERTAIN)

    def _too_fast(
        self, row: NDArray[np.int32], ts_us: NDArray[np.int64], value: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Compare each reading (n,), sorted by row and time, with the one before it of the same point."""
        first = np.ones(len(row), np.bool_)
        first[1:] = row[1:] != row[:-1]
        before_ts = np.empty_like(ts_us)
        before = np.empty_like(value)
        before_ts[1:], before[1:] = ts_us[:-1], value[:-1]
        before_ts[first], before[first] = self._ts_us[row[first]], self._value[row[first]]
        comparable = (before_ts != NO_TIME) & (ts_us > before_ts)
        seconds = np.where(comparable, ts_us - np.where(comparable, before_ts, 0), 1) / 1e6
        too_fast: NDArray[np.bool_] = np.abs(value - before) > self._table.rate_limit[row] * seconds
        return np.where(comparable, too_fast, np.False_)

    def _remember(self, row: NDArray[np.int32], ts_us: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Keep the newest reading of each point."""
        last = np.ones(len(row), np.bool_)
        last[:-1] = row[1:] != row[:-1]
        row, ts_us, value = row[last], ts_us[last], value[last]
        newer = ts_us > self._ts_us[row]
        self._ts_us[row[newer]] = ts_us[newer]
        self._value[row[newer]] = value[newer]


def _by_point_and_time(row: NDArray[np.int32], ts_us: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the order (n,) by row, then time. Readings that come in order of time take a radix sort by row only."""
    small = int(row.max()) < 2**16
    order = np.argsort(row.astype(np.uint16) if small else row, kind="stable")
    sorted_row, sorted_ts = row[order], ts_us[order]
    if bool(((sorted_row[1:] != sorted_row[:-1]) | (sorted_ts[1:] >= sorted_ts[:-1])).all()):
        return order
    return np.lexsort((ts_us, row))
