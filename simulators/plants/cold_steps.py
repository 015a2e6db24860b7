"""Cold rooms stepped through a day, all rooms and all worlds at once.

Air and stock are two nodes; each step solves both implicitly (backward Euler), with the cold that the control asks for,
so a step of any length is stable and every balance closes in the very terms that moved the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.humid_air import FUSION_KJ_PER_KG
from simulators.plants.cold_laws import LONGEST_DEFROST_S, MELTING_KJ_PER_KG, coil_conductance, defrost_s, timer_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_parameters import Rooms


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """What rooms remember from one step to the next, each (W, R)."""

    air_c: NDArray[np.float64]
    stock_c: NDArray[np.float64]  # mean of the product
    frost_kg: NDArray[np.float64]  # on the coils
    defrost_s: NDArray[np.float64]  # still to go of a defrost under way
    stock_share: NDArray[np.float64]  # that is there, see Drivers


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """One day of all rooms, each (n, W, R): states at the ends of the steps, powers as means over them."""

    air_c: NDArray[np.float64]
    stock_c: NDArray[np.float64]
    frost_kg: NDArray[np.float64]
    conductance: NDArray[np.float64]  # of the coils [1], at the beginning of the step
    evaporator_kw: NDArray[np.float64]  # cold made
    defrost: NDArray[np.float64]  # share of the step
    fan_kw: NDArray[np.float64]
    heater_kw: NDArray[np.float64]  # heat given to the coils
    before: State
    after: State


@dataclass(frozen=True, kw_only=True, eq=False)
class _Coefficients:
    """The linear system of every step, each (n, W, R)."""

    air_kw_per_k: NDArray[np.float64]  # (R,): the air's memory
    stock_kw_per_k: NDArray[np.float64]  # what a kelvin of the stock's last state brings to the air
    forcing_kw: NDArray[np.float64]  # all gains that do not depend on the state, fans at their floor included
    total_kw_per_k: NDArray[np.float64]  # what a kelvin of the air costs
    zero_cold_kw: NDArray[np.float64]  # gains at which no cold is asked for
    gain: NDArray[np.float64]  # cold asked for per gain above that
    capacity_kw: NDArray[np.float64]  # with clean coils
    resting_fan_kw: NDArray[np.float64]
    fan_per_cold: NDArray[np.float64]  # fan power a kW of cold [1]
    stock_memory: NDArray[np.float64]  # new stock temperature = memory · old + goods + pull · new air
    stock_goods_c: NDArray[np.float64]
    stock_pull: NDArray[np.float64]
    frost_kg: NDArray[np.float64]  # that a step adds

    def rows(self) -> Iterator[tuple[NDArray[np.float64], ...]]:
        """Yield, step by step, what the loop needs, each (W, R)."""
        return zip(
            self.forcing_kw,
            self.stock_kw_per_k,
            self.total_kw_per_k,
            self.zero_cold_kw,
            self.gain,
            self.capacity_kw,
            self.stock_memory,
            self.stock_goods_c,
            self.stock_pull,
            self.frost_kg,
            strict=True,
        )


def begin(rooms: Rooms, drivers: Drivers, worlds: int) -> State:
    """Return rooms at their set point, coils clean."""
    shape = (worlds, len(rooms))
    air_c = np.broadcast_to(drivers.set_point_c[0], shape).copy()
    share = np.broadcast_to(drivers.stock_share[0], shape).copy()
    return State(
        air_c=air_c, stock_c=air_c + 0.5, frost_kg=np.zeros(shape), defrost_s=np.zeros(shape), stock_share=share
    )


def step_through(rooms: Rooms, state: State, drivers: Drivers, doors: Exchange, step_s: int) -> Trace:
    """Return the day of rooms that begin it in `state`."""
    system = _coefficients(rooms, drivers, doors, step_s)
    shape = system.total_kw_per_k.shape
    air, stock, frost, conductance, cold = (np.empty(shape) for _ in range(5))
    defrost = np.zeros(shape)
    timers, moved = _timers(rooms, shape[0], step_s), _returning(drivers, state)
    air_now, stock_now, frost_now = state.air_c, state.stock_c, state.frost_kg
    left_s, active_until = state.defrost_s, int(np.ceil(state.defrost_s.max(initial=0.0) / step_s))
    back, more_cold = system.air_kw_per_k, 1.0 - system.fan_per_cold
    heat_kw, melt_kg_per_s = _defrost_rates(rooms)
    per_kg, most = rooms.column("frost_penalty") / rooms.column("full_frost_kg"), rooms.column("frost_penalty")
    gains, spare = np.empty(shape[1:]), np.empty(shape[1:])
    # This loop is the cost of the whole port: a score of array calls a step, all into arrays that are there.
    for k, (forcing, per_stock, total, zero, gain, most_cold, memory, goods, pull, grown) in enumerate(system.rows()):
        if k in timers:
            left_s = _started(rooms, drivers, left_s, frost_now, k, timers[k])
            active_until = k + int(np.ceil(LONGEST_DEFROST_S / step_s)) + 1
        if k in moved:
            stock_now = moved[k] * stock_now + (1.0 - moved[k]) * drivers.set_point_c[k]
        np.multiply(coil_conductance(frost_now, per_kg, most, conductance[k]), most_cold, out=spare)
        np.multiply(air_now, back, out=gains)
        gains += forcing
        asked = cold[k]
        np.multiply(stock_now, per_stock, out=asked)
        gains += asked
        frost_next = frost[k]
        np.add(frost_now, grown, out=frost_next)
        if k < active_until:
            part = np.minimum(left_s, step_s) / step_s * drivers.service[k]
            left_s = np.maximum(left_s - step_s, 0.0)
            defrost[k] = part
            gains += part * (heat_kw - system.resting_fan_kw[k])
            spare *= 1.0 - part
            frost_next -= np.minimum(frost_next, melt_kg_per_s * step_s * part)
        np.subtract(gains, zero, out=asked)
        asked *= gain
        np.maximum(asked, 0.0, out=asked)
        np.minimum(asked, spare, out=asked)
        np.multiply(asked, more_cold[k], out=spare)
        gains -= spare
        air_next, stock_next = air[k], stock[k]
        np.divide(gains, total, out=air_next)
        np.multiply(air_next, pull, out=stock_next)
        np.multiply(stock_now, memory, out=spare)
        stock_next += spare
        stock_next += goods
        air_now, stock_now, frost_now = air_next, stock_next, frost_next
    last_share = np.broadcast_to(drivers.stock_share[-1], shape[1:])
    return Trace(
        air_c=air,
        stock_c=stock,
        frost_kg=frost,
        conductance=conductance,
        evaporator_kw=cold,
        defrost=defrost,
        fan_kw=(1.0 - defrost) * system.resting_fan_kw + system.fan_per_cold * cold,
        heater_kw=defrost * rooms.column("defrost_kw"),
        before=state,
        after=State(
            air_c=air[-1].copy(),
            stock_c=stock[-1].copy(),
            frost_kg=frost[-1].copy(),
            defrost_s=left_s,
            stock_share=last_share.copy(),
        ),
    )


def _coefficients(rooms: Rooms, drivers: Drivers, doors: Exchange, step_s: int) -> _Coefficients:
    """Return the system of all steps: the stock is eliminated from the air's equation."""
    envelope, most_cold = rooms.column("envelope_kw_per_k"), rooms.column("evaporator_kw")
    shape = doors.air_kg_per_s.shape
    memory = drivers.stock_kj_per_k / step_s  # [kW/K]
    to_air = drivers.stock_kj_per_k / (3600.0 * rooms.column("product_hours"))  # between stock and air [kW/K]
    whole = memory + drivers.goods_kw_per_k + to_air
    pull = to_air / whole
    air_memory = rooms.column("air_kj_per_k") / step_s
    fan_kw = drivers.fan_kw * drivers.service
    resting = fan_kw * drivers.fan_floor
    per_cold = (fan_kw - resting) / most_cold
    goods_kw = drivers.goods_kw_per_k * drivers.goods_c
    total = air_memory + envelope + pull * (memory + drivers.goods_kw_per_k) + doors.enthalpy_kw_per_k
    forcing = envelope * drivers.air_c + drivers.handling_kw + resting + pull * goods_kw
    forcing = forcing + doors.enthalpy_kw + FUSION_KJ_PER_KG * doors.frost_kg_per_s
    control = most_cold / rooms.column("band_k")  # [kW/K]
    asked = control / (total + control)
    lowest_c = drivers.set_point_c - 0.5 * rooms.column("band_k")
    return _Coefficients(
        air_kw_per_k=air_memory,
        stock_kw_per_k=np.broadcast_to(pull * memory, shape),
        forcing_kw=forcing,
        total_kw_per_k=total,
        zero_cold_kw=total * lowest_c,
        gain=asked / (1.0 - per_cold * asked),  # fans that turn for the cold add to the gains
        capacity_kw=np.broadcast_to(most_cold * drivers.service, shape),
        resting_fan_kw=np.broadcast_to(resting, shape),
        fan_per_cold=np.broadcast_to(per_cold, shape),
        stock_memory=np.broadcast_to(memory / whole, shape),
        stock_goods_c=np.broadcast_to(goods_kw / whole, shape),
        stock_pull=np.broadcast_to(pull, shape),
        frost_kg=doors.frost_kg_per_s * step_s,
    )


