"""The sea at the intake: temperature with season, persistence, tide and day; surge.

======================  ========================================================================================
what                    source
======================  ========================================================================================
season                  six harmonics fitted  to the monthly means of MAREL Carnot 2005-2009 (doi 10.17882/39754)
anomaly                 same record: standard deviation 1.0 K, 0.983 from one day to the next
within the day          same record: M2 0.07 K, 24 h 0.04 K in winter and 0.15 K in summer, the rest 0.18 K
phase of M2             judgement: off Boulogne the stream runs with the level, so water has been carried furthest a
                        quarter of a period after high water
with the air            judgement: daily shocks correlated by 0.85, which makes the anomalies of a day correlated by
                        0.45 and whole temperatures, seasons included, by 0.88 (0.9 in the record)
surge                   standard deviation about 0.17 m: 1 cm for each hPa below the mean (inverse barometer), the rest
                        is wind (judgement)
======================  ========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.smooth import Anomaly, clock, ripple, season, series
from simulators.streams import Stream

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from simulators.climate.air import Air
    from simulators.climate.tide import Tide


@dataclass(frozen=True, kw_only=True)
class SeaParameters:
    """What the sea of a place is like; defaults are Boulogne's."""

    season_c: tuple[float, ...] = (
        *(12.614, -4.736, -4.205, 0.033, 0.294, 0.002, 0.156, -0.011, 0.213, -0.068, 0.060, 0.0, 0.080),
    )  # mean, then cosine and sine of each harmonic [°C]
    anomaly_k: float = 1.0  # standard deviation of a day from its season [K]
    persistence: float = 0.983  # of that, from day to day [1]
    with_air: float = 0.85  # correlation of the daily shocks of sea and air [1]
    tidal_k: float = 0.07  # amplitude that goes with M2 [K]
    tidal_lag_rad: float = np.pi / 2.0  # behind high water
    daily_k: float = 0.095  # amplitude of the daily wave, mean of the year [K]
    daily_season_k: float = 0.055  # more in July, less in January [K]
    warmest_h: float = 15.0  # hour of UTC [h]
    eddy_k: float = 0.18  # what remains within hours [K]
    freezing_c: float = -1.88  # at 34.3 PSU (TEOS-10); no sea is colder [°C]
    barometer_m_per_bar: float = -9.95  # surge by pressure: 1/(ρ g) at 1 025 kg/m3 [m/bar]
    wind_surge_m: float = 0.145  # standard deviation of the rest of the surge [m]
    wind_persistence: float = 0.6  # of that, from day to day [1]


class Sea:
    """The sea of one place under one seed."""

    def __init__(self, seed: int, air: Air, tide: Tide, parameters: SeaParameters) -> None:
        self._parameters = parameters
        self._air = air
        self._tide = tide
        self.anomaly = Anomaly(
            Stream.of(seed, "climate", "sea"), parameters.persistence, air.anomaly, parameters.with_air
        )
        self._wind = Anomaly(Stream.of(seed, "climate", "surge"), parameters.wind_persistence)
        self._eddies = Stream.of(seed, "climate", "eddies")

    def temperature_c(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the temperature at the intake (n,) [°C] at instants (n,)."""
        p = self._parameters
        slow = series(p.season_c, ts_s) + p.anomaly_k * self.anomaly.at(ts_s)
        tidal = p.tidal_k * np.cos(self._tide.lunar(ts_s) - p.tidal_lag_rad)
        daily = (p.daily_k - p.daily_season_k * np.cos(season(ts_s))) * clock(ts_s, p.warmest_h)
        return np.maximum(p.freezing_c, slow + tidal + daily + p.eddy_k * ripple(self._eddies, 10_800.0, ts_s))

    def level_m(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the level above chart datum (n,) [m]: tide and surge."""
        return self._tide.level_m(ts_s) + self.surge_m(ts_s)

    def surge_m(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return what weather adds to the tide (n,) [m]."""
        p = self._parameters
        pressed = p.barometer_m_per_bar * self._air.pressure_departure_bar(ts_s)
        surge: NDArray[np.float64] = pressed + p.wind_surge_m * self._wind.at(ts_s)
        return surge
