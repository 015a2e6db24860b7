"""Moving-block bootstrap: whole stretches of residuals change places, and the model is fitted anew each time.

Blocks keep the memory of the noise up to their length (Künsch 1989); a refit lets the knots move. A block is at least
a week, because hourly and daily residuals remember the same hour of last week.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WEEK = 7


def moving_blocks(rows: int, size: int, block: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return row numbers (draws, size) made of blocks of consecutive rows that start anywhere."""
    block = min(block, rows)
    count = -(-size // block)
    first = rng.integers(0, rows - block + 1, (draws, count))
    return (first[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :size]


def errors(
    predicted: NDArray[np.float64],
    residual: NDArray[np.float64],
    *,
    p: int,
    refit: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    place: NDArray[np.int64],
    block: int,
    draws: int,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the error (draws, m) at each place of the reporting period in so many remade histories [unit].

    Parameters
    ----------
    predicted, residual
        (n,) of the baseline.
    p
        Parameters of the model: residuals are widened by sqrt(n / (n - p)), since a fit makes them small.
    refit
        From an energy (n,) of the baseline's rows, what the model fitted to it predicts of the reporting rows (r,).
    place
        (r,) number from 0 to m - 1 of the place (day, month) that each reporting row belongs to.
    block
        Rows of a block, a week at least.
    draws, seed
        How many histories, and the seed of their luck.
    """
    n = len(residual)
    rng = np.random.default_rng(seed)
    widened = (residual - residual.mean()) * np.sqrt(n / max(n - p, 1))
    undisturbed = refit(predicted)
    past = moving_blocks(n, n, block, draws, rng)
    future = moving_blocks(n, len(place), block, draws, rng)
    moved = np.array([refit(predicted + widened[rows]) for rows in past]) - undisturbed
    by_row = moved - widened[future]
    by_place = np.zeros((int(place.max()) + 1, draws))
    np.add.at(by_place, place, by_row.T)
    return by_place.T
