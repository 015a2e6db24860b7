"""The model against each of its drivers, with the measured rows, and where the reporting period lay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.charts.axes import Key, legend, legend_height, panel, rounded_out
from reports.charts.canvas import MEASURED, MODELLED, SAVED, Canvas, numbers
from reports.figures import shown

if TYPE_CHECKING:
    from locales.words import Words
    from reports.charts.canvas import Numbers
    from reports.part import Part
    from savings.record import CurvePoints, DriverColumn

MOST_DOTS = 800


def against(part: Part, curve: CurvePoints, say: Words, width: float) -> str:
    """Draw use against one driver: the model with the others at their means, and the rows with them taken there."""
    driver = next(each for each in part.rows.drivers if each.name == curve.driver)
    x, y = np.array(curve.x), np.array(curve.y)
    at, use = _rows(part, driver, x, y)
    keys = [Key(say("measured, other drivers at their mean"), MEASURED, "dots"), Key(say("model"), MODELLED)]
    ranges = [each for each in part.run.ranges if each.driver == curve.driver and each.reporting_low is not None]
    if ranges:
        keys.append(Key(say("seen in the reporting period"), SAVED, "box"))
    top = legend_height(width, keys) + 24
    canvas = Canvas(width, top + 44 + (200 if width > 500 else 180))
    seen = np.concatenate([x, *([each.reporting_low, each.reporting_high] for each in ranges)]).astype(np.float64)
    values = np.concatenate([use, y])
    axes = panel(
        canvas, (float(seen.min()), float(seen.max())),
        rounded_out(float(values.min()), float(values.max())), top=top, bottom=44,
    )  # fmt: skip
    axes.y_axis(say, say("%(unit)s a day", unit=shown(say, part.run.unit)))
    unit = shown(say, driver.unit)
    name = say.named(driver.label, driver.name)
    axes.x_axis(say, f"{name} [{unit}]" if unit else name)
    axes.dots(at, use, MEASURED, size=2.8, fade=0.45)
    axes.line(x, y, MODELLED, width=2.2)
    for each in ranges:
        low, high = (axes.x.at(float(end or 0.0)) for end in (each.reporting_low, each.reporting_high))
        canvas.box(low, axes.bottom + 1, max(high - low, 1.0), 3, SAVED)
    legend(canvas, keys)
    return canvas.svg()


def _rows(part: Part, driver: DriverColumn, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return the driver and the use a day (k,) of baseline rows, the other drivers' part taken to their means.

    The curve there plus the row's residual; of more rows than can be told apart every k-th is drawn.
    """
    fit = part.run.fit
    if fit is None or not len(x):
        return np.array([]), np.array([])
    place = {start: index for index, start in enumerate(part.rows.start)}
    rows = np.array([place[start] for start in fit.start if start in place], np.int64)
    known = np.array([start in place for start in fit.start])
    hours = np.array(part.rows.hours)[rows]
    at = numbers(driver.values)[rows]
    per_day = np.array(fit.residual)[known] * 24.0 / hours
    order = np.argsort(x)
    use = np.interp(at, x[order], y[order]) + per_day
    every = -(-len(at) // MOST_DOTS)
    return at[::every], use[::every]