def _timers(rooms: Rooms, steps: int, step_s: int) -> dict[int, NDArray[np.bool_]]:
    """Return the rooms (R,) whose timer comes round, by step."""
    found: dict[int, NDArray[np.bool_]] = {}
    for place, room in enumerate(rooms.each):
        for step in timer_steps(room, step_s):
            if step < steps:
                found.setdefault(step, np.zeros(len(rooms), bool))[place] = True
    return found


def _started(
    rooms: Rooms,
    drivers: Drivers,
    left_s: NDArray[np.float64],
    frost_kg: NDArray[np.float64],
    step: int,
    turn: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return what is left of defrosts after the timers of some rooms have come round [s]."""
    on_demand, melted = drivers.on_demand[step], _defrost_rates(rooms)[1]
    length = defrost_s(
        frost_kg, melted_kg_per_s=melted, timer_s=60.0 * rooms.column("defrost_minutes"), on_demand=on_demand
    )
    wanted = turn & (frost_kg >= on_demand * rooms.column("defrost_trigger_kg"))
    return np.where(wanted, length, left_s)


def _defrost_rates(rooms: Rooms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the heat of a defrost that ends in the rooms [kW] and the frost that the rest melts [kg/s], each (R,)."""
    to_room = rooms.column("defrost_kw") * rooms.column("defrost_to_room")
    return to_room, (rooms.column("defrost_kw") - to_room) / MELTING_KJ_PER_KG


def _returning(drivers: Drivers, state: State) -> dict[int, NDArray[np.float64]]:
    """Return, for steps in which stock comes back from elsewhere, the share that was there already (W or 1, R)."""
    share = drivers.stock_share
    found: dict[int, NDArray[np.float64]] = {}
    if share.shape[1] == 1 and np.all(share == state.stock_share):
        return found
    earlier = np.concatenate((state.stock_share[None], np.broadcast_to(share, (len(share), *state.stock_share.shape))))
    there = np.minimum(earlier[:-1] / earlier[1:], 1.0)
    for step in np.flatnonzero((there < 1.0).any(axis=(1, 2))):
        found[int(step)] = there[step]
    return found
