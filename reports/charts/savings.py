"""Savings with their intervals: month by month, and the whole by every method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from babel import dates

from reports.charts.axes import Key, Scale, legend, legend_height, panel, rounded_out, ticks
from reports.charts.axes import decimals_of as decimals_of_ticks
from reports.charts.canvas import FAINT, INK, OUT, SAVED, SOFT, Canvas, text_width
from reports.figures import interval_of, number, percent, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locales.words import Words
    from reports.part import Part
    from savings.record import Figure, MonthRow

ROW = 26.0  # [px] of the comparison of methods


def months(part: Part, say: Words, width: float) -> str:
    """Draw the saving of each month as a bar with its interval."""
    rows = part.run.months
    if not rows:
        return ""
    confidence = part.given.plan.confidence
    keys = [Key(say("saving of the month"), SAVED, "box"), Key(say("more used than adjusted"), OUT, "box"),
            Key(say("%(confidence)s interval", confidence=percent(say, confidence, 0)), INK)]  # fmt: skip
    top = legend_height(width, keys) + 24
    canvas = Canvas(width, top + 34 + 165)
    ends = [0.0, *(end for row in rows for end in _ends(row.saving))]
    axes = panel(canvas, (-0.6, len(rows) - 0.4), rounded_out(min(ends), max(ends)), top=top)
    axes.y_axis(say, shown(say, part.run.unit))
    axes.level(0.0, SOFT)
    wide = (axes.right - axes.left) / (len(rows) + 0.2)
    for index, row in enumerate(rows):
        value, zero, middle = axes.y.at(row.saving.value), axes.y.at(0.0), axes.x.at(index)
        color = SAVED if row.saving.value >= 0 else OUT
        canvas.box(middle - 0.32 * wide, zero, 0.64 * wide, value - zero, color)
        low, high = (axes.y.at(end) for end in _ends(row.saving)[1:])
        canvas.line(np.array([middle, middle]), np.array([low, high]), INK, width=1.2)
        for end in (low, high):
            canvas.line(np.array([middle - 4, middle + 4]), np.array([end, end]), INK, width=1.2)
    _month_names(canvas, rows, say, [axes.x.at(index) for index in range(len(rows))], axes.bottom)
    legend(canvas, keys)
    return canvas.svg()


def methods(part: Part, named: Sequence[tuple[str, Figure, bool]], say: Words, width: float) -> str:
    """Draw one saving by several methods of uncertainty below each other; the one that counts is set apart."""
    narrow = width < 500
    left = 8.0 if narrow else 12 + max(text_width(name) for name, _, _ in named)
    right = 12.0 if narrow else 175.0
    step = ROW * (1.7 if narrow else 1)
    canvas = Canvas(width, 30 + step * len(named) + 24)
    ends = [0.0, *(end for _, figure, _ in named for end in _ends(figure))]
    scale = Scale(*rounded_out(min(ends), max(ends), 4), left, width - right)
    bottom = 26 + step * len(named)
    marks = ticks(scale.low, scale.high, 3 if narrow else 5)
    for mark in marks:
        place = scale.at(mark)
        color, thick = (SOFT, 1.2) if mark == 0 else (FAINT, 0.7)
        canvas.line(np.array([place, place]), np.array([22.0, bottom]), color, width=thick)
        canvas.text(place, bottom + 14, number(say, mark, decimals_of_ticks(marks)), anchor="middle")
    canvas.text(4, 12, shown(say, part.run.unit), color=INK)
    for index, (name, figure, counts) in enumerate(named):
        middle = 26 + step * (index + (0.72 if narrow else 0.5))
        _whisker(canvas, scale, figure, middle, counts=counts)
        ink = INK if counts else SOFT
        if narrow:
            canvas.text(left, middle - 12, name, color=ink, bold=counts)
        else:
            canvas.text(4, middle + 4, name, color=ink, bold=counts)
            canvas.text(width - right + 12, middle + 4, interval_of(say, figure), color=ink, bold=counts)
    return canvas.svg()


def _whisker(canvas: Canvas, scale: Scale, figure: Figure, middle: float, *, counts: bool) -> None:
    color = SAVED if counts else SOFT
    value, low, high = (scale.at(end) for end in _ends(figure))
    canvas.line(np.array([low, high]), np.array([middle, middle]), color, width=3 if counts else 1.6)
    for end in (low, high):
        canvas.line(np.array([end, end]), np.array([middle - 4, middle + 4]), color, width=1.6)
    canvas.dots(np.array([value]), np.array([middle]), color, size=9 if counts else 6, fade=1)


def _ends(figure: Figure) -> tuple[float, float, float]:
    """Return value, low and high, the value where there is no interval."""
    low = figure.value if figure.low is None else figure.low
    return figure.value, low, figure.value if figure.high is None else figure.high


def _month_names(canvas: Canvas, rows: Sequence[MonthRow], say: Words, places: Sequence[float], bottom: float) -> None:
    """Write the months below their bars, as many as there is room for."""
    room = places[1] - places[0] if len(places) > 1 else canvas.width
    step = max(1, -(-34 // max(int(room), 1)))
    year = ""
    for index, (row, place) in enumerate(zip(rows, places, strict=True)):
        if index % step:
            continue
        start = np.datetime64(row.month, "M").astype(object)
        canvas.text(place, bottom + 15, dates.format_skeleton("MMM", start, locale=say.locale), anchor="middle")
        if str(start.year) != year:
            year = str(start.year)
            canvas.text(place, bottom + 28, year, anchor="middle", bold=True)
