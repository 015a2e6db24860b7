"""The tide at any date: a sum of constituents whose nodal corrections move slowly with the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.constituents import BOULOGNE, MEAN_LEVEL_M, arguments, nodal
from simulators.day import DAY_S

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from simulators.climate.constituents import Constituent


class Tide:
    """Astronomical tide of one place: h = mean + Σ f A cos(V + u - g), without surge."""

    def __init__(
        self,
        latitude_deg: float = 50.73,
        lines: tuple[Constituent, ...] = BOULOGNE,
        mean_level_m: float = MEAN_LEVEL_M,
    ) -> None:
        """Take a place's constituents; M2 and S2 must be among them, and a compound after what it is made of."""
        self.lines = lines
        self._latitude_deg = latitude_deg
        self._mean_level_m = mean_level_m
        phases = np.array([[line.phase_deg] for line in lines])
        self._amplitudes = np.array([[line.amplitude_m] for line in lines]) * np.exp(-1j * np.radians(phases))
        names = [line.name for line in lines]
        self._m2, self._s2 = names.index("M2"), names.index("S2")

    def level_m(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the height above chart datum (n,) [m] at instants (n,)."""
        ts_s = np.atleast_1d(np.asarray(ts_s, np.float64))
        angles = np.radians(arguments(self.lines, ts_s))
        waves = self._corrected(ts_s)
        parts = waves.real * np.cos(angles) - waves.imag * np.sin(angles)
        level: NDArray[np.float64] = self._mean_level_m + parts.sum(axis=0)
        return level

    def lunar(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the phase of M2 (n,) [rad]: 0 at its high water."""
        return self._phase(self._m2, ts_s)

    def springs(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the phase of the fortnight (n,) [rad]: 0 at springs, π at neaps."""
        return self._phase(self._s2, ts_s) - self._phase(self._m2, ts_s)

    def _phase(self, index: int, ts_s: ArrayLike) -> NDArray[np.float64]:
        line = self.lines[index]
        phase: NDArray[np.float64] = np.radians(arguments((line,), np.asarray(ts_s, np.float64))[0] - line.phase_deg)
        return phase

    def _corrected(self, ts_s: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return f A exp(i(u - g)) (c, n): exact at midnights, in a straight line between."""
        position = ts_s / DAY_S
        day = np.floor(position).astype(np.int64)
        first = int(day.min())
        midnights = np.arange(first, int(day.max()) + 2) * float(DAY_S)
        waves = self._amplitudes * nodal(self.lines, midnights, self._latitude_deg)
        index, share = day - first, position - day
        corrected: NDArray[np.complex128] = waves[:, index] + share * (waves[:, index + 1] - waves[:, index])
        return corrected
