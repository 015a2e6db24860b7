"""The weather of a simulated port: sea, air, tide and water quality of any day from 1970 on, in any order.

The sources of the figures stand in the modules of each part. Everything is evaluated every five minutes, laid straight
through the minutes between (which moves the tide by less than a millimetre) and averaged over the steps, so totals do
not depend on the step; nothing depends on what was asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.air import Air, AirParameters
from simulators.climate.sea import Sea, SeaParameters
from simulators.climate.tide import Tide
from simulators.climate.water_quality import QualityParameters, WaterQuality
from simulators.plant import Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day

_GRID_S = 300 * np.arange(289.0)  # of a day, both midnights
_MINUTES_S = 60 * np.arange(1440.0) + 30.0


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

    def weather(self, day: Day) -> Weather:
        """Return the means over the steps of one day.

        Raises
        ------
        ValueError
            If the day lies before 1970.
        """
        return Weather(
            sea_c=_means(day, self.sea.temperature_c),
            air_c=_means(day, self.air.temperature_c),
            humidity=_means(day, self.air.humidity),
            pressure_bar=_means(day, self.air.pressure_bar),
            tide_m=_means(day, self.sea.level_m),
            salinity_psu=_means(day, self.quality.salinity_psu),
            turbidity_ntu=_means(day, self.quality.turbidity_ntu),
        )


def _means(day: Day, at: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the means over the steps (n,) of what is known at any instant."""
    return day.mean_of_minutes(np.interp(_MINUTES_S, _GRID_S, at(day.start_s + _GRID_S)))
