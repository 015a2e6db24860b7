"""Cold rooms stepped through a day, all rooms and all worlds at once.

Air and stock are two nodes; each step solves both implicitly (backward Euler), with the cold that the control asks for,
so a step of any length is stable and every balance closes in the very terms that moved the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.humid_air import FUSION_KJ_PER_KG
from simulators.plants.cold_frost import defrost_rates, frost_through

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_frost import Frost
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
class _Fans:
    """Fans of all rooms, each (n, W or 1, R)."""

    resting_kw: NDArray[np.float64]  # at their floor
    per_cold: NDArray[np.float64]  # what they take more for a kW of cold [1]


@dataclass(frozen=True, kw_only=True, eq=False)
class _System:
    """Every step as a product, columns being worlds times rooms, P of them.

    Of the state [air, stock] before a step come three rows: how far the air is to be cooled if the coils can, and air
    and stock as they would be without any cold. Cooling the air by a kelvin takes 1 and `pull` off them.
    """

    product: NDArray[np.float64]  # (n, 2, 3, P)
    constant: NDArray[np.float64]  # (n, 3, P)
    most_k: NDArray[np.float64]  # (n, P): what the coils can cool the air by
    taken: NDArray[np.float64]  # (n, 2, 1, P): 1 and pull
    kw_per_k: NDArray[np.float64]  # (n, W, R): cold made for each kelvin that the air is cooled by


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
    coils = frost_through(rooms, state.frost_kg, state.defrost_s, drivers, doors.frost_kg_per_s * step_s, step_s)
    fans = _fans(rooms, drivers)
    system = _system(rooms, drivers, doors, coils, fans, step_s)
    air, stock, cooled_k = _solved(system, state, drivers)
    cold = cooled_k * system.kw_per_k
    last_share = np.broadcast_to(drivers.stock_share[-1], air.shape[1:])
    return Trace(
        air_c=air,
        stock_c=stock,
        frost_kg=coils.frost_kg,
        conductance=coils.conductance,
        evaporator_kw=cold,
        defrost=coils.defrost,
        fan_kw=(1.0 - coils.defrost) * fans.resting_kw + fans.per_cold * cold,
        heater_kw=coils.defrost * rooms.column("defrost_kw"),
        before=state,
        after=State(
            air_c=air[-1].copy(),
            stock_c=stock[-1].copy(),
            frost_kg=coils.frost_kg[-1].copy(),
            defrost_s=coils.left_s,
            stock_share=last_share.copy(),
        ),
    )


def _solved(
    system: _System, state: State, drivers: Drivers
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return air and stock at the ends of the steps [°C] and what the coils cooled the air by [K], each (n, W, R)."""
    shape, moved = system.kw_per_k.shape, _returning(drivers, state)
    steps, columns = system.most_k.shape
    states, cooled_k = np.empty((steps, 2, 1, columns)), np.empty((steps, columns))
    now = np.stack((state.air_c, state.stock_c)).reshape(2, 1, columns)
    parts, rows, taken = np.empty((2, 3, columns)), np.empty((3, columns)), np.empty((2, 1, columns))
    of_air, of_stock, wanted, uncooled = parts[0], parts[1], rows[0], rows[1:].reshape(2, 1, columns)
    # This loop was the cost of the whole port: seven array calls a step, all into arrays that are there.
    steps_of = zip(system.product, system.constant, system.most_k, system.taken, cooled_k, states, strict=True)
    for k, (product, constant, most_k, per_k, cooled, after) in enumerate(steps_of):
        if k in moved:
            now = _mixed(now, moved[k], drivers.set_point_c[k], shape[1:])
        np.multiply(product, now, parts)
        np.add(of_air, of_stock, rows)
        np.add(rows, constant, rows)
        np.maximum(wanted, 0.0, cooled)
        np.minimum(cooled, most_k, cooled)
        np.multiply(per_k, cooled, taken)
        np.subtract(uncooled, taken, after)
        now = after
    return states[:, 0].reshape(shape), states[:, 1].reshape(shape), cooled_k.reshape(shape)


def _mixed(
    now: NDArray[np.float64], there: NDArray[np.float64], set_point_c: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the state (2, 1, P) after stock has come back at the set point to the share that was there."""
    stock = now[1].reshape(shape)
    return np.stack((now[0], (there * stock + (1.0 - there) * set_point_c).reshape(1, -1)))


def _fans(rooms: Rooms, drivers: Drivers) -> _Fans:
    fan_kw = drivers.fan_kw * drivers.service
    resting = fan_kw * drivers.fan_floor
    return _Fans(resting_kw=resting, per_cold=(fan_kw - resting) / rooms.column("evaporator_kw"))


def _system(rooms: Rooms, drivers: Drivers, doors: Exchange, coils: Frost, fans: _Fans, step_s: int) -> _System:
    """Return the system of all steps: the stock is eliminated from the air's equation."""
    envelope, most_cold = rooms.column("envelope_kw_per_k"), rooms.column("evaporator_kw")
    memory = drivers.stock_kj_per_k / step_s  # [kW/K]
    to_air = drivers.stock_kj_per_k / (3600.0 * rooms.column("product_hours"))  # between stock and air [kW/K]
    whole = memory + drivers.goods_kw_per_k + to_air
    pull = to_air / whole  # new stock temperature = kept · old + goods + pull · new air
    kept, goods_c = memory / whole, drivers.goods_kw_per_k * drivers.goods_c / whole
    air_memory = rooms.column("air_kj_per_k") / step_s
    # What a kelvin of the air costs, and all gains that do not depend on the state, fans at their floor included.
    total = air_memory + envelope + pull * (memory + drivers.goods_kw_per_k) + doors.enthalpy_kw_per_k
    forcing = envelope * drivers.air_c + drivers.handling_kw + fans.resting_kw + to_air * goods_c
    forcing = forcing + doors.enthalpy_kw + FUSION_KJ_PER_KG * doors.frost_kg_per_s
    forcing += coils.defrost * (defrost_rates(rooms)[0] - fans.resting_kw)
    control = most_cold / rooms.column("band_k")  # [kW/K]
    asked = control / (total + control)
    less_fans = 1.0 - fans.per_cold  # of a kW of cold, fans that turn for it take back a part
    gain = less_fans * asked / (1.0 - fans.per_cold * asked)
    lowest_c = drivers.set_point_c - 0.5 * rooms.column("band_k")  # below it no cold is asked for
    of_air, of_stock, alone_c = air_memory / total, pull * memory / total, forcing / total
    kw_per_k = total / less_fans
    most_kw = most_cold * drivers.service * coils.conductance * (1.0 - coils.defrost)
    return _System(
        product=_columns(
            (gain * of_air, of_air, pull * of_air, gain * of_stock, of_stock, kept + pull * of_stock), total.shape
        ).reshape(len(total), 2, 3, -1),
        constant=_columns((gain * (alone_c - lowest_c), alone_c, goods_c + pull * alone_c), total.shape),
        most_k=_columns((most_kw / kw_per_k,), total.shape)[:, 0],
        taken=_columns((np.ones(1), pull), total.shape)[:, :, None],
        kw_per_k=kw_per_k,
    )


def _columns(arrays: tuple[NDArray[np.float64], ...], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return arrays that broadcast to (n, W, R) as the rows of every step: (n, rows, P)."""
    whole = np.empty((shape[0], len(arrays), *shape[1:]))
    for row, array in enumerate(arrays):
        whole[:, row] = array
    return whole.reshape(shape[0], len(arrays), -1)


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
