"""The energy balance of cold rooms, term by term, from what a day has left behind: the check of the stepping itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.humid_air import FUSION_KJ_PER_KG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_parameters import Rooms
    from simulators.plants.cold_steps import Trace


@dataclass(frozen=True, kw_only=True, eq=False)
class Balance:
    """One day of energy of all rooms, each (n, W, R) [kJ a step]; gains are positive, also those of stored heat.

    Stored heat counts from air and stock at 0 °C and from water that is not frozen: frost is negative heat.
    """

    envelope: NDArray[np.float64]
    doors: NDArray[np.float64]  # enthalpy of the air exchanged, vapour included
    handling: NDArray[np.float64]
    fans: NDArray[np.float64]
    heaters: NDArray[np.float64]
    drained: NDArray[np.float64]  # heat of defrosting that neither melted frost nor reached the room
    goods: NDArray[np.float64]  # warmer goods than the stock
    evaporators: NDArray[np.float64]  # cold made
    stored: NDArray[np.float64]  # gain of stored heat in air, stock and frost

    @property
    def residual(self) -> NDArray[np.float64]:
        """What came in less what went out and what was stored: 0 but for rounding."""
        gains = self.envelope + self.doors + self.handling + self.fans + self.heaters + self.goods
        return gains - self.drained - self.evaporators - self.stored

    @property
    def turnover(self) -> NDArray[np.float64]:
        """Sum of all terms without their signs, for a relative measure of the residual."""
        total: NDArray[np.float64] = np.sum([np.abs(term) for term in vars(self).values()], axis=0)
        return total


def balance(rooms: Rooms, drivers: Drivers, doors: Exchange, trace: Trace, step_s: int) -> Balance:
    """Return the balance of a day from the states that the stepping has left and the laws of each term."""
    air, stock, frost = trace.air_c, trace.stock_c, trace.frost_kg
    stock_before = _before(trace.before.stock_c, stock)
    there = _before(trace.before.stock_share, np.broadcast_to(drivers.stock_share, stock.shape)) / drivers.stock_share
    there = np.minimum(there, 1.0)
    # Stock that comes back from elsewhere does so at the set point: a mixture, no gain of what was there.
    stock_before = there * stock_before + (1.0 - there) * drivers.set_point_c
    melted = _before(trace.before.frost_kg, frost) + doors.frost_kg_per_s * step_s - frost
    heaters = trace.heater_kw * step_s
    stored = (
        rooms.column("air_kj_per_k") * (air - _before(trace.before.air_c, air))
        + drivers.stock_kj_per_k * (stock - stock_before)
        - FUSION_KJ_PER_KG * (frost - _before(trace.before.frost_kg, frost))
    )
    return Balance(
        envelope=rooms.column("envelope_kw_per_k") * (drivers.air_c - air) * step_s,
        doors=(doors.enthalpy_kw - doors.enthalpy_kw_per_k * air) * step_s,
        handling=np.broadcast_to(drivers.handling_kw * step_s, air.shape),
        fans=trace.fan_kw * step_s,
        heaters=heaters,
        drained=heaters * (1.0 - rooms.column("defrost_to_room")) - FUSION_KJ_PER_KG * melted,
        goods=drivers.goods_kw_per_k * (drivers.goods_c - stock) * step_s,
        evaporators=trace.evaporator_kw * step_s,
        stored=stored,
    )


def _before(first: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at the beginnings of steps from those at their ends."""
    return np.concatenate((np.broadcast_to(first, ends.shape[1:])[None], ends[:-1]))
