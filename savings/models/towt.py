"""Time of week and temperature (TOWT) for hourly energy, in one solve.

Mathieu, Price, Kiliccote and Piette, Quantifying changes in building electricity use, IEEE Trans. Smart Grid 2 (2011);
CalTRACK 3.9: every hour of the week has a level of its own, and energy bends with temperature at fixed knots, with one
set of slopes for hours in which the site is occupied and one for the others. Knots at the ends go where hours of that
kind are too few beyond them, and all those go, sides included, that the sums of days do not ask for. Days may count as
others (`Role.WEEK`): their hours then have the levels of those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from savings.models.changepoint import row_weights, wave_name
from savings.models.columns import SEASON, Kind, category_levels, design, driver_rates, fixed_columns
from savings.models.model import Model, Parameter
from savings.models.towt_temperature import (
    WEEK,
    balance_points,
    knots_of_days,
    occupied_hours,
    side_columns,
    towt_knots,
)
from savings.models.within import group_means, within_solve
from savings.table import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.models.columns import Column
    from savings.table import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class TowtModel(Model):
    """Energy = level of the hour of the week + slopes of temperature by occupancy + linear drivers and offsets."""

    temperature: str  # name of the driver; empty where there is none
    knots: tuple[NDArray[np.float64], ...]  # of occupied and of other hours, or one for all; fixed: no parameters
    occupied: NDArray[np.bool_]  # (168,)
    columns: tuple[Column, ...]  # of linear drivers and offsets
    levels: NDArray[np.float64]  # (168,) NaN where the baseline has no such hour
    slopes: NDArray[np.float64]  # of the components by occupancy, then of the columns
    categories: tuple[tuple[str, tuple[float, ...]], ...]

    def predict(self, table: Table) -> NDArray[np.float64]:
        """Return the energy (n,) of every row [unit of the table]; NaN in hours of the week never seen."""
        rate = self.levels[table.week_hour] + self._plain(table) @ self.slopes
        known = np.ones(len(table), np.bool_)
        for driver in table.drivers:
            if driver.role is Role.WEEK:
                known &= np.isfinite(driver.values)
        for name, seen in self.categories:
            known &= np.isin(table.driver(name).values, seen)
        predicted: NDArray[np.float64] = table.span * np.where(known, rate, np.nan)
        return predicted

    def gradient(self, table: Table) -> NDArray[np.float64]:
        """Return the derivative (n, p) of the energy: seen hours of the week first, then slopes."""
        seen = np.flatnonzero(np.isfinite(self.levels))
        of_hour = table.week_hour[:, None] == seen
        matrix: NDArray[np.float64] = table.span[:, None] * np.concatenate([of_hour, self._plain(table)], axis=1)
        return matrix

    def _plain(self, table: Table) -> NDArray[np.float64]:
        """Return the columns (n, q) beside the hours of the week."""
        return towt_columns(table, self.temperature, self.knots, self.occupied, self.columns)


def towt_columns(
    table: Table,
    temperature: str,
    knots: tuple[NDArray[np.float64], ...],
    occupied: NDArray[np.bool_],
    columns: tuple[Column, ...],
) -> NDArray[np.float64]:
    """Return components by occupancy and the plain columns (n, q)."""
    rates = driver_rates(table, tuple({column.driver: None for column in columns if column.driver != SEASON}))
    plain: NDArray[np.float64] = design(rates, columns, np.empty((1, 0)), len(table))[0]
    if not temperature:
        return plain
    parts = side_columns(table.driver(temperature).values, knots, occupied[table.week_hour])
    return np.concatenate([parts, plain], axis=1)


def fit_towt(
    table: Table,
    *,
    weight: NDArray[np.float64] | None = None,
    seasonal: Sequence[str] = (),
    every_segment: bool = False,
) -> TowtModel:
    """Fit hour-of-week levels and temperature slopes; every row needs energy and all drivers.

    The first change-point driver is the temperature, others are straight lines. `weight` (n,) of each row's squared
    residual lets rows near in time count more, as LBNL's models do (ts² / (ts² + d²)); one solve takes them all. Where
    no hour, or every hour, is occupied, or days ask for no more, there is one set of slopes. `seasonal` is
    as in `fixed_columns`. Of CalTRACK's segments those stay that sums of days ask for (see `towt_temperature`), or all
    with `every_segment`.
    """
    weight = row_weights(table) if weight is None else weight
    bent = [driver for driver in table.drivers if driver.role is Role.CHANGEPOINT]
    main = bent[0] if bent else None
    others = tuple(each.name for each in table.drivers if each is not main and each.role is not Role.WEEK)
    columns = fixed_columns(table, others, seasonal)[1:]
    hour, rate = table.week_hour, table.energy / table.span
    knots: tuple[NDArray[np.float64], ...] = ()
    occupied = np.zeros(WEEK, np.bool_)
    if main is not None:
        occupied = occupied_hours(rate, main.values, hour, balance_points(main))
        sides = [side for side in (occupied[hour], ~occupied[hour]) if side.any()]
        knots = tuple(towt_knots(main.values[side], main.unit, main.values) for side in sides)
        if not every_segment:
            beside = towt_columns(table, "", (), occupied, columns)
            knots = knots_of_days(table, main.values, knots, occupied[hour], beside, weight)
    name = main.name if main else ""
    plain = towt_columns(table, name, knots, occupied, columns)
    within = within_solve(plain, rate, hour, weight * table.span**2, WEEK)
    levels = group_means(rate - plain @ within.slopes, hour, weight * table.span**2, WEEK)
    bare = TowtModel(
        form="TOWT",
        terms=tuple(driver.name for driver in table.drivers),
        parameters=(),
        temperature=name,
        knots=knots,
        occupied=occupied,
        columns=columns,
        levels=levels,
        slopes=within.slopes,
        categories=tuple(
            (driver.name, category_levels(driver.values)) for driver in table.drivers if driver.role is Role.CATEGORY
        ),
    )
    left = (table.energy - bare.predict(table)) * np.sqrt(weight)
    seen = np.flatnonzero(np.isfinite(levels))
    sigma2 = float(left @ left) / max(len(left) - len(seen) - len(within.slopes), 1)
    errors = np.sqrt(sigma2 * np.concatenate([within.level_variance[seen], np.diagonal(within.covariance)]))
    names = [f"hour_of_week={index}" for index in seen] + _slope_names(bare)
    values = np.concatenate([levels[seen], within.slopes])
    parameters = tuple(
        Parameter(name=name, value=float(value), standard_error=float(error))
        for name, value, error in zip(names, values, errors, strict=True)
    )
    return replace(bare, parameters=parameters)


def _slope_names(model: TowtModel) -> list[str]:
    """Return the names of the slopes, in their order."""
    names = [_plain_name(column) for column in model.columns]
    if not model.temperature:
        return names
    sides = (".occupied", ".unoccupied") if len(model.knots) > 1 else ("",)
    pairs = zip(sides, model.knots, strict=True)
    parts = [f"{side}.component_{part}" for side, own in pairs for part in range(1, len(own) + 2)]
    return [f"{model.temperature}{part}" for part in parts] + names


def _plain_name(column: Column) -> str:
    """Return the name of a linear driver's, an offset's or a wave's parameter."""
    if column.kind in {Kind.SINE, Kind.COSINE}:
        return wave_name(column)
    return column.driver + (f"={column.level:g}" if column.kind is Kind.OFFSET else "")
