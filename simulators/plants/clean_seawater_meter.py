"""The meter behind a clean seawater plant: it counts exactly what the users took, so it is read after them.

A user says how much it takes by the flow `clean_seawater_taken_m3:{its asset}` [m3 in each step].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Flow
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.together import Together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds


class CleanSeawaterMeter(Parameters, frozen=True, kw_only=True):
    """The parameters of the meter, and of the electricity that goes with what it counts."""

    users: tuple[str, ...]  # assets that take its water
    kwh_per_m3: float = 0.18  # filter and pressure to the users, 4 bar at 0.62 [kW.h/m3, J]
    lamps_kw: float = 2.4  # ultraviolet lamps while they burn [kW, J]


class _Meter:
    """One meter; it remembers nothing."""

    def __init__(self, parameters: CleanSeawaterMeter) -> None:
        self._own = parameters

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Count one day; needs the plant and all its users."""
        del worlds, weather
        own, asset = self._own, self._own.asset
        taken_m3 = np.zeros((1, day.steps))
        for user in own.users:
            taken_m3 = taken_m3 + flows[f"clean_seawater_taken_m3:{user}"]
        electric_kw = own.lamps_kw * flows[f"uv_on:{asset}"] + own.kwh_per_m3 * taken_m3 / day.step_h
        return Made(outputs={f"{asset}/volume": Flow(taken_m3)}, flows={f"electric_kw:{asset}": electric_kw})


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the clean seawater meters of a port; nothing about them is luck.

    Raises
    ------
    ConfigurationError
        If a table says something that a meter has not.
    """
    del seed
    return Together([_Meter(own) for own in read(CleanSeawaterMeter, tables)])
