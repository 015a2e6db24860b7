"""Axes: round ticks, months in the reader's language, a legend that wraps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from babel import dates

from reports.charts.canvas import FAINT, INK, PAPER, SOFT, TEXT, Canvas, text_width
from reports.figures import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locales.words import Words
    from reports.charts.canvas import Numbers


NEARLY = 1e-6  # [steps] what rounding makes of a value on a step


class Scale(NamedTuple):
    """From values to places on the drawing [px]."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of one value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def __call__(self, values: Numbers) -> Numbers:
        """Return the places of values (n,)."""
        return np.asarray(self.start + (values - self.low) / (self.high - self.low) * (self.end - self.start))


class Key(NamedTuple):
    """One entry of a legend."""

    label: str
    color: str
    kind: str = "line"  # line, dash, dots or box


@dataclass(frozen=True)
class Panel:
    """A rectangle of a drawing with its two scales."""

    canvas: Canvas
    x: Scale
    y: Scale

    @property
    def left(self) -> float:
        """Left edge [px]."""
        return self.x.start

    @property
    def right(self) -> float:
        """Right edge [px]."""
        return self.x.end

    @property
    def bottom(self) -> float:
        """Lower edge [px]."""
        return self.y.start

    @property
    def top(self) -> float:
        """Upper edge [px]."""
        return self.y.end

    def line(self, x: Numbers, y: Numbers, color: str, *, width: float = 1.4, dash: str = "", fade: float = 1) -> None:
        """Draw a line of values (n,)."""
        self.canvas.line(self.x(x), self.y(y), color, width=width, dash=dash, fade=fade)

    def dots(self, x: Numbers, y: Numbers, color: str, *, size: float = 2.4, fade: float = 0.5) -> None:
        """Draw points of values (n,); those beyond the panel stand on its edge."""
        self.canvas.dots(self.x(x), np.clip(self.y(y), self.top, self.bottom), color, size=size, fade=fade)

    def area(self, x: Numbers, low: Numbers, high: Numbers, color: str, *, fade: float = 0.2) -> None:
        """Fill between two lines of values (n,)."""
        self.canvas.area(self.x(x), self.y(low), self.y(high), color, fade=fade)

    def tint(self, low: float, high: float, color: str, *, fade: float = 0.1) -> None:
        """Lay a tint over a stretch of the x axis."""
        first, last = max(low, self.x.low), min(high, self.x.high)
        if last > first:
            left = self.x.at(first)
            self.canvas.box(left, self.top, self.x.at(last) - left, self.bottom - self.top, color, fade=fade)

    def level(self, value: float, color: str = SOFT, *, width: float = 0.9, dash: str = "") -> None:
        """Draw a line across at a value of y."""
        if self.y.low <= value <= self.y.high:
            place = self.y.at(value)
            self.canvas.line(np.array([self.left, self.right]), np.array([place, place]), color, width=width, dash=dash)

    def y_axis(self, say: Words, title: str) -> None:
        """Draw lines across at round values, with their numbers, and the title above."""
        # `rounded_out` adds two of its five steps at most: by sevenths, its ends are always among the ticks.
        marks = ticks(self.y.low, self.y.high, 7)
        places = decimals_of(marks)
        for mark in marks:
            self.level(mark, FAINT, width=0.7)
            self.canvas.text(self.left - 6, self.y.at(mark) + 3.6, number(say, mark, places), anchor="end")
        self.canvas.text(4, self.top - 9, title, color=INK)

    def x_axis(self, say: Words, title: str) -> None:
        """Write round values below, and the title at the right."""
        marks = ticks(self.x.low, self.x.high, max(3, int((self.right - self.left) / 60)))
        places = decimals_of(marks)
        self.level(self.y.low, SOFT)
        for mark in marks:
            self.canvas.text(self.x.at(mark), self.bottom + 14, number(say, mark, places), anchor="middle")
        self.canvas.text(self.right, self.bottom + 29, title, anchor="end", color=INK)

    def time_axis(self, say: Words) -> None:
        """Write months below, and years under January and under the first."""
        first, last = (np.datetime64(math.floor(end), "D") for end in (self.x.low, self.x.high))
        months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
        starts = months.astype("datetime64[D]").astype(np.float64)
        months = months[(starts >= self.x.low - 1) & (starts <= self.x.high)]
        room = (self.right - self.left) / max(len(months), 1)
        step = next((each for each in (1, 2, 3, 6, 12, 24) if each * room >= 34), 24)
        number_of = months.astype(np.int64)  # since January 1970
        shown = months[number_of % step == 0] if step > 1 else months
        self.level(self.y.low, SOFT)
        year = ""
        for each in shown:
            start = date.fromisoformat(f"{each}-01")
            place = self.x.at(float(each.astype("datetime64[D]").astype(np.int64)))
            self.canvas.line(np.array([place, place]), np.array([self.bottom, self.bottom + 4]), SOFT, width=0.8)
            label = dates.format_skeleton("MMM", start, locale=say.locale)
            self.canvas.text(place, self.bottom + 15, label, anchor="middle")
            if str(start.year) != year:
                year = str(start.year)
                self.canvas.text(place, self.bottom + 28, year, anchor="middle", bold=True)


