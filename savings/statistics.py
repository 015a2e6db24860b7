"""How well a model fits: the statistics an auditor looks for, NaN left out pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class FitStatistics:
    """Fit of a model in its own sample; shares, not percent."""

    n: int  # rows
    p: int  # parameters, knots counted
    r2: float
    r2_adj: float
    rmse: float  # with n − p [unit of energy]
    cv_rmse: float
    nmbe: float  # with n − p; 0 in sample for least squares with an intercept: it says something out of sample only
    autocorrelation: float  # lag one, of rows that follow each other
    n_effective: float  # n (1 − ρ) / (1 + ρ), n at most
    condition_number: float  # of the standardised drivers


def fit_statistics(
    measured: ArrayLike,
    predicted: ArrayLike,
    *,
    p: int,
    autocorrelation: float = 0.0,
    condition_number: float = 1.0,
) -> FitStatistics:
    """Return the statistics of n pairs of energy (n,) [unit].

    RMSE = sqrt(SSE / (n − p)), CV(RMSE) = RMSE / mean, NMBE = Σ(y − ŷ) / ((n − p) mean), R² = 1 − SSE / SST and its
    adjusted form 1 − (1 − R²)(n − 1) / (n − p), after ASHRAE Guideline 14; n − p
    also in NMBE, where OpenDSM divides by n.
    """
    y, y_hat = _pairs(measured, predicted)
    n = len(y)
    error = y - y_hat
    free = float(n - p) if n > p else float("nan")
    sse = float(error @ error)
    mean = float(y.mean()) if n else float("nan")
    sst = float(((y - mean) ** 2).sum())
    r2 = 1.0 - sse / sst if sst > 0.0 else float("nan")
    rmse = float(np.sqrt(sse / free))
    scale = mean if mean != 0.0 else float("nan")
    return FitStatistics(
        n=n,
        p=p,
        r2=r2,
        r2_adj=1.0 - (1.0 - r2) * (n - 1) / free,
        rmse=rmse,
        cv_rmse=rmse / scale,
        nmbe=float(error.sum()) / (free * scale),
        autocorrelation=autocorrelation,
        n_effective=effective_n(n, autocorrelation),
        condition_number=condition_number,
    )


def net_determination_bias(measured: ArrayLike, predicted: ArrayLike) -> float:
    """Return Σ(y − ŷ) / Σy of (n,) energies: the net determination bias error of Guideline 14, a share."""
    y, y_hat = _pairs(measured, predicted)
    return float((y - y_hat).sum() / y.sum())


def effective_n(n: float, autocorrelation: float) -> float:
    """Return n' = n (1 − ρ) / (1 + ρ), Guideline 14: 365 days of ρ = 0.6 say as much as 91.25 independent ones.

    Never more than n: rows that swing about each other are not more rows than there are.
    """
    return min(n, n * (1.0 - autocorrelation) / (1.0 + autocorrelation))


def lag_one_autocorrelation(residuals: ArrayLike, follows: NDArray[np.bool_] | None = None) -> float:
    """Return the lag-one autocorrelation of residuals (n,), 0 where fewer than three pairs exist.

    `follows` (n − 1,) says which neighbours follow each other in time: pairs across a gap, or with a NaN, are left out.
    Mean product of the pairs by the mean square of all: 1, 2, 3, 4 give 1/3.
    """
    e = np.asarray(residuals, np.float64)
    both = np.isfinite(e[:-1]) & np.isfinite(e[1:])
    if follows is not None:
        both &= follows
    pairs = int(both.sum())
    if pairs < 3:
        return 0.0
    centred = e - np.nanmean(e)
    variance = float(np.nanmean(centred**2))
    # A perfect fit leaves rounding only, in which a correlation means nothing.
    if variance <= (1e-12 * max(1.0, float(np.nanmax(np.abs(e))))) ** 2:
        return 0.0
    products = (centred[:-1] * centred[1:])[both]
    return float(np.clip(products.sum() / pairs / variance, -0.999, 0.999))


def robust_deviation(size: NDArray[np.float64]) -> float:
    """Return the standard deviation of normal noise whose distances from its middle (n,) have this median.

    A few that stand far out move it little (Huber 1981, ch. 5).

    >>> robust_deviation(np.array([0.6745, 0.1, 30.0]))
    1.0
    """
    return float(np.median(size)) / 0.6745


def _pairs(measured: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pairs of which both are numbers."""
    y, y_hat = np.broadcast_arrays(np.asarray(measured, np.float64), np.asarray(predicted, np.float64))
    y, y_hat = np.atleast_1d(y), np.atleast_1d(y_hat)
    both = np.isfinite(y) & np.isfinite(y_hat)
    return y[both], y_hat[both]
