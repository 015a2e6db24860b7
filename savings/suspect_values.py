"""Values that look like something else than a measurement: error codes, extremes, jumps of unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from savings.findings import Finding, Severity
from savings.wording import counted, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.table import Table

# Numbers that loggers and exports write where they have no value.
NEGATIVE_CODES = (-999.0, -999.9, -9999.0, -9999.9, -99999.0, -32768.0)
POSITIVE_CODES = (9999.0, 99999.0, 999999.0, 32767.0, 65535.0)  # only far outside the other values
# Ratios of units that get mixed: k and its absence, h and s (kWh and MJ), a scale slip.
UNIT_FACTORS = (1000.0, 3.6, 10.0)
_NEAR = np.log(1.06)  # how near a jump has to come to a factor
_WINDOW = 10  # rows on either side of a jump


def error_codes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask (n,) of values that are error codes such as −9999; large positive ones only beyond median + 10 IQR."""
    low = np.isin(values, NEGATIVE_CODES)
    rest = values[np.isfinite(values) & ~low]
    if not len(rest):
        return low
    quarter, middle, three = np.quantile(rest, (0.25, 0.5, 0.75))
    codes: NDArray[np.bool_] = low | (np.isin(values, POSITIVE_CODES) & (values > middle + 10.0 * (three - quarter)))
    return codes


def table_error_codes(table: Table) -> NDArray[np.bool_]:
    """Mask (n,) of rows with an error code as energy or as a driver."""
    mask = error_codes(table.energy)
    for driver in table.drivers:
        mask |= error_codes(driver.values)
    return mask


def without_codes(table: Table) -> Table:
    """Return the same rows with error codes as NaN, in energy and drivers."""
    return replace(
        table,
        energy=_blanked(table.energy),
        drivers=tuple(replace(driver, values=_blanked(driver.values)) for driver in table.drivers),
    )


def _blanked(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(error_codes(values), np.nan, values)


def extremes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask (n,) of values above median + 3 interquartile ranges (CalTRACK 2.3.6), NaN left out."""
    present = values[np.isfinite(values)]
    if not len(present):
        return np.zeros(len(values), np.bool_)
    quarter, middle, three = np.quantile(present, (0.25, 0.5, 0.75))
    return values > middle + 3.0 * (three - quarter) if three > quarter else np.zeros(len(values), np.bool_)


def unit_jump(values: NDArray[np.float64]) -> tuple[int, float] | None:
    """Return the row and the factor of the likeliest change of unit in values (n,), None where there is none.

    The medians of ten rows before and after differ by 1000, 3.6 or 10 within 6 %, and every row on one side lies beyond
    every row on the other.
    """
    rows = np.flatnonzero(np.isfinite(values) & (values > 0.0))
    if len(rows) < 2 * _WINDOW:
        return None
    logs = np.log(values[rows])
    windows = np.lib.stride_tricks.sliding_window_view(logs, _WINDOW)
    before, after = windows[:-_WINDOW], windows[_WINDOW:]
    jump = np.median(after, axis=1) - np.median(before, axis=1)
    apart = (after.min(axis=1) > before.max(axis=1)) | (after.max(axis=1) < before.min(axis=1))
    spread = np.ptp(before, axis=1) + np.ptp(after, axis=1)
    found = [
        (float(spread[at]), int(rows[at + _WINDOW]), factor)
        for factor in UNIT_FACTORS
        for at in np.flatnonzero(apart & (np.abs(np.abs(jump) - np.log(factor)) < _NEAR) & (spread < np.abs(jump)))
    ]
    return min(found)[1:] if found else None


def days(table: Table, rows: NDArray[np.bool_] | NDArray[np.intp]) -> tuple[str, ...]:
    """Return the days of rows as ISO text, each once."""
    return tuple(str(day) for day in np.unique(table.start[rows].astype("datetime64[D]")))


def check_values(table: Table) -> Iterator[Finding]:
    """Find error codes, extremes, negative use and mixed units in a table."""
    codes = table_error_codes(table)
    if codes.any():
        yield Finding(
            code="error_codes",
            severity=Severity.WARNING,
            message=counted(
                "{count} of {rows} rows holds an error code such as −9999 and is left out.",
                "{count} of {rows} rows hold an error code such as −9999 and are left out.",
                count=int(codes.sum()),
                rows=len(table),
            ),
            cure=said("have the logger leave such values empty"),
            days=days(table, codes),
        )
    energy = np.where(codes, np.nan, table.energy)
    yield from _check_energy(table, energy)


def _check_energy(table: Table, energy: NDArray[np.float64]) -> Iterator[Finding]:
    """Find extremes, negative use and mixed units in the energy that is left."""
    rate = energy / table.span
    high = extremes(rate)
    if high.any():
        yield Finding(
            code="extremes",
            severity=Severity.WARNING,
            message=counted(
                "{count} row lies above median + 3 interquartile ranges, at {highest:.6g}{unit:unit}; it is used.",
                "{count} rows lie above median + 3 interquartile ranges, the highest at {highest:.6g}{unit:unit}; they "
                "are used.",
                count=int(high.sum()),
                highest=np.nanmax(energy[high]),
                unit=table.unit,
            ),
            cure=said("look at these days; exclude them with a reason, or fit robustly"),
            days=days(table, high),
        )
    negative = energy < 0.0
    if negative.any():
        yield Finding(
            code="negative_energy",
            severity=Severity.WARNING,
            message=counted(
                "{count} row has negative use, {lowest:.6g}{unit:unit}.",
                "{count} rows have negative use, the lowest {lowest:.6g}{unit:unit}.",
                count=int(negative.sum()),
                lowest=np.nanmin(energy),
                unit=table.unit,
            ),
            cure=said("check the sign of the meter and its register"),
            days=days(table, negative),
        )
    dates, by_day = _of_days(table, energy)
    jump = unit_jump(by_day)
    if jump is not None:
        row, factor = jump
        yield mixed_units(factor, (str(dates[row]),), within=True)


def _of_days(table: Table, energy: NDArray[np.float64]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the days (d,) and the rate of each: a plant that rests at a thousandth by night mixes no units by hour."""
    date, place = np.unique(table.start.astype("datetime64[D]"), return_inverse=True)
    known = np.isfinite(energy)
    span = np.bincount(place, np.where(known, table.span, 0.0))
    total = np.bincount(place, np.where(known, energy, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return date, np.where(span > 0.0, total / span, np.nan)


def mixed_units(factor: float, when: tuple[str, ...], *, within: bool) -> Finding:
    """Return the finding that energy jumps by a factor of units; 1000 stops, for no plant does that.

    It jumps from a day on within a period, or from one period to the other.
    """
    return Finding(
        code="units_mixed",
        severity=Severity.STOP if factor == 1000.0 else Severity.WARNING,
        message=said(
            "Use changes by a factor of {factor:g} from {day:day} on, as it does where units are mixed (3.6: kWh and "
            "MJ; 1000: k or M) or a decimal point slips (10).",
            factor=factor,
            day=when[0],
        )
        if within
        else said(
            "Use changes by a factor of {factor:g} between the baseline and the reporting period, as it does where "
            "units are mixed (3.6: kWh and MJ; 1000: k or M) or a decimal point slips (10).",
            factor=factor,
        ),
        cure=said("bring all rows to one unit, or record the event that changed the use"),
        days=when,
    )
