"""Drivers brought to the rows of the meter: averaged by time, summed, or the kind that held longest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.meter import amounts
from quaymeter.savings.notes import counted, days_of, days_of_wall, some
from quaymeter.savings.plausible import impossible_weather
from quaymeter.savings.request import ColumnRequest, Gather, driver_request
from quaymeter.savings.rows import averaged, commonest, summed
from quaymeter.savings.series import held, usual_step_s
from quaymeter.savings.unit_names import Sort, without_unit
from savings.day_types import hours_alike, kinds_of_rows
from savings.days_before import before, mean_of_days_before
from savings.table import Driver, Frequency, Role, means_of_days
from telemetry.errors import ConfigurationError, TransferError
from telemetry.plan import DayTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quaymeter.savings.columns import Column, Files
    from quaymeter.savings.notes import Notes
    from quaymeter.savings.request import Request
    from quaymeter.savings.rows import Filled, Rows

LEAST_OF_A_MEAN = 0.5  # share of a row behind an average: half a day tells the day's temperature
DAY_TYPE = "day type"
DAY_TYPES: Mapping[DayTypes, tuple[str, ...]] = {
    DayTypes.WEEK: ("Monday to Friday", "Saturday", "Sunday"),
    DayTypes.WEEKDAY: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    DayTypes.REST: (
        "working day after two days of rest",
        "working day after a working day",
        "working day after one day of rest",
        "working day after three days of rest or more",
        "third day of rest or later",
        "first day of rest",
        "second day of rest",
    ),
}

_HOLIDAYS = {
    DayTypes.WEEK: "count as Sundays",
    DayTypes.WEEKDAY: "count as Sundays, a Tuesday to Friday after one as a Monday",
    DayTypes.REST: "are days of rest, as Saturdays and Sundays are",
}


def read_drivers(
    files: Files, request: Request, rows: Rows, notes: Notes
) -> tuple[tuple[Driver, ...], tuple[NDArray[np.float64], ...]]:
    """Return the drivers by row, and how much of each row each of them covers (m,).

    Raises
    ------
    TransferError
        Where a column is not there, or nothing is in it.
    """
    drivers: list[Driver] = []
    shares = []
    for text in request.drivers:
        wanted = driver_request(text, files.find)
        column = files.column(wanted, "--driver", words=wanted.role is Role.CATEGORY)
        driver, share = _driver(column, wanted, request, rows, files.tz, notes)
        if driver.name in [each.name for each in drivers]:
            raise ConfigurationError(f"{driver.name!r} is named twice", place="--driver", cure="name it once")
        if request.drivers_by_day and not driver.is_kind:
            driver = replace(driver, values=means_of_days(rows.wall, driver.values))
            share = np.nan_to_num(means_of_days(rows.wall, share))
            notes.info("driver_averaged", f"Every hour has its local day's mean of {driver.name!r}.")
        drivers.append(driver)
        shares.append(share)
        if wanted.lasts_days:
            drivers.append(_days_before(driver, wanted, request, rows, notes))
            shares.append(np.where(np.isfinite(drivers[-1].values), share, 0.0))
    if request.day_types is not DayTypes.NONE:
        drivers.append(_kinds_of_day(request, rows, notes))
        shares.append(np.ones(len(rows.wall)))
    return tuple(drivers), tuple(shares)


def _days_before(driver: Driver, wanted: ColumnRequest, request: Request, rows: Rows, notes: Notes) -> Driver:
    """Return what a driver brought on the days before, as a driver of its own."""
    if request.frequency is Frequency.MONTHLY:
        raise ConfigurationError(
            f"only days and hours know the days before, and these rows are {request.frequency}",
            place=f"--driver {wanted.name}", cure="take --freq daily, or leave lasts= out",
        )  # fmt: skip
    notes.info(
        "days_before",
        f"Beside {driver.name!r} stands the mean of its days before, weighted by exp(-age / {wanted.lasts_days:g} d).",
    )
    values = mean_of_days_before(rows.wall, driver.values, wanted.lasts_days)
    return replace(driver, name=before(driver.name), role=Role.LINEAR, values=values, is_total=False)


def _kinds_of_day(request: Request, rows: Rows, notes: Notes) -> Driver:
    role, values = kinds_of_rows(request.day_types, request.frequency, rows.wall, request.holidays)
    named = dict(enumerate(DAY_TYPES[request.day_types]))
    if role is Role.WEEK:
        values = hours_alike(request.day_types, values)
        named = {0: "Monday to Friday", 5: "Saturday", 6: "Sunday"} if request.day_types is DayTypes.WEEK else named
    kinds = ", ".join(f"{number} = {kind}" for number, kind in named.items())
    counted_as = f" Public holidays ({request.holidays}) {_HOLIDAYS[request.day_types]}." if request.holidays else ""
    notes.info("category_words", f"Kinds of day: {kinds}.{counted_as}")
    return Driver(name=DAY_TYPE, role=role, values=values)


def _driver(
    column: Column, wanted: ColumnRequest, request: Request, rows: Rows, tz: str, notes: Notes
) -> tuple[Driver, NDArray[np.float64]]:
    if len(column.readings.time_s) < 2:
        raise TransferError(f"{column.heading!r} holds no readings", place="--driver", cure="is it the right column?")
    gather = _gather(column, wanted, rows, notes)
    unit = column.unit.code
    if gather is Gather.SUM:
        series, summed_unit, _ = amounts(column, request, tz, notes, register=wanted.register, what="driver")
        filled, unit = summed(series, rows), summed_unit.code
        values = _scaled(filled, request.least_coverage)
    else:
        step = usual_step_s(column.readings.time_s)
        instants = held(column.readings.time_s, column.readings.value, step, tz, at_end=request.stamped_at_end)
        filled = commonest(instants, rows) if wanted.role is Role.CATEGORY else averaged(instants, rows)
        values = np.where(filled.covered >= LEAST_OF_A_MEAN, filled.total, np.nan)
    _tell(column, wanted, values, tz, notes)
    driver = Driver(
        name=without_unit(column.heading) or column.heading,
        role=wanted.role,
        values=values,
        unit=unit,
        is_total=gather is Gather.SUM,
    )
    return driver, filled.covered


def _gather(column: Column, wanted: ColumnRequest, rows: Rows, notes: Notes) -> Gather:
    """Decide whether readings are summed: as asked, else by the unit, else averaged and said so."""
    if wanted.role is Role.CATEGORY:
        return Gather.MEAN
    if wanted.register:
        return Gather.SUM
    if wanted.gather is not None:
        return wanted.gather
    if column.unit.sort is Sort.UNKNOWN:
        shorter = usual_step_s(column.readings.time_s) < 0.8 * float(np.median(rows.end_s - rows.start_s))
        if wanted.role is Role.LINEAR and shorter:
            notes.info(
                "driver_averaged", f"Nothing tells whether {column.heading!r} adds up; it is averaged over each row.",
                f"if it is an amount (tonnes, pieces): --driver {wanted.name}:sum",
            )  # fmt: skip
        return Gather.MEAN
    return Gather.SUM if column.unit.sort is Sort.AMOUNT else Gather.MEAN


def _scaled(filled: Filled, least: float) -> NDArray[np.float64]:
    """Return totals of rows that are covered enough, scaled up to the whole row; NaN for the others."""
    enough = filled.covered >= least - 1e-9
    return np.where(enough, filled.total / np.maximum(filled.covered, 1e-9), np.nan)


def _tell(column: Column, wanted: ColumnRequest, values: NDArray[np.float64], tz: str, notes: Notes) -> None:
    if column.words:
        kinds = ", ".join(f"{number} = {word}" for number, word in enumerate(column.words))
        notes.info("category_words", f"Kinds of {column.heading!r}: {kinds}.")
    elif wanted.role is Role.CATEGORY and np.any(np.isfinite(values) & (values != np.round(values))):
        notes.stop(
            "category_not_whole", f"{column.heading!r} holds numbers with decimals: it is no category.",
            f"as a figure: --driver {wanted.name}:linear",
        )  # fmt: skip
    wrong = impossible_weather(column.readings.value, column.unit.code)
    if wrong.any() and wanted.role is Role.CHANGEPOINT:
        days = days_of(column.readings.time_s[wrong], tz)
        extreme = column.readings.value[wrong][np.argmax(np.abs(column.readings.value[wrong]))]
        notes.warn(
            "temperature_implausible", f"{counted(int(wrong.sum()), 'reading')} of {column.heading!r} are no weather's "
            f"(as {extreme:g} {column.unit.shown}), on {some(days)}.",
            "is the unit right, and the same all the way? name codes for missing values with --missing", days,
        )  # fmt: skip


def missing_days(driver: Driver, wall: NDArray[np.datetime64]) -> tuple[str, ...]:
    """Return the days (ISO) on which a driver is missing."""
    return days_of_wall(wall[~np.isfinite(driver.values)])
