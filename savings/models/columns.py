"""The columns of a piecewise linear model, for one meter or for many that share their drivers.

Rates, not totals: energy = span · (b0 + Σ b_j column_j), so that the parameters of months speak of a day, and a day of
23 hours is expected to use 23/24 of its energy. A driver that is a total (tonnes) enters as a rate as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from savings.table import Table


class Kind(Enum):
    """What a column is made of."""

    BASE = "base"  # 1
    LINEAR = "linear"  # x
    OFFSET = "offset"  # 1 where a category has this level
    ABOVE = "above"  # (x − knot)+
    BELOW = "below"  # (knot − x)+
    SINE = "sine"  # x · sin of the place in the year
    COSINE = "cosine"  # x · cos of it


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a design matrix."""

    kind: Kind
    driver: str = ""
    level: float = 0.0  # of an offset
    knot: int = -1  # which of the model's knots a hinge bends at


BASE = Column(kind=Kind.BASE)
SEASON = ""  # instead of a driver's name: the wave of a year in the base, which the rows' own dates tell
YEAR_DAYS = 365.2425


def driver_rates(table: Table, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return each driver's values (n,), totals as rates, categories as they are, and the place in the year [rad]."""
    rates = {SEASON: year_phase(table)}
    for name in names:
        driver = table.driver(name)
        is_rate = driver.is_total and not driver.is_kind
        rates[name] = driver.values / table.span if is_rate else driver.values
    return rates


def year_phase(table: Table) -> NDArray[np.float64]:
    """Return where in the year the middle of each row lies (n,), 0 to 2π from the start of January."""
    start = table.start.astype("datetime64[s]")
    passed = (start - start.astype("datetime64[Y]")).astype(np.float64) / 86_400.0 + table.hours / 48.0
    phase: NDArray[np.float64] = passed * (2.0 * np.pi / YEAR_DAYS)
    return phase


def design(
    rates: Mapping[str, NDArray[np.float64]], columns: Sequence[Column], knots: NDArray[np.float64], rows: int
) -> NDArray[np.float64]:
    """Return the columns (m, rows, c) for knots (m, k) of m meters that share their drivers."""
    matrix = np.empty((len(knots), rows, len(columns)))
    for position, column in enumerate(columns):
        matrix[:, :, position] = _column(rates, column, knots)
    return matrix


def knot_columns(
    rates: Mapping[str, NDArray[np.float64]],
    columns: Sequence[Column],
    coefficients: NDArray[np.float64],
    knots: NDArray[np.float64],
    rows: int,
) -> NDArray[np.float64]:
    """Return the derivative (m, rows, k) of the rate by every knot, for coefficients (m, c) and knots (m, k)."""
    matrix = np.zeros((len(knots), rows, knots.shape[1]))
    for position, column in enumerate(columns):
        if column.knot < 0:
            continue
        x, knot = rates[column.driver], knots[:, column.knot, None]
        # d/dk of b (x − k)+ is −b above the knot; of b (k − x)+ it is b below it.
        moved = -1.0 * (x > knot) if column.kind is Kind.ABOVE else 1.0 * (x < knot)
        matrix[:, :, column.knot] += coefficients[:, position, None] * np.where(np.isnan(x), np.nan, moved)
    return matrix


def category_levels(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the levels of a category, the most frequent first: it is the one that the base speaks of."""
    levels, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    order = np.lexsort((levels, -counts))
    return tuple(float(level) for level in levels[order])


def fixed_columns(table: Table, names: Sequence[str], seasonal: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return base, linear drivers and the offsets of categories against their most frequent level, then waves.

    `seasonal` names what a wave of a year goes with: SEASON for the base, a linear driver for its slope.
    """
    columns = [BASE]
    for name in names:
        driver = table.driver(name)
        if driver.is_kind:
            levels = category_levels(driver.values)[1:]
            columns += [Column(kind=Kind.OFFSET, driver=name, level=level) for level in levels]
        else:
            columns.append(Column(kind=Kind.LINEAR, driver=name))
    waved = [name for name in seasonal if name == SEASON or name in names]
    columns += [Column(kind=kind, driver=name) for name in waved for kind in (Kind.SINE, Kind.COSINE)]
    return tuple(columns)


def _column(
    rates: Mapping[str, NDArray[np.float64]], column: Column, knots: NDArray[np.float64]
) -> NDArray[np.float64] | float:
    """Return one column, (rows,) or (m, rows)."""
    if column.kind is Kind.BASE:
        return 1.0
    x = rates[column.driver]
    if column.kind in {Kind.SINE, Kind.COSINE}:
        wave = (np.sin if column.kind is Kind.SINE else np.cos)(rates[SEASON])
        return wave if column.driver == SEASON else x * wave
    if column.kind is Kind.LINEAR:
        return x
    if column.kind is Kind.OFFSET:
        return np.where(np.isnan(x), np.nan, x == column.level)
    from_knot = x - knots[:, column.knot, None]
    return np.maximum(from_knot if column.kind is Kind.ABOVE else -from_knot, 0.0)
