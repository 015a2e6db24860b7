"""The weather of a simulated port: sea, air, tide and water quality of any day from 1970 on, in any order.

The sources of the figures stand in the modules of each part. Everything is evaluated every five minutes, laid straight
through the minutes between (which moves the tide by less than a millimetre) and averaged over the steps, so totals do
not depend on the step. Sixteen days are made at once, always the same sixteen: what was asked before changes nothing.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.air import Air, AirParameters
from simulators.climate.sea import Sea, SeaParameters
from simulators.climate.tide import Tide
from simulators.climate.water_quality import QualityParameters, WaterQuality
from simulators.day import DAY_S
from simulators.plant import Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day

_NAMES = tuple(field.name for field in fields(Weather))
_TOGETHER = 16  # days that are made at once
_GRID_S = 300.0  # between the instants at which everything is evaluated [s]
_A_DAY = int(DAY_S / _GRID_S)
_MINUTES = (np.arange(_GRID_S / 60.0) + 0.5) * 60.0 / _GRID_S  # middles of the minutes, as shares of the way


class Climate:
    """The climate of one place under one seed; it can be pickled."""

    def __init__(
        self,
        seed: int,
        heat_waves: Sequence[tuple[float, float, float]] = (),
        *,
        tide: Tide | None = None,
        air: AirParameters | None = None,
        sea: SeaParameters | None = None,
        quality: QualityParameters | None = None,
    ) -> None:
        """Build the climate.

        Parameters
        ----------
        seed
            Of all luck; two scenarios with the same seed share the weather, whenever they begin.
        heat_waves
            (first instant, last instant [s since 1970-01-01 UTC], peak above the weather that would have been [K]).
        tide, air, sea, quality
            What the place is like; Boulogne-sur-Mer where None.
        """
        self.tide = tide or Tide()
        self.air = Air(seed, heat_waves, air or AirParameters())
        self.sea = Sea(seed, self.air, self.tide, sea or SeaParameters())
        self.quality = WaterQuality(seed, self.air, self.tide, quality or QualityParameters())
        self._block = -1  # number of the days that are at hand
        self._made = np.empty((0, 0))

    def weather(self, day: Day) -> Weather:
        """Return the means over the steps of one day.

        Raises
        ------
        ValueError
            If the day lies before 1970.
        """
        block, place = divmod(day.number, _TOGETHER)
        if block != self._block:
            self._block, self._made = block, self._evaluate(block * _TOGETHER * DAY_S)
        first = place * _A_DAY
        today = self._made[:, first : first + _A_DAY + 1]
        return Weather(**dict(zip(_NAMES, _means(day, today), strict=True)))

    def _evaluate(self, start_s: int) -> NDArray[np.float64]:
        """Return every quantity of the weather (7, m) from an instant on, both ends of the block included."""
        ts_s = np.arange(start_s, start_s + _TOGETHER * DAY_S + 1, _GRID_S, dtype=np.float64)
        parts: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
            "sea_c": self.sea.temperature_c,
            "air_c": self.air.temperature_c,
            "humidity": self.air.humidity,
            "pressure_bar": self.air.pressure_bar,
            "tide_m": self.sea.level_m,
            "salinity_psu": self.quality.salinity_psu,
            "turbidity_ntu": self.quality.turbidity_ntu,
        }
        return np.stack([parts[name](ts_s) for name in _NAMES])


def _means(day: Day, series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means over the steps (7, n) of a day's series on the grid (7, m), both midnights included."""
    begins = series[:, :-1, None]
    minutes = begins + (series[:, 1:, None] - begins) * _MINUTES
    return day.mean_of_minutes(minutes.reshape(len(series), -1))
