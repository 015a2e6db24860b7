"""What the plots draw beside the model (`savings.curves`): means of groups, the interval of a sum as it grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.document import by_day
from savings.table import Frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quaymeter.savings.analysis import Analysis

GROUPS = 12
BAND_POINTS = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """A sum that grows, and its interval at some points."""

    days: NDArray[np.datetime64]  # (d,)
    total: NDArray[np.float64]  # (d,)
    at: NDArray[np.datetime64]  # (k,)
    low: NDArray[np.float64]  # (k,)
    high: NDArray[np.float64]  # (k,)


def bins(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means of x and y in groups of equal size along x, NaN left out."""
    sound = np.isfinite(x) & np.isfinite(y)
    order = np.argsort(x[sound], kind="stable")
    groups = [part for part in np.array_split(order, GROUPS) if len(part)]
    return (
        np.array([x[sound][part].mean() for part in groups]),
        np.array([y[sound][part].mean() for part in groups]),
    )


def cusum_band(found: Analysis) -> Band:
    """Return the saving as it adds up, with the interval of each sum from the start to some points of the way."""
    saving = found.saving
    if saving is None:
        raise ValueError("there is no saving to add up")
    monthly = found.reading.table.frequency is Frequency.MONTHLY
    days, measured, adjusted, rows = by_day(saving.start, saving.measured, saving.adjusted, monthly=monthly)
    count = min(BAND_POINTS, len(days))
    chosen = np.unique(np.linspace(0, len(days) - 1, count + 1)[1:].round().astype(int)) if len(days) > 1 else [0]
    ends = np.cumsum(rows)[chosen]
    masks = np.arange(len(saving.start)) < ends[:, None]
    sums = saving.totals.intervals(masks, confidence=saving.confidence, method=saving.method)
    return Band(
        days=days, total=np.cumsum(adjusted - measured), at=np.r_[days[:1], days[chosen]],
        low=np.array([0.0, *(each.low for each in sums)]), high=np.array([0.0, *(each.high for each in sums)]),
    )  # fmt: skip
