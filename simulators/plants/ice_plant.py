"""An ice plant: flake ice for the goods at work, made into a silo that is filled up again in its own time.

Reads `production_kg_per_h:{follows}`. The silo's deficit is filled in proportion to its size, so the machine works on
into the night after a shift, and what is made is what is used plus what the silo gains. Electricity
follows from the heat that a kilogram of water gives up, the evaporating temperature of the drums and an air-cooled
condenser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Amounts, Flow, Level, Mean
from simulators.physics.humid_air import FUSION_KJ_PER_KG
from simulators.plant import Made
from simulators.plants.condensing import Condensing, air_cooled_c, cop_between
from simulators.plants.parameters import read
from simulators.plants.series import recurrence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_WATER_KJ_PER_KG_K = 4.19
_ICE_KJ_PER_KG_K = 2.1


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One ice plant; [J] marks engineering judgement."""

    asset: str
    follows: str = ""  # asset whose production the ice is for
    ice_per_product: float = 0.5  # kg of ice a kg of product [J]
    idle_kg_per_h: float = 20.0  # ice that melts away and goes to other users [J]
    fill_hours: float = 5.0  # time constant of filling the silo [J]
    ice_c: float = -6.0  # flake ice as it falls [J]
    evaporating_c: float = -22.0  # of the drums [J]
    relative_efficiency: float = 0.85  # of its compressor against the fit for ammonia [J]
    auxiliaries_kwh_per_t: float = 9.0  # drums, pumps, screws and blowers [J]
    standby_kw: float = 0.6  # the silo's own cooling and controls [J]
    bleed: float = 0.06  # water drained against salts, a share of the ice [J]
    store_c: float = -5.0  # of the silo
    condensing: Condensing = field(default_factory=Condensing)


class IcePlants:
    """All ice plants of a port; each remembers what its silo lacks."""

    def __init__(self, plants: Sequence[Parameters]) -> None:
        self.plants = tuple(plants)
        self.deficit_kg: dict[str, NDArray[np.float64]] = {}  # by asset, (W or 1,)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day of all ice plants."""
        del worlds  # no measure touches the ice itself; production tells the worlds apart
        points: dict[str, Output] = {}
        given: dict[str, NDArray[np.float64]] = {}
        for plant in self.plants:
            made_kg_per_h, deficit_kg = self._filled(plant, day, flows)
            power_kw = _power_kw(plant, weather, made_kg_per_h)
            points |= {
                f"{plant.asset}/t_store": Level(plant.store_c + 0.5 * deficit_kg / (1000.0 + deficit_kg)),
                f"{plant.asset}/ice": _by_the_hour(day, made_kg_per_h[0] * day.step_h),
                f"{plant.asset}/water": Flow(made_kg_per_h * (1.0 + plant.bleed) * 1e-3 * day.step_h),
                f"{plant.asset}/power": Mean(power_kw),
                f"{plant.asset}/energy": Flow(power_kw * day.step_h),
            }
            given[f"electric_kw:{plant.asset}"] = power_kw
        return Made(outputs=points, flows=given)

    def _filled(
        self, plant: Parameters, day: Day, flows: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ice made [kg/h] and what the silo lacks at the ends of the steps [kg], (W or 1, n)."""
        produced = flows.get(f"production_kg_per_h:{plant.follows}", np.zeros((1, day.steps)))
        used = plant.ice_per_product * produced + plant.idle_kg_per_h
        at_rest = np.full(len(used), plant.idle_kg_per_h * plant.fill_hours)
        before = self.deficit_kg.get(plant.asset, at_rest)
        keep = 1.0 / (1.0 + day.step_h / plant.fill_hours)
        deficit = recurrence(np.full(day.steps, keep), keep * used * day.step_h, before)
        self.deficit_kg[plant.asset] = deficit[:, -1].copy()
        return deficit / plant.fill_hours, deficit


def specific_kwh_per_t(plant: Parameters, water_c: ArrayLike, air_c: ArrayLike) -> NDArray[np.float64]:
    """Return the electricity for a tonne of ice [kWh/t] from water and in air of so many °C; 63 from 12 °C in 12 °C."""
    taken = _WATER_KJ_PER_KG_K * np.asarray(water_c, np.float64) + FUSION_KJ_PER_KG - _ICE_KJ_PER_KG_K * plant.ice_c
    cop = cop_between(plant.evaporating_c, air_cooled_c(plant.condensing, air_c, 0.0), plant.relative_efficiency)
    rejected = taken * (1.0 + 1.0 / cop)
    fans = 1e-3 * plant.condensing.fan_w_per_kw * rejected
    return (taken / cop + fans) / 3.6 + plant.auxiliaries_kwh_per_t


def _power_kw(plant: Parameters, weather: Weather, made_kg_per_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the electricity [kW]."""
    water_c = 6.0 + 0.5 * weather.sea_c  # mains pipes lie in the ground, which swings half as much as the sea [J]
    power: NDArray[np.float64] = plant.standby_kw + 1e-3 * made_kg_per_h * specific_kwh_per_t(
        plant, water_c, weather.air_c
    )
    return power


def _by_the_hour(day: Day, kg: NDArray[np.float64]) -> Amounts:
    """Return what fell in each hour as an event at its end, from amounts a step (n,)."""
    hours = kg.reshape(24, -1).sum(axis=1)
    return Amounts(day.start_s + 3600 * np.arange(1, 25, dtype=np.int64), hours)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:  # noqa: ARG001 – ice has no luck of its own
    """Return the ice plants of a port's tables of type `ice_plant`.

    Raises
    ------
    ConfigurationError
        If a table has a parameter that is unknown or of the wrong type.
    """
    return IcePlants(read(Parameters, tables))
