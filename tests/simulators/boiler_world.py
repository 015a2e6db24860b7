"""A boiler house with plain drivers, or with the port's own, for a stretch of days; what it used in each world."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.weather import Climate
from simulators.day import Day
from simulators.operations import production
from simulators.plant import Weather
from simulators.plants import boiler_points
from simulators.worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.outputs import Output
    from simulators.plant import Made, Plant

PORT = Path(production.__file__).parents[1] / "ports" / "capecure"
MEASURES = ("trap_repair", "condensate_return", "excess_air", "insulation")
FIRST = 19_905  # 1 July 2024
PLAIN: Mapping[str, object] = {"type": "boiler", "asset": "works/boiler", "production": "works/line"}


def tables(name: str, kind: str) -> list[dict[str, object]]:
    """Return the tables of a type from a file of the port."""
    document = tomllib.loads((PORT / f"{name}.toml").read_text(encoding="utf-8"))
    return [table for table in document["plants"] if table["type"] == kind]


def mild(day: Day) -> Weather:
    """Return a day of 12 °C on which nothing happens."""
    still = np.ones(day.steps)
    return Weather(
        sea_c=12.0 * still,
        air_c=12.0 * still,
        humidity=80.0 * still,
        pressure_bar=1.013 * still,
        tide_m=5.0 * still,
        salinity_psu=34.0 * still,
        turbidity_ntu=8.0 * still,
    )


def plain_flows(day: Day, asset: str = "works/line", kg_per_h: float = 1_000.0) -> dict[str, np.ndarray]:
    """Return a shift from 4 to 18 h UTC on Mondays to Fridays, at a steady pace."""
    hour = (day.minutes_s % 86_400) / 3_600
    working = (hour >= 4) & (hour < 18) & ((day.number + 3) % 7 < 5)
    work = day.mean_of_minutes(working.astype(np.float64))[np.newaxis]
    return {f"production_kg_per_h:{asset}": kg_per_h * work, f"at_work:{asset}": work}


def one_by_one(day: Day, *assets: str) -> Worlds:
    """Return worlds: as it is without any measure, with each alone at all assets, with all of them."""
    shares: dict[tuple[str, str], np.ndarray] = {}
    for row, kind in enumerate(MEASURES, start=1):
        profile = np.zeros((len(MEASURES) + 2, day.steps))
        profile[[row, -1]] = 1.0
        shares |= {(kind, asset): profile for asset in assets}
    return Worlds(count=len(MEASURES) + 2, steps=day.steps, shares=shares)


def nothing(day: Day) -> Worlds:
    """Return a single world without measures."""
    return Worlds(count=1, steps=day.steps)


@dataclass(frozen=True, kw_only=True)
class Year:
    """What a boiler house used in a year, by world (W,)."""

    gas_mwh: np.ndarray  # lower heating value
    steam_t: np.ndarray
    make_up_m3: np.ndarray

    def change(self, name: str) -> np.ndarray:
        """Return the change of a sum against world 0 in percent (W,)."""
        values = getattr(self, name)
        percent: np.ndarray = 100.0 * (values / values[0] - 1.0)
        return percent


def years(seed: int, listed: Sequence[Mapping[str, object]]) -> dict[str, Year]:
    """Return a year of each boiler house with the port's own weather and production.

    It is made of a week of every month; one holiday is in them.
    """
    climate = Climate(seed)
    lines: Plant = production.build(tables("operations", "production"), seed)
    plant = boiler_points.build(listed, seed)
    assets = [str(table["asset"]) for table in listed]
    made: list[Made] = []
    for number in (FIRST + 20 + 30 * month + weekday for month in range(12) for weekday in range(7)):
        day = Day(number, 3_600)
        worlds, weather = one_by_one(day, *assets), climate.weather(day)
        made.append(plant.advance(day, worlds, weather, lines.advance(day, worlds, weather, {}).flows))
    return {asset: _year([each.outputs for each in made], asset) for asset in assets}


def _year(days: Sequence[Mapping[str, Output]], asset: str) -> Year:
    """Return the sums of an asset, as if the days were the year."""
    gas, steam, make_up = (
        365 / len(days) * np.sum([_counted(outputs[f"{asset}/{name}"]) for outputs in days], axis=0)
        for name in ("gas", "steam", "make_up")
    )
    return Year(gas_mwh=gas * 10.0 / 1_000.0, steam_t=steam / 1_000.0, make_up_m3=make_up)


def _counted(output: Output) -> np.ndarray:
    """Return the amount of a day by world (W,)."""
    amount: np.ndarray = output.values.sum(axis=1)
    return amount
