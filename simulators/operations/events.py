"""Events by the hour from amounts by the minute: how scales and scanners report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Amounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day

_LAST_MINUTES_S = 3600 * np.arange(1, 25, dtype=np.int64) - 60  # of the hours of a day [s]


def hourly(day: Day, by_minute: NDArray[np.float64]) -> Amounts:
    """Return the sums of the hours (k,) that are not nothing, each in the hour's last minute, from minutes (1440,)."""
    sums = np.add.reduce(by_minute.reshape(24, 60), axis=1)
    there = sums > 0.0
    return Amounts(day.start_s + _LAST_MINUTES_S[there], sums[there])
