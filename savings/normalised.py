"""Savings under conditions that were agreed upon: a typical year, or those of the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.suspect_values import without_codes
from savings.uncertainty.interval import Interval, Method, Totals
from savings.uncertainty.student import two_sided_t

if TYPE_CHECKING:
    from savings.baseline import Baseline
    from savings.table import Table


def normalised_savings(before: Baseline, after: Baseline, conditions: Table, *, confidence: float = 0.9) -> Interval:
    """Return baseline model less reporting model under the same conditions, with its interval [unit].

    S = Σ (ŷ_before - ŷ_after), standard errors of both joined in quadrature; each is that of the model's parameters
    under noise that remembers, since nobody measured the conditions. Degrees of freedom by Welch & Satterthwaite.

    Parameters
    ----------
    before, after
        Models fitted to the baseline and to the reporting period.
    conditions
        Rows with every driver of both models, of their frequency; energy is not looked at.
    """
    both = [
        Totals(each, conditions.keep_drivers(tuple(driver.name for driver in each.table.drivers))).prediction(
            confidence=confidence
        )
        for each in (before, after)
    ]
    value = both[0].value - both[1].value
    squares = np.array([each.standard_error**2 for each in both])
    error = float(np.sqrt(squares.sum()))
    shares = float((squares**2 / np.array([each.dof for each in both])).sum())
    dof = float(squares.sum() ** 2 / shares) if shares > 0 else min(each.dof for each in both)
    half = two_sided_t(confidence, dof) * error
    return Interval(value, value - half, value + half, confidence, Method.REML.value, error, dof)


def backcast(after: Baseline, baseline_rows: Table, *, confidence: float = 0.9, method: str = Method.REML) -> Interval:
    """Return measured use of the baseline period less what the reporting model gives for its conditions [unit].

    Avoided use seen from the other side: for a reporting period that is longer, or better measured, than the baseline.
    """
    known = without_codes(baseline_rows.keep_drivers(tuple(driver.name for driver in after.table.drivers)))
    forward = Totals(after, known.take(known.valid)).interval(confidence=confidence, method=method)
    return forward._replace(value=-forward.value, low=-forward.high, high=-forward.low)
