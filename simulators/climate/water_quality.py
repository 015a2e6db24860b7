"""Salinity and turbidity of the sea at the intake.

Month by month the medians of MAREL Carnot 2005-2009 (doi 10.17882/39754); salinity with the tails of the whole record
(30.4 and 35.4 at 1 and 99 %), longer to the fresh side; turbidity lognormal with each month's 95 % figure. Storms,
which come with low pressure, stir most of the mud; springs and the strength of the stream do the rest. How much each
does is a judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.smooth import Anomaly, monthly
from simulators.streams import Stream

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from simulators.climate.air import Air
    from simulators.climate.tide import Tide

_AT_95 = 1.6449  # standard normal quantile


@dataclass(frozen=True, kw_only=True)
class QualityParameters:
    """What the water of a place is like; defaults are Boulogne's, January first."""

    salinity_psu: tuple[float, ...] = (
        33.1,
        33.1,
        33.3,
        33.8,
        33.8,
        33.9,
        33.7,
        33.6,
        33.6,
        33.8,
        33.5,
        33.0,
    )  # medians
    fresher_psu: float = 1.32  # standard deviation of the fresh side of the median [1]
    saltier_psu: float = 0.78  # of the salt side [1]
    salinity_persistence: float = 0.93  # from day to day [1]
    river_psu: float = 0.1  # fresher at low water, saltier at high water, by the river in the port [1]
    turbidity_ntu: tuple[float, ...] = (9, 12, 11, 6, 6, 5, 7, 5, 7, 10, 13, 11)  # medians
    turbidity_95_ntu: tuple[float, ...] = (49, 51, 52, 22, 23, 14, 31, 36, 32, 30, 50, 48)  # 95 % of the time below
    storm: float = 0.90  # weights of storms, springs and stream in the logarithm of turbidity; their squares make 1
    springs: float = 0.36
    stream: float = 0.25
    storm_persistence: float = 0.7  # from day to day [1]
    storm_with_pressure: float = -0.5  # correlation of their daily shocks [1]


class WaterQuality:
    """The quality of the sea of one place under one seed."""

    def __init__(self, seed: int, air: Air, tide: Tide, parameters: QualityParameters) -> None:
        self._parameters = parameters
        self._tide = tide
        self._salinity = Anomaly(Stream.of(seed, "climate", "salinity"), parameters.salinity_persistence)
        self._storms = Anomaly(
            Stream.of(seed, "climate", "storms"),
            parameters.storm_persistence,
            air.pressure,
            parameters.storm_with_pressure,
        )
        medians = np.log(np.array(parameters.turbidity_ntu, np.float64))
        self._medians = medians
        self._spreads = (np.log(np.array(parameters.turbidity_95_ntu, np.float64)) - medians) / _AT_95

    def salinity_psu(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the practical salinity (n,) [1] at instants (n,)."""
        p = self._parameters
        departure = self._salinity.at(ts_s)
        side = np.where(departure < 0.0, p.fresher_psu, p.saltier_psu)
        river = p.river_psu * np.cos(self._tide.lunar(ts_s))
        salinity: NDArray[np.float64] = monthly(np.array(p.salinity_psu), ts_s) + side * departure + river
        return salinity

    def turbidity_ntu(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the turbidity (n,) [NTU] at instants (n,)."""
        p = self._parameters
        springs = np.sqrt(2.0) * np.cos(self._tide.springs(ts_s))
        stream = np.sqrt(2.0) * np.cos(2.0 * self._tide.lunar(ts_s))  # strongest at high and at low water
        stirred = p.storm * self._storms.at(ts_s) + p.springs * springs + p.stream * stream
        turbidity: NDArray[np.float64] = np.exp(monthly(self._medians, ts_s) + monthly(self._spreads, ts_s) * stirred)
        return turbidity
