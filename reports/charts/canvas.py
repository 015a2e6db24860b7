"""A drawing in SVG: lines, areas, dots, boxes and words, in units of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

# The colours of the command line's plots; told apart by colour-blind readers, in grey print by dashes and weight.
MEASURED, MODELLED, SAVED, OUT = "#0b5c8a", "#d1495b", "#2a9d8f", "#e9a03b"
INK, SOFT, FAINT, PAPER = "#1f2a33", "#5b6770", "#d5dade", "#ffffff"
FONT = "Source Sans Pro, Source Sans 3, Helvetica Neue, Arial, sans-serif"
TEXT = 11.0  # [px] size of words
WIDE, NARROW = 680.0, 344.0  # [px] widths: a page of paper, a phone


def text_width(text: str, size: float = TEXT) -> float:
    """Return how wide a text is at most [px]: letters of wide faces are 0.58 of their size; a page uses any."""
    return 0.58 * size * len(text)


class Canvas:
    """Elements in the order they are laid over each other."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._elements: list[str] = []

    def line(self, x: Numbers, y: Numbers, color: str, *, width: float = 1.4, dash: str = "", fade: float = 1) -> None:
        """Draw a line through points (n,); a NaN breaks it."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        for part in _runs(np.isfinite(x) & np.isfinite(y)):
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[part], y[part], strict=True))
            self._elements.append(
                f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width:g}"'
                f' stroke-opacity="{fade:g}" stroke-linejoin="round"{extra}/>'
            )

    def area(self, x: Numbers, low: Numbers, high: Numbers, color: str, *, fade: float = 0.2) -> None:
        """Fill what lies between two lines (n,); a NaN breaks it."""
        for part in _runs(np.isfinite(low) & np.isfinite(high)):
            there = [f"{a:.1f},{b:.1f}" for a, b in zip(x[part], high[part], strict=True)]
            back = [f"{a:.1f},{b:.1f}" for a, b in zip(x[part][::-1], low[part][::-1], strict=True)]
            self._elements.append(
                f'<polygon points="{" ".join([*there, *back])}" fill="{color}" fill-opacity="{fade:g}"/>'
            )

    def dots(self, x: Numbers, y: Numbers, color: str, *, size: float = 2.4, fade: float = 0.5) -> None:
        """Draw points (n,); NaN are left out."""
        sound = np.isfinite(x) & np.isfinite(y)
        if sound.any():
            path = "".join(f"M{a:.1f},{b:.1f}h.01" for a, b in zip(x[sound], y[sound], strict=True))
            self._elements.append(
                f'<path d="{path}" fill="none" stroke="{color}" stroke-opacity="{fade:g}" stroke-width="{size:g}"'
                ' stroke-linecap="round"/>'
            )

    def box(
        self, x: float, y: float, width: float, height: float, color: str, *, fade: float = 1, edge: str = "none"
    ) -> None:
        """Draw a box; a negative height or width reaches the other way."""
        left, top = min(x, x + width), min(y, y + height)
        self._elements.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{abs(width):.1f}" height="{abs(height):.1f}" fill="{color}"'
            f' fill-opacity="{fade:g}" stroke="{edge}" stroke-width="0.7"/>'
        )

    def cells(
        self, corners: Sequence[tuple[float, float]], width: float, height: float, color: str, *, edge: str = "none"
    ) -> None:
        """Draw boxes of one size by their upper left corners, as one shape."""
        if corners:
            path = "".join(f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z" for x, y in corners)
            self._elements.append(f'<path d="{path}" fill="{color}" stroke="{edge}" stroke-width="0.5"/>')

    def text(
        self, x: float, y: float, text: str, *, anchor: str = "start", color: str = SOFT, size: float = TEXT,
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Write words; their base line lies at y."""
        weight = ' font-weight="600"' if bold else ""
        self._elements.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-size="{size:g}"{weight}>'
            f"{escape(text)}</text>"
        )

    def svg(self) -> str:
        """Return the drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' width="{self.width:g}" height="{self.height:g}" font-family="{FONT}">{"".join(self._elements)}</svg>'
        )


def numbers(values: Sequence[float | None]) -> Numbers:
    """Return a column of a record as numbers (n,), NaN where there is none."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _runs(mask: NDArray[np.bool_]) -> list[slice]:
    """Return the stretches of two or more that are true."""
    edges = np.flatnonzero(np.diff(np.r_[0, mask.astype(np.int8), 0]))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
