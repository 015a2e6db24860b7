"""Smoking kilns on gas: they come up before the shift, dry and smoke the fish, and cool down after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Flow, Level
from simulators.physics.steam import GAS_LHV_KWH_PER_M3
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import recurrence
from simulators.plants.together import Together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_EVAPORATION_KWH_PER_KG = 0.68  # 2.45 MJ/kg


class Smoking(Parameters, frozen=True, kw_only=True):
    """The parameters of the smoking kilns of a plant, all taken together."""

    working_c: float = 72.0  # in the kilns at work: hot smoking [°C, J]
    resting_c: float = 18.0  # of the hall, and of the kilns at rest [°C, J]
    reach_h: float = 0.5  # time in which the kilns follow the burner up, and cool when it is off [h, J]
    heat_kwh_per_k: float = 0.8  # stored in walls and trolleys [kW.h/K; 1.6 kW/K over half an hour, J]
    wall_kw_per_k: float = 0.25  # through the walls [kW/K, J]
    air_kw_per_k: float = 0.55  # with the exhaust while at work [kW/K, J]
    fish_kwh_per_kg_k: float = 0.00095  # heat capacity of fish [kW.h/(kg K), 3.4 kJ/(kg K)]
    warming_k: float = 60.0  # by which the fish is warmed [K, J]
    drying: float = 0.12  # water that evaporates, as a share of the product [1, J]
    burner_efficiency: float = 0.88  # of the lower heating value [1, J]
    fan_kw: float = 12.0  # fans and smoke generators at work [kW, J]


class _Kilns:
    """The kilns of one plant from day to day."""

    def __init__(self, parameters: Smoking) -> None:
        self._own = parameters
        self._kiln_c = np.full((1,), parameters.resting_c)  # (W,)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs the production that it smokes."""
        del worlds, weather
        own, asset = self._own, self._own.asset
        product = flows[f"production_kg_per_h:{asset}"]
        work = flows[f"at_work:{asset}"]
        kiln_c, stored_kw = self._temperatures(day, work)
        lost_kw = (own.wall_kw_per_k + own.air_kw_per_k * work) * (kiln_c - own.resting_c)
        fish_kw = product * (own.fish_kwh_per_kg_k * own.warming_k + own.drying * _EVAPORATION_KWH_PER_KG)
        burner_kw = np.maximum(stored_kw + lost_kw + fish_kw, 0.0)
        gas_m3 = burner_kw * day.step_h / (own.burner_efficiency * GAS_LHV_KWH_PER_M3)
        return Made(
            outputs={f"{asset}/kiln_volume": Flow(gas_m3), f"{asset}/t_kiln": Level(kiln_c)},
            flows={f"electric_kw:{asset}": own.fan_kw * work, f"kiln_kw:{asset}": burner_kw},
        )

    def _temperatures(self, day: Day, work: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the temperature at the ends of the steps [°C] and the heat stored in each [kW], (W or 1, n).

        They follow the wanted temperature as a first-order lag. At rest their doors stand open: what they stored
        goes to the hall, and the burner is off.
        """
        own = self._own
        wanted = own.resting_c + work * (own.working_c - own.resting_c)
        keep = np.full(work.shape, np.exp(-day.step_h / own.reach_h))
        kiln_c = recurrence(keep, (1.0 - keep) * wanted, self._kiln_c)
        before = np.concatenate((np.broadcast_to(self._kiln_c[:, None], (len(kiln_c), 1)), kiln_c[:, :-1]), axis=-1)
        self._kiln_c = kiln_c[:, -1]
        return kiln_c, own.heat_kwh_per_k * (kiln_c - before) / day.step_h


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the smoking kilns of a port; nothing about them is luck.

    Raises
    ------
    ConfigurationError
        If a table says something that a kiln has not.
    """
    del seed
    return Together([_Kilns(own) for own in read(Smoking, tables)])
