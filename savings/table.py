"""One meter and what explains it, one row an interval: what every other part of this room takes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from telemetry.errors import ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_OF_A_DAY = 0.9  # share of a day's hours that its mean needs
_HOUR = np.timedelta64(3600, "s")
_SHORTEST_DAY = 23.0  # [h]


class Frequency(StrEnum):
    """How long a row is."""

    HOURLY = "hourly"
    DAILY = "daily"
    MONTHLY = "monthly"

    @property
    def unit_hours(self) -> float:
        """Hours [h] of the interval that parameters speak of: an hour, else a day (also for months, which differ)."""
        return 1.0 if self is Frequency.HOURLY else 24.0

    @property
    def longest_hours(self) -> float:
        """Most hours [h] between the starts of two rows that still follow each other, summer time included."""
        return {Frequency.HOURLY: 2.0, Frequency.DAILY: 25.0, Frequency.MONTHLY: 24.0 * 36}[self]


class Role(StrEnum):
    """How a driver acts on energy."""

    LINEAR = "linear"
    CHANGEPOINT = "changepoint"
    CATEGORY = "category"
    WEEK = "week"  # the day whose hours an hour has, 0 Monday to 6 Sunday, or one of as many kinds of day (`day_types`)


@dataclass(frozen=True, kw_only=True, eq=False)
class Driver:
    """What explains energy: a temperature, tonnes, a type of day."""

    name: str
    role: Role
    values: NDArray[np.float64]  # (n,), a category as whole numbers; NaN where it is missing
    unit: str = ""
    is_total: bool = False  # a sum over the interval (tonnes), where False is a mean (a temperature)

    @property
    def is_kind(self) -> bool:
        """Whether the values are names of kinds, and no amounts."""
        return self.role in {Role.CATEGORY, Role.WEEK}


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One meter and its drivers; rows ascend in time and all columns are (n,)."""

    frequency: Frequency
    start: NDArray[np.datetime64]  # first instant of each interval, local wall clock of the site [s]
    hours: NDArray[np.float64]  # length of each interval [h]: 23 or 25 on the days that summer time changes
    energy: NDArray[np.float64]  # use in the interval [unit]; NaN where it is missing
    drivers: tuple[Driver, ...]
    coverage: NDArray[np.float64]  # share of valid time behind the row, 0 to 1
    unit: str = "kW.h"

    def __post_init__(self) -> None:
        """Refuse columns of different lengths, rows that go back in time and two drivers of one name."""
        lengths = {len(column) for column in (self.start, self.hours, self.energy, self.coverage)}
        lengths |= {len(driver.values) for driver in self.drivers}
        if len(lengths) > 1:
            cure = "give every column one value a row"
            raise ContractError(f"columns of {sorted(lengths)} rows", place="savings table", cure=cure)
        # Summer time ends with an hour that the wall clock shows twice: an hour back is no disorder.
        if np.any(np.diff(self.start) < np.timedelta64(-3600, "s")):
            raise ContractError("rows are not in order of time", place="savings table", cure="sort them by their start")
        names = [driver.name for driver in self.drivers]
        if len(set(names)) < len(names):
            raise ContractError(f"two drivers of one name in {names}", place="savings table", cure="name them apart")
        for driver in self.drivers:
            told = driver.values[np.isfinite(driver.values)]
            if driver.role is Role.WEEK and not np.isin(told, np.arange(7.0)).all():
                cause = f"{driver.name} says days that there are not"
                raise ContractError(cause, place="savings table", cure="number them from 0 to 6")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.start)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Mask (n,) of rows that have energy and every driver."""
        present = np.isfinite(self.energy)
        for driver in self.drivers:
            present &= np.isfinite(driver.values)
        return present

    @property
    def span(self) -> NDArray[np.float64]:
        """Length (n,) of each row in the interval that parameters speak of: 1 for an hour or a day, 30 for 30 days."""
        return self.hours / self.frequency.unit_hours

    @property
    def week_hour(self) -> NDArray[np.int64]:
        """Hour of the week (n,) that each row counts as: that of its start, on the day that a driver says it is.

        Where that driver is missing the day is the calendar's; such a row is not valid.
        """
        hour = hour_of_week(self.start)
        for driver in self.drivers:
            if driver.role is Role.WEEK:
                told = np.where(np.isfinite(driver.values), driver.values, hour // 24)
                return np.asarray(24 * told.astype(np.int64) + hour % 24)
        return hour

    def driver(self, name: str) -> Driver:
        """Return a driver by its name; ContractError where there is none."""
        for driver in self.drivers:
            if driver.name == name:
                return driver
        raise ContractError(
            f"no driver {name!r}",
            place="savings table",
            cure=f"this table has {', '.join(driver.name for driver in self.drivers) or 'none'}",
        )

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Table:
        """Return the rows of a mask, of positions or of a slice, as a table of its own."""
        return replace(
            self,
            start=self.start[rows],
            hours=self.hours[rows],
            energy=self.energy[rows],
            coverage=self.coverage[rows],
            drivers=tuple(replace(driver, values=driver.values[rows]) for driver in self.drivers),
        )

    def with_energy(self, energy: NDArray[np.float64]) -> Table:
        """Return the same rows with another column of energy (n,)."""
        return replace(self, energy=energy)

    def keep_drivers(self, names: tuple[str, ...]) -> Table:
        """Return the same rows with these drivers only, in this order."""
        return replace(self, drivers=tuple(self.driver(name) for name in names))


def hour_of_week(start: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the hour of the week (n,), 0 for Monday 00:00 to 167 for Sunday 23:00, of local times."""
    hours = start.astype("datetime64[h]").astype(np.int64)
    # 1970-01-01 was a Thursday: 72 hours after Monday 00:00.
    week_hour: NDArray[np.int64] = (hours + 72) % 168
    return week_hour


def weekday(start: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the day of the week (n,), 0 for Monday to 6 for Sunday, of local times."""
    day: NDArray[np.int64] = hour_of_week(start) // 24
    return day


def means_of_days(start: NDArray[np.datetime64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each hour (n,) the mean of the values (n,) of its local day: of an amount, the day's mean an hour.

    `start` (n,) are the hours' local times in order; a day has 23 hours, 24 or 25. A day of which less than nine tenths
    of the hours have a value, also because the rows begin or end within it, has none.

    >>> midnight = np.datetime64("2025-01-06", "s")
    >>> means_of_days(midnight + 3600 * np.arange(24), np.arange(24.0))[:2].tolist()
    [11.5, 11.5]
    """
    if not len(start):
        return values
    days, index = np.unique(start.astype("datetime64[D]"), return_inverse=True)
    hours = np.bincount(index).astype(np.float64)
    # What of the first and of the last day has no row: all others are there as a whole, an hour more or less in them
    # is the clock's. A meter that keeps its own hours may leave some out.
    hours[0] += (start[0] - days[0]) // _HOUR
    hours[-1] += max((days[-1] + 1 - start[-1]) // _HOUR - 1, 0)
    known = np.isfinite(values)
    count = np.bincount(index, known.astype(np.float64))
    total = np.bincount(index, np.where(known, values, 0.0))
    enough = count >= LEAST_OF_A_DAY * np.maximum(hours, _SHORTEST_DAY)
    mean = np.where(enough, total / np.maximum(count, 1.0), np.nan)
    by_hour: NDArray[np.float64] = mean[index]
    return by_hour
