"""Whether a reporting period can be compared with a baseline: order, overlap, range of the drivers, units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.driver_checks import unknown_levels
from savings.findings import Finding, Severity
from savings.stuck_values import check_dead_meter, check_still_drivers, check_still_meter, check_stuck
from savings.sufficiency import LEAST_COVERAGE
from savings.suspect_values import UNIT_FACTORS, check_values, days, mixed_units, without_codes
from savings.wording import counted, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.table import Driver, Table
    from savings.wording import Sentence

EXTRAPOLATION_SHARE = 0.1  # of the baseline's range, CalTRACK 3.7.5.2
MOST_EXTRAPOLATED = 0.5  # of the reporting rows: beyond it the figure would rest on what was never seen


def check_reporting(baseline: Table, reporting: Table) -> tuple[Finding, ...]:
    """Return what must be known before a reporting period is compared with the rows of a baseline."""
    if not len(reporting) or not len(baseline):
        return (_empty(reporting),)
    known = without_codes(reporting)
    absent = tuple(_check_absent(baseline, known))
    if absent:
        return absent
    return (
        *_check_order(baseline, reporting),
        *_check_rows(known),
        *_check_ranges(baseline, known),
        *unknown_levels(known, baseline),
        *check_values(reporting),
        *check_stuck(reporting),
        *check_dead_meter(known),
        *check_still_meter(baseline, known),
        *check_still_drivers(baseline, known),
        *_check_units(baseline, known),
    )


def outside_range(
    baseline: NDArray[np.float64], values: NDArray[np.float64], *, share: float = EXTRAPOLATION_SHARE
) -> NDArray[np.bool_]:
    """Mask (m,) of values beyond the range of baseline values (n,) by more than a share of it."""
    low, high = np.nanmin(baseline), np.nanmax(baseline)
    margin = share * (high - low)
    outside: NDArray[np.bool_] = (values < low - margin) | (values > high + margin)
    return outside


def _check_absent(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find drivers of the baseline that the reporting period does not have."""
    has = {driver.name for driver in reporting.drivers if np.isfinite(driver.values).any()}
    for driver in baseline.drivers:
        if driver.name not in has:
            yield Finding(
                code="driver_missing",
                severity=Severity.STOP,
                message=said(
                    "The baseline needs {driver:name}, of which the reporting period has no value.", driver=driver.name
                ),
                cure=said("add it to the reporting data, or fit the baseline without it"),
                days=(driver.name,),
            )


def _check_order(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find periods that overlap or stand the wrong way round."""
    if baseline.start[0] > reporting.start[-1]:
        yield Finding(
            code="baseline_after_reporting",
            severity=Severity.STOP,
            message=said(
                "The baseline begins on {begin:day}, after the reporting period's end on {end:day}.",
                begin=days(baseline, np.array([0]))[0],
                end=days(reporting, np.array([-1]))[0],
            ),
            cure=said("exchange the periods; for a backcast ask for a backcast"),
        )
        return
    common = np.isin(reporting.start, baseline.start)
    if common.any():
        yield Finding(
            code="periods_overlap",
            severity=Severity.STOP,
            message=counted(
                "{count} row is in the baseline and in the reporting period.",
                "{count} rows are in the baseline and in the reporting period.",
                count=int(common.sum()),
            ),
            cure=said("let the reporting period begin after the baseline, and leave the time of works out of both"),
            days=days(reporting, common),
        )
    elif reporting.start[0] < baseline.start[-1]:
        yield Finding(
            code="periods_overlap",
            severity=Severity.WARNING,
            message=said("The periods lie within each other without a common row."),
            cure=said("make sure that the measure was on and off in turns, as such a test needs"),
        )


def _check_rows(reporting: Table) -> Iterator[Finding]:
    """Find rows of the reporting period that nothing can be said about."""
    weak = ~reporting.valid | ~(reporting.coverage >= LEAST_COVERAGE[reporting.frequency])
    if weak.mean() > 0.1:
        yield Finding(
            code="coverage_low",
            severity=Severity.WARNING if weak.mean() <= 0.5 else Severity.STOP,
            message=counted(
                "{count} of {rows} rows of the reporting period lacks energy or a driver.",
                "{count} of {rows} rows of the reporting period lack energy or a driver.",
                count=int(weak.sum()),
                rows=len(reporting),
            ),
            cure=said("recover the missing data; savings are counted on the other rows only"),
            days=days(reporting, weak),
        )


def _check_ranges(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find conditions that the baseline has not seen."""
    for driver in baseline.drivers:
        if driver.is_kind:
            continue
        values = reporting.driver(driver.name).values
        outside = outside_range(driver.values, values)
        if outside.any():
            stops = outside.sum() > MOST_EXTRAPOLATED * np.isfinite(values).sum()
            yield Finding(
                code="extrapolation",
                severity=Severity.STOP if stops else Severity.WARNING,
                message=_beyond(driver, values, int(outside.sum())),
                cure=said(
                    "check that both periods have the driver in one unit; else take a baseline that has seen these "
                    "conditions"
                )
                if stops
                else said("lengthen the baseline to cover these conditions, or report these days apart"),
                days=days(reporting, outside),
            )


def _beyond(driver: Driver, values: NDArray[np.float64], count: int) -> Sentence:
    """Say how far a driver of the baseline goes in the reporting period, and how far it went before."""
    return counted(
        "{count} row has {driver:name} over 10% beyond the baseline's range, {seen_low:.4g} to {seen_high:.4g}"
        "{unit:unit}: the reporting period goes from {low:.4g} to {high:.4g}{unit:unit}.",
        "{count} rows have {driver:name} over 10% beyond the baseline's range, {seen_low:.4g} to {seen_high:.4g}"
        "{unit:unit}: the reporting period goes from {low:.4g} to {high:.4g}{unit:unit}.",
        count=count, driver=driver.name, unit=driver.unit, low=np.nanmin(values), high=np.nanmax(values),
        seen_low=np.nanmin(driver.values), seen_high=np.nanmax(driver.values),
    )  # fmt: skip


def _check_units(baseline: Table, reporting: Table) -> Iterator[Finding]:
    """Find a factor of units between the two periods."""
    before, after = baseline.energy / baseline.span, reporting.energy / reporting.span
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if not len(before) or not len(after) or np.median(before) <= 0.0 or np.median(after) <= 0.0:
        return
    ratio = float(np.median(after) / np.median(before))
    for factor in UNIT_FACTORS:
        # Savings and seasons move the median too: only a whole factor, give or take a half of its like, is suspect.
        if abs(abs(np.log(ratio)) - np.log(factor)) < 0.3 * np.log(3.6):
            yield mixed_units(factor, days(reporting, np.array([0])), within=False)
            return


def _empty(reporting: Table) -> Finding:
    """Return the finding that there is nothing to compare."""
    return Finding(
        code="baseline_empty" if len(reporting) else "reporting_empty",
        severity=Severity.STOP,
        message=said("The baseline has no row.") if len(reporting) else said("The reporting period has no row."),
        cure=said("choose a period that has data"),
    )
