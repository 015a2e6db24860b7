"""The model against each of its drivers, with the measured rows, and where the reporting period lay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.charts.axes import Key, legend, legend_height, panel, rounded_out
from reports.charts.canvas import MEASURED, MODELLED, SAVED, Canvas, numbers
from reports.figures import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locales.words import Words
    from reports.charts.axes import Panel
    from reports.charts.canvas import Numbers
    from reports.part import Part
    from savings.input_record import DriverColumn
    from savings.record import CurvePoints

MOST_DOTS = 800
GROUPS = 12


def against(part: Part, curve: CurvePoints, say: Words, width: float) -> str:
    """Draw use against one driver: the model with the others at their means, and the rows with them taken there."""
    driver = next(each for each in part.rows.drivers if each.name == curve.driver)
    x, y = np.array(curve.x), np.array(curve.y)
    at, use = _rows(part, driver, x, y)
    keys = [Key(say("measured, other drivers at their mean"), MEASURED, "dots"), Key(say("model"), MODELLED)]
    axes = _axes(part, driver, keys, (np.r_[x, at], np.r_[y, use]), say, width)
    axes.dots(at, use, MEASURED, size=2.8, fade=0.45)
    axes.line(x, y, MODELLED, width=2.2)
    return axes.canvas.svg()


def grouped(part: Part, driver: DriverColumn, say: Words, width: float) -> str:
    """Draw use against one driver of a model that has no curve: rows, and means of equal groups along the driver."""
    fit = part.run.fit
    if fit is None:
        return ""
    rows, known = _places(part)
    at = numbers(driver.values)[rows]
    per_day = 24.0 / np.array(part.rows.hours)[rows]
    measured, predicted = np.array(fit.measured)[known] * per_day, np.array(fit.predicted)[known] * per_day
    every = -(-len(at) // MOST_DOTS)
    keys = [Key(say("measured"), MEASURED, "dots"), Key(say("measured, means of equal groups"), MEASURED),
            Key(say("model, means of equal groups"), MODELLED, "dash")]  # fmt: skip
    axes = _axes(part, driver, keys, (at, measured), say, width)
    axes.dots(at[::every], measured[::every], MEASURED, size=2.4, fade=0.3)
    axes.line(*_means(at, measured), MEASURED, width=2.2)
    axes.line(*_means(at, predicted), MODELLED, width=2.2, dash="5 3")
    return axes.canvas.svg()


def _axes(
    part: Part, driver: DriverColumn, keys: list[Key], seen: tuple[Numbers, Numbers], say: Words, width: float
) -> Panel:  # fmt: skip
    """Return a panel over a driver, axes, legend and the reporting period's range drawn."""
    ranges = [each for each in part.run.ranges if each.driver == driver.name and each.reporting_low is not None]
    if ranges:
        keys.append(Key(say("seen in the reporting period"), SAVED, "box"))
    top = legend_height(width, keys) + 24
    canvas = Canvas(width, top + 44 + (165 if width > 500 else 170))
    x, y = seen
    ends = [float(end) for each in ranges for end in (each.reporting_low, each.reporting_high) if end is not None]
    axes = panel(
        canvas, (min(float(x.min()), *ends), max(float(x.max()), *ends)) if ends else (float(x.min()), float(x.max())),
        rounded_out(float(y.min()), float(y.max())), top=top, bottom=44,
    )  # fmt: skip
    axes.y_axis(say, say("%(unit)s a day", unit=shown(say, part.run.unit)))
    unit, name = shown(say, driver.unit), say.named(driver.label, driver.name)
    axes.x_axis(say, f"{name} [{unit}]" if unit else name)
    if ends:
        low, high = axes.x.at(min(ends)), axes.x.at(max(ends))
        canvas.box(low, axes.bottom + 1, max(high - low, 1.0), 3, SAVED)
    legend(canvas, keys)
    return axes


def _means(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return means of x and y in groups of equal size along x."""
    groups = [group for group in np.array_split(np.argsort(x, kind="stable"), GROUPS) if len(group)]
    return np.array([x[group].mean() for group in groups]), np.array([y[group].mean() for group in groups])


def _places(part: Part) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where the rows of the fit stand in the input (k,), and which rows of the fit stand there (n,)."""
    place = {start: index for index, start in enumerate(part.rows.start)}
    starts = part.run.fit.start if part.run.fit else ()
    known = np.array([start in place for start in starts], np.bool_)
    return np.array([place[start] for start in starts if start in place], np.int64), known


def _rows(part: Part, driver: DriverColumn, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return the driver and the use a day (k,) of baseline rows, the other drivers' part taken to their means.

    The curve there plus the row's residual; of more rows than can be told apart every k-th is drawn.
    """
    fit = part.run.fit
    if fit is None or not len(x):
        return np.array([]), np.array([])
    rows, known = _places(part)
    hours = np.array(part.rows.hours)[rows]
    at = numbers(driver.values)[rows]
    per_day = np.array(fit.residual)[known] * 24.0 / hours
    order = np.argsort(x)
    use = np.interp(at, x[order], y[order]) + per_day
    every = -(-len(at) // MOST_DOTS)
    return at[::every], use[::every]
