"""What values tell about themselves: a register taken for use, units that change on the way, impossible weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH = 20  # readings before a column is called a register
COLDEST_C, WARMEST_C = -60.0, 55.0  # outdoor air; seawater and rooms lie within


def looks_like_register(values: NDArray[np.float64]) -> bool:
    """Tell whether values (n,) in order of time only ever grow, as a meter's display does.

    Use goes up and down; a register never falls, but where it rolls over or is swapped.
    """
    steps = np.diff(values[~np.isnan(values)])
    if len(steps) < ENOUGH:
        return False
    falling = float(np.mean(steps < 0))
    typical = float(np.median(np.abs(steps)))
    spread = float(np.nanmax(values) - np.nanmin(values))
    return falling <= 0.02 and spread > 10 * typical and float(np.mean(steps > 0)) > 0.2


def unit_change(values: NDArray[np.float64], *, scattered: bool) -> tuple[float, NDArray[np.bool_]] | None:
    """Find rows that are about a thousand times smaller than the rest: Wh among kWh, kWh among MWh.

    Parameters
    ----------
    values
        Use by row (n,), in order of time.
    scattered
        Whether single rows count too, not only whole stretches: lawful by day and month, not by hour, where a night
        may well use a thousandth of a day.

    Returns
    -------
    (float, (n,)) or None
        The ratio of the two groups' medians and the rows of the smaller group of rows, or None.
    """
    rows = np.flatnonzero(values > 0)
    if len(rows) < 6:
        return None
    logs = np.log10(values[rows])
    order = np.sort(logs)
    widest = int(np.argmax(np.diff(order)))
    if order[widest + 1] - order[widest] < 1.0:
        return None
    low = logs <= order[widest]
    ratio = float(10 ** (np.median(logs[~low]) - np.median(logs[low])))
    runs = 1 + int(np.sum(low[1:] != low[:-1]))
    share = min(float(np.mean(low)), 1 - float(np.mean(low)))
    stretches = runs <= 6 and 250 <= ratio <= 4000 and share * len(rows) >= 3
    single = scattered and 600 <= ratio <= 1700 and share <= 0.2
    if not stretches and not single:
        return None
    few = np.zeros(len(values), np.bool_)
    few[rows[low if np.mean(low) <= 0.5 else ~low]] = True
    return ratio, few


def impossible_weather(values: NDArray[np.float64], unit: str) -> NDArray[np.bool_]:
    """Tell which temperatures (n,) no weather has; all False for another unit than Cel, K and [degF]."""
    celsius = {"Cel": values, "K": values - 273.15, "[degF]": (values - 32) / 1.8}.get(unit)
    if celsius is None:
        return np.zeros(len(values), np.bool_)
    return (celsius < COLDEST_C) | (celsius > WARMEST_C)
