"""Noise that remembers: a slow part, a part that is new in every row and a brief part, over rows with gaps.

Correlation of two rows whose positions lie k intervals apart: ρ(0) = 1,

    ρ(k) = (1 - λ - δ) φ^k + δ b^k,     b = 1/2

λ is the share of the variance that forgets at once (counting, weather of the hour, a truck), δ that of what is felt for
some days (heat that goods bring and a store gives back). With λ = δ = 0 this is AR(1). An AR(1) alone, fitted to noise
that is partly new every day, takes φ too small and misses the slow part, which is all that a total over months feels;
so do two parts where what is brief rules the fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


# How far the prior of noise that remembers leans to long memories: 0 is the reference prior, under which each doubling
# of a long memory weighs less by √2; with 1/2 each weighs the same. What covers lies midway (docs/decisions.md).
LEANING = 0.25
# Share of the prior of noise that has no memory at all: a sharp hypothesis has a prior of its own (Jeffreys 1961, ch.
# 5), or what rows cannot exclude of slow noise widens the interval of meters that have none (docs/decisions.md).
FORGETFUL = 0.25
# Of noise with a brief part: its share of the prior, what of λ is brief instead, and its memory b. It is weighed where
# it can hide what is slow: beside a slow part that lasts for weeks and is a tenth of the variance at most. Where the
# slow part rules, as that of traps that fail, a brief one makes it smaller than it is (docs/decisions.md).
BRIEF, BRIEF_OF_WHITE, BRIEF_MEMORY = 0.035, 0.25, 0.5
LEAST_PHI, LEAST_WHITE = 0.9, 0.9


class Noises(NamedTuple):
    """Noises to be weighed; all (K,)."""

    phi: NDArray[np.float64]  # φ of the slow part
    white: NDArray[np.float64]  # λ
    brief: NDArray[np.float64]  # δ

    @property
    def slow(self) -> NDArray[np.float64]:
        """Share of the variance that the slow part has (K,)."""
        return 1.0 - self.white - self.brief

    @property
    def inflated(self) -> NDArray[np.float64]:
        """1 + 2 Σ ρ(k) (K,): by how much more the mean of many rows varies than that of independent ones."""
        brief = self.brief * BRIEF_MEMORY / (1.0 - BRIEF_MEMORY)
        return np.asarray(1.0 + 2.0 * (self.slow * self.phi / (1.0 - self.phi) + brief))

    def correlation(self, apart: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ρ (k, K) of rows so many intervals apart (k,), each 1 or more."""
        return np.asarray(self.slow * self.phi ** apart[:, None] + self.brief * BRIEF_MEMORY ** apart[:, None])

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Noises:
        """Return the noises at some places or of a mask."""
        return Noises(*(each[which] for each in self))


class Grid(NamedTuple):
    """Noises with their prior; all (K,)."""

    noises: Noises
    prior: NDArray[np.float64]  # sum 1
    reference: NDArray[np.float64]  # the reference prior by this one

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Mask (K,) of noises whose slow part a brief one may hide."""
        return np.asarray((self.noises.phi >= LEAST_PHI) & (self.noises.white >= LEAST_WHITE))


def prior_grid(phi: Sequence[float], white: Sequence[float]) -> Grid:
    """Return every pair of the nodes φ and λ, both ascending from 0, without a brief part.

    The prior of φ is the reference prior of an AR(1), flat in arcsin φ (Berger & Yang 1994), times (1 - φ)^-LEANING:
    long memories, up to what a year cannot tell from a random walk, have their part in it; a share FORGETFUL of it is
    that of no memory. That of λ is Jeffreys' for a share, flat in arcsin √λ.
    """
    reference = _shares(_cells(np.arcsin(phi), np.pi / 2))
    memory = (1.0 - FORGETFUL) * _shares(reference * (1.0 - np.asarray(phi)) ** -LEANING)
    memory[0] += FORGETFUL
    share = share_prior(np.array(white))
    both, forgetful = (each.ravel() for each in np.meshgrid(phi, white, indexing="ij"))
    by_this = np.repeat(reference / memory, len(share))
    return Grid(Noises(both, forgetful, np.zeros_like(both)), np.outer(memory, share).ravel(), by_this)


def with_brief(pairs: Grid) -> Grid:
    """Return a grid and, once more, its hidden noises with a part of λ brief, which have BRIEF of the prior."""
    again = pairs.hidden
    same, prior, by_this = pairs.noises.take(again), pairs.prior[again], pairs.reference[again]
    brief = BRIEF_OF_WHITE * same.white
    more = Noises(same.phi, same.white - brief, brief)
    return Grid(
        Noises(*(np.concatenate(both) for both in zip(pairs.noises, more, strict=True))),
        np.concatenate([(1.0 - BRIEF) * pairs.prior, BRIEF * _shares(prior)]),
        np.concatenate([pairs.reference, by_this * prior.sum() / (by_this @ prior)]),
    )


def share_prior(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Jeffreys' prior of a share at ascending nodes from 0 (k,), sum 1: flat in arcsin of the root."""
    return _shares(_cells(np.arcsin(np.sqrt(shares)), np.pi / 2))


