"""What drives cold rooms on one day, gathered from the weather, other plants, measures and happenings.

Arrays are (n, W or 1, R): steps first, because the rooms are stepped together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics import humid_air
from simulators.physics.humid_air import EVAPORATION_KJ_PER_KG, VAPOUR_KJ_PER_KG_K

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from simulators.plant import Weather
    from simulators.plants.cold_parameters import Room, Rooms
    from simulators.worlds import Worlds

_LEFT_OVER = 0.02  # of the usual stock's heat capacity stays in an empty room: racks and pallets have mass too [J]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drivers:
    """The day of all rooms, whatever their own state does."""

    air_c: NDArray[np.float64]  # around the envelope [°C]
    door_c: NDArray[np.float64]  # in front of the door [°C]
    door_ratio: NDArray[np.float64]  # vapour of that air [kg/kg]
    pressure_bar: NDArray[np.float64]
    door: NDArray[np.float64]  # share of the step that the door is open, weighted by its flow and strips [1]
    goods_kw_per_k: NDArray[np.float64]  # goods coming in, times their heat capacity [kW/K]
    goods_c: NDArray[np.float64]
    handling_kw: NDArray[np.float64]  # lights, people, trucks
    stock_kj_per_k: NDArray[np.float64]
    stock_share: NDArray[np.float64]  # of the stock that is there: a room out of service is emptied [1]
    set_point_c: NDArray[np.float64]
    service: NDArray[np.float64]  # 1 in service, 0 out of it
    fan_kw: NDArray[np.float64]  # of all fans
    fan_floor: NDArray[np.float64]
    on_demand: NDArray[np.float64]  # share of demand_defrost


@dataclass(frozen=True, kw_only=True, eq=False)
class Exchange:
    """What the doors let through, read with the rooms' air as it was at midnight, (n, W, R)."""

    air_kg_per_s: NDArray[np.float64]
    room_ratio: NDArray[np.float64]  # vapour of the rooms' air, doors shut (W, R) [kg/kg]
    frost_kg_per_s: NDArray[np.float64]  # what freezes on the coils
    enthalpy_kw: NDArray[np.float64]  # gain if the room were at 0 °C
    enthalpy_kw_per_k: NDArray[np.float64]  # less so much for each kelvin of the room


