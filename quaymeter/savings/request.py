"""What was asked for: which columns mean what, which periods, by which rules. Texts of options become values here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.unit_names import NO_UNIT, Unit, unit_named
from savings.table import Frequency, Role
from simulators.recorded import Fold
from telemetry.errors import ConfigurationError, ContractError
from telemetry.plan import DayTypes
from telemetry.plan_bounds import LONGEST_LASTING
from telemetry.public_holidays import countries
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_LASTS = "lasts="
ROLES = tuple(role for role in Role if role is not Role.WEEK)  # that a column may be given: hours know their week
_PERIOD_CURE = "write START/END, both as days (the last one included): 2023-01-01/2023-12-31"


class Gather(StrEnum):
    """How readings of a column come together in a row."""

    MEAN = "mean"  # averaged by time
    SUM = "sum"


@dataclass(frozen=True, kw_only=True)
class Period:
    """A stretch of the site's wall clock."""

    start: np.datetime64  # [s]
    end: np.datetime64  # [s], not included
    shared_end: bool = False  # its last day was the first of the reporting period, and is not part of it

    @property
    def text(self) -> str:
        """First and last day, as people name a period."""
        last = (self.end - np.timedelta64(1, "s")).astype("datetime64[D]")
        return f"{self.start.astype('datetime64[D]')} to {last}"

    def holds(self, wall: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Tell which times (n,) lie in it."""
        return (wall >= self.start) & (wall < self.end)


@dataclass(frozen=True, kw_only=True)
class ColumnRequest:
    """One column and how it is read."""

    name: str  # as given; the heading is found in the file
    unit: Unit = NO_UNIT  # NO_UNIT: as the heading says
    role: Role = Role.LINEAR
    gather: Gather | None = None  # None: by the unit
    register: bool = False
    lasts_days: float = 0.0  # time constant of what a driver brings [d]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a table is made of."""

    path: Path
    time: str
    energy: str  # COLUMN[:unit][:register]
    drivers: tuple[str, ...] = ()  # COLUMN[:role][:unit][:mean|:sum][:register][:lasts=DAYS]
    also: tuple[str, ...] = ()  # FILE[:time column]
    tz: str = ""
    frequency: Frequency = Frequency.DAILY
    exclude: tuple[Period, ...] = ()
    registers: tuple[str, ...] = ()
    day_types: DayTypes = DayTypes.NONE
    holidays: str = ""  # country whose public holidays count as days of rest (ISO 3166)
    drivers_by_day: bool = False  # hours take their local day's mean of each driver
    unit: str = ""  # of the result; "": the file's
    fold: Fold = Fold.IN_ORDER
    wall_time: bool = False
    stamped_at_end: bool = False
    decimal: str = ""
    dates: str = ""
    codes: tuple[float, ...] | None = None  # values that mean "no value"; None: the usual ones
    least_coverage: float = 0.9
    accepted: tuple[str, ...] = ()  # codes of findings that stop, looked at and let pass


def check_together(request: Request) -> None:
    """Refuse options that say nothing without another one.

    Raises
    ------
    ConfigurationError
        For holidays without kinds of day, in months or of a country that is not known; for a day's drivers in
        rows of no hour.
    """
    if request.holidays and request.holidays not in countries():
        raise ConfigurationError(
            f'unknown country "{request.holidays}"', place="--holidays",
            cure=f"{did_you_mean(request.holidays, countries())}known: {', '.join(countries())}",
        )  # fmt: skip
    if request.holidays and request.frequency is Frequency.MONTHLY:
        raise ConfigurationError(
            f"only days and hours know holidays, and these rows are {request.frequency}",
            place=f"--holidays {request.holidays}", cure="leave it out, or take --freq daily",
        )  # fmt: skip
    if request.holidays and request.day_types is DayTypes.NONE:
        raise ConfigurationError(
            "without kinds of day no holiday counts", place=f"--holidays {request.holidays}",
            cure="add --day-types week, weekday or rest",
        )  # fmt: skip
    if request.drivers_by_day and request.frequency is not Frequency.HOURLY:
        raise ConfigurationError(
            f"only hourly rows can take their day's drivers, and these are {request.frequency}",
            place="--drivers-by-day", cure="add --freq hourly, or leave it out",
        )  # fmt: skip


def period(text: str, option: str) -> Period:
    """Read `START/END`: days, the last one included, or times, the end not included.

    Raises
    ------
    ConfigurationError
        Where that is no period.
    """
    first, slash, last = (part.strip() for part in text.partition("/"))
    if not slash:
        raise ConfigurationError(f'"{text}" is no period', place=option, cure=_PERIOD_CURE)
    start, end = _moment(first, option, text), _moment(last, option, text)
    if re.fullmatch(r"\d{4}-\d\d", last):
        end = (np.datetime64(last, "M") + 1).astype("datetime64[s]")
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", last):
        end = end + np.timedelta64(1, "D")
    if end <= start:
        raise ConfigurationError(f'"{text}" ends before it starts', place=option, cure=_PERIOD_CURE)
    return Period(start=start, end=end)


def _moment(text: str, option: str, whole: str) -> np.datetime64:
    if not re.fullmatch(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d)?)?)?", text):
        raise ConfigurationError(f'"{text}" in "{whole}" is no day', place=option, cure=_PERIOD_CURE)
    try:
        return np.datetime64(text.replace(" ", "T"), "s")
    except ValueError:
        raise ConfigurationError(f'"{text}" in "{whole}" is no day', place=option, cure=_PERIOD_CURE) from None


