"""The uncertainty of ASHRAE Guideline 14 as most readers know it, with the coefficient of Sun & Baltazar.

Fractional savings uncertainty (Reddy & Claridge 2000; Guideline 14 annex B), m rows of reporting, t of n - p degrees
of freedom as CalTRACK 4.3 takes it:

    ΔE = k t CV(RMSE) Ē_post sqrt[(n / n') (1 + 2 / n') m]

with Ē_post the adjusted baseline per row and n' = n (1 - ρ)/(1 + ρ).

k is 1.26 in Guideline 14; Sun & Baltazar made it a polynomial of M, the months of the REPORTING period (CalTRACK
4.3.2.4.3; older tools took the baseline's months). It understates wherever noise remembers for longer than a row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from savings.table import Frequency
from savings.uncertainty.student import two_sided_t

if TYPE_CHECKING:
    from collections.abc import Mapping

K_GUIDELINE = 1.26
HOURS_PER_MONTH = 730.0  # [h], 365 days by 12


class Coefficients(NamedTuple):
    """k(M) = a M² + b M + c."""

    a: float
    b: float
    c: float


SUN_BALTAZAR: Mapping[Frequency, Coefficients] = {
    Frequency.DAILY: Coefficients(-0.00024, 0.03535, 1.00286),
    Frequency.MONTHLY: Coefficients(-0.00022, 0.03306, 0.94054),
}


def k_factor(frequency: Frequency, months: float) -> float:
    """Return k for a reporting period of M months [months]; 1.26 for hourly models, which the study left out.

    >>> round(k_factor(Frequency.DAILY, 12.0), 5)
    1.3925
    """
    found = SUN_BALTAZAR.get(frequency)
    return K_GUIDELINE if found is None else found.a * months**2 + found.b * months + found.c


def savings_uncertainty(
    *, n: int, p: int, n_effective: float, cv_rmse: float, adjusted: float, rows: int, k: float, confidence: float
) -> float:
    """Return ΔE, half the width of the interval [unit of adjusted].

    Parameters
    ----------
    n, p, n_effective, cv_rmse
        Rows, parameters, n' and CV(RMSE) of the baseline.
    adjusted
        Adjusted baseline of the whole reporting period [unit].
    rows
        m, rows of the reporting period.
    k
        1.26 or k(M).
    confidence
        Two-sided, 0 to 1.

    NaN where n' is not positive or no degree of freedom is left.

    >>> round(savings_uncertainty(n=365, p=3, n_effective=365.0, cv_rmse=0.1, adjusted=36500.0, rows=365,
    ...                           k=1.26, confidence=0.9), 2)
    398.06
    """
    if n_effective <= 0 or n <= p or rows <= 0:
        return math.nan
    spread = math.sqrt(n / n_effective * (1.0 + 2.0 / n_effective) * rows)
    return k * two_sided_t(confidence, n - p) * cv_rmse * abs(adjusted) / rows * spread


def fractional_uncertainty(uncertainty: float, savings: float) -> float:
    """Return the uncertainty by the saving (a share, never negative): FSU; infinite for no saving."""
    return abs(uncertainty / savings) if savings else math.inf
