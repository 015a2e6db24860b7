"""The exact total of ordinary least squares, if the residuals were independent: the interval to be suspicious of.

    Var = s² [m + 1ᵀX_r (XᵀX)⁻¹ X_rᵀ1]   (Koran et al., IEPEC 2017)

Noise that lasts for days makes it far too narrow: it is kept to be compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.uncertainty.noise import lag_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.uncertainty.case import Case


def standard_errors(case: Case, targets: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the standard error (T,) of each total of `targets` (T, m), and n - p."""
    dof = case.n - case.p
    if dof < 1:
        return np.full(len(targets), np.nan), 1.0
    variance = float(case.residual @ case.residual) / dof
    products = lag_products(case.weights(targets), case.places)
    return np.sqrt(variance * products[:, 0]), float(dof)
