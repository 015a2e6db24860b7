"""Laws of cold rooms that need no memory: frost on the coils, the length of a defrost, when the timer comes round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.humid_air import FUSION_KJ_PER_KG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.plants.cold_parameters import Room

MELTING_KJ_PER_KG = FUSION_KJ_PER_KG + 63.0  # with warming the frost from −30 °C: 2.1 kJ/(kg·K)
SHORTEST_DEFROST_S = 300.0  # coils and drains have to be warmed whatever lies on them
LONGEST_DEFROST_S = 2700.0  # a safety timer ends it


def coil_conductance(
    frost_kg: NDArray[np.float64],
    per_kg: NDArray[np.float64],
    most: NDArray[np.float64],
    out: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return, in `out`, the share of their conductance that coils keep under frost [1].

    Frost takes `per_kg` [1/kg] of it up to `most` [1]: 0.75 is left under 150 kg of frost at 0.25/150 and 0.25.
    """
    np.multiply(frost_kg, per_kg, out=out)
    np.minimum(out, most, out=out)
    return np.subtract(1.0, out, out=out)


def defrost_s(
    frost_kg: NDArray[np.float64],
    *,
    melted_kg_per_s: NDArray[np.float64],
    timer_s: NDArray[np.float64],
    on_demand: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how long a defrost lasts [s]: as the timer says, or on demand until the frost has melted, by share."""
    melting = np.minimum(np.maximum(frost_kg / melted_kg_per_s, SHORTEST_DEFROST_S), LONGEST_DEFROST_S)
    length: NDArray[np.float64] = timer_s + on_demand * (melting - timer_s)
    return length


def timer_steps(room: Room, step_s: int) -> list[int]:
    """Return the steps of a day in which the defrost timer of a room comes round."""
    hours = [room.defrost_first_h + 24.0 * turn / room.defrosts_per_day for turn in range(room.defrosts_per_day)]
    return [int(hour % 24.0 * 3600.0) // step_s for hour in hours]
