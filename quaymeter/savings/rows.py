"""Rows of a table: hours, local days, months or a meter's own intervals; what falls into each, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.clock import to_utc, to_wall
from quaymeter.savings.series import DAY_S, LONGER, MONTH_S, Series
from savings.table import Frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIGNED = 0.95  # share of a meter's own days that begin with the local day


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Intervals, ascending; where one ends the next begins, or later."""

    start_s: NDArray[np.int64]  # (m,) [s since 1970-01-01 UTC]
    end_s: NDArray[np.int64]
    wall: NDArray[np.datetime64]  # (m,) first instant on the site's clock [s]
    own: bool = False  # they are the meter's own intervals, not those of the calendar

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length of each [h]: 23 or 25 for the days on which summer time begins and ends."""
        return np.asarray((self.end_s - self.start_s) / 3600, np.float64)


def rows_for(meter: Series, frequency: Frequency, tz: str) -> Rows:
    """Return the rows from a meter's first stretch to its last.

    A meter that is read once a row, at another time than the calendar's (bills; days that begin at six), keeps its own
    intervals: drivers are brought to them, and nothing has to be shared out between two rows.
    """
    if meter.step_s >= LENGTHS_S[frequency] * 0.8 and not _aligned(meter, frequency, tz):
        return Rows(start_s=meter.start_s, end_s=meter.end_s, wall=to_wall(meter.start_s, tz), own=True)
    edges = _edges(int(meter.start_s[0]), int(meter.end_s[-1]), frequency, tz)
    return Rows(start_s=edges[:-1], end_s=edges[1:], wall=to_wall(edges[:-1], tz))


LENGTHS_S = {Frequency.HOURLY: 3600, Frequency.DAILY: DAY_S, Frequency.MONTHLY: MONTH_S}


def _aligned(meter: Series, frequency: Frequency, tz: str) -> bool:
    wall = to_wall(meter.start_s, tz)
    return float(np.mean(wall == _floor(wall, frequency))) >= ALIGNED


def _floor(wall: NDArray[np.datetime64], frequency: Frequency) -> NDArray[np.datetime64]:
    unit = {Frequency.HOURLY: "h", Frequency.DAILY: "D", Frequency.MONTHLY: "M"}[frequency]
    return wall.astype(f"datetime64[{unit}]").astype("datetime64[s]")


def _edges(first_s: int, end_s: int, frequency: Frequency, tz: str) -> NDArray[np.int64]:
    """Return the instants at which rows begin, from the row that holds `first_s` to the end of that before `end_s`."""
    begin = _floor(to_wall(np.array([first_s]), tz), frequency)
    if frequency is Frequency.HOURLY:  # hours run on through a change of the clock
        start = first_s - int((to_wall(np.array([first_s]), tz) - begin)[0] / np.timedelta64(1, "s"))
        return np.arange(start, end_s + 3600, 3600, dtype=np.int64)[: -(-(end_s - start) // 3600) + 1]
    unit = "D" if frequency is Frequency.DAILY else "M"
    last = to_wall(np.array([end_s - 1]), tz).astype(f"datetime64[{unit}]")[0]
    return to_utc(np.arange(begin.astype(f"datetime64[{unit}]")[0], last + 2).astype("datetime64[s]"), tz)


@dataclass(frozen=True, kw_only=True, eq=False)
class Filled:
    """What a column puts into each row."""

    total: NDArray[np.float64]  # (m,) sum of amounts, or of value times share of time
    covered: NDArray[np.float64]  # (m,) share of the row's time that is covered, 0 to 1


def summed(series: Series, rows: Rows, *, blurred: bool = True) -> Filled:
    """Add up amounts by row; a stretch over an edge is shared out by time.

    Parameters
    ----------
    blurred
        Whether also a stretch much longer than the usual step may be shared out over an edge. For a meter it may not:
        what was used on which side is not known, and both rows lack it.
    """
    row, start, end, share = _cut(series, rows)
    amount = series.value[share.index] * share.part
    sure = np.ones(len(row), np.bool_)
    if not blurred:
        whole = (series.end_s - series.start_s)[share.index]
        sure = (share.part > 1 - 1e-12) | (whole <= LONGER * max(series.step_s, 1.0))
    return Filled(
        total=np.bincount(row[sure], amount[sure], len(rows.start_s)).astype(np.float64),
        covered=_share(row[sure], (end - start)[sure].astype(np.float64), rows),
    )


def averaged(series: Series, rows: Rows) -> Filled:
    """Average by time what held through each stretch; NaN where nothing covers a row."""
    row, start, end, share = _cut(series, rows)
    weight = (end - start).astype(np.float64)
    covered = np.bincount(row, weight, len(rows.start_s))
    total = np.bincount(row, series.value[share.index] * weight, len(rows.start_s))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Filled(total=total / covered, covered=_share(row, weight, rows))


def commonest(series: Series, rows: Rows) -> Filled:
    """Return the value that held longest in each row; NaN where nothing covers it."""
    row, start, end, share = _cut(series, rows)
    weight = (end - start).astype(np.float64)
    kinds, index = np.unique(series.value, return_inverse=True)
    held = np.zeros((len(rows.start_s), max(len(kinds), 1)))
    np.add.at(held, (row, index[share.index]), weight)
    chosen = kinds[np.argmax(held, axis=1)] if len(kinds) else np.full(len(rows.start_s), np.nan)
    return Filled(total=np.where(held.any(axis=1), chosen, np.nan), covered=_share(row, weight, rows))


def _share(row: NDArray[np.intp], seconds: NDArray[np.float64], rows: Rows) -> NDArray[np.float64]:
    covered = np.bincount(row, seconds, len(rows.start_s)) / (rows.end_s - rows.start_s)
    return np.asarray(np.minimum(covered, 1.0), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Share:
    index: NDArray[np.intp]  # (k,) stretch that a piece comes from
    part: NDArray[np.float64]  # (k,) share of the stretch's time


def _cut(series: Series, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64], _Share]:
    """Cut stretches at the edges of rows: row, start [s], end [s] of each piece, and what share of which stretch."""
    first = np.searchsorted(rows.end_s, series.start_s, side="right")
    last = np.searchsorted(rows.start_s, series.end_s, side="left") - 1
    count = np.maximum(last - first + 1, 0)
    index = np.repeat(np.arange(len(series.value)), count)
    before = np.repeat(np.cumsum(count) - count, count)
    row = (np.repeat(first, count) + np.arange(len(index)) - before).astype(np.intp)
    start = np.maximum(series.start_s[index], rows.start_s[row])
    end = np.minimum(series.end_s[index], rows.end_s[row])
    length = np.maximum(series.end_s - series.start_s, 1)[index]
    return row, start, end, _Share(index=index, part=(end - start) / length)
