"""A test that a fit cannot pass by bending: the model form without a month, asked for that month."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.record import OutOfSample
from savings.refit import refit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.baseline import Baseline
    from savings.table import Table

FEWEST_MONTHS = 6
_LEAST_SHARE = 0.5  # of a month's hours, from which on it is one


class _Month(NamedTuple):
    name: str
    measured: float  # over the rows that the model can predict [unit]
    error: float  # measured less predicted [unit]


def out_of_sample(baseline: Baseline) -> OutOfSample | None:
    """Return the errors of the baseline's form, month by month, each fitted without that month.

        NMBE = Σ (y - ŷ) / Σ y,    CV(RMSE) = sqrt(mean of squared monthly errors) / mean month

    Both of whole months out of sample, so that nothing is taken off for parameters. The other months have other
    weather: a form that extrapolates badly shows it here. None with fewer than six months: the rest would no longer
    be the model's year. Months of which less than half is there are not asked for.
    """
    names = baseline.table.start.astype("datetime64[M]")
    found = [each for name in np.unique(names) if (each := _left_out(baseline, names == name)) is not None]
    if len(found) < FEWEST_MONTHS:
        return None
    measured, errors = np.array([each.measured for each in found]), np.array([each.error for each in found])
    use = float(measured.sum())
    return OutOfSample(
        months=tuple(each.name for each in found),
        errors=tuple(errors.tolist()),
        nmbe=float(errors.sum()) / use if use else None,
        cv_rmse=float(np.sqrt(np.mean(errors**2)) / measured.mean()) if use else None,
    )


def _left_out(baseline: Baseline, month: NDArray[np.bool_]) -> _Month | None:
    """Return a month's use and error; None where too little of it is there, or of what is left."""
    table = baseline.table
    asked, rest = table.take(month), table.take(~month)
    name = asked.start[0].astype("datetime64[M]")
    whole = float((name + 1).astype("datetime64[h]").astype(int) - name.astype("datetime64[h]").astype(int))
    if asked.hours.sum() < _LEAST_SHARE * whole or len(rest) <= baseline.model.p + 1:
        return None
    predicted = refit(baseline.model, rest, weight=baseline.weights[~month]).predict(asked)
    known = np.isfinite(predicted) & _seen_kinds(asked, rest)
    if not known.any():
        return None
    return _Month(str(name), float(asked.energy[known].sum()), float((asked.energy - predicted)[known].sum()))


def _seen_kinds(asked: Table, rest: Table) -> NDArray[np.bool_]:
    """Mask (m,) of rows whose kinds of day occur in the rest: what was never seen cannot be asked for."""
    known = np.ones(len(asked), np.bool_)
    for driver in asked.drivers:
        if driver.is_kind:
            known &= np.isin(driver.values, rest.driver(driver.name).values)
    return known
