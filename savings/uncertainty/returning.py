"""The part of the noise that comes back every year: what a model misses of Christmas it misses every Christmas.

A model of weather and production leaves a season behind (holidays, ice, goods of the season). It is no memory: over
whole years it cancels, and the next year brings it again. A single year cannot tell it from slow noise; two can. So
from two years of days on one more part joins those of `noise`: a curve of the year of random waves,

    κ s² (1/H) Σ_h (a_h cos hω t + b_h sin hω t),    a_h, b_h of variance 1, ω = 2π a year, h = 1 … H

down to waves of three weeks. Its share μ = κ/(1 + κ) is averaged over, flat in arcsin √μ as that of the white part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.table import Frequency
from savings.uncertainty.noise import share_prior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.table import Table

HARMONICS = 18  # H
YEAR_DAYS = 365.2425
LEAST_DAYS = 700  # from the first to the last row: two years, but for a few weeks
SHARES = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85])  # μ


class Likelihoods(NamedTuple):
    """What rows say of shares μ and pairs of the grid of noises; (M, K)."""

    ratio: NDArray[np.float64]  # κ (M,)
    prior: NDArray[np.float64]  # (M,), sum 1
    log_likelihood: NDArray[np.float64]
    rest: NDArray[np.float64]  # sum of squares that is left, in units of the noise


def told_by(table: Table) -> bool:
    """Return whether a baseline is long enough to tell what comes back: two years of days or hours."""
    if table.frequency is Frequency.MONTHLY or not len(table):
        return False
    return bool((table.start[-1] - table.start[0]) >= np.timedelta64(LEAST_DAYS, "D"))


def waves(position: NDArray[np.int64], *, told: bool) -> NDArray[np.float64]:
    """Return the waves (n, 2 H) at days (n,), of variance 1 together; (n, 0) where nothing is told."""
    if not told:
        return np.zeros((len(position), 0))
    phase = 2.0 * np.pi / YEAR_DAYS * position[:, None] * np.arange(1, HARMONICS + 1)
    return np.asarray(np.hstack([np.sin(phase), np.cos(phase)]) / np.sqrt(HARMONICS))


def likelihoods(products: NDArray[np.float64], log_det: NDArray[np.float64], n: int, waves_to: int) -> Likelihoods:
    """Return the restricted likelihood of every share under every noise, by Woodbury's identity.

    Parameters
    ----------
    products
        Products of whitened columns (K, h + p + 1, h + p + 1): the waves, the directions of the fit, the residual.
    log_det
        ln|R| (K,).
    n
        Rows.
    waves_to
        h, how many columns are waves; with none there is one share, 0.
    """
    shares = SHARES if waves_to else SHARES[:1]
    ratio = shares / (1.0 - shares)
    own, cross = products[:, :waves_to, :waves_to], products[:, :waves_to, waves_to:]
    plain = products[:, waves_to:, waves_to:]
    found = [_with(plain, log_det, n)]
    one = np.eye(waves_to)
    for kappa in ratio[1:]:
        less = np.swapaxes(cross, 1, 2) @ np.linalg.solve(one / kappa + own, cross)
        found.append(_with(plain - less, log_det + np.linalg.slogdet(one + kappa * own)[1], n))
    prior = share_prior(SHARES) if waves_to else np.ones(1)
    log_likelihood, rest = (np.array(each) for each in zip(*found, strict=True))
    return Likelihoods(ratio, prior, log_likelihood, rest)


def _with(
    products: NDArray[np.float64], log_det: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the restricted log-likelihood and the rest (K,) of products of directions and residual."""
    p = products.shape[1] - 1
    design, cross = products[:, :p, :p], products[:, :p, p:]
    rest = (products[:, p:, p:] - np.swapaxes(cross, 1, 2) @ np.linalg.solve(design, cross))[:, 0, 0]
    rest = np.maximum(rest, np.finfo(float).tiny)
    return -0.5 * (log_det + np.linalg.slogdet(design)[1] + (n - p) * np.log(rest)), rest
