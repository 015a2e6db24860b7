"""Dosing of hypochlorite into seawater: so much that a residual remains after what the water itself uses up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Level, Mean, Switch
from simulators.plant import Made
from simulators.plants.cleaning import since_cleaning
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import minutes_on
from simulators.plants.together import Together
from simulators.plants.wander import Wander
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_L_PER_M3 = 1000.0
_SPACING_S = 3 * 3600  # in which control wanders [s]


class Chlorination(Parameters, frozen=True, kw_only=True):
    """The parameters of a dosing station."""

    intake: str  # asset of the pumping station whose water is dosed
    residual_mg_per_l: float = 0.30  # free chlorine that is aimed at [J]
    demand_mg_per_l: float = 0.40  # used up by clear water at 12 °C [J]
    demand_per_ntu: float = 0.008  # and for each NTU [mg/L per NTU, J]
    demand_per_k: float = 0.03  # and more for each K, as a share of it [1/K, J]
    control_mg_per_l: float = 0.06  # by how far the residual wanders at most [J]
    strength_g_per_l: float = 150.0  # active chlorine of the hypochlorite, 12.5 % by volume
    tank_l: float = 500.0  # volume of the tank [L, J]
    refill_below: float = 30.0  # a delivery comes on the next working day [%, J]
    refill_to: float = 95.0  # [%, J]
    refill_hour: int = 10  # [h UTC]
    pump_kw: float = 0.1  # electrical power of the dosing pump [kW, J]


class _Station:
    """One dosing station from day to day."""

    def __init__(self, parameters: Chlorination, seed: int) -> None:
        self._own = parameters
        self._control = Wander(Stream.of(seed, "chlorine", parameters.asset), _SPACING_S)
        self._missing = np.full((1,), 40.0)  # share of the tank that is empty (W,) [%]

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs the flow of the pumping station."""
        own, asset = self._own, self._own.asset
        flow = flows[f"seawater_flow_m3_per_h:{own.intake}"]
        works = 1.0 - np.clip(worlds.happening("out_of_service", asset), 0.0, 1.0)
        doses = flows[f"seawater_available:{own.intake}"] * works * (self._missing < 100.0)[:, None]
        residual = own.residual_mg_per_l + own.control_mg_per_l * self._control.at(day.middles_s)
        dose_mg_per_l = self._demand(weather) + residual
        # [mg/L] is [g/m3]; over [g/L] it is litres for each m3.
        litres_per_h = dose_mg_per_l / own.strength_g_per_l * flow * (doses > 0.0)
        return Made(
            outputs={
                f"{asset}/hypochlorite_level": Level(100.0 - self._empty(day, litres_per_h)),
                f"{asset}/hypochlorite_flow": Mean(litres_per_h / _L_PER_M3),
                f"{asset}/pump_on": Switch(minutes_on(doses[0])),
            },
            flows={
                f"free_chlorine_mg_per_l:{asset}": residual * (doses > 0.0),
                f"electric_kw:{asset}": own.pump_kw * doses,
            },
        )

    def _demand(self, weather: Weather) -> NDArray[np.float64]:
        """Return the chlorine that the water uses up (n,) [mg/L]: more when it is turbid or warm."""
        own = self._own
        cold = own.demand_mg_per_l + own.demand_per_ntu * weather.turbidity_ntu
        demand: NDArray[np.float64] = cold * np.maximum(1.0 + own.demand_per_k * (weather.sea_c - 12.0), 0.0)
        return demand

    def _empty(self, day: Day, litres_per_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the empty share of the tank at the ends of the steps (W, n) [%], with the deliveries."""
        own = self._own
        weekday = (day.number + 3) % 7 < 5  # 1970-01-01 was a Thursday
        delivered = weekday & (self._missing > 100.0 - own.refill_below)
        used = litres_per_h * day.step_h / own.tank_l * 100.0
        empty = since_cleaning(day, own.refill_hour, self._missing, used, delivered, 100.0 - own.refill_to)
        self._missing = empty[:, -1]
        return np.minimum(empty, 100.0)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the dosing stations of a port.

    Raises
    ------
    ConfigurationError
        If a table says something that a dosing station has not.
    """
    return Together([_Station(own, seed) for own in read(Chlorination, tables)])
