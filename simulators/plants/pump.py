"""A centrifugal pump at a variable speed that lifts seawater against the tide: pure laws.

Head of the pump H = n²·H0 − a·Q², head of the system H = static + k·Q²; n is the speed over the rated one. Both meet in
closed form, in either direction. Affinity (Q ~ n, H ~ n², P ~ n³) holds along parabolas through the origin, that is
only where there is no static head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.physics.seawater import GRAVITY_M_PER_S2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64] | float

_J_PER_KWH = 3.6e6


class Pump(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pump and its motor; flows are in m3/h, heads in m."""

    shutoff_head_m: float = 32.0  # H0, at rated speed and no flow [domain brief]
    droop: float = 7.5e-4  # a [m/(m3/h)²], fitted to the flows that the domain brief quotes
    best_flow_m3_per_h: float = 115.0  # at rated speed, where the efficiency is best [J]
    best_efficiency: float = 0.66  # hydraulic [J]
    efficiency_fall: float = 0.15  # η = η_best·(1 − fall·((Q/n)/Q_best − 1)²) [J]
    drive_efficiency: float = 0.93  # motor and drive [domain brief]

    def flow(self, speed: Numbers, static_m: Numbers, resistance: Numbers) -> NDArray[np.float64]:
        """Return the flow [m3/h] at a speed [1], never backwards; static head [m], resistance k [m/(m3/h)²]."""
        spare_m = np.maximum(np.square(speed) * self.shutoff_head_m - static_m, 0.0)
        found: NDArray[np.float64] = np.sqrt(spare_m / (self.droop + resistance))
        return found

    def speed(self, flow: Numbers, static_m: Numbers, resistance: Numbers) -> NDArray[np.float64]:
        """Return the speed [1] at which the pump delivers a flow [m3/h]; above 1 it cannot."""
        head_m = static_m + (resistance + self.droop) * np.square(flow)
        found: NDArray[np.float64] = np.sqrt(np.maximum(head_m, 0.0) / self.shutoff_head_m)
        return found

    def head_m(self, speed: Numbers, flow: Numbers) -> NDArray[np.float64]:
        """Return the head [m] at a speed [1] and a flow [m3/h]."""
        head: NDArray[np.float64] = np.square(speed) * self.shutoff_head_m - self.droop * np.square(flow)
        return head

    def efficiency(self, speed: Numbers, flow: Numbers) -> NDArray[np.float64]:
        """Return the hydraulic efficiency [1]; it depends on Q/n, as affinity has it."""
        off_best = np.divide(flow, speed) / self.best_flow_m3_per_h - 1.0
        found: NDArray[np.float64] = self.best_efficiency * (1.0 - self.efficiency_fall * np.square(off_best))
        return found

    def power_kw(self, speed: Numbers, flow: Numbers, density_kg_per_m3: Numbers) -> NDArray[np.float64]:
        """Return the electrical power ρ·g·Q·H/(η·η_drive) [kW]: 100 m3/h to 13 m at 0.66 and 0.93 → 5.9 kW."""
        hydraulic_kw = density_kg_per_m3 * GRAVITY_M_PER_S2 * flow * self.head_m(speed, flow) / _J_PER_KWH
        found: NDArray[np.float64] = hydraulic_kw / (self.efficiency(speed, flow) * self.drive_efficiency)
        return found