def gather(rooms: Rooms, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Drivers:
    """Return the day's drivers of all rooms."""

    def flow(name: str, default: Callable[[Room], float]) -> NDArray[np.float64]:
        """Return a flow of every room, `default` where nobody makes it."""
        found = [flows.get(f"{name}:{room.asset}") for room in rooms.each]
        rows = zip(found, rooms.each, strict=True)
        return _stack([_constant(worlds, default(room)) if told is None else told for told, room in rows])

    service = 1.0 - _stack([worlds.happening("out_of_service", room.asset) for room in rooms.each])
    shift_k = _stack([worlds.happening("set_point_shift_k", room.asset) for room in rooms.each])
    stock_share = np.maximum(service, _LEFT_OVER)
    stock_kg = _stack([_stock_kg(room, worlds, flows) for room in rooms.each])
    goods_kg_per_h = flow("goods_in_kg_per_h", lambda _: 0.0)  # operations bring nothing to a room out of service
    capacity = rooms.column("product_kj_per_kg_k")
    strips = _share(rooms, worlds, "strip_doors") * rooms.column("curtain_effectiveness")
    ec_fans = _share(rooms, worlds, "ec_fans")
    door_c, humidity = _in_front_of_doors(rooms, weather, flows)
    quay_c, pressure_bar = (
        np.broadcast_to(quay[:, None, None], (worlds.steps, 1, len(rooms)))
        for quay in (weather.air_c, weather.pressure_bar)
    )
    return Drivers(
        air_c=quay_c,
        door_c=door_c,
        door_ratio=humid_air.humidity_ratio(door_c, humidity, pressure_bar),
        pressure_bar=pressure_bar,
        door=flow("door_open", lambda _: 0.0) * rooms.column("door_flow") * (1.0 - strips),
        goods_kw_per_k=goods_kg_per_h * capacity / 3600.0,
        goods_c=flow("goods_in_c", lambda room: room.set_point_c),
        handling_kw=service * rooms.column("internal_kw")
        + goods_kg_per_h * rooms.column("handling_kj_per_kg") / 3600.0,
        stock_kj_per_k=stock_kg * stock_share * capacity,
        stock_share=stock_share,
        set_point_c=rooms.column("set_point_c") + shift_k,
        service=service,
        fan_kw=_between(rooms, "fan_kw", "ec_fan_kw", ec_fans),
        fan_floor=_between(rooms, "fan_floor", "ec_fan_floor", ec_fans),
        on_demand=_share(rooms, worlds, "demand_defrost"),
    )


def exchange(rooms: Rooms, drivers: Drivers, air_c: NDArray[np.float64]) -> Exchange:
    """Return what the doors let through while the rooms' air is at `air_c` (W, R) [°C].

    The amount of air depends on the room's temperature by the root of a difference of densities, a weak law: it is read
    once a day. The enthalpy that this air brings follows the room's temperature step by step, so the balance is exact.
    """
    # A room is under the pressure of the day: no wall holds up the barometer.
    room_ratio = humid_air.humidity_ratio(air_c, rooms.column("humidity"), drivers.pressure_bar[0])
    inside = humid_air.density_kg_per_m3(air_c, room_ratio, drivers.pressure_bar)
    outside = humid_air.density_kg_per_m3(drivers.door_c, drivers.door_ratio, drivers.pressure_bar)
    full = humid_air.door_exchange_kg_per_s(
        inside, outside, rooms.column("door_width_m"), rooms.column("door_height_m")
    )
    air = full * drivers.door
    outer = humid_air.enthalpy_kj_per_kg(drivers.door_c, drivers.door_ratio)
    return Exchange(
        air_kg_per_s=air,
        room_ratio=room_ratio,
        frost_kg_per_s=air * np.maximum(drivers.door_ratio - room_ratio, 0.0),
        enthalpy_kw=air * (outer - EVAPORATION_KJ_PER_KG * room_ratio),
        enthalpy_kw_per_k=air * (humid_air.AIR_KJ_PER_KG_K + VAPOUR_KJ_PER_KG_K * room_ratio),
    )


def _in_front_of_doors(
    rooms: Rooms, weather: Weather, flows: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return temperature [°C] and relative humidity [%] that the doors open to: a dock's, or the weather's."""
    temperatures = [flows.get(f"dock_c:{room.opens_to}", weather.air_c[None]) for room in rooms.each]
    humidities = [flows.get(f"dock_humidity:{room.opens_to}", weather.humidity[None]) for room in rooms.each]
    return _stack(temperatures), _stack(humidities)


def _stock_kg(room: Room, worlds: Worlds, flows: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the stock (W or 1, n) [kg]: as operations say, else the usual one and what happens to it."""
    told = flows.get(f"stock_kg:{room.asset}")
    stock_kg = room.stock_kg * worlds.happening("stock_factor", room.asset, 1.0) if told is None else told
    return np.maximum(stock_kg, _LEFT_OVER * room.stock_kg)


def _share(rooms: Rooms, worlds: Worlds, kind: str) -> NDArray[np.float64]:
    return _stack([worlds.share(kind, room.asset) for room in rooms.each])


def _between(rooms: Rooms, before: str, after: str, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a parameter on its way from one value to another."""
    old = rooms.column(before)
    moved: NDArray[np.float64] = old + share * (rooms.column(after) - old)
    return moved


def _constant(worlds: Worlds, value: float) -> NDArray[np.float64]:
    return np.full((1, worlds.steps), value)


def _stack(rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Put profiles (W or 1, n) of R rooms side by side: (n, W or 1, R)."""
    worlds = max(row.shape[0] for row in rows)
    whole = np.empty((rows[0].shape[1], worlds, len(rows)))
    for place, row in enumerate(rows):
        whole[:, :, place] = row.T
    return whole
