"""Whether drivers can explain anything, and can be told apart; whether slopes have the sign that physics expects."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from savings.findings import Finding, Severity
from savings.models.columns import Kind, design, driver_rates, fixed_columns
from savings.table import Role
from savings.wording import counted, said

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
    """Return the drivers as columns (n, c), offsets of categories included, not the base nor the days of the week."""
    names = tuple(driver.name for driver in table.drivers if driver.role is not Role.WEEK)
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
                message=said(
                    "{driver:name} has one value, {value:.6g}{unit:unit}; it is left out.",
                    driver=driver.name,
                    value=np.nanmin(driver.values),
                    unit=driver.unit,
                )
                if np.isfinite(driver.values).any()
                else said("{driver:name} has no values; it is left out.", driver=driver.name),
                cure=said("take a period in which it varies, or leave the driver out"),
                days=(driver.name,),
            )
    numeric = [driver for driver in table.drivers if not driver.is_kind and varies(driver)]
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
                message=said(
                    "{driver:name} follows the meter exactly (r = {r:.6f}): it is no cause of use, and would take "
                    "every saving with it.",
                    driver=driver.name,
                    r=r,
                ),
                cure=said("leave it out: a driver is measured apart from the meter, as weather and production are"),
                days=(driver.name,),
            )


def check_condition(number: float) -> Iterator[Finding]:
    """Find columns that together leave no one's coefficient alone, though no two of them need do so."""
    if number >= _ILL_CONDITIONED:
        yield Finding(
            code="ill_conditioned",
            severity=Severity.WARNING,
            message=said(
                "The condition number of the drivers is {number:.3g}: single coefficients say little.", number=number
            )
            if np.isfinite(number)
            else said("Some drivers are sums of others: single coefficients say nothing."),
            cure=said("trust the prediction within the range seen, not the coefficients; or use fewer drivers"),
        )


def check_signs(model: Model) -> Iterator[Finding]:
    """Find slopes whose sign is against what cooling, heating or more work would do."""
    for parameter in model.parameters:
        name, _, piece = parameter.name.rpartition(".")
        bent = piece in {"slope_above", "slope_below"}
        told = {"value": parameter.value, "unit": parameter.unit, "t": parameter.t}
        expected = (bent or parameter.name in model.terms) and parameter.value < 0.0
        if expected and abs(parameter.t) >= 2.0:
            yield Finding(
                code="sign_unexpected",
                severity=Severity.INFO,
                message=said(
                    "The slope is {value:.4g}{unit:unit}, t = {t:.1f}: use falls as {driver:name} moves away from its "
                    "change point.",
                    driver=name,
                    **told,
                )
                if bent
                else said(
                    "The slope is {value:.4g}{unit:unit}, t = {t:.1f}: use falls as {driver:name} grows.",
                    driver=parameter.name,
                    **told,
                ),
                cure=said("make sure that the plant can behave so; if not, a driver is missing or wrong"),
                days=(parameter.name,),
            )


def unknown_levels(table: Table, baseline: Table) -> Iterator[Finding]:
    """Find levels of categories in a table that the baseline never saw."""
    for driver in baseline.drivers:
        if not driver.is_kind:
            continue
        values = table.driver(driver.name).values
        unseen = np.isfinite(values) & ~np.isin(values, driver.values)
        if unseen.any():
            yield Finding(
                code="category_unknown",
                severity=Severity.WARNING,
                message=counted(
                    "{count} row has a level that the baseline never saw ({levels:name}); nothing is predicted for it.",
                    "{count} rows have a level that the baseline never saw ({levels:name}); nothing is predicted for "
                    "them.",
                    count=int(unseen.sum()),
                    levels=tuple(f"{driver.name}={level:g}" for level in np.unique(values[unseen])),
                ),
                cure=said("give the rows a level that the baseline has, or lengthen the baseline"),
                days=tuple(str(day) for day in np.unique(table.start[unseen].astype("datetime64[D]"))),
            )


def offset_columns(table: Table, name: str) -> NDArray[np.float64]:
    """Return the columns (n, c) of one driver: its offsets, or itself."""
    columns = [column for column in fixed_columns(table, (name,)) if column.kind is not Kind.BASE]
    matrix: NDArray[np.float64] = design(driver_rates(table, (name,)), columns, np.empty((1, 0)), len(table))[0]
    return matrix


def _collinear(one: Driver, other: Driver, r: float) -> Finding:
    """Return the finding that two drivers move together."""
    told = {"driver": one.name, "other": other.name, "r": r}
    return Finding(
        code="drivers_collinear",
        severity=Severity.WARNING,
        message=said(
            "{driver:name} and {other:name} move together (r = {r:.3f}): their coefficients share what they explain, "
            "and only one of them can be used.",
            **told,
        )
        if abs(r) >= IDENTICAL
        else said(
            "{driver:name} and {other:name} move together (r = {r:.3f}): their coefficients share what they explain.",
            **told,
        ),
        cure=said("trust the prediction where both move as before, not the coefficients; or leave one out"),
        days=(one.name, other.name),
    )
