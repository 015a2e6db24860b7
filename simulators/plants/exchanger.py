"""A seawater exchanger that cools a loop of fresh water: what the consumers reject goes to the sea, as far as it can.

A valve lets pass the seawater that carries the heat away at the wanted rise. The plates foul, faster in warm water, and
are cleaned by the calendar or earlier when too much conductance is lost (measure `cleaning_policy` lowers that loss).
A `leak` (happening, 0 to 1) lets seawater into the loop, where conductivity shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from simulators.outputs import Flow, Level, Mean
from simulators.physics.seawater import conductivity_ms_per_cm, heat_per_volume
from simulators.plant import Made
from simulators.plants.cleaning import since_cleaning
from simulators.plants.exchanger_laws import (
    WATER_KJ_PER_M3_K,
    clean_conductance,
    effectiveness,
    fouled_conductance,
    fouling_pace_per_day,
)
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import recurrence
from simulators.plants.together import Together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_S_PER_H = 3600.0


class Exchanger(Parameters, frozen=True, kw_only=True):
    """The parameters of a seawater exchanger."""

    intake: str  # asset of the pumping station
    branch: float = 0.6  # share of the station's flow that the open valve takes [1, J]
    loop_m3_per_h: float = 60.0  # flow of the loop, steady [J]
    loop_pump_kw: float = 4.0  # its pump [J]
    clean_kw_per_k: float = 100.0  # UA of the clean exchanger at the nominal flow [J]
    nominal_m3_per_h: float = 60.0  # sea-side flow at which that holds
    clean_drop_bar: float = 0.40  # sea-side pressure drop there, clean [J]
    drop_by_fouling: float = 0.6  # what full fouling adds to it, as a share [J]
    fouled_loss: float = 0.35  # share of UA that fouling takes in the end, at nominal flow [0.30 to 0.40, domain brief]
    days_at_15_c: float = 81.0  # τ of fouling at 15 °C: 60 days in summer, 150 in winter [domain brief]
    interval_days: int = 120  # cleaned at least so often [J]
    limit_loss: float = 0.35  # loss of UA at which it is cleaned earlier [J]
    policy_limit_loss: float = 0.12  # the same with the cleaning policy in force [J]
    cleaning_hour: int = 4  # cleaned from this hour on [h UTC]
    cleaning_h: int = 3  # for so long; no seawater flows meanwhile [h, J]
    wanted_rise_k: float = 5.0  # of the seawater; the permit ends there [K, J]
    minimum_opening: float = 0.3  # of the valve [1, J]
    base_kw: float = 60.0  # heat of the loop at rest: oil coolers, air conditioning [kW, J]
    weather_kw_per_k: float = 6.0  # and for each K of air above 15 °C [kW/K, J]
    consumers: dict[str, float] = msgspec.field(default_factory=dict)  # production asset → heat for each tonne [kW.h/t]
    rest_c: float = 20.0  # what the loop drifts to while no seawater flows: a standby cools the consumers [°C, J]
    rest_h: float = 1.5  # time in which it does, and the water left in the plates follows the sea [h, J]
    return_limit_c: float = 30.0  # the loop comes back no warmer: consumers then reject less [°C, J]
    loop_m3: float = 25.0  # volume of the loop [m3, J]
    loop_ms_per_cm: float = 0.60  # conductivity of its water [mS/cm, J]
    loop_renewal_days: float = 20.0  # bleed and make-up replace the loop's water in so long [d, J]
    leak_m3_per_h: float = 0.008  # seawater through a leak of 1 [m3/h, J]


class _Heat(NamedTuple):
    """What an exchanger does, step by step (W or 1, n)."""

    sea_m3_per_h: NDArray[np.float64]
    valve: NDArray[np.float64]  # 0 to 1
    kw: NDArray[np.float64]
    sea_out_c: NDArray[np.float64]
    loop_in_c: NDArray[np.float64]
    loop_out_c: NDArray[np.float64]


class _Standing(NamedTuple):
    """The last temperatures of a day (W or 1,) [°C]: where they drift from if no seawater flows in the next."""

    sea_out_c: NDArray[np.float64]
    loop_c: NDArray[np.float64]


class _Plates:
    """One exchanger from day to day."""

    def __init__(self, parameters: Exchanger) -> None:
        self._own = parameters
        self._growing = np.full((1,), 0.3)  # integral of dt/τ since the cleaning (W,)
        self._loop_ms_per_cm = np.full((1,), parameters.loop_ms_per_cm)  # (W,)
        lost = parameters.fouled_loss
        self._standing = _Standing(sea_out_c=np.full((1,), 12.0), loop_c=np.full((1,), parameters.rest_c))
        self._final_k_per_kw = lost / (1.0 - lost) / parameters.clean_kw_per_k  # R∞ [K/kW]

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs the pumping station and the production of the consumers."""
        own, asset = self._own, self._own.asset
        fouling, closed = self._foul(day, worlds, weather)
        offered = own.branch * flows[f"seawater_flow_m3_per_h:{own.intake}"] * (1.0 - closed)
        heat = self._stand(day, self._exchange(self._load_kw(weather, flows), offered, fouling, weather), weather)
        drop = own.clean_drop_bar * (heat.sea_m3_per_h / own.nominal_m3_per_h) ** 2
        outputs: dict[str, Output] = {
            f"{asset}/t_sea_in": Mean(weather.sea_c[None]),
            f"{asset}/t_sea_out": Mean(heat.sea_out_c),
            f"{asset}/t_loop_in": Mean(heat.loop_in_c),
            f"{asset}/t_loop_out": Mean(heat.loop_out_c),
            f"{asset}/flow_sea": Mean(heat.sea_m3_per_h),
            f"{asset}/flow_loop": Mean(np.full((1, day.steps), own.loop_m3_per_h)),
            f"{asset}/dp_sea": Mean(drop * (1.0 + own.drop_by_fouling * fouling)),
            f"{asset}/conductivity_loop": Level(self._mix(day, worlds, weather)),
            f"{asset}/valve": Mean(100.0 * heat.valve),
            f"{asset}/heat": Flow(heat.kw * day.step_h),
        }
        return Made(
            outputs=outputs,
            flows={
                f"heat_rejected_kw:{asset}": heat.kw,
                f"electric_kw:{asset}": np.full((1, day.steps), own.loop_pump_kw),
            },
        )

    def _load_kw(self, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the heat that the loop's consumers would reject (W or 1, n) [kW]."""
        own = self._own
        load = (own.base_kw + own.weather_kw_per_k * np.maximum(weather.air_c - 15.0, 0.0))[None]
        for asset, kwh_per_t in own.consumers.items():
            load = load + flows[f"production_kg_per_h:{asset}"] * kwh_per_t / 1000.0
        return load

    def _foul(self, day: Day, worlds: Worlds, weather: Weather) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return fouling as a share of its final value, and whether it is being cleaned, both (W or 1, n)."""
        own = self._own
        grown = fouling_pace_per_day(weather.sea_c, own.days_at_15_c)[None] * day.step_h / 24.0
        fouling_now = 1.0 - np.exp(-self._growing)
        loss = 1.0 - 1.0 / (1.0 + own.clean_kw_per_k * self._final_k_per_kw * fouling_now)
        policy = worlds.share("cleaning_policy", own.asset)[:, 0]
        limit = own.limit_loss + policy * (own.policy_limit_loss - own.limit_loss)
        cleans = (loss > limit) | (day.number % own.interval_days == 0)
        hours = (day.starts_s - day.start_s) // 3600
        busy = (hours >= own.cleaning_hour) & (hours < own.cleaning_hour + own.cleaning_h)
        grown = grown * ~(cleans[:, None] & busy)
        growing = since_cleaning(day, own.cleaning_hour, self._growing, grown, cleans)
        self._growing = growing[:, -1]
        return 1.0 - np.exp(-(growing - 0.5 * grown)), (cleans[:, None] & busy).astype(np.float64)

    def _exchange(
        self, load_kw: NDArray[np.float64], offered: NDArray[np.float64], fouling: NDArray[np.float64], weather: Weather
    ) -> _Heat:
        """Return flows and temperatures for a load (W or 1, n) [kW] and the seawater on offer [m3/h]."""
        own = self._own
        sea_kj = heat_per_volume(weather.salinity_psu, weather.sea_c)
        flowing = offered > 1e-9
        wanted = load_kw * _S_PER_H / (sea_kj * own.wanted_rise_k)
        valve = np.clip(wanted / np.where(flowing, offered, 1.0), own.minimum_opening, 1.0) * flowing
        sea = valve * offered
        sea_kw_per_k = np.where(flowing, sea * sea_kj / _S_PER_H, 1.0)
        loop_kw_per_k = own.loop_m3_per_h * WATER_KJ_PER_M3_K / _S_PER_H
        least = np.minimum(sea_kw_per_k, loop_kw_per_k)
        clean = clean_conductance(np.where(flowing, sea, 1.0), own.clean_kw_per_k, own.nominal_m3_per_h)
        conductance = fouled_conductance(clean, self._final_k_per_kw * fouling)
        reach = effectiveness(conductance / least, least / np.maximum(sea_kw_per_k, loop_kw_per_k)) * least
        able_kw = np.maximum(reach * (own.return_limit_c - weather.sea_c), 0.0)
        kw = np.where(flowing, np.minimum(load_kw, able_kw), 0.0)
        loop_in = weather.sea_c + kw / reach
        return _Heat(
            sea_m3_per_h=sea,
            valve=valve,
            kw=kw,
            sea_out_c=weather.sea_c + kw / sea_kw_per_k,
            loop_in_c=loop_in,
            loop_out_c=loop_in - kw / loop_kw_per_k,
        )

    def _stand(self, day: Day, heat: _Heat, weather: Weather) -> _Heat:
        """Return the same with the temperatures of standing water drifting instead of jumping."""
        before, keep = self._standing, np.exp(-day.step_h / self._own.rest_h)
        shape = (max(len(before.loop_c), len(heat.loop_out_c)), day.steps)
        sea_out, loop_in, loop_out = (
            np.array(np.broadcast_to(each, shape)) for each in (heat.sea_out_c, heat.loop_in_c, heat.loop_out_c)
        )
        flowing = np.broadcast_to(heat.sea_m3_per_h > 0.0, shape)
        for step in np.flatnonzero(~flowing.all(axis=0)):
            moves = flowing[:, step]
            if step:
                before = _Standing(sea_out[:, step - 1], loop_out[:, step - 1])
            sea_c, rest_c = weather.sea_c[step], self._own.rest_c
            sea_out[:, step] = np.where(moves, sea_out[:, step], sea_c + keep * (before.sea_out_c - sea_c))
            drifted = rest_c + keep * (before.loop_c - rest_c)
            loop_in[:, step] = np.where(moves, loop_in[:, step], drifted)
            loop_out[:, step] = np.where(moves, loop_out[:, step], drifted)
        self._standing = _Standing(sea_out[:, -1].copy(), loop_out[:, -1].copy())
        return heat._replace(sea_out_c=sea_out, loop_in_c=loop_in, loop_out_c=loop_out)

    def _mix(self, day: Day, worlds: Worlds, weather: Weather) -> NDArray[np.float64]:
        """Return the loop's conductivity at the ends of the steps (W or 1, n) [mS/cm]: a mixed tank."""
        own = self._own
        renewed = day.step_h / (24.0 * own.loop_renewal_days)
        leaked = np.clip(worlds.happening("leak", own.asset), 0.0, 1.0) * own.leak_m3_per_h * day.step_h / own.loop_m3
        sea = conductivity_ms_per_cm(weather.salinity_psu, 25.0)[None]  # the probe reports at 25 °C
        keep = 1.0 / (1.0 + renewed + leaked)
        levels = recurrence(keep, keep * (renewed * own.loop_ms_per_cm + leaked * sea), self._loop_ms_per_cm)
        self._loop_ms_per_cm = levels[:, -1]
        return levels


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the seawater exchangers of a port; nothing about them is luck.

    Raises
    ------
    ConfigurationError
        If a table says something that an exchanger has not.
    """
    del seed
    return Together([_Plates(own) for own in read(Exchanger, tables)])
