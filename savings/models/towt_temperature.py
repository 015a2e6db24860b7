"""The temperature of TOWT: segments between fixed knots, apart for occupied and for other hours.

CalTRACK 3.9 (Mathieu et al. 2011). How many of its segments a baseline keeps is asked of the sums of its days: among
hours every slope pays, since it can follow the shape of the day, but a saving over weeks is made of sums of days, and
there a slope that is not needed moves the total and widens its interval (docs/decisions.md).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from savings.models.within import less_group_means
from savings.statistics import effective_n, lag_one_autocorrelation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.table import Driver, Table

    Knots = tuple[NDArray[np.float64], ...]  # of occupied and of other hours, or one set for all

WEEK = 168
KNOTS_F = (30.0, 45.0, 55.0, 65.0, 75.0, 90.0)  # [°F] CalTRACK 3.9.2
_BALANCE_F = (50.0, 65.0)  # [°F] of the model that tells occupied hours
_OCCUPIED_SHARE = 0.65  # of an hour's samples that lie above that model
_FEWEST_BEYOND = 20  # rows beyond an end knot, or it goes
_SEGMENTS = 6  # of equal length, where the driver is no temperature of known unit
_ROUNDING = 1e-20  # of the square of energy: what is left below it is rounding, as in `choose`
_FEWEST_DAYS = 4.0  # of n', as in `choose`


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


def towt_knots(
    values: NDArray[np.float64], unit: str, of_all: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return CalTRACK's knots in the unit of the values (n,), without end knots beyond which fewer than 20 of them lie.

    What is no temperature in °C or °F gets knots that cut its range into six equal parts: that of all values (m,) where
    these are of some hours only, so that occupied and other hours have knots in common.
    """
    scale = _from_fahrenheit(unit)
    if scale is None:
        whole = values if of_all is None else of_all
        knots = np.linspace(whole.min(), whole.max(), _SEGMENTS + 1)[1:-1]
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


def side_columns(values: NDArray[np.float64], knots: Knots, occupied: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the components (n, q) of temperatures (n,), apart for rows that are occupied (n,) where knots are two."""
    sides = (occupied[:, None], ~occupied[:, None]) if len(knots) > 1 else (np.ones((1, 1), np.bool_),)
    parts = [temperature_components(values, own) * side for own, side in zip(knots, sides, strict=True)]
    return np.concatenate(parts, axis=1)


def knots_of_days(
    table: Table,
    values: NDArray[np.float64],
    full: Knots,
    occupied: NDArray[np.bool_],
    beside: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> Knots:
    """Return those of CalTRACK's knots that the sums of days ask for, by occupancy or one set for all hours.

    Each selection is fitted to the hours, and what it leaves of the sums of days compared by the Bayesian information
    criterion over n' days, as in `choose`, n' from what all segments leave.

    Parameters
    ----------
    table
        Hours (n,) with energy and all drivers.
    values
        Temperature (n,).
    full
        CalTRACK's knots, by occupancy where there is any.
    occupied
        Whether each row is (n,).
    beside
        Columns (n, q) beside the temperature.
    weight
        Of each row's squared residual (n,).
    """
    every = np.unique(np.concatenate(full))
    finest = tuple(every for _ in full)
    columns = np.column_stack([side_columns(values, finest, occupied), beside, table.energy / table.span])
    inside = less_group_means(columns, table.week_hour, weight * table.span**2, WEEK)
    inside *= (table.span * np.sqrt(weight))[:, None]
    days, first = np.unique(table.start.astype("datetime64[D]"), return_index=True)
    products, sums = inside.T @ inside, np.add.reduceat(inside, first, axis=0)
    selections = list(_selections(every, full))
    left = np.array(
        [_left_of_days(products, sums, joining(every, len(full), knots, beside.shape[1])) for knots in selections]
    )
    rho = lag_one_autocorrelation(left[0], np.diff(days).astype(np.int64) == 1)
    counted = float(np.clip(effective_n(len(days), rho), min(_FEWEST_DAYS, len(days)), len(days)))
    squares = np.maximum((left**2).sum(axis=1), _ROUNDING * products[-1, -1] + np.finfo(float).tiny)
    slopes = np.array([sum(len(own) + 1 for own in knots) for knots in selections])
    return selections[int((counted * np.log(squares) + slopes * np.log(counted)).argmin())]


def _selections(every: NDArray[np.float64], full: Knots) -> Iterator[Knots]:
    """Yield all of the knots, then each choice among them, by occupancy and for all hours alike."""
    yield full
    for count in range(len(every), -1, -1):
        for kept in combinations(every, count):
            if len(full) > 1:
                yield tuple(own[np.isin(own, kept)] for own in full)
            yield (np.array(kept),)


def joining(every: NDArray[np.float64], sides: int, knots: Knots, beside: int) -> NDArray[np.float64]:
    """Return the columns of a selection of knots as sums of the finest ones, (c, r).

    The finest are those of all knots (k,), by as many sides, and then columns beside them, which stay. A segment joins
    what lies between its ends; one set of knots joins the sides.

    >>> joining(np.array([45.0, 55.0]), 1, (np.array([55.0]),), 0).tolist()  # three segments become two
    [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    finest = len(every) + 1
    joined = np.zeros((sides * finest + beside, sum(len(own) + 1 for own in knots) + beside))
    segment, column = np.append(every, np.inf), 0
    for side in range(sides):
        own = knots[min(side, len(knots) - 1)]
        joined[side * finest + np.arange(finest), column + np.searchsorted(own, segment)] = 1.0
        column += (len(own) + 1) * (len(knots) > 1)
    joined[sides * finest :, joined.shape[1] - beside :] = np.eye(beside)
    return joined


def _left_of_days(
    products: NDArray[np.float64], sums: NDArray[np.float64], joined: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what a selection, fitted to the hours, leaves of each sum of a day (d,); energy is the last column."""
    design = joined.T @ products[:-1, :-1] @ joined
    length = np.sqrt(np.maximum(np.diagonal(design), np.finfo(float).tiny))
    design = design / length / length[:, None]
    slopes = np.linalg.pinv(design, rcond=1e-12, hermitian=True) @ ((joined.T @ products[:-1, -1]) / length) / length
    return np.asarray(sums[:, -1] - sums[:, :-1] @ (joined @ slopes))


def balance_points(driver: Driver) -> tuple[float, float]:
    """Return the balance points of the plain model, in the driver's unit: terciles where it is no temperature."""
    scale = _from_fahrenheit(driver.unit)
    if scale is None:
        low, high = np.quantile(driver.values, (1.0 / 3.0, 2.0 / 3.0))
        return float(low), float(high)
    low, high = _BALANCE_F
    return ((low - 32.0) / 1.8, (high - 32.0) / 1.8) if scale else (low, high)


def _from_fahrenheit(unit: str) -> bool | None:
    """Return True where knots must be turned into °C, False where they stand in °F, None for anything else."""
    if unit in {"Cel", "°C", "degC", "C"}:
        return True
    return False if unit in {"[degF]", "°F", "degF", "F"} else None
