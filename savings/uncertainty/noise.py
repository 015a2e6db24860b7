"""Noise that remembers: a first-order autoregressive part and an independent part, over rows with gaps.

Correlation of two rows whose positions lie k intervals apart: ρ(0) = 1, ρ(k) = (1 - λ) φ^k. With λ = 0 this is AR(1);
λ is the share of the variance that forgets at once (counting, weather of the hour, a truck). An AR(1) alone, fitted to
such noise, takes φ too small and misses the slow part, which is all that a total over months feels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


# How far the prior of noise that remembers leans to long memories: 0 is the reference prior, under which each doubling
# of a long memory weighs less by √2; with 1/2 each weighs the same. What covers lies between them (docs/decisions.md).
LEANING = 0.2
# Share of the prior of noise that has no memory at all: a sharp hypothesis has a prior of its own (Jeffreys 1961, ch.
# 5), or what rows cannot exclude of slow noise widens the interval of meters that have none (docs/decisions.md).
FORGETFUL = 0.1


class Grid(NamedTuple):
    """Pairs of memory φ and forgetful share λ with their prior; all (K,)."""

    phi: NDArray[np.float64]
    white: NDArray[np.float64]
    prior: NDArray[np.float64]  # sum 1
    reference: NDArray[np.float64]  # the reference prior by this one


def prior_grid(phi: Sequence[float], white: Sequence[float]) -> Grid:
    """Return every pair of the nodes φ and λ, both ascending from 0.

    The prior of φ is the reference prior of an AR(1), flat in arcsin φ (Berger & Yang 1994), times (1 - φ)^-LEANING:
    long memories, up to what a year cannot tell from a random walk, have their part in it; a share FORGETFUL of it is
    that of no memory. That of λ is Jeffreys' for a share, flat in arcsin √λ.
    """
    reference = _shares(_cells(np.arcsin(phi), np.pi / 2))
    memory = (1.0 - FORGETFUL) * _shares(reference * (1.0 - np.asarray(phi)) ** -LEANING)
    memory[0] += FORGETFUL
    share = share_prior(np.array(white))
    both, forgetful = np.meshgrid(phi, white, indexing="ij")
    by_this = np.repeat(reference / memory, len(share))
    return Grid(both.ravel(), forgetful.ravel(), np.outer(memory, share).ravel(), by_this)


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
    columns: NDArray[np.float64], gaps: NDArray[np.int64], phi: NDArray[np.float64], white: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return columns of independent rows, for every pair of φ and λ at once, and ln|R|.

    The innovations of the Kalman filter of the two-part noise: L⁻¹ columns with R = L Lᵀ, the first row exact.

    Parameters
    ----------
    columns
        (n, q), rows in order of time.
    gaps
        (n - 1,) intervals from each row to the next, 1 where none is missing.
    phi, white
        (K,) φ in [0, 1) and λ in [0, 1].

    Returns
    -------
    tuple
        Whitened columns (n, K, q) and ln|R| (K,).
    """
    n, q = columns.shape
    mean, spread = np.zeros((len(phi), q)), 1.0 - white
    out = np.empty((n, len(phi), q))
    log_det = np.zeros(len(phi))
    slow = 1.0 - white
    kept = {int(gap): phi**gap for gap in np.unique(gaps)} | {0: np.ones_like(phi)}
    for row, gap in enumerate([0, *gaps.tolist()]):
        memory = kept[gap]
        mean = mean * memory[:, None]
        spread = slow + (spread - slow) * memory**2
        total = spread + white
        innovation = columns[row] - mean
        out[row] = innovation / np.sqrt(total)[:, None]
        log_det += np.log(total)
        mean = mean + (spread / total)[:, None] * innovation
        spread = spread * white / total
    return out, log_det


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


def inflation(
    weights: NDArray[np.float64], places: NDArray[np.int64], phi: NDArray[np.float64], white: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Var(Σ w_i e_i)/σ² of every total (T, n) for every pair of φ and λ, (T, K)."""
    products = lag_products(weights, places)
    correlation = (1.0 - white) * phi ** np.arange(1, products.shape[1])[:, None]
    return np.asarray(products[:, :1] + products[:, 1:] @ correlation)
