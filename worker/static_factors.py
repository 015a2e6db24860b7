"""Watching what a plan takes to stay as it is: a set point that moved, and stayed away, for days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.input_record import FactorChange
from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from storage.aligned import PointColumn
    from telemetry.plan import Periods, StaticFactor

DAYS = 3  # in a row that a daily mean is away: an afternoon's work on a plant is no change


def factor_changes(
    factor: StaticFactor, column: PointColumn, days: NDArray[np.datetime64], periods: Periods
) -> Iterator[FactorChange]:
    """Yield every change of a watched factor, against the median of the baseline and then of what it changed to.

    `days` (n,) are the local days of the column.
    """
    if factor.tolerance is None:
        return
    value = np.where(column.coverage > 0.5, column.value, np.nan)
    day = days.astype("datetime64[D]")
    baseline = (day >= np.datetime64(periods.baseline_from)) & (day <= np.datetime64(periods.baseline_to))
    if not np.isfinite(value[baseline]).any():
        return
    usual = float(np.nanmedian(value[baseline]))
    known = np.flatnonzero(np.isfinite(value))
    while (found := _away(value[known], usual, factor.tolerance)) is not None:
        first, after = found
        yield FactorChange(
            factor=factor.id, day=day[known[first]].astype(object), before=usual, after=after,
            unit=QUANTITIES[column.row.quantity].unit,
        )  # fmt: skip
        known, usual = known[first:], after


def _away(value: NDArray[np.float64], usual: float, tolerance: float) -> tuple[int, float] | None:
    """Return the first of DAYS values (n,) in a row beyond the tolerance on one side, and their median."""
    for side in (value - usual, usual - value):
        away = (side > tolerance).astype(np.int64)
        streak = np.convolve(away, np.ones(DAYS, np.int64), "valid") == DAYS if len(away) >= DAYS else np.zeros(0)
        if streak.any():
            first = int(np.argmax(streak))
            return first, float(np.median(value[first : first + DAYS]))
    return None
