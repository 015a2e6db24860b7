"""A boiler house: gas, feedwater, steam, what the network loses and what comes back.

The order of things: the shift says when there is pressure; production says how much steam is used, traps and lines how
much is lost; water, solids and heat in equal those out; what the burner must deliver follows, and the gas for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.steam import (
    ATMOSPHERE_BAR,
    GAS_LHV_KWH_PER_M3,
    liquid_enthalpy_kj_per_kg,
    orifice_kg_per_h,
    saturation_pressure_bar,
    saturation_temperature_c,
    vapour_enthalpy_kj_per_kg,
)
from simulators.plants.boiler_laws import (
    KJ_PER_KWH,
    WaterSide,
    blowdown_kg_per_h,
    efficiency,
    heat_taken_kw,
    oxygen_percent,
    water_side,
)
from simulators.plants.cold_water import cold_water_c
from simulators.plants.series import recurrence
from simulators.plants.shift_hours import AfterShift, at_work, before_shift
from simulators.plants.steam_network import Uses, contaminated, uses_of
from simulators.plants.traps import BLOWING, Traps
from simulators.plants.wander import Wander
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Weather
    from simulators.plants.boiler_parameters import BoilerParameters
    from simulators.worlds import Worlds

    Array = NDArray[np.float64]

_HUNTING_BAR = 0.05  # by which the pressure controller misses, either way [bar]
_HUNTING_S = 1_200  # from one way to the other [s]
_STANDBY_EFFICIENCY = 0.85  # of the short fires between shifts [1] [J]
_TANK_DROOP_K = 3.0  # by which the feed tank is colder at full load, as its valve is proportional [K] [J]
_REFERENCE_AIR_C = 12.0  # at which the losses of the lines are given [°C]
_HOT_BAR = 0.2  # from which traps leak [bar, gauge]
_FULL_KJ_PER_KG = 2_500.0  # between feedwater and steam, about [kJ/kg]
_KJ_PER_KG_K = 4.19  # of cold water


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """What the network does in a day, (W or 1, n) unless said otherwise."""

    uses: Uses
    leak: Array  # through failed traps [kg/h]
    line: Array  # condensed in the lines [kg/h]
    blowing: Array  # failed traps that blow, blended by the share of the survey
    condensate: Array  # back at the feed tank [kg/h]
    condensate_c: Array  # (n,) [°C]
    dumped: Array  # share of the step in which the condensate is dumped (1, n)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fire:
    """What the burner does in a day, (W or 1, n)."""

    taken_kw: Array  # heat in steam and blowdown beyond that of the feedwater
    casing_kw: Array  # lost through the casing
    stored_kw: Array  # into the boiler's own water and steel, negative while it cools
    fired_kw: Array  # heat that the burner gives to the water: taken + casing + stored
    load: Array  # of the burner [1]
    oxygen: Array  # in the dry flue gas [%]
    efficiency: Array  # fired over gas [1]
    gas_kw: Array  # lower heating value


@dataclass(frozen=True, kw_only=True, eq=False)
class HouseDay:
    """One day of a boiler house: means over the steps."""

    open: Array  # 1 while the main valve is open, from start-up to the end of cleaning (n,)
    boiler_c: Array  # boiler water at the beginning and at the ends of the steps (n + 1,) [°C]
    make_up_c: Array  # (n,) [°C]
    network: Network
    water: WaterSide
    tank_kj_per_kg: Array  # of the water in the feed tank, at the ends of the steps (W or 1, n)
    tank_stored_kw: Array  # into that water, (W or 1, n)
    fire: Fire


class BoilerHouse:
    """One boiler house with its state: how warm the boiler is, who just left, which traps have failed."""

    def __init__(self, parameters: BoilerParameters, seed: int) -> None:
        self.parameters = parameters
        self.traps = Traps(parameters.trap_rates, parameters.traps, seed, parameters.asset)
        self._hunting = Wander(Stream.of(seed, "steam pressure", parameters.asset), _HUNTING_S)
        self._seed = seed
        self._cleaning = AfterShift(parameters.cleaning_h)
        self._steam_c = float(saturation_temperature_c(parameters.pressure_bar + ATMOSPHERE_BAR))
        self._boiler_c = self._steam_c
        self._tank_kj_per_kg: Array | None = None  # (W or 1,), where nothing heats it

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> HouseDay:
        """Simulate one day."""
        own = self.parameters
        work = at_work(flows, own.production)
        after = self._cleaning.advance(work, day)
        valve = (before_shift(work, own.start_up_h, day) + after > 0.0).astype(np.float64)
        boiler_c = self._boiler(valve, day)
        mean_c = 0.5 * (boiler_c[1:] + boiler_c[:-1])
        uses = uses_of(own, flows[f"production_kg_per_h:{own.production}"], after, day, self._seed)
        network = self._network(uses, valve, mean_c, worlds, weather, day)
        make_up_c = cold_water_c(day.middles_s)
        water, tank, tank_kw = self._water(network, mean_c, make_up_c, day)
        fire = self._fire(water, valve, boiler_c, worlds, day)
        return HouseDay(
            open=valve,
            boiler_c=boiler_c,
            make_up_c=make_up_c,
            network=network,
            water=water,
            tank_kj_per_kg=tank,
            tank_stored_kw=tank_kw,
            fire=fire,
        )

    def _boiler(self, valve: Array, day: Day) -> Array:
        """Return the boiler water's temperature [°C] at the beginning and at the ends of the steps (n + 1,).

        With the valve open it rises as fast as it may to what the pressure set point asks for; with the valve shut it
        cools through the casing against the standby fire.
        """
        own = self.parameters
        hunting = _HUNTING_BAR * self._hunting.at(day.starts_s + day.step_s)
        target = saturation_temperature_c(own.pressure_bar + ATMOSPHERE_BAR + hunting).tolist()
        per_k = own.casing_kw / (self._steam_c - own.room_c)  # casing [kW/K]
        rest = own.room_c + _STANDBY_EFFICIENCY * own.standby_kw / per_k
        keep = float(np.exp(-day.step_h * per_k / own.heat_kwh_per_k))
        rise = own.heat_up_k_per_h * day.step_h
        now = self._boiler_c
        found = [now]
        for is_open, wanted in zip((valve > 0.0).tolist(), target, strict=True):
            now = min(wanted, now + rise) if is_open else rest + (now - rest) * keep
            found.append(now)
        self._boiler_c = now
        return np.array(found)

    def _network(self, uses: Uses, valve: Array, mean_c: Array, worlds: Worlds, weather: Weather, day: Day) -> Network:
        """Return what traps and lines lose and what condensate comes back."""
        own = self.parameters
        share = worlds.share("trap_repair", own.asset)
        found = float((self.traps.unrepaired(day.number) == BLOWING).sum())
        left = float((self.traps.repaired(day.number, surveyed=bool(share.any())) == BLOWING).sum())
        blowing = found + share * (left - found)
        absolute = saturation_pressure_bar(mean_c)
        under_pressure = valve * (absolute > ATMOSPHERE_BAR + _HOT_BAR)
        line_kw = _blend(worlds, "insulation", own.asset, (own.line_kw, own.insulated_line_kw))
        drop = (mean_c - weather.air_c) / (self._steam_c - _REFERENCE_AIR_C)
        condensing = vapour_enthalpy_kj_per_kg(mean_c) - liquid_enthalpy_kj_per_kg(mean_c)
        dumped = contaminated(own, day, self._seed)
        caught = _blend(worlds, "condensate_return", own.asset, (own.condensate_share, own.improved_condensate_share))
        return Network(
            uses=uses,
            leak=blowing * own.trap_discharge * under_pressure * orifice_kg_per_h(absolute, own.trap_mm),
            line=line_kw * np.maximum(drop, 0.0) * valve * KJ_PER_KWH / condensing,
            blowing=blowing,
            condensate=caught * (1.0 - own.flash_share) * (1.0 - dumped) * uses.condensing,
            condensate_c=own.condensate_c + 0.1 * (weather.air_c - _REFERENCE_AIR_C),
            dumped=dumped,
        )

    def _water(self, network: Network, mean_c: Array, make_up_c: Array, day: Day) -> tuple[WaterSide, Array, Array]:
        """Return the flows around the feed tank, the water in it [kJ/kg] and the heat that goes into it [kW]."""
        own = self.parameters
        used = network.uses.total + network.leak + network.line
        enthalpies = (
            vapour_enthalpy_kj_per_kg(mean_c),
            liquid_enthalpy_kj_per_kg(network.condensate_c),
            liquid_enthalpy_kj_per_kg(make_up_c),
        )
        blowdown = blowdown_kg_per_h(used, network.condensate, own.solids)
        if own.tank_c:
            full = KJ_PER_KWH * own.rated_kw / _FULL_KJ_PER_KG
            held = liquid_enthalpy_kj_per_kg(own.tank_c - _TANK_DROOP_K * np.minimum(1.0, used / full))
            return water_side(used, network.condensate, blowdown, enthalpies, held), held, 0.0 * held
        mixed = water_side(used, network.condensate, blowdown, enthalpies)
        before, after = self._tank(mixed, day)
        stored = own.tank_kg * (after - before) / day.step_h  # [kJ/h]
        fed = mixed.feed_kj_per_kg - stored / np.maximum(mixed.feed, 1e-9)
        return replace(mixed, feed_kj_per_kg=fed), after, stored / KJ_PER_KWH

    def _tank(self, mixed: WaterSide, day: Day) -> tuple[Array, Array]:
        """Return the water in a feed tank that nothing heats [kJ/kg], at the beginnings and the ends of the steps.

        What comes in mixes with what is there, and as much leaves; while nothing comes it stays as it is.
        """
        keep, entering = np.broadcast_arrays(
            np.exp(-mixed.feed * day.step_h / self.parameters.tank_kg), mixed.feed_kj_per_kg
        )
        if self._tank_kj_per_kg is None:
            share = self.parameters.condensate_share * (1.0 - self.parameters.flash_share)
            self._tank_kj_per_kg = np.full(
                1, _KJ_PER_KG_K * (share * self.parameters.condensate_c + (1 - share) * 12.0)
            )
        start = np.broadcast_to(self._tank_kj_per_kg, keep.shape[:1])
        after = recurrence(keep, (1.0 - keep) * entering, start)
        self._tank_kj_per_kg = after[:, -1]
        return np.concatenate((start[:, np.newaxis], after[:, :-1]), axis=1), after

    def _fire(self, water: WaterSide, valve: Array, boiler_c: Array, worlds: Worlds, day: Day) -> Fire:
        """Close the balance of heat: what was taken, lost and stored must have been fired."""
        own = self.parameters
        mean_c = 0.5 * (boiler_c[1:] + boiler_c[:-1])
        taken = heat_taken_kw(water, vapour_enthalpy_kj_per_kg(mean_c), liquid_enthalpy_kj_per_kg(mean_c))
        stored = own.heat_kwh_per_k * np.diff(boiler_c) / day.step_h
        lost = own.casing_kw * (mean_c - own.room_c) / (self._steam_c - own.room_c)
        resting = _STANDBY_EFFICIENCY * own.standby_kw - stored  # the valve shut, the exponential says it exactly
        casing = np.where(valve > 0.0, lost, resting)
        fired = taken + casing + stored
        load = fired / own.rated_kw
        set_point = _blend(worlds, "excess_air", own.asset, (own.oxygen_percent, own.tuned_oxygen_percent))
        oxygen = oxygen_percent(set_point, load)
        share = np.where(valve > 0.0, efficiency(oxygen, load), _STANDBY_EFFICIENCY)
        return Fire(
            taken_kw=taken,
            casing_kw=casing,
            stored_kw=stored,
            fired_kw=fired,
            load=load,
            oxygen=oxygen,
            efficiency=share,
            gas_kw=fired / share,
        )


def gas_m3(gas_kw: Array, day: Day) -> Array:
    """Return the gas of each step at its normal state [m3] from its power [kW, lower heating value]."""
    volume: Array = gas_kw * day.step_h / GAS_LHV_KWH_PER_M3
    return volume


def _blend(worlds: Worlds, kind: str, asset: str, ends: tuple[float, float]) -> Array:
    """Return a parameter between as found and as improved (W or 1, n)."""
    return ends[0] + worlds.share(kind, asset) * (ends[1] - ends[0])
