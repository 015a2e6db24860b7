"""Many meters at once: the daily change-point family over a whole portfolio in one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from savings.models.changepoint import model_of, row_weights, sample_of
from savings.models.columns import design, driver_rates
from savings.models.family import fit_family
from savings.models.forms import CHANGEPOINT_FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from savings.models.changepoint import ChangepointModel
    from savings.models.family import Group
    from savings.table import Table

_AT_ONCE = 128  # meters whose sums are held in memory together: some 100 kB each where data are missing


@dataclass(frozen=True, kw_only=True, eq=False)
class ManyFits:
    """Models of m meters over the same drivers."""

    table: Table  # the drivers' rows that were used; its energy stands for no meter
    rows: NDArray[np.bool_]  # (n,) which rows those were
    energies: NDArray[np.float64]  # (m, rows used)
    groups: tuple[Group, ...]  # meters by form
    form: NDArray[np.str_]  # (m,)
    p: NDArray[np.int64]  # (m,) parameters, knots counted
    n: NDArray[np.int64]  # (m,) rows with energy

    def predict(self, table: Table) -> NDArray[np.float64]:
        """Return the energy (m, k) of every meter on k rows of a table that has the drivers."""
        names = tuple(driver.name for driver in table.drivers)
        rates = driver_rates(table, names)
        predicted = np.full((len(self.form), len(table)), np.nan)
        for group in self.groups:
            matrix = design(rates, group.columns, group.fitted.knots, len(table))
            rate = (matrix @ group.fitted.coefficients[:, :, None])[:, :, 0]
            predicted[group.meters] = rate * table.span
        return predicted

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Measured less predicted (m, rows used), NaN where energy is missing."""
        left: NDArray[np.float64] = self.energies - self.predict(self.table)
        return left

    @property
    def cv_rmse(self) -> NDArray[np.float64]:
        """CV(RMSE) (m,) with n − p."""
        square = np.nansum(self.residuals**2, axis=1) / (self.n - self.p)
        ratio: NDArray[np.float64] = np.sqrt(square) / np.nanmean(self.energies, axis=1)
        return ratio

    def model(self, meter: int) -> ChangepointModel:
        """Return one meter's model with its standard errors."""
        for group in self.groups:
            at = np.flatnonzero(group.meters == meter)
            if len(at):
                table = self.table.with_energy(self.energies[meter])
                return model_of(table, group, int(at[0]), row_weights(table))
        raise IndexError(meter)


def fit_many(table: Table, energies: NDArray[np.float64], *, candidates: Sequence[str] = CHANGEPOINT_FORMS) -> ManyFits:
    """Choose and fit a model for each of m meters; `energies` (m, n) on the rows of the table, NaN where missing.

    The same rule as for one meter (see `choose`), each meter on the rows that it has; knots are searched on the grid
    and then moved. Linear drivers and categories are kept, and rows without a driver are left out, for all meters.
    """
    rows = table.with_energy(np.zeros(len(table))).valid
    used = table.take(rows)
    held = np.asarray(energies, np.float64)[:, rows]
    sample = sample_of(used, row_weights(used))
    groups: list[Group] = []
    for meters in _portions(held):
        portion = fit_family(sample, held[meters], candidates)
        groups += [replace(group, meters=meters[group.meters]) for group in portion]
    form, p = np.empty(len(held), dtype="U16"), np.empty(len(held), np.int64)
    for group in groups:
        form[group.meters] = group.plan.name
        p[group.meters] = len(group.columns) + group.fitted.knots.shape[1]
    count = np.isfinite(held).sum(axis=1)
    return ManyFits(table=used, rows=rows, energies=held, groups=tuple(groups), form=form, p=p, n=count)


def _portions(energies: NDArray[np.float64]) -> Iterator[NDArray[np.intp]]:
    """Yield the places of meters that are fitted together: complete ones share their sums, others go by portions."""
    complete = np.isfinite(energies).all(axis=1)
    for meters, size in ((np.flatnonzero(complete), 8 * _AT_ONCE), (np.flatnonzero(~complete), _AT_ONCE)):
        for begin in range(0, len(meters), size):
            yield meters[begin : begin + size]
