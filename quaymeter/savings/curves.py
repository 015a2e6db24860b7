"""What the plots draw: a model along one driver, means of groups, the interval of a sum as it grows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.document import by_day
from savings.table import Frequency, Role, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quaymeter.savings.analysis import Analysis
    from savings.baseline import Baseline

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


def curve(baseline: Baseline, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the model along one driver, the others at their mean, by day; None for hourly models."""
    table = baseline.table
    if table.frequency is Frequency.HOURLY:
        return None
    values = table.driver(name).values
    grid = np.linspace(values.min(), values.max(), 200)
    still = _still(table, len(grid))
    drivers = tuple(replace(each, values=grid) if each.name == name else each for each in still.drivers)
    return grid, baseline.model.predict(replace(still, drivers=drivers)) / still.span


def partial(baseline: Baseline, name: str) -> NDArray[np.float64]:
    """Return use a day (n,) with the other drivers taken to their mean: the model there plus residuals."""
    table = baseline.table
    still = _still(table, len(table))
    own = table.driver(name).values
    drivers = tuple(replace(each, values=own) if each.name == name else each for each in still.drivers)
    model = baseline.model.predict(replace(still, drivers=drivers)) / still.span
    return np.asarray(model + baseline.residuals / table.span)


def _still(table: Table, count: int) -> Table:
    """Return a row of usual length repeated, drivers at their mean or their commonest kind."""
    hours = float(np.median(table.hours))
    return Table(
        frequency=table.frequency, start=np.full(count, table.start[len(table) // 2]), hours=np.full(count, hours),
        energy=np.zeros(count), coverage=np.ones(count), unit=table.unit,
        drivers=tuple(replace(each, values=np.full(count, _middle(each.values, each.role))) for each in table.drivers),
    )  # fmt: skip


def _middle(values: NDArray[np.float64], role: Role) -> float:
    if role is not Role.CATEGORY:
        return float(values.mean())
    kinds, counts = np.unique(values, return_counts=True)
    return float(kinds[np.argmax(counts)])


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
