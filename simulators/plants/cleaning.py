"""What gathers until it is cleaned away (dirt), or is missing until it is filled up (a tank), within one day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day


def since_cleaning(
    day: Day,
    hour: int,
    before: NDArray[np.float64],
    grown: NDArray[np.float64],
    cleans: NDArray[np.bool_],
    left: float = 0.0,
) -> NDArray[np.float64]:
    """Return what has gathered at the ends of the steps (W, n).

    `before` (W or 1,) was there in the morning, `grown` (W or 1, n) comes with each step; where `cleans` (W or 1,) is
    true, only `left` is there at the beginning of the hour [UTC].
    """
    gathered = before[:, None] + np.cumsum(grown, axis=-1)
    if not cleans.any():
        return gathered
    step = int(hour / day.step_h)
    there = gathered[:, step - 1] if step else before
    gone = np.where(cleans, there - left, 0.0)[:, None]
    found: NDArray[np.float64] = gathered - gone * (np.arange(day.steps) >= step)
    return found
