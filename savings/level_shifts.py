"""Shifts of level in a series whose noise remembers: which stretches of days stand out, by how much, how surely.

Circular binary segmentation (Olshen, Venkatraman, Lucito & Wigler 2004): every pair of days bounds a window, and the
one whose level stands out most is taken, until none does. Scores are of generalised least squares, all windows at
once: with r the whitened residuals of what is already explained and h_a the whitened step that begins on day a,

    z(a, b) = (h_a - h_b)ᵀ r / |P (h_a - h_b)|,     P takes out what is already explained

Noise that remembers looks like shifts of level to a search that takes days as independent; whitened, it does not. The
edges that were found cut the series into segments, of which the longest is the usual level; the others are windows if
they stand out from it. So two windows are never taken for one with the quiet time between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.statistics import robust_deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.uncertainty.reml import NoisePosterior

LEAST_DAYS = 7  # of a window: shorter ones move no saving, and weekends are not events
_MOST_WINDOWS = 6
_EDGE = 0.6  # of the least score, below which an edge is no edge: a shift has two
_RANK = 1e-8  # share of a step that must be left after what is explained

Window = tuple[int, int]  # its first day, and the day after its last


class Series(NamedTuple):
    """A quantity day by day, and its noise."""

    day: NDArray[np.datetime64]  # (d,) in order, gaps allowed
    values: NDArray[np.float64]  # (d,)
    known: NDArray[np.float64]  # (d, q) what the level may follow without a shift, a constant among it
    noise: NoisePosterior
    size: NDArray[np.float64]  # (d,) of each day's noise by that of an average day of the baseline


class Shift(NamedTuple):
    """A window that stands out from the usual level."""

    window: Window
    size: float  # beside the usual level
    standard_error: float

    @property
    def score(self) -> float:
        """|z| of the size, all windows fitted together."""
        return abs(self.size) / self.standard_error


def level_shifts(series: Series, least_score: float) -> tuple[Shift, ...]:
    """Return the windows that stand out, in order of time; none where the series is too short or its noise unknown."""
    if len(series.day) < 3 * LEAST_DAYS or not np.isfinite(series.noise.variance).all():
        return ()
    white = _Whitened(series)
    windows = _joined(white.shifts(_windows(white.edges(least_score), len(series.day))))
    while windows:
        found = white.shifts(windows)
        weakest = min(found, key=lambda each: each.score)
        if weakest.score >= least_score:
            return tuple(found)
        windows.remove(weakest.window)
    return ()


def _windows(edges: Sequence[int], days: int) -> list[Window]:
    """Return the segments between edges, the longest left out: it is the usual level."""
    segments = list(zip([0, *edges], [*edges, days], strict=True))
    usual = max(segments, key=lambda each: each[1] - each[0])
    return [each for each in segments if each != usual]


def _joined(shifts: Sequence[Shift]) -> list[Window]:
    """Return windows of which those that follow each other, alike in size, are one.

    A slow drift is found as stairs; whoever looks at it sees one stretch. A month that stands out from days that stand
    out a little themselves, as a stage of a measure does, is a stretch of its own.
    """
    joined: list[Window] = []
    before = 0.0
    for each in shifts:
        if joined and joined[-1][1] == each.window[0] and _alike(before, each.size):
            joined[-1] = (joined[-1][0], each.window[1])
        else:
            joined.append(each.window)
        before = each.size
    return joined


def _alike(one: float, other: float) -> bool:
    """Tell whether two sizes lie on one side of the usual level, the smaller at least half of the larger."""
    return one * other > 0.0 and 2.0 * min(abs(one), abs(other)) >= max(abs(one), abs(other))


class _Whitened:
    """A series of days whitened by its noise, and the search in it."""

    def __init__(self, series: Series) -> None:
        """Whiten the series, what is known, and the steps that begin on every day: (d, d + 1), the last never does."""
        count = len(series.day)
        apart = np.abs(np.subtract.outer(series.day, series.day).astype(np.int64))
        lower = series.size[:, None] * np.linalg.cholesky(_correlation(series.noise, int(apart.max()))[apart])
        steps = np.column_stack([np.tri(count), np.zeros(count)])
        out = np.linalg.solve(lower, np.column_stack([series.values, series.known, steps]))
        known = series.known.shape[1]
        self._values, self._known, self._steps = out[:, 0], out[:, 1 : known + 1], out[:, known + 1 :]
        self._lawful = _long_enough(count + 1)
        self._deviation = max(float(np.sqrt(series.noise.share @ series.noise.variance)), self._own_deviation())

    def _own_deviation(self) -> float:
        """Return the spread of what the known columns leave, by the median: shifts of level move it little."""
        left = self._values - self._known @ np.linalg.lstsq(self._known, self._values, rcond=None)[0]
        return robust_deviation(np.abs(left - np.median(left)))

    def edges(self, least_score: float) -> list[int]:
        """Return the days on which the level changes, in order of time: those of the windows that stand out."""
        found: list[Window] = []
        while len(found) < _MOST_WINDOWS:
            score = self._scores(found)
            first, after = np.unravel_index(int(np.argmax(score)), score.shape)
            if score[first, after] < least_score:
                break
            found.append((int(first), int(after)))
        return self._lasting(sorted({each for window in found for each in window}), least_score)

    def _lasting(self, edges: list[int], least_score: float) -> list[int]:
        """Drop the edges of stretches shorter than a week, then those without a jump, the weakest first."""
        last = self._steps.shape[1] - 1
        edges = [each for each in edges if 0 < each < last]
        while edges:
            jump, error = self.fit([np.array([[edge], [last]]) for edge in edges])
            score = np.abs(jump) / error
            length = np.diff([0, *edges, last])
            crowded = np.minimum(length[:-1], length[1:]) < LEAST_DAYS
            weakest = int(np.argmin(np.where(crowded, score, np.inf) if crowded.any() else score))
            if not crowded.any() and score[weakest] >= _EDGE * least_score:
                break
            del edges[weakest]
        return edges

    def shifts(self, windows: Sequence[Window]) -> list[Shift]:
        """Return the sizes of windows fitted together."""
        size, error = self.fit([np.array(window)[:, None] for window in windows])
        return [Shift(*each) for each in zip(windows, size.tolist(), error.tolist(), strict=True)]

    def fit(self, windows: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shifts (w,) of windows, as their two edges, fitted together, and their standard errors."""
        count = len(windows)
        columns = np.column_stack([self._columns(windows), self._known])
        size = np.linalg.norm(columns, axis=0)
        inverse = np.linalg.pinv(columns / np.where(size > 0, size, 1.0))
        shift = (inverse @ self._values)[:count] / size[:count]
        error = np.linalg.norm(inverse[:count], axis=1) / size[:count] * self._deviation
        return shift, error

    def _scores(self, found: Sequence[Window]) -> NDArray[np.float64]:
        """Return |z| (d + 1, d + 1) of every window; 0 where it is too short, or nothing of it is left to see."""
        columns = self._columns([np.array(window)[:, None] for window in found])
        left_of, singular, _ = np.linalg.svd(np.column_stack([self._known, columns]), full_matrices=False)
        basis = left_of[:, singular > 1e-10 * singular[0]]
        left = self._steps - basis @ (basis.T @ self._steps)
        along, gram = left.T @ self._values, left.T @ left
        length = gram.diagonal()[:, None] + gram.diagonal() - 2.0 * gram
        lawful = self._lawful & (length > _RANK * float((self._steps**2).sum(axis=0).max()))
        z = np.abs(along[:, None] - along) / np.sqrt(np.where(lawful, length, 1.0)) / self._deviation
        return np.where(lawful, z, 0.0)

    def _columns(self, windows: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        """Return the whitened indicators (d, w) of windows."""
        if not windows:
            return np.empty((len(self._values), 0))
        begin, end = np.concatenate(windows, axis=1)
        return self._steps[:, begin] - self._steps[:, end]


def _long_enough(edges: int) -> NDArray[np.bool_]:
    """Mask (edges, edges) of windows that last a week or more, as do the days before and after if there are any."""
    first, after = np.arange(edges)[:, None], np.arange(edges)
    inside, behind = after - first, edges - 1 - after
    whole = [(each == 0) | (each >= LEAST_DAYS) for each in (first, behind)]
    return np.asarray((inside >= LEAST_DAYS) & (first + behind >= LEAST_DAYS) & whole[0] & whole[1])


def _correlation(noise: NoisePosterior, most: int) -> NDArray[np.float64]:
    """Return the noise's correlation by days apart (most + 1,), averaged over what the likelihood leaves open."""
    return np.concatenate([np.ones(1), noise.noises.correlation(np.arange(1, most + 1)) @ noise.share])
