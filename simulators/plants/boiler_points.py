"""From a boiler house's day to its points, and to what other plants need to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES
from simulators.outputs import Flow, Level, Mean, Switch
from simulators.physics.steam import (
    ATMOSPHERE_BAR,
    liquid_density_kg_per_m3,
    liquid_temperature_c,
    saturation_pressure_bar,
    siegert_percent_per_k,
)
from simulators.plant import Made
from simulators.plants.boiler import BoilerHouse, gas_m3
from simulators.plants.boiler_laws import carbon_monoxide_ppm
from simulators.plants.boiler_parameters import BoilerParameters
from simulators.plants.parameters import read
from simulators.plants.steam_network import Header, condensate_conductivity, trap_sound, trap_temperature
from simulators.plants.wander import Wander
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.plants.boiler import HouseDay
    from simulators.worlds import Worlds

    Array = NDArray[np.float64]

_WATCHED = 3  # traps with a monitor
_CYCLE_MINUTES = 10  # shortest cycle of a burner that cannot fire lower
_TIDE_KG = 1_500.0  # steam made between two openings of the blowdown valve [kg]
_AIR_OXYGEN = 20.9  # what the probe sees with the burner off [%]


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Boilers:
    """Build all boiler houses of a port; raises ConfigurationError where a table is wrong."""
    return Boilers([BoilerHouse(each, seed) for each in read(BoilerParameters, tables)], seed)


class Boilers:
    """All boiler houses of a port."""

    def __init__(self, houses: Sequence[BoilerHouse], seed: int) -> None:
        self.houses = [_Watched(house, seed) for house in houses]

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day of every house."""
        outputs: dict[str, Output] = {}
        made: dict[str, Array] = {}
        for watched in self.houses:
            found = watched.advance(day, worlds, weather, flows)
            outputs.update(found.outputs)
            made.update(found.flows)
        return Made(outputs=outputs, flows=made)