def _shares(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cells by their sum (k,)."""
    return np.asarray(cells / cells.sum())


def _cells(nodes: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Return the width of the cell around each node (k,), the last one reaching to `end`."""
    edges = np.concatenate([nodes[:1], 0.5 * (nodes[1:] + nodes[:-1]), [end]])
    return np.diff(edges)


def whitened(
    columns: NDArray[np.float64], gaps: NDArray[np.int64], noises: Noises
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return columns of independent rows, for every noise at once, and ln|R|.

    The innovations of the Kalman filter of slow and brief part: L⁻¹ columns with R = L Lᵀ, the first row exact.

    Parameters
    ----------
    columns
        (n, q), rows in order of time.
    gaps
        (n - 1,) intervals from each row to the next, 1 where none is missing.
    noises
        K of them, φ in [0, 1), λ and δ in [0, 1] together.

    Returns
    -------
    tuple
        Whitened columns (n, K, q) and ln|R| (K,).
    """
    n, q = columns.shape
    out, log_det = np.empty((n, len(noises.phi), q)), np.zeros(len(noises.phi))
    filtered = _Filter(noises, q)
    for row, gap in enumerate([0, *gaps.tolist()]):
        filtered.passes(gap)
        innovation, variance = filtered.sees(columns[row])
        out[row] = innovation / np.sqrt(variance)[:, None]
        log_det += np.log(variance)
    return out, log_det


class _Filter:
    """What is known of the slow and the brief part of q columns, under every noise."""

    def __init__(self, noises: Noises, q: int) -> None:
        self._white, self._share = noises.white, noises.slow
        self._phi, self._memory = noises.phi, {0: np.ones_like(noises.phi)}  # φ to the power of each gap so far
        self._mean, self._variance = np.zeros((len(noises.phi), q)), noises.slow
        self._brief = _BriefPart(noises, q) if noises.brief.any() else None

    def passes(self, gap: int) -> None:
        """Go on by so many intervals."""
        if gap not in self._memory:
            self._memory[gap] = self._phi**gap
        memory = self._memory[gap]
        self._mean *= memory[:, None]
        self._variance = self._share + (self._variance - self._share) * memory**2
        if self._brief:
            self._brief.passes(gap, memory)

    def sees(self, row: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Learn from a row (q,): what of it was not foreseen (K, q), and the variance of that (K,)."""
        innovation, with_row = row - self._mean, self._variance
        variance = with_row + self._white
        if self._brief:
            with_row = self._brief.joins(innovation, variance, with_row)
        gain = with_row / variance
        self._mean += gain[:, None] * innovation
        self._variance = self._variance - gain * with_row
        if self._brief:
            self._brief.learns(innovation, variance, gain)
        return innovation, variance


class _BriefPart:
    """The brief part of those noises that have one, B of them, beside their slow part."""

    def __init__(self, noises: Noises, q: int) -> None:
        self._at = np.flatnonzero(noises.brief)
        self._share = self._variance = noises.brief[self._at]
        self._mean, self._both = np.zeros((len(self._at), q)), np.zeros(len(self._at))  # covariance with the slow part

    def passes(self, gap: int, memory: NDArray[np.float64]) -> None:
        """Go on by so many intervals; `memory` (K,) is what the slow parts keep."""
        kept = BRIEF_MEMORY**gap
        self._mean *= kept
        self._variance = self._share + (self._variance - self._share) * kept**2
        self._both = self._both * memory[self._at] * kept

    def joins(
        self, innovation: NDArray[np.float64], variance: NDArray[np.float64], slow: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Put the part into innovation (K, q) and variance (K,); return the slow part's with the row (K,)."""
        innovation[self._at] -= self._mean
        variance[self._at] += self._variance + 2.0 * self._both
        with_row = slow.copy()
        with_row[self._at] += self._both
        return with_row

    def learns(self, innovation: NDArray[np.float64], variance: NDArray[np.float64], gain: NDArray[np.float64]) -> None:
        """Learn from what was not foreseen; `gain` (K,) is that of the slow parts."""
        with_row = self._variance + self._both
        own = with_row / variance[self._at]
        self._mean += own[:, None] * innovation[self._at]
        self._both = self._both - gain[self._at] * with_row
        self._variance = self._variance - own * with_row


def lag_products(weights: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return c(k) = Σ w_i w_j over all ordered pairs of rows whose places lie k apart, (T, span); c(0) = Σ w².

    The variance of Σ w_i e_i is σ² Σ_k c(k) ρ(k), whatever the correlation ρ(k): one pass for a whole grid of noises.
    `weights` are (T, n), one line a total; rows that share a place are taken as one.

    >>> lag_products(np.array([[1.0, 1.0]]), np.array([0, 2])).round(9).tolist()
    [[2.0, 0.0, 2.0]]
    """
    at = places - places.min()
    line = np.zeros((len(weights), int(at.max()) + 1))
    np.add.at(line.T, at, weights.T)
    length = line.shape[1]
    size = 1 << (2 * length - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(line, size)) ** 2, size)[:, :length]
    products[:, 1:] *= 2.0
    return np.asarray(products)


def inflation(weights: NDArray[np.float64], places: NDArray[np.int64], noises: Noises) -> NDArray[np.float64]:
    """Return Var(Σ w_i e_i)/σ² of every total (T, n) for each of K noises, (T, K)."""
    products = lag_products(weights, places)
    return np.asarray(products[:, :1] + products[:, 1:] @ noises.correlation(np.arange(1, products.shape[1])))
