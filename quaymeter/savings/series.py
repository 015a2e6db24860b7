"""What one column says of time: a value for each stretch from one reading to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.clock import to_utc, to_wall

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S = 86400
MONTH_S = 25 * DAY_S  # a step this long is a bill's
LONGER = 1.5  # steps: a stretch that is longer is a gap


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Stretches of time, ascending, none over another, each with a value."""

    start_s: NDArray[np.int64]  # (n,) [s since 1970-01-01 UTC]
    end_s: NDArray[np.int64]
    value: NDArray[np.float64]  # amount in the stretch, or what held through it
    step_s: float  # from one reading to the next, as a rule [s]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cleaning:
    """Readings of one column in order, and what was done to get there."""

    time_s: NDArray[np.int64]  # (n,) distinct, ascending
    value: NDArray[np.float64]
    identical: int = 0  # repeated rows that say the same: collapsed
    conflicting_s: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))  # times left out
    unsorted: int = 0  # rows that stand before an earlier one


def cleaned(time_s: NDArray[np.int64], value: NDArray[np.float64]) -> Cleaning:
    """Sort readings; collapse repeated ones, leave out times with two values. Rows without a value do not count."""
    there = ~np.isnan(value)
    times, values = time_s[there], value[there]
    backwards = int(min(np.sum(np.diff(times) < 0), np.sum(np.diff(times) > 0)))
    order = np.lexsort((values, times))
    times, values = times[order], values[order]
    distinct, first, counts = np.unique(times, return_index=True, return_counts=True)
    last = first + counts - 1
    conflict = values[last] != values[first] if len(first) else np.empty(0, np.bool_)
    return Cleaning(
        time_s=distinct[~conflict], value=values[first][~conflict], identical=int(np.sum(counts[~conflict] - 1)),
        conflicting_s=distinct[conflict], unsorted=backwards,
    )  # fmt: skip


def usual_step_s(time_s: NDArray[np.int64]) -> float:
    """Return the commonest step of ascending times [s]; of bills, whose steps differ, the median."""
    steps = np.diff(time_s)
    if not len(steps):
        return 0.0
    if np.median(steps) >= MONTH_S:
        return float(np.median(steps))
    kinds, counts = np.unique(steps, return_counts=True)
    return float(kinds[np.argmax(counts)])


def held(
    time_s: NDArray[np.int64], value: NDArray[np.float64], step_s: float, tz: str, *, at_end: bool = False
) -> Series:
    """Give each reading the stretch up to the next one, a step at most; the stretch before it where stamped at its end.

    Steps of a day and more follow the wall clock of `tz`: a day has 23, 24 or 25 hours.
    """
    if at_end:
        mirrored = held(-time_s[::-1], value[::-1], step_s, "", at_end=False)
        begin = -mirrored.end_s[::-1]
        if tz and step_s >= DAY_S:
            begin = np.where(begin == time_s - round(step_s), _shifted(time_s, -step_s, tz), begin)
        return Series(start_s=begin, end_s=time_s, value=value, step_s=step_s)
    limit = _shifted(time_s, step_s, tz) if tz and step_s >= DAY_S else time_s + round(step_s)
    following = np.append(time_s[1:], time_s[-1:] + round(2 * step_s) + 1)  # nothing follows the last
    end = np.where(following - time_s <= LONGER * step_s, following, limit)
    return Series(start_s=time_s, end_s=end, value=value, step_s=step_s)


def _shifted(time_s: NDArray[np.int64], by_s: float, tz: str) -> NDArray[np.int64]:
    """Move times by whole days of the wall clock."""
    return to_utc(to_wall(time_s, tz) + np.timedelta64(round(by_s), "s"), tz)


def times_hours(series: Series, factor: float = 1.0) -> Series:
    """Turn a rate an hour into amounts: 4 kW over a quarter of an hour is 1 kWh."""
    hours = (series.end_s - series.start_s) / 3600
    return Series(start_s=series.start_s, end_s=series.end_s, value=series.value * hours * factor, step_s=series.step_s)


@dataclass(frozen=True, kw_only=True, eq=False)
class Differenced:
    """A register's readings as amounts."""

    series: Series
    rollovers_s: NDArray[np.int64]  # readings after the register passed its last digit
    resets_s: NDArray[np.int64]  # readings lower than the one before for another reason: that stretch is left out


def differenced(time_s: NDArray[np.int64], value: NDArray[np.float64], step_s: float) -> Differenced:
    """Turn a register's ascending readings (n,) into the amounts between them (n−1,).

    A reading below the one before is a rollover where the register was in its last tenth before a power of ten, and
    the use that follows from it is no more than ten times the largest other rate; else it is a reset or a swap.
    """
    amount, length = np.diff(value), np.diff(time_s)
    down = amount < 0
    modulus = 10.0 ** np.ceil(np.log10(np.maximum(value[:-1], 1.0) + 1e-9))
    wrapped = amount + modulus
    rate = amount[~down] / length[~down]
    largest = float(rate.max()) if len(rate) else 0.0
    rolled = down & (value[:-1] >= 0.9 * modulus) & (wrapped / length <= 10 * largest)
    amount = np.where(rolled, wrapped, amount)
    sound = ~down | rolled
    series = Series(
        start_s=time_s[:-1][sound], end_s=time_s[1:][sound], value=amount[sound], step_s=step_s,
    )  # fmt: skip
    return Differenced(series=series, rollovers_s=time_s[1:][rolled], resets_s=time_s[1:][down & ~rolled])
