"""A change-point model of one meter: knots on one or two drivers, straight lines on others, offsets of categories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from savings.models.columns import SEASON, Kind, category_levels, design, driver_rates, fixed_columns, knot_columns
from savings.models.family import Sample, fit_family
from savings.models.forms import CHANGEPOINT_FORMS
from savings.models.model import Model, Parameter
from savings.table import Frequency, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.models.columns import Column
    from savings.models.family import Group
    from savings.table import Table

_LEAST_SHARE = 0.05  # of the rows on either side of a knot, and at least so many rows:
_LEAST_ROWS = {Frequency.HOURLY: 10, Frequency.DAILY: 10, Frequency.MONTHLY: 2}


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangepointModel(Model):
    """Energy = span · (base + slopes and offsets)."""

    columns: tuple[Column, ...]
    coefficients: NDArray[np.float64]  # (c,)
    knots: NDArray[np.float64]  # (k,)
    levels: tuple[tuple[str, tuple[float, ...]], ...]  # what each category can be; others cannot be predicted

    def predict(self, table: Table) -> NDArray[np.float64]:
        """Return the energy (n,) of every row [unit of the table]."""
        rate = self._design(table) @ self.coefficients
        predicted: NDArray[np.float64] = table.span * np.where(self._known(table), rate, np.nan)
        return predicted

    def gradient(self, table: Table) -> NDArray[np.float64]:
        """Return the derivative (n, p) of the energy: slopes and offsets first, then knots."""
        rates = driver_rates(table, self.terms)
        moved = knot_columns(rates, self.columns, self.coefficients[None], self.knots[None], len(table))[0]
        matrix: NDArray[np.float64] = table.span[:, None] * np.concatenate([self._design(table), moved], axis=1)
        return matrix

    def _design(self, table: Table) -> NDArray[np.float64]:
        """Return the columns (n, c) of the rate."""
        rates = driver_rates(table, self.terms)
        matrix: NDArray[np.float64] = design(rates, self.columns, self.knots[None], len(table))[0]
        return matrix

    def _known(self, table: Table) -> NDArray[np.bool_]:
        """Mask (n,) of rows whose categories the baseline has seen."""
        known = np.ones(len(table), np.bool_)
        for name, levels in self.levels:
            known &= np.isin(table.driver(name).values, levels)
        return known


def row_weights(table: Table) -> NDArray[np.float64]:
    """Return the weight (n,) of each row's squared residual, mean 1.

    Months weigh by their days: the variance of a month's energy grows with them, so its square counts by 1 / days.
    """
    if table.frequency is not Frequency.MONTHLY:
        return np.ones(len(table))
    inverse = 1.0 / table.span
    weights: NDArray[np.float64] = inverse / inverse.mean()
    return weights


def neighbours(table: Table) -> NDArray[np.bool_]:
    """Mask (n − 1,) of rows that the next one follows without a gap."""
    step = np.diff(table.start).astype("timedelta64[s]").astype(np.float64)
    near: NDArray[np.bool_] = step <= 3600.0 * table.frequency.longest_hours
    return near


def sample_of(table: Table, weight: NDArray[np.float64], seasonal: Sequence[str] = ()) -> Sample:
    """Return the rows of a table as the search takes them."""
    bent = tuple(driver.name for driver in table.drivers if driver.role is Role.CHANGEPOINT)
    fixed = tuple(driver.name for driver in table.drivers if driver.role is not Role.CHANGEPOINT)
    return Sample(
        rates=driver_rates(table, (*fixed, *bent)),
        fixed=fixed_columns(table, fixed, seasonal),
        bent=bent,
        span=table.span,
        weight=weight,
        follows=neighbours(table),
        least_share=max(_LEAST_SHARE, min(0.4, _LEAST_ROWS[table.frequency] / max(len(table), 1))),
    )


def fit_changepoint(
    table: Table,
    *,
    candidates: Sequence[str] = CHANGEPOINT_FORMS,
    weight: NDArray[np.float64] | None = None,
    seasonal: Sequence[str] = (),
) -> ChangepointModel:
    """Choose a form for each change-point driver and fit it; every row needs energy and all drivers.

    `weight` (n,) of each row's squared residual replaces `row_weights`. Linear drivers and categories are all kept.
    `seasonal` names what a wave of a year goes with: the base (SEASON), slopes of linear drivers.
    """
    weight = row_weights(table) if weight is None else weight
    (group,) = fit_family(sample_of(table, weight, seasonal), table.energy[None], candidates)
    return model_of(table, group, 0, weight)


def model_of(table: Table, group: Group, meter: int, weight: NDArray[np.float64]) -> ChangepointModel:
    """Return one meter of a group as a model; `meter` counts within the group, the table holds that meter's energy."""
    bent = tuple(driver.name for driver in table.drivers if driver.role is Role.CHANGEPOINT)
    used = {column.driver for column in group.columns}
    bare = ChangepointModel(
        form=group.plan.name,
        terms=tuple(driver.name for driver in table.drivers if driver.name in used),
        parameters=(),
        columns=group.columns,
        coefficients=group.fitted.coefficients[meter],
        knots=group.fitted.knots[meter],
        levels=tuple(
            (driver.name, category_levels(driver.values))
            for driver in table.drivers
            if driver.is_kind and driver.name in used
        ),
    )
    names = [*(_name(column, table) for column in group.columns), *group.plan.knot_names(bent)]
    units = [*(_unit(column, table) for column in group.columns)]
    units += [_knot_unit(table, name) for name in group.plan.knot_names(bent)]
    values = np.concatenate([bare.coefficients, bare.knots])
    errors = standard_errors(bare, table, weight)
    parameters = tuple(
        Parameter(name=name, value=float(value), standard_error=float(error), unit=unit)
        for name, value, error, unit in zip(names, values, errors, units, strict=True)
    )
    return replace(bare, parameters=parameters)


