"""Charts drawn as SVG on the server: readable without scripts, scalable, printable, and small.

The caller gives times and values; the result is markup whose colours come from the style sheet. A chart never
stands alone: the page puts a summary in words and a table beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

TARGET_LINES = 5  # horizontal grid lines, about


@dataclass(frozen=True, kw_only=True, eq=False)
class Trend:
    """One point over time; all columns of length n."""

    at: NDArray[np.float64]  # seconds since 1970-01-01 UTC
    value: NDArray[np.float64]  # NaN where there is nothing to draw
    bad: NDArray[np.bool_]  # stored and never counted: drawn as crosses, not joined
    gap_s: float  # readings further apart than this are not joined [s]
    minimum: NDArray[np.float64] | None = None  # of the bucket
    maximum: NDArray[np.float64] | None = None
    shape: str = "line"  # line, step or bars
    limits: tuple[float | None, float | None] = (None, None)  # valid range of the point
    beside: NDArray[np.float64] | None = None  # what it is compared with: a second line, dashed
    base: float | None = None  # a level that is always in the drawing, with a line across


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The drawing's size and its window of time."""

    start: float  # seconds since 1970-01-01 UTC
    end: float
    width: int = 960  # [px]
    height: int = 340  # [px]
    left: int = 64
    right: int = 14
    top: int = 14
    bottom: int = 34


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Turns times and values into places on the drawing."""

    frame: Frame
    low: float
    high: float

    def x(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return horizontal places (n,) [px]."""
        frame = self.frame
        share = (at - frame.start) / (frame.end - frame.start)
        return frame.left + share * (frame.width - frame.left - frame.right)

    def y(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return vertical places (n,) [px], growing downwards."""
        frame = self.frame
        share = (value - self.low) / (self.high - self.low)
        return frame.height - frame.bottom - share * (frame.height - frame.top - frame.bottom)


def nice_step(span: float, lines: int = TARGET_LINES) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that divides `span` into about `lines`.

    Examples
    --------
    >>> nice_step(23.0)
    5.0
    """
    rough = max(span, 1e-12) / lines
    power: float = 10.0 ** np.floor(np.log10(rough))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999))


def value_axis(trend: Trend) -> tuple[float, float, float]:
    """Return lowest line, highest line and step that hold every drawn value."""
    drawn = [column for column in (trend.value, trend.minimum, trend.maximum, trend.beside) if column is not None]
    if trend.base is not None:
        drawn.append(np.array([trend.base]))
    finite = np.concatenate([column[np.isfinite(column)] for column in drawn])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if trend.shape == "bars":
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    step = nice_step(high - low)
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step), step


def draw(
    trend: Trend,
    frame: Frame,
    *,
    ticks: Sequence[tuple[float, str]],
    number: Callable[[float, float], str],
    title: str,
    css: str,
) -> Markup:
    """Return the chart as one `<svg>`; `number(value, step)` writes the figures on the value axis."""
    low, high, step = value_axis(trend)
    scale = Scale(frame=frame, low=low, high=high)
    inside = [
        _grid(scale, step, number),
        _time_axis(scale, ticks),
        _limits(trend, scale),
        _base(trend, scale),
        _bars(trend, scale) if trend.shape == "bars" else _band(trend, scale) + _line(trend, scale),
        _beside(trend, scale),
        _crosses(trend, scale),
    ]
    return Markup(  # noqa: S704 - figures only, and every text is escaped where it is put in
        f'<svg class="chart {css}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{escape(title)}" data-start="{frame.start:.0f}" data-end="{frame.end:.0f}" '
        f'data-left="{frame.left}" data-right="{frame.width - frame.right}">{"".join(inside)}</svg>'
    )


def _grid(scale: Scale, step: float, number: Callable[[float, float], str]) -> str:
    frame = scale.frame
    values = (np.arange(round((scale.high - scale.low) / step) + 1) * step + scale.low).astype(np.float64)
    parts = []
    for value, y in zip(values, scale.y(values), strict=True):
        parts.append(
            f'<line class="grid" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text class="tick" x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">')
        parts.append(f"{escape(number(float(value), step))}</text>")
    return "".join(parts)


