"""Whether drivers can explain anything, and can be told apart; whether slopes have the sign that physics expects."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from savings.findings import Finding, Severity
from savings.models.columns import Kind, design, driver_rates, fixed_columns
from savings.table import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.models.model import Model
    from savings.table import Driver, Table

COLLINEAR = 0.8  # |r| from which coefficients share what they explain
IDENTICAL = 0.9999
THE_METER = 0.99999  # a cause may come near: metered steam tells a boiler's make-up water with r = 0.99997
_FEWEST_TO_TELL = 10  # rows from which a correlation with the meter can tell that a driver is the meter
_ILL_CONDITIONED = 30.0  # Belsley, Kuh and Welsch, Regression Diagnostics, 1980


def varies(driver: Driver) -> bool:
    """Return whether a driver has more than one value, rounding aside."""
    values = driver.values[np.isfinite(driver.values)]
    if not len(values):
        return False
    scale = max(1.0, float(np.abs(values).max()))
    return bool(np.ptp(values) > 1e-9 * scale)


def numeric_columns(table: Table) -> NDArray[np.float64]:
    """Return the drivers as columns (n, c), offsets of categories included, the base not."""
    names = tuple(driver.name for driver in table.drivers)
    columns = fixed_columns(table, names)[1:]
    matrix: NDArray[np.float64] = design(driver_rates(table, names), columns, np.empty((1, 0)), len(table))[0]
    return matrix


def condition_number(columns: NDArray[np.float64]) -> float:
    """Return the condition number of columns (n, c), each less its mean and of length 1; r = 0.9 of two gives 4.36."""
    centred = columns - columns.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    varying = length > 1e-12 * np.maximum(1.0, np.abs(columns).max(axis=0, initial=0.0)) * len(columns)
    if varying.sum() < 2:
        return 1.0
    singular = np.linalg.svd(centred[:, varying] / length[varying], compute_uv=False)
    return float(singular[0] / singular[-1]) if singular[-1] > 1e-14 * singular[0] else float("inf")


def check_drivers(table: Table) -> Iterator[Finding]:
    """Find drivers without variation and drivers that move together, in rows that have them all."""
    for driver in table.drivers:
        if not varies(driver):
            yield Finding(
                code="driver_without_variation",
                severity=Severity.WARNING,
                message=f"{driver.name} has one value, {np.nanmin(driver.values):.6g} {driver.unit}; it is left out."
                if np.isfinite(driver.values).any()
                else f"{driver.name} has no values; it is left out.",
                cure="take a period in which it varies, or leave the driver out",
                days=(driver.name,),
            )
    numeric = [driver for driver in table.drivers if driver.role is not Role.CATEGORY and varies(driver)]
    yield from _check_the_meter(table, numeric)
    for one, other in combinations(numeric, 2):
        r = float(np.corrcoef(one.values, other.values)[0, 1])
        if abs(r) >= COLLINEAR:
            yield _collinear(one, other, r)


def _check_the_meter(table: Table, numeric: list[Driver]) -> Iterator[Finding]:
    """Find drivers that are the meter once more: its cost, its power, a copy. They would explain every saving away."""
    if len(table) < _FEWEST_TO_TELL or not np.ptp(table.energy) > 0.0:
        return
    for driver in numeric:
        r = float(np.corrcoef(table.energy, driver.values)[0, 1])
        if abs(r) >= THE_METER:
            yield Finding(
                code="driver_is_the_meter",
                severity=Severity.STOP,
                message=f"{driver.name} follows the meter exactly (r = {r:.6f}): it is no cause of use, and would take "
                "every saving with it.",
                cure="leave it out: a driver is measured apart from the meter, as weather and production are",
                days=(driver.name,),
            )


def check_condition(number: float) -> Iterator[Finding]:
    """Find columns that together leave no one's coefficient alone, though no two of them need do so."""
    if number >= _ILL_CONDITIONED:
        yield Finding(
            code="ill_conditioned",
            severity=Severity.WARNING,
            message=f"The condition number of the drivers is {number:.3g}: single coefficients say little.",
            cure="trust the prediction within the range seen, not the coefficients; or use fewer drivers",
        )


def check_signs(model: Model) -> Iterator[Finding]:
    """Find slopes whose sign is against what cooling, heating or more work would do."""
    for parameter in model.parameters:
        name, _, piece = parameter.name.rpartition(".")
        expected = (
            f"use falls as {name} moves away from its change point" if piece in {"slope_above", "slope_below"} else ""
        )
        if not expected and parameter.name in model.terms:
            expected = f"use falls as {parameter.name} grows"
        value = f"{parameter.value:.4g} {parameter.unit}, t = {parameter.t:.1f}"
        if expected and parameter.value < 0.0 and abs(parameter.t) >= 2.0:
            yield Finding(
                code="sign_unexpected",
                severity=Severity.INFO,
                message=f"{parameter.name} is {value}: {expected}.",
                cure="make sure that the plant can behave so; if not, a driver is missing or wrong",
                days=(parameter.name,),
            )


def unknown_levels(table: Table, baseline: Table) -> Iterator[Finding]:
    """Find levels of categories in a table that the baseline never saw."""
    for driver in baseline.drivers:
        if driver.role is not Role.CATEGORY:
            continue
        values = table.driver(driver.name).values
        unseen = np.isfinite(values) & ~np.isin(values, driver.values)
        if unseen.any():
            yield Finding(
                code="category_unknown",
                severity=Severity.WARNING,
                message=f"{unseen.sum()} rows have {driver.name} at "
                f"{', '.join(f'{level:g}' for level in np.unique(values[unseen]))}, which the baseline never saw; "
                "nothing is predicted for them.",
                cure="give the rows a level that the baseline has, or lengthen the baseline",
                days=tuple(str(day) for day in np.unique(table.start[unseen].astype("datetime64[D]"))),
            )


def offset_columns(table: Table, name: str) -> NDArray[np.float64]:
    """Return the columns (n, c) of one driver: its offsets, or itself."""
    columns = [column for column in fixed_columns(table, (name,)) if column.kind is not Kind.BASE]
    matrix: NDArray[np.float64] = design(driver_rates(table, (name,)), columns, np.empty((1, 0)), len(table))[0]
    return matrix


def _collinear(one: Driver, other: Driver, r: float) -> Finding:
    """Return the finding that two drivers move together."""
    same = abs(r) >= IDENTICAL
    return Finding(
        code="drivers_collinear",
        severity=Severity.WARNING,
        message=f"{one.name} and {other.name} move together (r = {r:.3f}): their coefficients share what they explain"
        + (", and only one of them can be used." if same else "."),
        cure="trust the prediction where both move as before, not the coefficients; or leave one out",
        days=(one.name, other.name),
    )
