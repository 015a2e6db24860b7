"""What the instruments of a cold room would show, from the states that the stepping has left.

Arrays are (L, n) here, by lane (see `cold_lanes`): points are series. Where a probe sits in the room is engineering
judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES
from simulators.outputs import Flow, Level, Mean, Switch
from simulators.physics import humid_air
from simulators.plants.series import recurrence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.outputs import Output
    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_parameters import Rooms
    from simulators.plants.cold_steps import Trace

_HACCP_S = 7200.0  # a probe in a bottle follows the air like a product: 1 to 3 h
_DOOR_S = 480.0  # the zone at the door recovers
_COIL_S = 300.0  # metal of the coils
_DOOR_SHARE = 0.25  # of the temperature difference that the zone at an open door takes up
_COIL_SPREAD_K = 2.0  # coils above the evaporating temperature at full load
_DEFROSTED_C = 12.0  # where defrosting coils tend to
_DRYING_KG_PER_S = 2.0  # air that the coils dry at full load [kg/s]
_FAR_K = 0.3  # the far end above the return


@dataclass(frozen=True, kw_only=True, eq=False)
class Probes:
    """What slow probes remember, each (W, R)."""

    haccp_c: NDArray[np.float64]
    door_k: NDArray[np.float64]  # zone at the door above the room
    coil_c: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """What can be seen of all rooms in one day, each (L, n)."""

    air_c: NDArray[np.float64]
    door_c: NDArray[np.float64]
    stock_c: NDArray[np.float64]
    haccp_c: NDArray[np.float64]
    set_point_c: NDArray[np.float64]
    humidity: NDArray[np.float64]  # [%]
    coil_c: NDArray[np.float64]
    blown_c: NDArray[np.float64]  # air that leaves the evaporators
    evaporating_c: NDArray[np.float64]
    evaporator_kw: NDArray[np.float64]
    defrost: NDArray[np.float64]  # share of the step
    fan_kw: NDArray[np.float64]
    heater_kw: NDArray[np.float64]  # electric ones alone
    probes: Probes  # at the end of the day


def first_probes(air_c: NDArray[np.float64], stock_c: NDArray[np.float64]) -> Probes:
    """Return probes at rest in rooms with these temperatures (W, R) [°C]."""
    return Probes(haccp_c=_mixed(air_c, stock_c), door_k=np.zeros(air_c.shape), coil_c=air_c.copy())


def show(rooms: Rooms, drivers: Drivers, doors: Exchange, trace: Trace, before: Probes, step_s: int) -> Shown:
    """Return the day as instruments would show it, from what there is by lane, (n, 1, L)."""
    air, cold, defrost = _series(trace.air_c), _series(trace.evaporator_kw), _series(trace.defrost)
    stock, fans = _series(trace.stock_c), _series(trace.fan_kw)
    set_point = _series(drivers.set_point_c)
    evaporating = set_point - _of(rooms, "coil_difference_k") / _series(trace.conductance)
    load = cold / _of(rooms, "evaporator_kw")
    running = np.maximum(fans / _series(drivers.fan_kw), 0.1)
    resting_coil = np.where(cold > 0.0, evaporating + _COIL_SPREAD_K * load, air)
    coil = _follow(resting_coil + defrost * (_DEFROSTED_C - resting_coil), before.coil_c[0], _COIL_S, step_s)
    door_k = _follow(
        _DOOR_SHARE * _series(drivers.door) * (_series(drivers.door_c) - air), before.door_k[0], _DOOR_S, step_s
    )
    haccp = _follow(_mixed(air, stock), before.haccp_c[0], _HACCP_S, step_s)
    return Shown(
        air_c=air,
        door_c=air + door_k,
        stock_c=stock,
        haccp_c=haccp,
        set_point_c=set_point,
        humidity=_humidity(rooms, drivers, doors, air, load),
        coil_c=coil,
        blown_c=air - cold / (_of(rooms, "air_kw_per_k") * running),
        evaporating_c=evaporating,
        evaporator_kw=cold,
        defrost=defrost,
        fan_kw=fans,
        heater_kw=_series(trace.heater_kw) * _of(rooms, "defrost_electric"),
        probes=Probes(haccp_c=haccp[None, :, -1], door_k=door_k[None, :, -1], coil_c=coil[None, :, -1]),
    )


def room_points(asset: str, rows: list[int], shown: Shown, step_h: float) -> dict[str, Output]:
    """Return the points of the room in these lanes (W or 1 of them, world 0 first), by key."""
    air, door = shown.air_c[rows], shown.door_c[rows]
    fan_kw, heater_kw = shown.fan_kw[rows], shown.heater_kw[rows]
    points: dict[str, Output] = {
        "t_return": Level(air),
        "t_door": Level(door),
        "t_far": Level(air + _FAR_K + 0.2 * (door - air)),
        "t_product": Level(shown.stock_c[rows]),
        "t_haccp": Level(shown.haccp_c[rows]),
        "setpoint": Mean(shown.set_point_c[rows]),
        "humidity": Level(shown.humidity[rows]),
        "t_coil": Level(shown.coil_c[rows]),
        "t_evaporating": Level(shown.evaporating_c[rows]),
        "t_evap_in": Level(air),
        "t_evap_out": Level(shown.blown_c[rows]),
        "fan_power": Mean(fan_kw),
        "defrost_power": Mean(heater_kw),
        "defrost": Switch(minutes_of(shown.defrost[rows[0]])),
        "evaporator_energy": Flow((fan_kw + heater_kw) * step_h),
    }
    return {f"{asset}/{name}": output for name, output in points.items()}


def minutes_of(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a state by the minute (1440,) from its share of each step (n,): on first, then off."""
    within = MINUTES // len(share)
    return (((np.arange(within) + 0.5) / within) < share[:, None]).astype(np.float64).ravel()


def _humidity(
    rooms: Rooms, drivers: Drivers, doors: Exchange, air_c: NDArray[np.float64], load: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the relative humidity [%]: what the doors bring mixes with what the coils have dried."""
    pressure_bar = _series(drivers.pressure_bar)
    at_rest = humid_air.humidity_ratio(air_c, _of(rooms, "humidity"), pressure_bar)
    let_in = _series(doors.air_kg_per_s)
    mixed = let_in / (let_in + _DRYING_KG_PER_S * (0.2 + load))
    ratio = at_rest + mixed * (_series(drivers.door_ratio) - at_rest)
    return humid_air.relative_humidity(air_c, ratio, pressure_bar)


def _mixed(air_c: NDArray[np.float64], stock_c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the HACCP probe tends to: it hangs beside the product."""
    return 0.7 * air_c + 0.3 * stock_c


def _follow(
    target: NDArray[np.float64], before: NDArray[np.float64], time_s: float, step_s: int
) -> NDArray[np.float64]:
    """Return what follows a target (…, n) with a time constant [s], at the ends of the steps (backward Euler)."""
    keep = 1.0 / (1.0 + step_s / time_s)
    return recurrence(np.full(target.shape[-1], keep), (1.0 - keep) * target, before)


def _series(steps_first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 1, L) as (L, n)."""
    return np.ascontiguousarray(steps_first[:, 0].T)


def _of(rooms: Rooms, name: str) -> NDArray[np.float64]:
    """Return a parameter of all lanes (L, 1)."""
    return rooms.column(name)[:, None]
