"""Tables for tests: a year of days or hours with drivers that move as a port's do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.table import Driver, Frequency, Role, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def air_of(days: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return air temperatures [Cel] (n,) of a mild climate."""
    return 12.0 - 8.0 * np.cos(2.0 * np.pi * (days - 20.0) / 365.0) + rng.normal(0.0, 3.0, len(days))


def sea_of(days: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return sea temperatures [Cel] (n,), a month behind the air."""
    return 12.5 - 5.5 * np.cos(2.0 * np.pi * (days - 45.0) / 365.0) + rng.normal(0.0, 0.4, len(days))


def ar1(n: int, rho: float, sigma: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise (n,) of standard deviation sigma whose neighbours correlate by rho."""
    noise = rng.normal(0.0, sigma, n)
    for at in range(1, n):
        noise[at] = rho * noise[at - 1] + np.sqrt(1.0 - rho**2) * noise[at]
    return noise


def bent(name: str, values: NDArray[np.float64], unit: str = "Cel") -> Driver:
    """Return a change-point driver."""
    return Driver(name=name, role=Role.CHANGEPOINT, values=values, unit=unit)


def straight(name: str, values: NDArray[np.float64], unit: str = "t", *, is_total: bool = True) -> Driver:
    """Return a linear driver."""
    return Driver(name=name, role=Role.LINEAR, values=values, unit=unit, is_total=is_total)


def category(name: str, values: NDArray[np.float64]) -> Driver:
    """Return a category."""
    return Driver(name=name, role=Role.CATEGORY, values=np.asarray(values, np.float64))


def counted(days: NDArray[np.int64] | NDArray[np.float64], name: str = "day type") -> Driver:
    """Return the day of the week that each row counts as."""
    return Driver(name=name, role=Role.WEEK, values=days.astype(np.float64))


def daily(energy: NDArray[np.float64], *drivers: Driver, first: str = "2025-01-01") -> Table:
    """Return a table of days."""
    n = len(energy)
    return Table(
        frequency=Frequency.DAILY,
        start=np.datetime64(first, "s") + np.arange(n) * np.timedelta64(86400, "s"),
        hours=np.full(n, 24.0),
        energy=np.asarray(energy, np.float64),
        drivers=drivers,
        coverage=np.ones(n),
    )


def hourly(energy: NDArray[np.float64], *drivers: Driver, first: str = "2025-01-06") -> Table:
    """Return a table of hours that begins on a Monday."""
    n = len(energy)
    return Table(
        frequency=Frequency.HOURLY,
        start=np.datetime64(first, "s") + np.arange(n) * np.timedelta64(3600, "s"),
        hours=np.ones(n),
        energy=np.asarray(energy, np.float64),
        drivers=drivers,
        coverage=np.ones(n),
    )


def monthly(energy: NDArray[np.float64], *drivers: Driver, first: str = "2024-01") -> Table:
    """Return a table of calendar months."""
    months = np.datetime64(first, "M") + np.arange(len(energy) + 1)
    starts = months.astype("datetime64[s]")
    return Table(
        frequency=Frequency.MONTHLY,
        start=starts[:-1],
        hours=np.diff(starts).astype(np.float64) / 3600.0,
        energy=np.asarray(energy, np.float64),
        drivers=drivers,
        coverage=np.ones(len(energy)),
    )
