"""Air at the quay: temperature with season, persistence, day and heat waves; pressure; humidity.

======================  ========================================================================================
what                    source
======================  ========================================================================================
season                  six harmonics fitted  to the monthly means of MAREL Carnot 2005-2009 (doi 10.17882/39754);
                        two harmonics alone miss the fall from November (10.3 °C) to December (6.2 °C) by 0.7 K
anomaly                 same record: standard deviation 2.26 K, 0.81 from one day to the next
daily wave              same record, at the breakwater: ±0.5 K in winter, ±0.9 K in summer; on a quay between
                        buildings two to three times as much (judgement)
heat wave               39.6 °C on 19 July 2022 is the record to be reached
pressure, humidity      judgement: figures usual at the eastern Channel
saturation pressure     Magnus form of the WMO guide (No. 8, 2008), over water
======================  ========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.smooth import Anomaly, clock, curve, ripple, season, series
from simulators.day import DAY_S
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class AirParameters:
    """What the air of a place is like; defaults are Boulogne's."""

    season_c: tuple[float, ...] = (
        *(11.930, -5.806, -3.431, -0.328, 0.185, -0.057, 0.227, -0.019, 0.362, -0.145, 0.172, 0.0, 0.184),
    )  # mean, then cosine and sine of each harmonic [°C]
    anomaly_k: float = 2.26  # standard deviation of a day from its season [K]
    persistence: float = 0.81  # of that, from day to day [1]
    daily_k: float = 0.7  # amplitude of the daily wave, mean of the year [K]
    daily_season_k: float = 0.2  # more in July, less in January [K]
    quay_factor: float = 2.5  # daily wave at the quay over that at the breakwater [1, judgement]
    cloud: float = 0.4  # spread of the daily wave from day to day, of its logarithm [1, judgement]
    gust_k: float = 0.3  # what remains within hours [K, judgement]
    warmest_h: float = 14.0  # hour of UTC at which the day is warmest [h]
    heat_wave_mean: float = 0.6  # mean of a heat wave's day over its peak [1, judgement]
    pressure_bar: float = 1.0157  # mean at sea level [bar]
    pressure_spread_bar: float = 0.0085  # standard deviation, mean of the year [bar]
    pressure_season_bar: float = 0.0025  # more in January, less in July [bar]
    pressure_persistence: float = 0.75  # [1]
    humidity_logit: float = 1.55  # logit of the relative humidity at the day's mean temperature: 82 %
    humidity_season: float = 0.2  # more in January [1]
    humidity_spread: float = 0.5  # standard deviation of the logit [1]
    humidity_persistence: float = 0.6  # [1]
    humidity_with_pressure: float = -0.4  # correlation of their daily shocks [1]


class Air:
    """The air of one place under one seed."""

    def __init__(self, seed: int, heat_waves: Sequence[tuple[float, float, float]], parameters: AirParameters) -> None:
        """Take heat waves as (first instant [s], last instant [s], peak above the weather that would have been [K])."""
        self._parameters = parameters
        self._heat_waves = tuple(heat_waves)
        self.anomaly = Anomaly(Stream.of(seed, "climate", "air"), parameters.persistence)
        self.pressure = Anomaly(Stream.of(seed, "climate", "pressure"), parameters.pressure_persistence)
        self._humidity = Anomaly(
            Stream.of(seed, "climate", "humidity"),
            parameters.humidity_persistence,
            self.pressure,
            parameters.humidity_with_pressure,
        )
        self._clouds = Stream.of(seed, "climate", "clouds")
        self._gusts = Stream.of(seed, "climate", "gusts")

    def temperature_c(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the temperature (n,) [°C] at instants (n,)."""
        p = self._parameters
        waves = self._daily_k(ts_s) * clock(ts_s, p.warmest_h) + p.gust_k * ripple(self._gusts, 7_200.0, ts_s)
        made: NDArray[np.float64] = self._slow_c(ts_s) + waves + self._heat_k(ts_s)
        return made

    def pressure_bar(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the absolute pressure at sea level (n,) [bar] at instants (n,)."""
        return self._parameters.pressure_bar + self.pressure_departure_bar(ts_s)

    def pressure_departure_bar(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return how far the pressure is above its mean (n,) [bar]."""
        p = self._parameters
        spread = p.pressure_spread_bar + p.pressure_season_bar * np.cos(season(ts_s))
        departure: NDArray[np.float64] = spread * self.pressure.at(ts_s)
        return departure

    def humidity(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the relative humidity (n,) [%]: vapour changes with the days, temperature with the hours."""
        p = self._parameters
        logit = (
            p.humidity_logit + p.humidity_season * np.cos(season(ts_s)) + p.humidity_spread * self._humidity.at(ts_s)
        )
        vapour = saturation_bar(self._slow_c(ts_s)) / (1.0 + np.exp(-logit))
        return np.minimum(100.0, 100.0 * vapour / saturation_bar(self.temperature_c(ts_s)))

    def _slow_c(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Season and anomaly (n,) [°C]: what the air mass brings, before sun and heat wave."""
        p = self._parameters
        slow: NDArray[np.float64] = series(p.season_c, ts_s) + p.anomaly_k * self.anomaly.at(ts_s)
        return slow

    def _daily_k(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Amplitude of the daily wave (n,) [K]: by season, and by a cloudiness of mean 1 that changes with the days."""
        p = self._parameters
        clear = np.maximum(0.0, curve(self._clearness, np.asarray(ts_s, np.float64) / DAY_S))
        amplitude: NDArray[np.float64] = p.quay_factor * (p.daily_k - p.daily_season_k * np.cos(season(ts_s))) * clear
        return amplitude

    def _clearness(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        spread = self._parameters.cloud
        clear: NDArray[np.float64] = np.exp(spread * self._clouds.normal(numbers) - 0.5 * spread**2)
        return clear

    def _heat_k(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return what heat waves add (n,) [K]: the whole peak in the afternoon, a fifth of it at night."""
        p = self._parameters
        ts_s = np.asarray(ts_s, np.float64)
        day = p.heat_wave_mean + (1.0 - p.heat_wave_mean) * clock(ts_s, p.warmest_h)
        total = np.zeros(ts_s.shape)
        for first_s, last_s, peak_k in self._heat_waves:
            total += peak_k * day * _plateau(ts_s, first_s, last_s)
        return total


def _plateau(ts_s: NDArray[np.float64], first_s: float, last_s: float) -> NDArray[np.float64]:
    """Rise from 0 to 1 and fall again, in cosines of a third of the length or two days, whichever is shorter."""
    flank_s = min(2.0 * DAY_S, (last_s - first_s) / 3.0)
    inside = np.clip(np.minimum(ts_s - first_s, last_s - ts_s) / flank_s, 0.0, 1.0)
    plateau: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * inside)
    return plateau


def saturation_bar(air_c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the saturation pressure of vapour over water [bar]: Magnus."""
    pressure: NDArray[np.float64] = 6.112e-3 * np.exp(17.62 * air_c / (243.12 + air_c))
    return pressure
