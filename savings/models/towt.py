"""Time of week and temperature (TOWT) for hourly energy, in one solve.

Mathieu, Price, Kiliccote and Piette, Quantifying changes in building electricity use, IEEE Trans. Smart Grid 2 (2011);
CalTRACK 3.9: every hour of the week has a level of its own, and energy bends with temperature at fixed knots, with one
set of slopes for hours in which the site is occupied and one for the others. Knots at the ends
go where hours of that kind are too few beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from savings.models.changepoint import row_weights, wave_name
from savings.models.columns import SEASON, Kind, category_levels, design, driver_rates, fixed_columns
from savings.models.model import Model, Parameter
from savings.models.within import group_means, within_solve
from savings.table import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.models.columns import Column
    from savings.table import Driver, Table

WEEK = 168
KNOTS_F = (30.0, 45.0, 55.0, 65.0, 75.0, 90.0)  # [°F] CalTRACK 3.9.2
_BALANCE_F = (50.0, 65.0)  # [°F] of the model that tells occupied hours
_OCCUPIED_SHARE = 0.65  # of an hour's samples that lie above that model
_FEWEST_BEYOND = 20  # rows beyond an end knot, or it goes
_SEGMENTS = 6  # of equal length, where the driver is no temperature of known unit


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


def temperature_components(temperature: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Split temperatures (n,) at knots (k,) into components (n, k + 1), CalTRACK 3.9.2.

    The first is min(T, B1), each next what lies between two knots, the last what exceeds the highest: 50 °F with knots
    30, 45, 55, 65, 75 and 90 gives 30, 15, 5 and zeros.
    """
    if not len(knots):
        return temperature[:, None].copy()
    first = np.minimum(temperature, knots[0])
    between = np.clip(temperature[:, None] - knots[:-1], 0.0, np.diff(knots))
    last = np.maximum(temperature - knots[-1], 0.0)
    return np.concatenate([first[:, None], between, last[:, None]], axis=1)


def towt_knots(values: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Return CalTRACK's knots in the unit of the values (n,), without end knots beyond which fewer than 20 of them lie.

    What is no temperature in °C or °F gets knots that cut its range into six equal parts.
    """
    scale = _from_fahrenheit(unit)
    if scale is None:
        knots = np.linspace(values.min(), values.max(), _SEGMENTS + 1)[1:-1]
    else:
        knots = (np.asarray(KNOTS_F) - 32.0) / 1.8 if scale else np.asarray(KNOTS_F)
    while len(knots) and np.count_nonzero(values < knots[0]) < _FEWEST_BEYOND:
        knots = knots[1:]
    while len(knots) and np.count_nonzero(values > knots[-1]) < _FEWEST_BEYOND:
        knots = knots[:-1]
    return knots


def occupied_hours(
    rate: NDArray[np.float64], temperature: NDArray[np.float64], hour: NDArray[np.int64], balance: tuple[float, float]
) -> NDArray[np.bool_]:
    """Return which hours of the week (168,) lie above a plain model of temperature in over 65 % of their samples.

    The model has a slope below the first balance point and one above the second: 50 and 65 °F (LBNL, CalTRACK 3.9.1).
    """
    columns = np.stack(
        [np.ones(len(rate)), np.minimum(temperature - balance[0], 0.0), np.maximum(temperature - balance[1], 0.0)],
        axis=1,
    )
    coefficients = np.linalg.lstsq(columns, rate, rcond=None)[0]
    above = np.bincount(hour, rate - columns @ coefficients > 0.0, minlength=WEEK)
    share: NDArray[np.bool_] = above > _OCCUPIED_SHARE * np.bincount(hour, minlength=WEEK)
    return share


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
    values = table.driver(temperature).values
    is_occupied = occupied[table.week_hour][:, None]
    sides = (is_occupied, ~is_occupied) if len(knots) > 1 else (np.ones((1, 1), np.bool_),)
    parts = [temperature_components(values, own) * side for own, side in zip(knots, sides, strict=True)]
    return np.concatenate([*parts, plain], axis=1)


def fit_towt(table: Table, *, weight: NDArray[np.float64] | None = None, seasonal: Sequence[str] = ()) -> TowtModel:
    """Fit hour-of-week levels and temperature slopes; every row needs energy and all drivers.

    The first change-point driver is the temperature, others are straight lines. `weight` (n,) of each row's squared
    residual lets rows near in time count more, as LBNL's models do (ts² / (ts² + d²)); one solve takes them all. Where
    no hour, or every hour, is occupied there is one set of slopes. `seasonal` is as in `fixed_columns`.
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
        occupied = occupied_hours(rate, main.values, hour, _balance(main))
        sides = [side for side in (occupied[hour], ~occupied[hour]) if side.any()]
        knots = tuple(towt_knots(main.values[side], main.unit) for side in sides)
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


def _from_fahrenheit(unit: str) -> bool | None:
    """Return True where knots must be turned into °C, False where they stand in °F, None for anything else."""
    if unit in {"Cel", "°C", "degC", "C"}:
        return True
    return False if unit in {"[degF]", "°F", "degF", "F"} else None


def _balance(driver: Driver) -> tuple[float, float]:
    """Return the balance points of the plain model, in the driver's unit: terciles where it is no temperature."""
    scale = _from_fahrenheit(driver.unit)
    if scale is None:
        low, high = np.quantile(driver.values, (1.0 / 3.0, 2.0 / 3.0))
        return float(low), float(high)
    low, high = _BALANCE_F
    return ((low - 32.0) / 1.8, (high - 32.0) / 1.8) if scale else (low, high)
