"""Hot water of a plant: a tank, a gas boiler, and (measure `heat_pump`) a heat pump that draws heat from the sea.

Use follows production and the washing of the shift. The tank is the same in all worlds: the measure decides who heats
it. Once a week the boiler makes it hotter than the heat pump can, against legionella. The gas meter counts the boiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.outputs import Flow, Level, Mean
from simulators.physics.seawater import heat_per_volume
from simulators.physics.steam import GAS_LHV_KWH_PER_M3
from simulators.plant import Made
from simulators.plants.cold_water import cold_water_c
from simulators.plants.hot_water_laws import WATER_KWH_PER_M3_K, Tank, coefficient_of_performance
from simulators.plants.parameters import Parameters, read
from simulators.plants.together import Together
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_S_PER_H = 3600.0


class HotWater(Parameters, frozen=True, kw_only=True):
    """The parameters of a hot-water plant."""

    production: str  # asset whose production and shifts use the water
    gas: str  # asset of the gas meter whose `volume` is this boiler's
    intake: str  # asset of the pumping station that feeds the heat pump
    litres_per_kg: float = 3.0  # hot water for each kg of product [L/kg, J]
    washing_m3_per_h: float = 0.6  # and while people are at work [m3/h, J]
    use_luck: float = 0.08  # standard deviation of the logarithm of a day's use [1, J]
    tank_m3: float = 8.0  # [J]
    tank_top_c: float = 62.0  # temperature at which the heater stops [°C; 60 °C held, J]
    band_k: float = 4.0  # below it the heater gives more and more [K, J]
    hygiene_top_c: float = 72.0  # the same in the weekly hygiene run [°C, J]
    hygiene_weekday: int = 6  # Monday is 0
    hygiene_from_h: int = 1  # [h UTC]
    hygiene_h: int = 2  # [h]
    loss_kw_per_k: float = 0.15  # of tank and circulation [kW/K; 6 kW at 60 °C, J]
    circulation_m3_per_h: float = 2.0  # [J]
    circulation_kw: float = 0.4  # its pump [kW, J]
    room_c: float = 20.0  # [°C, J]
    heater_kw: float = 200.0  # boiler and heat pump together, or the boiler alone [kW, J]
    pump_kw: float = 90.0  # most heat that the heat pump gives [kW, J]
    source_m3_per_h: float = 16.0  # seawater through the heat pump [m3/h, J]
    source_least_c: float = 2.5  # seawater below which the heat pump stops: it would freeze in it [°C, J]
    source_pump_kw: float = 1.1  # its pump at that flow [kW, J]
    boiler_efficiency: float = 0.90  # of the lower heating value [1, J]


class _Made(NamedTuple):
    """Heat by maker, step by step [kW], (W or 1, n)."""

    pump_kw: NDArray[np.float64]  # heat of the heat pump
    boiler_kw: NDArray[np.float64]  # heat of the boiler
    electric_kw: NDArray[np.float64]  # heat pump with its source pump
    source_kw: NDArray[np.float64]  # heat from the sea


class _HotWater:
    """One hot-water plant from day to day."""

    def __init__(self, parameters: HotWater, seed: int) -> None:
        own = self._own = parameters
        self._luck = Stream.of(seed, "hot_water", own.asset)
        self._tank_c: list[float] = [own.tank_top_c - 1.0]  # one for each row of production
        self._tank = Tank(
            heat_kwh_per_k=own.tank_m3 * WATER_KWH_PER_M3_K,
            loss_kw_per_k=own.loss_kw_per_k,
            room_c=own.room_c,
            heater_kw=own.heater_kw,
            band_k=own.band_k,
        )

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs the production it serves and the pumping station."""
        own, asset = self._own, self._own.asset
        used_m3 = self._use(day, flows)
        hygiene = self._hygiene(day)
        tank_c, heat_kw = self._heat(day, used_m3, hygiene)
        made = self._share_out(worlds, heat_kw, hygiene, flows)
        sea_c = flows[f"seawater_c:{own.intake}"]
        sea_kw_per_k = own.source_m3_per_h * heat_per_volume(weather.salinity_psu, sea_c) / _S_PER_H
        lost_kw = own.loss_kw_per_k * (tank_c - own.room_c)
        gas_m3 = made.boiler_kw * day.step_h / (own.boiler_efficiency * GAS_LHV_KWH_PER_M3)
        return Made(
            outputs={
                f"{asset}/volume": Flow(used_m3),
                f"{asset}/t_tank": Level(tank_c),
                f"{asset}/t_return": Level(tank_c - lost_kw / (own.circulation_m3_per_h * WATER_KWH_PER_M3_K)),
                f"{asset}/t_source_in": Mean(sea_c),
                f"{asset}/t_source_out": Mean(sea_c - made.source_kw / sea_kw_per_k),
                f"{asset}/heat": Flow(made.pump_kw * day.step_h),
                f"{asset}/energy": Flow(made.electric_kw * day.step_h),
                f"{own.gas}/volume": Flow(gas_m3),
            },
            flows={
                f"hot_water_m3:{asset}": used_m3,
                f"hot_water_kw:{asset}": heat_kw,
                f"electric_kw:{asset}": made.electric_kw + own.circulation_kw,
                f"seawater_demand_m3_per_h:{asset}": own.source_m3_per_h * made.pump_kw / own.pump_kw,
            },
        )

    def _use(self, day: Day, flows: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the hot water used (W or 1, n) [m3 in each step]."""
        own = self._own
        product = flows[f"production_kg_per_h:{own.production}"]
        washing = own.washing_m3_per_h * flows[f"at_work:{own.production}"]
        luck = np.exp(own.use_luck * self._luck.normal(day.number))
        used: NDArray[np.float64] = luck * (own.litres_per_kg / 1000.0 * product + washing) * day.step_h
        return used

    def _hygiene(self, day: Day) -> NDArray[np.bool_]:
        """Return whether the weekly hygiene run is on (n,)."""
        own = self._own
        hours = (day.starts_s - day.start_s) // 3600
        today = (day.number + 3) % 7 == own.hygiene_weekday  # 1970-01-01 was a Thursday
        return today & (hours >= own.hygiene_from_h) & (hours < own.hygiene_from_h + own.hygiene_h)

    def _heat(
        self, day: Day, used_m3: NDArray[np.float64], hygiene: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the tank's temperature at the ends of the steps and the heat made in them [kW], each (W or 1, n)."""
        own = self._own
        if len(self._tank_c) < len(used_m3):  # from here on worlds differ
            self._tank_c = self._tank_c * len(used_m3)
        tops = np.where(hygiene, own.hygiene_top_c, own.tank_top_c).tolist()
        colds = cold_water_c(day.middles_s).tolist()
        rows = [
            self._follow(row, tops, (draw * WATER_KWH_PER_M3_K).tolist(), colds, day.step_h)
            for row, draw in enumerate(np.broadcast_to(used_m3, (len(self._tank_c), day.steps)))
        ]
        series = np.array(rows)
        return series[:, 0], series[:, 1] / day.step_h

    def _follow(
        self, row: int, tops: list[float], draws: list[float], colds: list[float], step_h: float
    ) -> tuple[list[float], list[float]]:
        """Step one world's tank through the day: the thermostat is a feedback that only a loop follows."""
        tank_c, step = self._tank_c[row], self._tank.step
        levels, heats = [], []
        for top_c, draw, cold_c in zip(tops, draws, colds, strict=True):
            tank_c, heat_kwh = step(tank_c, top_c, draw, cold_c, step_h)
            levels.append(tank_c)
            heats.append(heat_kwh)
        self._tank_c[row] = tank_c
        return levels, heats

    def _share_out(
        self, worlds: Worlds, heat_kw: NDArray[np.float64], hygiene: NDArray[np.bool_],
        flows: Mapping[str, NDArray[np.float64]],
    ) -> _Made:  # fmt: skip
        """Return who makes the heat: the heat pump what it can where it is in force, the boiler the rest."""
        own = self._own
        there = worlds.share("heat_pump", own.asset) * flows[f"seawater_available:{own.intake}"] * ~hygiene
        there = there * (1.0 - np.clip(worlds.happening("out_of_service", own.asset), 0.0, 1.0))
        sea_c = flows[f"seawater_c:{own.intake}"]
        pump_kw = there * (sea_c >= own.source_least_c) * np.minimum(heat_kw, own.pump_kw)
        compressor_kw = pump_kw / coefficient_of_performance(sea_c)
        return _Made(
            pump_kw=pump_kw,
            boiler_kw=heat_kw - pump_kw,
            electric_kw=compressor_kw + own.source_pump_kw * pump_kw / own.pump_kw,
            source_kw=pump_kw - compressor_kw,
        )


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the hot-water plants of a port.

    Raises
    ------
    ConfigurationError
        If a table says something that a hot-water plant has not.
    """
    return Together([_HotWater(own, seed) for own in read(HotWater, tables)])
