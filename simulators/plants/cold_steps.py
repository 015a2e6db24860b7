"""Cold rooms stepped through a day.

Air and stock are two nodes; each step solves both implicitly (backward Euler), with the cold that the control asks for,
so a step of any length is stable and every balance closes in the very terms that moved the state.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.humid_air import FUSION_KJ_PER_KG
from simulators.plants.cold_frost import defrost_rates, frost_through

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """What takes air and stock through every step, each (n, W or 1, R).

    Uncooled, the air ends at air_kept · air + air_pull · stock + alone_c; the coils cool it by `per_k` for each kelvin
    above lowest_c, by most_k at most; the stock ends at stock_pull · new air + stock_kept · stock + goods_c.
    """

    air_kept: NDArray[np.float64]
    air_pull: NDArray[np.float64]
    alone_c: NDArray[np.float64]
    per_k: NDArray[np.float64]
    lowest_c: NDArray[np.float64]
    most_k: NDArray[np.float64]
    stock_pull: NDArray[np.float64]
    stock_kept: NDArray[np.float64]
    goods_c: NDArray[np.float64]
    kw_per_k: NDArray[np.float64]  # (n, W, R): cold made for each kelvin that the air is cooled by

    def columns(self) -> Iterator[tuple[list[float], ...]]:
        """Yield, for each room in each world, what its steps need, in the order of the fields up to goods_c."""
        shape = self.kw_per_k.shape
        rows = [getattr(self, each.name) for each in fields(self)[:-1]]
        whole = [row if row.shape == shape else np.broadcast_to(row, shape) for row in rows]
        series = [row.reshape(len(row), -1).T.tolist() for row in whole]
        return zip(*series, strict=True)


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
    there = {k: np.broadcast_to(share, shape[1:]).ravel().tolist() for k, share in moved.items()}
    back_c = {k: np.broadcast_to(drivers.set_point_c[k], shape[1:]).ravel().tolist() for k in moved}
    found: list[tuple[list[float], list[float], list[float]]] = [
        _stepped(of_column, air_c, stock_c, {k: (there[k][column], back_c[k][column]) for k in moved})
        for column, (of_column, air_c, stock_c) in enumerate(
            zip(system.columns(), state.air_c.ravel().tolist(), state.stock_c.ravel().tolist(), strict=True)
        )
    ]
    air, stock, cooled_k = np.array(found).transpose(1, 2, 0).reshape(3, *shape)
    return air, stock, cooled_k


def _stepped(
    system: tuple[list[float], ...], air: float, stock: float, returning: dict[int, tuple[float, float]]
) -> tuple[list[float], list[float], list[float]]:
    """Return air and stock at the ends of the steps [°C] and what the air was cooled by [K] in one room of one world.

    This loop is the cost of the whole port. Rooms are few once equal worlds are one: plain numbers take less time than
    a handful of array calls a step. `returning`: by step, the share of the stock that stays as it is, and the
    temperature of what comes to it [°C].
    """
    airs, stocks, cooled_k = [], [], []
    for k, (kept, pull, alone_c, per_k, lowest_c, most_k, stock_pull, stock_kept, goods_c) in enumerate(
        zip(*system, strict=True)
    ):
        if k in returning:
            there, back_c = returning[k]
            stock = there * stock + (1.0 - there) * back_c
        air = kept * air + pull * stock + alone_c
        cooled = per_k * (air - lowest_c)
        if cooled < 0.0:
            cooled = 0.0
        elif cooled > most_k:
            cooled = most_k
        air -= cooled
        stock = stock_pull * air + stock_kept * stock + goods_c
        airs.append(air)
        stocks.append(stock)
        cooled_k.append(cooled)
    return airs, stocks, cooled_k


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
    goods_c = drivers.goods_kw_per_k * drivers.goods_c / whole
    air_memory = rooms.column("air_kj_per_k") / step_s
    # What a kelvin of the air costs, and all gains that do not depend on the state, fans at their floor included.
    total = air_memory + envelope + pull * (memory + drivers.goods_kw_per_k) + doors.enthalpy_kw_per_k
    forcing = envelope * drivers.air_c + drivers.handling_kw + fans.resting_kw + to_air * goods_c
    forcing = forcing + doors.enthalpy_kw + FUSION_KJ_PER_KG * doors.frost_kg_per_s
    forcing += coils.defrost * (defrost_rates(rooms)[0] - fans.resting_kw)
    control = most_cold / rooms.column("band_k")  # [kW/K]
    asked = control / (total + control)
    less_fans = 1.0 - fans.per_cold  # of a kW of cold, fans that turn for it take back a part
    kw_per_k = total / less_fans
    most_kw = most_cold * drivers.service * coils.conductance * (1.0 - coils.defrost)
    return _System(
        air_kept=air_memory / total,
        air_pull=pull * memory / total,
        alone_c=forcing / total,
        per_k=less_fans * asked / (1.0 - fans.per_cold * asked),  # fans that turn for the cold add to the gains
        lowest_c=drivers.set_point_c - 0.5 * rooms.column("band_k"),
        most_k=most_kw / kw_per_k,
        stock_pull=pull,
        stock_kept=memory / whole,
        goods_c=goods_c,
        kw_per_k=kw_per_k,
    )


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
