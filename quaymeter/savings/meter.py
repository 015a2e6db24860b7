"""The meter's column as amounts: registers differenced, power integrated, the unit of the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.notes import counted, days_of, some
from quaymeter.savings.plausible import looks_like_register
from quaymeter.savings.request import meter_request
from quaymeter.savings.series import MONTH_S, Series, differenced, held, times_hours, usual_step_s
from quaymeter.savings.unit_names import UNITS, Sort, Unit, factor_between, unit_named
from telemetry.errors import ConfigurationError, ContractError, TransferError

if TYPE_CHECKING:
    from quaymeter.savings.columns import Column, Files
    from quaymeter.savings.notes import Notes
    from quaymeter.savings.request import Request


@dataclass(frozen=True, kw_only=True, eq=False)
class Meter:
    """What was used, stretch by stretch."""

    heading: str
    unit: Unit
    series: Series
    readings: int
    register: bool
    open_end: bool  # the last stretch's end is not in the file, and was not guessed


def read_meter(files: Files, request: Request, notes: Notes) -> Meter:
    """Read the meter's column.

    Raises
    ------
    TransferError
        Where there is no such column, or nothing in it.
    ConfigurationError
        Where its unit is that of a level, such as a temperature; where the result's unit is not known or not one that
        the meter's can become; where another column than the meter's is called a register.
    """
    wanted = meter_request(request.energy, files.find)
    column = files.column(wanted, "--energy")
    if column.unit.sort is Sort.LEVEL:
        raise ConfigurationError(
            f"{column.unit.shown} is no unit of what is used", place=f"--energy {column.heading}",
            cure="name the meter's column: kWh, m3, t, or kW",
        )  # fmt: skip
    if len(column.readings.time_s) < 2:
        raise TransferError(
            f"{column.heading!r} holds {counted(len(column.readings.time_s), 'reading')}",
            place=f"--energy, {request.path}", cure="is it the right column?",
        )  # fmt: skip
    _check_registers(request, wanted.name, column.heading)
    register = wanted.register or bool(request.registers)
    series, unit, open_end = amounts(column, request, files.tz, notes, register=register, what="energy")
    if not unit.code:
        notes.warn(
            "energy_unit_unknown", f"Nothing tells the unit of {column.heading!r}: it is taken as an amount in each "
            "interval, and figures carry no unit.", f"name it: --energy {wanted.name}:kWh (kW where it is power)",
        )  # fmt: skip
    if request.unit:
        series, unit = _in_unit(series, unit, request.unit)
    return Meter(
        heading=column.heading, unit=unit, series=series, readings=len(column.readings.time_s), register=register,
        open_end=open_end,
    )  # fmt: skip


def _check_registers(request: Request, *names: str) -> None:
    """Refuse a register that is not the meter's column."""
    for register in request.registers:
        if register not in names:
            raise ConfigurationError(
                f"{register!r} is not the meter's column", place=f"--register {register}",
                cure=f"--register {names[0]}, or leave it out; a driver's register is --driver COLUMN:register",
            )  # fmt: skip


def _in_unit(series: Series, unit: Unit, wanted: str) -> tuple[Series, Unit]:
    """Return amounts in the unit that was asked for, and that unit."""
    try:
        target = unit_named(wanted, "--unit")
        return _times(series, factor_between(unit, target, f"--unit {wanted}")), target
    except ContractError as error:
        raise ConfigurationError(error.cause, place=error.place, cure=error.cure) from error


def amounts(
    column: Column, request: Request, tz: str, notes: Notes, *, register: bool, what: str
) -> tuple[Series, Unit, bool]:
    """Return a column as amounts, their unit, and whether the last one's stretch has no known end."""
    times, values = column.readings.time_s, column.readings.value
    step = usual_step_s(times)
    if register:
        return _register(column, step, tz, notes), column.unit, False
    rate = column.unit.sort is Sort.RATE
    if not rate and looks_like_register(values):
        note = notes.stop if what == "energy" else notes.warn
        note(
            f"{what}_looks_like_register", f"{column.heading!r} never falls, as a meter's display does not: from "
            f"{values[0]:g} to {values[-1]:g}. Summed, it would mean nothing.",
            f"a register is differenced by {column.heading}:register; if it is none, "
            f"--accept {what}_looks_like_register",
        )  # fmt: skip
    series = held(times, values, step, tz, at_end=request.stamped_at_end)
    open_end = False
    if step >= MONTH_S and not request.stamped_at_end:
        series, open_end = _bills(series, column)
    if not rate:
        return series, column.unit, open_end
    notes.info(
        "power_integrated", f"{column.heading!r} is in {column.unit.shown}: each reading holds until the next, "
        f"{step / 60:g} minutes as a rule, and is counted in {UNITS[column.unit.integral].shown}.",
    )  # fmt: skip
    return times_hours(series, column.unit.factor), UNITS[column.unit.integral], open_end


def _bills(series: Series, column: Column) -> tuple[Series, bool]:
    """Let a bill run to the next row of the file; the last one has no end where no row follows it."""
    following = np.searchsorted(column.rows_s, series.start_s, side="right")
    known = following < len(column.rows_s)
    end = np.where(known, column.rows_s[np.minimum(following, len(column.rows_s) - 1)], series.end_s)
    end = np.where(end - series.start_s > 1.5 * series.step_s, series.end_s, end)
    kept = slice(None) if known[-1] else slice(-1)
    cut = replace(
        series, start_s=series.start_s[kept], end_s=end[kept], value=series.value[kept],
    )  # fmt: skip
    return cut, not bool(known[-1])


def _register(column: Column, step_s: float, tz: str, notes: Notes) -> Series:
    """Difference a register, and say where it rolled over or was set back."""
    found = differenced(column.readings.time_s, column.readings.value, step_s)
    falls = len(found.resets_s)
    notes.info("register_differenced", f"{column.heading!r} is a register; what counts is its growth.")
    if len(found.rollovers_s):
        days = days_of(found.rollovers_s, tz)
        notes.info(
            "register_rollover", f"The register {column.heading!r} passed its last digit "
            f"{counted(len(found.rollovers_s), 'time')} ({some(days)}); use is counted through.", "", days,
        )  # fmt: skip
    if falls > 0.2 * len(column.readings.value):
        notes.stop(
            "not_a_register", f"{column.heading!r} falls {falls:,} times: it is no register.", "leave :register out"
        )
    elif falls:
        days = days_of(found.resets_s, tz)
        notes.warn(
            "register_reset", f"The register {column.heading!r} falls {counted(falls, 'time')} without having been "
            f"full ({some(days)}): set back or swapped; use since the reading before is not known.",
            "give the readings before and after the swap as rows, if they are known", days,
        )  # fmt: skip
    return found.series


def _times(series: Series, factor: float) -> Series:
    return replace(series, value=series.value * factor)
