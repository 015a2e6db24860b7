"""A model as its readers see it: along one driver, the others at their mean; and what each driver ranged over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from savings.record import CurvePoints, DriverRange
from savings.reporting_checks import outside_range
from savings.table import Driver, Frequency, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from savings.baseline import Baseline
    from telemetry.plan import Words

PLOT_POINTS, RECORD_POINTS = 200, 40


def curve(
    baseline: Baseline, name: str, points: int = PLOT_POINTS
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the model along one driver, the others at their mean, by day; None for hourly models."""
    table = baseline.table
    if table.frequency is Frequency.HOURLY:
        return None
    values = table.driver(name).values
    grid = np.linspace(values.min(), values.max(), points)
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


def curve_points(baseline: Baseline) -> tuple[CurvePoints, ...]:
    """Return the curves of all drivers that are numbers [unit a day]; none of hourly models."""
    found = []
    for driver in baseline.table.drivers:
        drawn = None if driver.is_kind else curve(baseline, driver.name, RECORD_POINTS)
        if drawn is not None:
            found.append(CurvePoints(driver=driver.name, x=tuple(drawn[0].tolist()), y=tuple(drawn[1].tolist())))
    return tuple(found)


def driver_ranges(baseline: Table, reporting: Table, labels: Mapping[str, Words]) -> tuple[DriverRange, ...]:
    """Return what the baseline saw of each driver that is a number, and what the reporting period asked for.

    Rows without a value count for neither; a driver without a label is called by its name.
    """
    found = []
    for driver in baseline.drivers:
        seen = driver.values[np.isfinite(driver.values)]
        if driver.is_kind or not len(seen):
            continue
        asked = next((each.values for each in reporting.drivers if each.name == driver.name), np.empty(0))
        asked = asked[np.isfinite(asked)]
        found.append(
            DriverRange(
                driver=driver.name,
                label=labels.get(driver.name, {"en": driver.name, "fr": driver.name}),
                unit=driver.unit,
                baseline_low=float(seen.min()),
                baseline_high=float(seen.max()),
                reporting_low=float(asked.min()) if len(asked) else None,
                reporting_high=float(asked.max()) if len(asked) else None,
                rows_beyond=int(outside_range(seen, asked).sum()),
            )
        )
    return tuple(found)


def _still(table: Table, count: int) -> Table:
    """Return a row of usual length repeated, drivers at their mean or their commonest kind."""
    hours = float(np.median(table.hours))
    return Table(
        frequency=table.frequency, start=np.full(count, table.start[len(table) // 2]), hours=np.full(count, hours),
        energy=np.zeros(count), coverage=np.ones(count), unit=table.unit,
        drivers=tuple(replace(each, values=np.full(count, _middle(each))) for each in table.drivers),
    )  # fmt: skip


def _middle(driver: Driver) -> float:
    if not driver.is_kind:
        return float(driver.values.mean())
    kinds, counts = np.unique(driver.values, return_counts=True)
    return float(kinds[np.argmax(counts)])