class _Watched:
    """A boiler house and what its sensors remember: header, blowdown, burner."""

    def __init__(self, house: BoilerHouse, seed: int) -> None:
        self.house = house
        self._header = Header()
        self._since_blowdown_kg: Array = np.zeros(1)  # (W or 1,)
        self._owed_minutes = 0.0  # of fire, by a burner that fires whole minutes
        names = [str(number + 1) for number in range(_WATCHED)]
        asset = house.parameters.asset
        self._monitors = [Wander(Stream.of(seed, "trap monitor", asset, name), 900) for name in names]
        self._purity = Wander(Stream.of(seed, "condensate", asset), 7_200)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day."""
        own = self.house.parameters
        found = self.house.advance(day, worlds, weather, flows)
        boiler = {**self._water_points(found, day), **self._fire_points(found, day)}
        network = {
            **_use_points(found),
            **self._condensate_points(found, day),
            **self._trap_points(found, weather, worlds, day),
        }
        return Made(
            outputs={
                **{f"{own.asset}/{name}": output for name, output in boiler.items()},
                **{f"{own.network_asset}/{name}": output for name, output in network.items()},
            },
            flows={
                f"electric_kw:{own.asset}": own.idle_kw + own.pump_kw * found.open + own.fan_kw * _opening(found),
                f"make_up_m3:{own.asset}": _m3_per_h(found.water.make_up, found.make_up_c) * day.step_h,
                f"steam_kg_per_h:{own.asset}": found.water.steam,
            },
        )

    def _water_points(self, found: HouseDay, day: Day) -> dict[str, Output]:
        """Return steam, feedwater, make-up and blowdown."""
        water, ends_c = found.water, found.boiler_c[np.newaxis, 1:]
        feed_c = liquid_temperature_c(found.tank_kj_per_kg)
        return {
            "p_steam": Level(np.maximum(0.0, saturation_pressure_bar(ends_c) - ATMOSPHERE_BAR)),
            "t_steam": Level(ends_c),
            "steam_flow": Mean(water.steam),
            "steam": Flow(water.steam * day.step_h),
            "feed_flow": Mean(_m3_per_h(water.feed, feed_c)),
            "t_feed": Level(feed_c),
            "make_up": Flow(_m3_per_h(water.make_up, found.make_up_c) * day.step_h),
            "blowdown": Level(self._boiler_conductivity(water.steam * day.step_h)),
        }

    def _boiler_conductivity(self, steam_kg: Array) -> Array:
        """Return the conductivity of the boiler water at the steps’ ends [mS/cm]: it rises until drained."""
        made = self._since_blowdown_kg[:, np.newaxis] + np.cumsum(steam_kg, axis=1)
        place = (made % _TIDE_KG) / _TIDE_KG
        self._since_blowdown_kg = made[:, -1] % _TIDE_KG
        conductivity: Array = self.house.parameters.solids.boiler * (0.97 + 0.06 * place)
        return conductivity

    def _fire_points(self, found: HouseDay, day: Day) -> dict[str, Output]:
        """Return gas and flue gas; a probe sees a mixture where the burner fires for a part of the step only."""
        own = self.house.parameters
        on = np.minimum(1.0, found.fire.load / own.turn_down)
        flue_c = own.room_c + 100.0 * (1.0 - found.fire.efficiency) / siegert_percent_per_k(found.fire.oxygen)
        resting_c = own.room_c + 0.7 * (found.boiler_c[1:] - own.room_c)
        return {
            "gas": Flow(gas_m3(found.fire.gas_kw, day)),
            "o2": Mean(_AIR_OXYGEN + on * (found.fire.oxygen - _AIR_OXYGEN)),
            "co": Mean(on * carbon_monoxide_ppm(found.fire.oxygen, found.fire.load)),
            "t_flue": Mean(resting_c + on * (flue_c - resting_c)),
            "burner": Mean(100.0 * _opening(found)),
            "burner_on": Switch(self._burner_minutes(on[0])),
        }

    def _burner_minutes(self, on: Array) -> Array:
        """Return by the minute (1440,) whether the burner fires, from the share of each step that it does (n,).

        In each cycle it fires first and pauses then; parts of minutes are owed to the next cycle.
        """
        shares = np.repeat(on, MINUTES // len(on)).reshape(-1, _CYCLE_MINUTES)
        due = self._owed_minutes + np.cumsum(shares.sum(axis=1)) + 1e-9
        fires = np.diff(np.floor(due), prepend=0.0)
        self._owed_minutes = float(due[-1] % 1.0)
        minutes: Array = (np.arange(_CYCLE_MINUTES) < fires[:, np.newaxis]).astype(np.float64)
        return minutes.reshape(-1)

    def _condensate_points(self, found: HouseDay, day: Day) -> dict[str, Output]:
        """Return what comes back."""
        own = self.house.parameters
        return {
            "condensate_flow": Mean(_m3_per_h(found.network.condensate, found.network.condensate_c)),
            "t_condensate": Mean(found.network.condensate_c[np.newaxis]),
            "condensate_conductivity": Mean(
                condensate_conductivity(own, found.network.dumped, self._purity.at(day.middles_s))
            ),
        }

    def _trap_points(self, found: HouseDay, weather: Weather, worlds: Worlds, day: Day) -> dict[str, Output]:
        """Return the header and the first traps of the house, which have monitors."""
        own, traps = self.house.parameters, self.house.traps
        share = worlds.share("trap_repair", own.asset)
        before, after = traps.unrepaired(day.number), traps.repaired(day.number, surveyed=bool(share.any()))
        header_c = self._header.advance(found.open, found.boiler_c[1:], weather.air_c, day)
        points: dict[str, Output] = {"t_header": Level(header_c[np.newaxis])}
        for number, monitor in enumerate(self._monitors[: own.traps]):
            restless = monitor.at(day.middles_s)
            state = np.where(share >= (number + 0.5) / _WATCHED, after[number], before[number])  # one after the other
            name = f"trap_{number + 1}"
            points[f"{name}_t"] = Mean(trap_temperature(state, header_c, weather.air_c, restless))
            points[f"{name}_sound"] = Mean(trap_sound(state, found.open, restless))
        return points


def _use_points(found: HouseDay) -> dict[str, Output]:
    """Return the steam of each use."""
    uses = found.network.uses
    return {
        "cooker_flow": Mean(uses.cooker),
        "retort_flow": Mean(uses.retort),
        "cleaning_flow": Mean(uses.cleaning),
    }


def _opening(found: HouseDay) -> Array:
    """Return how far the burner is open, 0 to 1."""
    return np.clip(found.fire.load, 0.0, 1.0)


def _m3_per_h(flow_kg_per_h: Array, temperature_c: Array) -> Array:
    """Return a flow of water by volume [m3/h]."""
    return flow_kg_per_h / liquid_density_kg_per_m3(temperature_c)