def _time_axis(scale: Scale, ticks: Sequence[tuple[float, str]]) -> str:
    frame = scale.frame
    base = frame.height - frame.bottom
    parts = [f'<line class="axis" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{base}" y2="{base}"/>']
    for at, label in ticks:
        x = float(scale.x(np.array([at]))[0])
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 5}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{base + 20}" text-anchor="middle">{escape(label)}</text>')
    return "".join(parts)


def _limits(trend: Trend, scale: Scale) -> str:
    frame = scale.frame
    shown = [limit for limit in trend.limits if limit is not None and scale.low < limit < scale.high]
    return "".join(
        f'<line class="limit" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        for y in scale.y(np.array(shown, np.float64))
    )


def _base(trend: Trend, scale: Scale) -> str:
    if trend.base is None:
        return ""
    frame, y = scale.frame, float(scale.y(np.array([trend.base]))[0])
    return f'<line class="base" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _beside(trend: Trend, scale: Scale) -> str:
    if trend.beside is None:
        return ""
    parts = [(scale.x(trend.at[run]), scale.y(trend.beside[run])) for run in runs(trend)]
    return "".join(f'<polyline class="beside" points="{_places(xs, ys)}"/>' for xs, ys in parts)


def runs(trend: Trend) -> list[NDArray[np.intp]]:
    """Return the indices of each unbroken stretch: good enough to count, and without a gap in time."""
    keep = np.flatnonzero(np.isfinite(trend.value) & ~trend.bad)
    if not keep.size:
        return []
    broken = (np.diff(trend.at[keep]) > trend.gap_s) | (np.diff(keep) > 1)
    return list(np.split(keep, np.flatnonzero(broken) + 1))


def _line(trend: Trend, scale: Scale) -> str:
    parts = []
    for run in runs(trend):
        xs, ys = scale.x(trend.at[run]), scale.y(trend.value[run])
        if trend.shape == "step":
            xs, ys = np.repeat(xs, 2)[1:], np.repeat(ys, 2)[:-1]
        if len(xs) == 1:
            parts.append(f'<circle class="dot" cx="{xs[0]:.1f}" cy="{ys[0]:.1f}" r="2.5"/>')
        else:
            parts.append(f'<polyline class="line" points="{_places(xs, ys)}"/>')
    return "".join(parts)


def _band(trend: Trend, scale: Scale) -> str:
    if trend.minimum is None or trend.maximum is None:
        return ""
    parts = []
    for run in runs(trend):
        if len(run) < 2:
            continue
        xs = scale.x(trend.at[run])
        upper, lower = scale.y(trend.maximum[run]), scale.y(trend.minimum[run])
        outline = _places(np.concatenate([xs, xs[::-1]]), np.concatenate([upper, lower[::-1]]))
        parts.append(f'<polygon class="band" points="{outline}"/>')
    return "".join(parts)


def _bars(trend: Trend, scale: Scale) -> str:
    keep = np.flatnonzero(np.isfinite(trend.value) & ~trend.bad)
    base = float(scale.y(np.array([0.0]))[0])
    frame = scale.frame
    lefts = np.clip(scale.x(trend.at[keep]), frame.left, frame.width - frame.right)
    rights = np.clip(scale.x(trend.at[keep] + trend.gap_s), frame.left, frame.width - frame.right)
    parts = []
    for left, right, y in zip(lefts, rights, scale.y(trend.value[keep]), strict=True):
        width = max((right - left) * 0.86, 0.8)
        parts.append(
            f'<rect class="bar" x="{left:.1f}" width="{width:.1f}" '
            f'y="{min(y, base):.1f}" height="{abs(base - y):.1f}"/>'
        )
    return "".join(parts)


def _crosses(trend: Trend, scale: Scale) -> str:
    wrong = np.flatnonzero(trend.bad & np.isfinite(trend.value))
    xs, ys = scale.x(trend.at[wrong]), scale.y(trend.value[wrong])
    return "".join(
        f'<path class="cross" d="M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7"/>' for x, y in zip(xs, ys, strict=True)
    )


def _places(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))