def panel(
    canvas: Canvas, x: tuple[float, float], y: tuple[float, float], *, top: float = 40, bottom: float = 34,
    left: float = 58, right: float = 18,
) -> Panel:  # fmt: skip
    """Return the panel that leaves room for ticks, title and legend; ends that are one value are spread."""
    return Panel(
        canvas,
        Scale(*_spread(*x), left, canvas.width - right),
        Scale(*_spread(*y), canvas.height - bottom, top),
    )


def legend(canvas: Canvas, keys: Sequence[Key], *, x: float = 4, y: float = 12) -> float:
    """Write the legend from a place on, wrapped at the drawing's width; return how tall it is [px]."""
    left, top = x, y
    for key in keys:
        wide = 30 + text_width(key.label)
        if left > x and left + wide > canvas.width:
            left, top = x, top + TEXT + 5
        _sample(canvas, key, left, top)
        canvas.text(left + 23, top, key.label, color=INK)
        left += wide + 8
    return top - y + TEXT + 5


def legend_height(width: float, keys: Sequence[Key]) -> float:
    """Return how tall a legend is at this width [px]."""
    return legend(Canvas(width, 1), keys)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values within two ends, about so many.

    >>> ticks(0.0, 10.0, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    step = _round_step((high - low) / max(count, 1))
    first, last = math.ceil(low / step - NEARLY), math.floor(high / step + NEARLY)
    return [each * step for each in range(first, last + 1)]


def rounded_out(low: float, high: float, count: int = 5) -> tuple[float, float]:
    """Return two ends moved out to round values.

    >>> rounded_out(0.3, 9.1)
    (0.0, 10.0)
    """
    low, high = _spread(low, high)
    step = _round_step((high - low) / max(count, 1))
    return math.floor(low / step + NEARLY) * step, math.ceil(high / step - NEARLY) * step


def decimals_of(marks: Sequence[float]) -> int:
    """Return the decimals that tell ticks apart."""
    step = abs(marks[1] - marks[0]) if len(marks) > 1 else 1.0
    return max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(each for each in (1, 2, 5, 10) if each * power >= rough * 0.999)) * power


def _spread(low: float, high: float) -> tuple[float, float]:
    if high > low:
        return low, high
    half = abs(low) / 10 or 1.0
    return low - half, low + half


def _sample(canvas: Canvas, key: Key, left: float, top: float) -> None:
    middle = top - 3.6
    if key.kind == "box":
        canvas.box(left, middle - 5, 18, 10, key.color, edge=SOFT if key.color == PAPER else "none")
    elif key.kind == "tint":
        canvas.box(left, middle - 5, 18, 10, key.color, fade=0.25)
    elif key.kind == "dots":
        canvas.dots(np.array([left + 3, left + 9, left + 15]), np.full(3, middle), key.color, size=3.4, fade=0.8)
    else:
        dash = "5 3" if key.kind == "dash" else ""
        canvas.line(np.array([left, left + 18]), np.array([middle, middle]), key.color, width=2, dash=dash)
