"""Made-up meters in noise of known memory: the truth is what was taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.coverage_meters import Known
from savings.table import Driver, Frequency, Role, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NOISE_KWH, SAVING = 100.0, 0.08  # [kW.h] a day; share of use
BURN_IN = 300


class Cell(NamedTuple):
    """How a noise remembers."""

    phi: float  # of the slow part, by day
    white: float = 0.0  # share of the variance that is new every day
    wave_kwh: float = 0.0  # amplitude of a wave that no driver explains
    wave_years: tuple[float, float] = (0.77, 1.43)  # its length, drawn between these: 1 and 1 is a season
    saving: float = SAVING


CELLS: Mapping[str, Cell] = {
    "rho 0": Cell(0.0),
    "rho 0.6": Cell(0.6),
    "rho 0.85": Cell(0.85),
    "rho 0.6, season": Cell(0.6, wave_kwh=60.0, wave_years=(1.0, 1.0)),
    "rho 0.6, wave of another length": Cell(0.6, wave_kwh=60.0),
    "0.6 white, 0.4 of phi 0.9": Cell(0.9, white=0.6),
    "0.7 white, 0.3 of phi 0.97": Cell(0.97, white=0.7),
    "nothing saved, rho 0.6": Cell(0.6, saving=0.0),
}


def autoregressive(rng: np.random.Generator, phi: float, size: int) -> NDArray[np.float64]:
    """Return AR(1) noise (size,) of variance 1."""
    shocks = rng.normal(size=size + BURN_IN) * np.sqrt(1 - phi * phi)
    value, out = 0.0, np.empty(size + BURN_IN)
    for row, shock in enumerate(shocks):
        value = phi * value + shock
        out[row] = value
    return out[BURN_IN:]


def made_up_meter(name: str, frequency: Frequency, months: int, seed: int) -> Known:
    """Return a year before and some months after a measure; hourly meters add noise within the day."""
    cell, rng = CELLS[name], np.random.default_rng([seed, months])
    days = 365 + round(months * 365 / 12)
    number = np.arange(days)
    air = 12 - 7 * np.cos(2 * np.pi * (number - 20) / 365) + 3 * autoregressive(rng, 0.8, days)
    weekend = (number % 7 >= 5).astype(np.float64)
    tonnes = np.exp(0.12 * rng.normal(size=days)) * 40 * (1 - weekend)
    noise = np.sqrt(1 - cell.white) * autoregressive(rng, cell.phi, days) + np.sqrt(cell.white) * rng.normal(size=days)
    years = rng.uniform(*cell.wave_years)
    wave = np.sin(2 * np.pi * number / (365.2425 * years) + rng.uniform(0, 2 * np.pi))
    use = 1500 + 40 * np.maximum(air - 12, 0) + 8 * tonnes - 150 * weekend + NOISE_KWH * noise + cell.wave_kwh * wave
    saved = np.where(number < 365, 0.0, cell.saving * use)
    rows = {"energy": use - saved, "saved": saved, "air": air, "tonnes": tonnes, "day type": weekend}
    start = (np.datetime64("2025-01-06") + number).astype("datetime64[s]")
    if frequency is Frequency.HOURLY:
        start, rows = _by_hour(start, rows, rng)
    table = _table(frequency, start, rows)
    if frequency is Frequency.MONTHLY:
        table, rows = _by_month(table, rows)
    after = table.start >= np.datetime64("2025-01-06") + 365
    return Known(table.take(~after), table.take(after), float(rows["saved"][after].sum()))


def _table(frequency: Frequency, start: NDArray[np.datetime64], rows: Mapping[str, NDArray[np.float64]]) -> Table:
    roles = {"air": Role.CHANGEPOINT, "tonnes": Role.LINEAR, "day type": Role.CATEGORY}
    drivers = tuple(Driver(name=name, role=role, values=rows[name]) for name, role in roles.items())
    if frequency is not Frequency.DAILY:
        drivers = drivers[:2]  # the hour of the week says it, or the month hides it
    hours = np.full(len(start), 1.0 if frequency is Frequency.HOURLY else 24.0)
    return Table(
        frequency=frequency, start=start, hours=hours, energy=rows["energy"], drivers=drivers,
        coverage=np.ones(len(start)),
    )  # fmt: skip


def _by_hour(
    start: NDArray[np.datetime64], rows: Mapping[str, NDArray[np.float64]], rng: np.random.Generator
) -> tuple[NDArray[np.datetime64], dict[str, NDArray[np.float64]]]:
    """Share each day out over its hours, with a shape of the day and noise that forgets within hours."""
    hour = np.tile(np.arange(24), len(start))
    shape = (1 + 0.5 * np.sin(2 * np.pi * (hour - 6) / 24)) / 24
    hourly = {name: np.repeat(column, 24) for name, column in rows.items()}
    for name in ("energy", "saved"):
        hourly[name] = hourly[name] * shape
    hourly["air"] = hourly["air"] + 3 * np.sin(2 * np.pi * (hour - 9) / 24)
    hourly["energy"] = hourly["energy"] + 5 * autoregressive(rng, 0.7, len(hour))
    return np.repeat(start, 24) + hour * np.timedelta64(3600, "s"), hourly


def _by_month(table: Table, rows: Mapping[str, NDArray[np.float64]]) -> tuple[Table, dict[str, NDArray[np.float64]]]:
    """Sum energy over thirty-day bills and average the drivers."""
    bill = np.minimum(np.arange(len(table)) * 12 // 365, len(table) * 12 // 365 - 1)
    days = np.bincount(bill).astype(np.float64)
    sums = {name: np.bincount(bill, column).astype(np.float64) for name, column in rows.items()}
    first = np.flatnonzero(np.diff(bill, prepend=-1))
    means = {name: total if name in {"energy", "saved"} else total / days for name, total in sums.items()}
    made = _table(Frequency.MONTHLY, table.start[first], means)
    return Table(
        frequency=Frequency.MONTHLY, start=made.start, hours=24 * days, energy=made.energy, drivers=made.drivers,
        coverage=made.coverage,
    ), means  # fmt: skip
