"""Autocovariances of the residuals as they are, tapered: robust to any noise whose memory is short against the data.

    Var = Σ_{|k| <= L} (1 - |k|/(L + 1)) γ̂(k) c(k)   (Bartlett's taper, Newey & West 1987)

with c(k) the products of the total's weights k places apart. It leans low, since γ̂ comes from residuals of a fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.uncertainty.noise import lag_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.uncertainty.case import Case

LAGS = 45  # days; an eighth of the baseline where that is less


def standard_errors(case: Case, targets: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the standard error (T,) of each total of `targets` (T, m), and n - p."""
    dof = case.n - case.p
    if dof < 1:
        return np.full(len(targets), np.nan), 1.0
    lags = max(1, min(LAGS, case.n // 8))
    products = lag_products(case.weights(targets), case.places)[:, : lags + 1]
    # Pairs are counted on the calendar: a gap takes away pairs, it does not bring days closer.
    of_rows = lag_products(case.residual[None], case.position)[0][: lags + 1]
    pairs = lag_products(np.ones((1, case.n)), case.position)[0][: lags + 1]
    covariance = np.where(pairs > 0.5, of_rows / np.maximum(pairs, 1.0), 0.0) * case.n / dof
    reach = min(products.shape[1], len(covariance))
    taper = 1.0 - np.arange(reach) / (lags + 1)
    return np.sqrt(np.maximum(products[:, :reach] @ (taper * covariance[:reach]), 0.0)), float(dof)
