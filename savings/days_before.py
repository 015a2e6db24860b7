"""What a driver brought on the days before: heat that goods and doors let in is taken out for days after.

A cold store's stock, a warm oven or a tank answers a day's load with a delay. Beside the day's own driver its model
then takes the mean of the days before, weighted by exp(−age / τ), the answer of a first-order system of time constant
τ [days]. The measure must not change the driver; then it does not change this either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.table import means_of_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REACH = 5.0  # time constants that are looked back: what is older than that counts for less than a hundredth
LEAST_KNOWN = 0.5  # share of the weights whose days have to be known


def before(name: str) -> str:
    """Return the name of the column that tells of the days before, of a driver of this name."""
    return f"{name} (days before)"


def mean_of_days_before(
    start: NDArray[np.datetime64], values: NDArray[np.float64], lasts_days: float
) -> NDArray[np.float64]:
    """Return the weighted mean (n,) of the local days before that of each row.

    A day's value is its row's, or the mean of its hours where nine tenths of them are known. Rows of whose days before
    less than half the weights are known have none, so the first rows of all.

    Parameters
    ----------
    start
        First local instant of each row (n,), days or hours, ascending.
    values
        Driver (n,); NaN where it is not known.
    lasts_days
        Time constant τ [days].

    >>> day = np.arange("2025-01-06", "2025-01-10", dtype="datetime64[D]").astype("datetime64[s]")
    >>> mean_of_days_before(day, np.array([4.0, 0.0, 0.0, 0.0]), 1.0).round(3).tolist()
    [nan, 4.0, 1.076, 0.36]
    """
    if not len(start):
        return values
    days, first, row_day = np.unique(start.astype("datetime64[D]"), return_index=True, return_inverse=True)
    of_day = values[first] if len(days) == len(start) else means_of_days(start, values)[first]
    line = np.full(int((days[-1] - days[0]).astype(np.int64)) + 1, np.nan)
    place = (days - days[0]).astype(np.int64)
    line[place] = of_day
    ages = np.arange(1, int(np.ceil(_REACH * lasts_days)) + 1)
    weights = np.concatenate([[0.0], np.exp(-ages / lasts_days)])
    known = np.isfinite(line).astype(np.float64)
    total = np.convolve(np.where(known > 0.0, line, 0.0), weights)[: len(line)]
    weight = np.convolve(known, weights)[: len(line)]
    enough = weight >= LEAST_KNOWN * weights.sum()
    mean = np.where(enough, total / np.where(enough, weight, 1.0), np.nan)
    return np.asarray(mean[place][row_day])