def in_order(baseline: Period, reporting: Period | None) -> Period:
    """Return the baseline period, without the day it may share with the reporting period.

    Raises
    ------
    ConfigurationError
        Where the reporting period does not come after it.
    """
    if reporting is None or baseline.end <= reporting.start:
        return baseline
    if reporting.start <= baseline.start:
        raise ConfigurationError(
            f"the baseline ({baseline.text}) comes after the reporting period ({reporting.text})",
            place="--baseline", cure="the baseline is the time before the measure: swap the two",
        )  # fmt: skip
    if baseline.end - reporting.start <= np.timedelta64(1, "D"):
        return Period(start=baseline.start, end=reporting.start, shared_end=True)
    raise ConfigurationError(
        f"the reporting period ({reporting.text}) begins within the baseline ({baseline.text})",
        place="--reporting", cure="end the baseline before the measure was installed, and start reporting after it",
    )  # fmt: skip


def meter_request(text: str, find: Callable[[str], str | None]) -> ColumnRequest:
    """Read `COLUMN[:unit][:register]`; `find` tells a heading."""
    name, words = _split(text, find)
    unit, register = NO_UNIT, False
    for word in words:
        if word == "register":
            register = True
        else:
            unit = unit_named(word, f"--energy {text}")
    return ColumnRequest(name=name, unit=unit, register=register)


def driver_request(text: str, find: Callable[[str], str | None]) -> ColumnRequest:
    """Read `COLUMN[:linear|:changepoint|:category][:unit][:mean|:sum][:register][:lasts=DAYS]`, in any order after it.

    Raises
    ------
    ConfigurationError
        For a word that is none of these, and days that are no time constant.
    """
    name, words = _split(text, find)
    unit, role, gather, register, lasts_days = NO_UNIT, Role.LINEAR, None, False, 0.0
    for word in words:
        if word.startswith(_LASTS):
            lasts_days = _days(word.removeprefix(_LASTS), text)
            continue
        if word in ROLES:
            role = Role(word)
        elif word in set(Gather):
            gather = Gather(word)
        elif word == "register":
            register = True
        else:
            unit = _unit(word, text)
    if lasts_days and role is Role.CATEGORY:
        raise ConfigurationError(
            "a category has no mean of the days before", place=f"--driver {text}", cure=f"leave {_LASTS}… out"
        )
    return ColumnRequest(name=name, unit=unit, role=role, gather=gather, register=register, lasts_days=lasts_days)


def _days(text: str, driver: str) -> float:
    """Return a time constant [d]."""
    try:
        days = float(text.replace(",", "."))
    except ValueError:
        days = math.nan
    if 0.0 < days <= LONGEST_LASTING:
        return days
    raise ConfigurationError(
        f'"{text}" is no time constant in days', place=f"--driver {driver}",
        cure=f"write {_LASTS}3, above 0 and at most {LONGEST_LASTING:g}",
    )  # fmt: skip


def _unit(word: str, text: str) -> Unit:
    try:
        return unit_named(word, f"--driver {text}")
    except ContractError as error:
        words = [*ROLES, *Gather, "register", f"{_LASTS}DAYS"]
        hint = did_you_mean(word, words) or f"{', '.join(words)}, or a unit: "
        raise ConfigurationError(
            f'"{word}" is neither a role nor a unit', place=f"--driver {text}", cure=f"{hint}{error.cure}"
        ) from error


def _split(text: str, find: Callable[[str], str | None]) -> tuple[str, list[str]]:
    """Split the column, whose heading may hold colons, from the words behind it."""
    parts = text.split(":")
    for count in range(len(parts), 0, -1):
        name = ":".join(parts[:count])
        if find(name) is not None:
            return name, [part.strip() for part in parts[count:] if part.strip()]
    return parts[0], [part.strip() for part in parts[1:] if part.strip()]
