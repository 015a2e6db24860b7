"""Frost on the coils of cold rooms, and the defrosts that take it off: a whole day at once.

What freezes on the coils is read from the rooms' air at midnight, so frost does not wait for the stepping of air and
stock: between two turns of a timer it is a sum of what grows less what melts, held at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from simulators.plants.cold_laws import MELTING_KJ_PER_KG, coil_conductance, defrost_s, timer_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.plants.cold_drivers import Drivers
    from simulators.plants.cold_parameters import Rooms


@dataclass(frozen=True, kw_only=True, eq=False)
class Frost:
    """One day of the coils of all rooms, each (n, W, R)."""

    frost_kg: NDArray[np.float64]  # at the ends of the steps
    conductance: NDArray[np.float64]  # of the coils [1], at the beginning of the step
    defrost: NDArray[np.float64]  # share of the step
    left_s: NDArray[np.float64]  # still to go of a defrost under way at the end of the day (W, R)


def frost_through(
    rooms: Rooms,
    frost_kg: NDArray[np.float64],
    left_s: NDArray[np.float64],
    drivers: Drivers,
    grown_kg: NDArray[np.float64],
    step_s: int,
) -> Frost:
    """Return the day of coils that begin it with some frost and perhaps a defrost under way, each (W, R).

    `grown_kg` is what each step adds (n, W, R).
    """
    shape, turns = grown_kg.shape, _timers(rooms, len(grown_kg), step_s)
    service, melt_kg = np.broadcast_to(drivers.service, shape), step_s * defrost_rates(rooms)[1]
    frost, defrost, now = np.empty(shape), np.zeros(shape), frost_kg
    gone_s = step_s * np.arange(float(shape[0]))[:, None, None]
    for first, last in pairwise(sorted({0, *turns, len(grown_kg)})):
        if first in turns:
            left_s = _started(rooms, drivers, left_s, now, first, turns[first])
        change = grown_kg[first:last]
        if left_s.any():
            to_go = left_s - gone_s[: last - first]
            defrost[first:last] = service[first:last] * np.minimum(np.maximum(to_go / step_s, 0.0), 1.0)
            left_s = np.maximum(to_go[-1] - step_s, 0.0)
            change = change - melt_kg * defrost[first:last]
        total = now + np.cumsum(change, axis=0)
        # No more melts than there is: what the sum fell below nothing so far is given back.
        frost[first:last] = total - np.minimum(np.minimum.accumulate(total, axis=0), 0.0)
        now = frost[last - 1]
    before = np.concatenate((np.broadcast_to(frost_kg, shape[1:])[None], frost[:-1]))
    most, full_kg = rooms.column("frost_penalty"), rooms.column("full_frost_kg")
    conductance = coil_conductance(before, most / full_kg, most, before)
    return Frost(frost_kg=frost, conductance=conductance, defrost=defrost, left_s=left_s)


def defrost_rates(rooms: Rooms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the heat of a defrost that ends in the rooms [kW] and the frost that the rest melts [kg/s], each (R,)."""
    to_room = rooms.column("defrost_kw") * rooms.column("defrost_to_room")
    return to_room, (rooms.column("defrost_kw") - to_room) / MELTING_KJ_PER_KG


@lru_cache(maxsize=8)  # the same from day to day
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
    on_demand, melted = drivers.on_demand[step], defrost_rates(rooms)[1]
    length = defrost_s(
        frost_kg, melted_kg_per_s=melted, timer_s=60.0 * rooms.column("defrost_minutes"), on_demand=on_demand
    )
    wanted = turn & (frost_kg >= on_demand * rooms.column("defrost_trigger_kg"))
    return np.where(wanted, length, left_s)
