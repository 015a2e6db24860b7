"""Meters and drivers that stand still: runs of one value, runs of zeros, where a measurement would move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.findings import Finding, Severity
from savings.suspect_values import days, without_codes
from savings.table import Frequency, Role
from savings.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.table import Driver, Table

# Rows of one value from which a measurement is doubted; bills are too few and too far apart to tell.
LONGEST_RUN = {Frequency.HOURLY: 24, Frequency.DAILY: 7}
FEWEST_STILL = 3  # rows of which one value is no chance
_SAME = 1e-9  # of the value: what averaging leaves of equal readings
_USUAL_ZEROS = 0.1  # share of zeros outside the runs from which a meter is taken to stand still now and then


def runs(values: NDArray[np.float64], least: int) -> NDArray[np.bool_]:
    """Mask (n,) of rows in a run of at least so many rows of one value; NaN ends a run.

    >>> runs(np.array([1.0, 2.0, 2.0, 2.0, 3.0, 3.0]), 3).tolist()
    [False, True, True, True, False, False]
    """
    if not len(values):
        return np.zeros(0, np.bool_)
    same = np.abs(np.diff(values)) <= _SAME * np.abs(values[1:])  # False beside NaN
    number = np.concatenate(([0], np.cumsum(~same)))
    mask: NDArray[np.bool_] = (np.bincount(number)[number] >= least) & np.isfinite(values)
    return mask


def check_stuck(table: Table) -> Iterator[Finding]:
    """Find runs of one value in the meter and in drivers that are measured, and runs of zeros in the meter."""
    least = LONGEST_RUN.get(table.frequency)
    if least is None:
        return
    known = without_codes(table)
    same = runs(known.energy, least)
    yield from _stuck(table, same & (known.energy != 0.0), "")
    yield from _zeros(table, known.energy, same & (known.energy == 0.0))
    for driver in known.drivers:
        if _measured(driver):
            yield from _stuck(table, _standing(driver, least), driver.name)


def check_dead_meter(table: Table, *, is_baseline: bool = False) -> Iterator[Finding]:
    """Find a meter that reads zero all through a period."""
    values = table.energy[np.isfinite(table.energy)]
    if len(values) and not values.any():
        yield Finding(
            code="zeros",
            severity=Severity.STOP,
            message=said("The meter reads zero all through the baseline.")
            if is_baseline
            else said("The meter reads zero all through the reporting period."),
            cure=said("look at the meter and its logger; a baseline of nothing tells nothing of what would be used")
            if is_baseline
            else said("look at the meter and its logger; if the plant was taken out, no model is needed to say so"),
            days=days(table, np.array([0])),
        )


def check_still_meter(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find a meter of one value, which is no measurement: all through the baseline it leaves no error to be known."""
    if _is_still(baseline):
        yield Finding(
            code="stuck_values",
            severity=Severity.STOP,
            message=said(
                "The meter reads one value, {value:.6g}{unit:unit}, all through the baseline: nothing varies that "
                "would tell how sure a saving is.",
                value=baseline.energy[np.isfinite(baseline.energy)][0],
                unit=baseline.unit,
            ),
            cure=said("look at the meter and its logger; take a baseline that was measured, not estimated"),
            days=days(baseline, np.array([0])),
        )
    elif reporting.frequency not in LONGEST_RUN and _is_still(reporting):  # runs of hours and days are found anyhow
        yield Finding(
            code="stuck_values",
            severity=Severity.WARNING,
            message=said(
                "The meter reads one value, {value:.6g}{unit:unit}, all through the reporting period; it varied in "
                "the baseline.",
                value=reporting.energy[np.isfinite(reporting.energy)][0],
                unit=reporting.unit,
            ),
            cure=said("look at the meter, and whether its bills were estimated"),
            days=days(reporting, np.array([0])),
        )


def check_still_drivers(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find drivers that moved in the baseline and have one value all through the reporting period."""
    for driver in baseline.drivers:
        values = reporting.driver(driver.name).values
        values = values[np.isfinite(values)]
        moved = not driver.is_kind and _moves(driver.values)
        if moved and len(values) >= LONGEST_RUN.get(reporting.frequency, 3) and not _moves(values):
            yield Finding(
                code="driver_without_variation",
                severity=Severity.WARNING,
                message=said(
                    "{driver:name} has one value, {value:.6g}{unit:unit}, all through the reporting period; it varied "
                    "in the baseline.",
                    driver=driver.name,
                    value=values[0],
                    unit=driver.unit,
                ),
                cure=said("look at its sensor and its column; a driver that stands still adjusts nothing"),
                days=(driver.name,),
            )


def _is_still(table: Table) -> bool:
    """Return whether a meter that is not dead has one value, or one power, in all of several rows."""
    values = table.energy[known := np.isfinite(table.energy)]
    steady = not _moves(values) or not _moves(values / table.span[known])
    return len(values) >= FEWEST_STILL and bool(values.any()) and steady


def _moves(values: NDArray[np.float64]) -> bool:
    """Return whether values differ by more than rounding."""
    present = values[np.isfinite(values)]
    return bool(len(present)) and bool(np.ptp(present) > _SAME * np.abs(present).max())


def _measured(driver: Driver) -> bool:
    """Return whether a driver is measured in decimals and moves: counts and flags may well stand still."""
    values = driver.values[np.isfinite(driver.values)]
    if driver.is_kind or not _moves(values):
        return False
    return bool(np.mean(values != np.round(values)) > 0.5)


def _standing(driver: Driver, least: int) -> NDArray[np.bool_]:
    """Mask (n,) of runs of a driver; of a linear one not those of zeros, which are a plant that makes nothing."""
    same = runs(driver.values, least)
    return same & (driver.values != 0.0) if driver.role is Role.LINEAR else same


def _stuck(table: Table, mask: NDArray[np.bool_], name: str) -> Iterator[Finding]:
    """Find what repeats one value: a driver by its name, the meter where there is none."""
    if mask.any():
        how = _how_long(table, mask)
        yield Finding(
            code="stuck_values",
            severity=Severity.WARNING,
            message=said(
                "{driver:name} repeats one value over {repeated} of {rows} rows, in runs of {least} or more, from "
                "{day:day} on; they are used.",
                driver=name,
                **how,
            )
            if name
            else said(
                "The meter repeats one value over {repeated} of {rows} rows, in runs of {least} or more, from "
                "{day:day} on; they are used.",
                **how,
            ),
            cure=said("look at the meter, sensor or logger; where it was stuck, exclude these days"),
            days=days(table, mask),
        )


def _zeros(table: Table, energy: NDArray[np.float64], mask: NDArray[np.bool_]) -> Iterator[Finding]:
    others = energy[np.isfinite(energy) & ~mask]
    if mask.any() and len(others) and np.mean(others == 0.0) < _USUAL_ZEROS:
        yield Finding(
            code="zeros",
            severity=Severity.WARNING,
            message=said(
                "The meter reads zero over {repeated} of {rows} rows, in runs of {least} or more, from {day:day} on; "
                "they are used.",
                **_how_long(table, mask),
            ),
            cure=said("if the plant stood still, nothing; if the meter was dead, exclude these days"),
            days=days(table, mask),
        )


def _how_long(table: Table, mask: NDArray[np.bool_]) -> dict[str, object]:
    """Return what a sentence tells of rows that stand still."""
    return {
        "repeated": int(mask.sum()), "rows": len(table), "least": LONGEST_RUN[table.frequency],
        "day": days(table, mask)[0],
    }  # fmt: skip
