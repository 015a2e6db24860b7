"""A hot-water tank that a modulating heater holds, and a heat pump on seawater: pure laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WATER_KWH_PER_M3_K = 1.145  # ρ·c_p of hot water at 55 °C: 985.7 kg/m3 times 4.183 kJ/(kg K), over 3600 s/h


def coefficient_of_performance(source_c: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the COP [1] of a heat pump that makes 60 °C from seawater [°C]: half of Carnot, evaporating 5 K below.

    0.5·333/(333 − (T + 273 − 5)): 2.87 at 7 °C, 3.62 at 19 °C [domain brief].
    """
    found: NDArray[np.float64] = 0.5 * 333.0 / (333.0 - (np.asarray(source_c, np.float64) + 273.0 - 5.0))
    return found


@dataclass(frozen=True, kw_only=True)
class Tank:
    """A mixed tank with a heater in proportion to what is missing; everything lost goes to the room."""

    heat_kwh_per_k: float  # stored [kW.h/K]
    loss_kw_per_k: float  # of the tank and its circulation to the room [kW/K]
    room_c: float
    heater_kw: float  # most that it can give [kW]
    band_k: float  # below the top of which the heater gives more and more, all of it at the bottom [K]

    def step(
        self, tank_c: float, top_c: float, cold_kwh_per_k: float, cold_c: float, step_h: float
    ) -> tuple[float, float]:
        """Return the temperature after a step [°C] and the heat made in it [kW.h].

        `cold_kwh_per_k` is the heat capacity of the cold water that replaced hot water in the step [kW.h/K]. Implicit
        Euler: heater, losses and draw are those of the temperature after the step, so the balance closes exactly.
        """
        loss = self.loss_kw_per_k * step_h
        stiff = self.heat_kwh_per_k + loss + cold_kwh_per_k
        given = self.heat_kwh_per_k * tank_c + loss * self.room_c + cold_kwh_per_k * cold_c
        slope = self.heater_kw * step_h / self.band_k
        after = (given + slope * top_c) / (stiff + slope)
        if after >= top_c:
            return given / stiff, 0.0
        if after <= top_c - self.band_k:
            most = self.heater_kw * step_h
            return (given + most) / stiff, most
        return after, slope * (top_c - after)