def standard_errors(model: Model, table: Table, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard errors (p,) of independent residuals, knots included: s² (J'WJ)⁻¹ with n − p."""
    jacobian = model.gradient(table)
    present = np.isfinite(table.energy) & np.isfinite(jacobian).all(axis=1)
    rows = jacobian[present] * np.sqrt(weight[present, None])
    left = (table.energy - model.predict(table))[present]
    free = max(int(present.sum()) - jacobian.shape[1], 1)
    sigma2 = float((weight[present] * left**2).sum()) / free
    scale = np.sqrt((rows**2).sum(axis=0))
    scale = np.where(scale > 0.0, scale, 1.0)
    covariance = np.linalg.pinv((rows / scale).T @ (rows / scale), rcond=1e-12, hermitian=True)
    errors: NDArray[np.float64] = np.sqrt(np.maximum(np.diagonal(covariance), 0.0) * sigma2) / scale
    return errors


def _name(column: Column, table: Table) -> str:
    """Return the name of a column's parameter."""
    if column.kind is Kind.BASE:
        return "base"
    if column.kind is Kind.OFFSET:
        return f"{column.driver}={column.level:g}"
    if column.kind in {Kind.SINE, Kind.COSINE}:
        return wave_name(column)
    if column.kind is Kind.LINEAR:
        bent = table.driver(column.driver).role is Role.CHANGEPOINT
        return f"{column.driver}.slope" if bent else column.driver
    return f"{column.driver}.slope_{column.kind.value}"


def wave_name(column: Column) -> str:
    """Return the name of a wave's parameter: season.sine, or tonnes.season.sine for the slope of tonnes."""
    of = "" if column.driver == SEASON else f"{column.driver}."
    return f"{of}season.{column.kind.value}"


def _unit(column: Column, table: Table) -> str:
    """Return the unit of a column's parameter."""
    plain = column.kind in {Kind.BASE, Kind.OFFSET} or column.driver == SEASON
    unit = "" if plain else table.driver(column.driver).unit
    return f"{table.unit}/{unit}" if unit else table.unit


def _knot_unit(table: Table, name: str) -> str:
    """Return the unit of a knot: that of its driver."""
    return table.driver(name.rpartition(".")[0]).unit
