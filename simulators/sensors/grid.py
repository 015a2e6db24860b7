"""When a point is sampled: exact multiples of its period, the same whatever stretch of time is asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.day import DAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day


class Grid(NamedTuple):
    """Instants of one day and where they lie in its steps; all (n,)."""

    ts_s: NDArray[np.int64]  # [s since 1970-01-01 UTC], ascending
    step: NDArray[np.intp]  # number of the step that an instant lies in
    fraction: NDArray[np.float64]  # how much of that step has passed, 0 to 1 (1 only at the very end of the day)
    minute: NDArray[np.intp]  # number of the minute of the day


def sampling_period_s(period_s: float, cadence_s: int) -> int:
    """Return how often a point is read [s]: as often as it can be and is wanted.

    >>> sampling_period_s(60, 900), sampling_period_s(604800, 10)
    (900, 604800)
    """
    return max(1, round(period_s), cadence_s)


def regular_grid(day: Day, period_s: int) -> Grid:
    """Return the multiples of a period [s] from midnight on, the next midnight left out."""
    if DAY_S % period_s == 0:
        within = _of_any_day(day.step_s, period_s)
        return within._replace(ts_s=within.ts_s + day.start_s)
    first = -(-day.start_s // period_s) * period_s
    return grid_at(day, np.arange(first, day.start_s + DAY_S, period_s, dtype=np.int64))


def grid_at(day: Day, ts_s: NDArray[np.int64]) -> Grid:
    """Return where instants (n,) of a day lie [s since 1970-01-01 UTC]; its last moment belongs to its last step."""
    within = _within(ts_s - day.start_s, day.step_s)
    return within._replace(ts_s=ts_s)


@lru_cache(maxsize=32)
def _of_any_day(step_s: int, period_s: int) -> Grid:
    return _within(np.arange(0, DAY_S, period_s, dtype=np.int64), step_s)


def _within(seconds: NDArray[np.int64], step_s: int) -> Grid:
    step = np.minimum(seconds // step_s, DAY_S // step_s - 1)
    fraction = (seconds - step * step_s) / step_s
    minute = np.minimum(seconds // 60, DAY_S // 60 - 1)
    return Grid(seconds, step.astype(np.intp), fraction, minute.astype(np.intp))
