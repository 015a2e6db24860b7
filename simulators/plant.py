"""The one interface of everything simulated: a plant makes its day from the weather and from what others made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.worlds import Worlds


@dataclass(frozen=True, kw_only=True, eq=False)
class Weather:
    """The sea and the air of one day: means over the steps, each (n,)."""

    sea_c: NDArray[np.float64]  # seawater at the intake [°C]
    air_c: NDArray[np.float64]  # air at the quay [°C]
    humidity: NDArray[np.float64]  # relative humidity of that air [%]
    pressure_bar: NDArray[np.float64]  # absolute pressure of that air [bar]
    tide_m: NDArray[np.float64]  # sea level above chart datum, surge included [m]
    salinity_psu: NDArray[np.float64]  # practical salinity [1]
    turbidity_ntu: NDArray[np.float64]  # [NTU]


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What one plant made of a day."""

    outputs: Mapping[str, Output] = field(default_factory=dict)  # by point key, canonical units
    flows: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)  # for other plants: (W or 1, n), named below


class Plant(Protocol):
    """One or several assets that are simulated together.

    Days are handed over one after the other; a plant keeps its state in between, in attributes that can be pickled.
    Names of flows: `{what}_{unit}:{area/asset}`, for example `electric_kw:mole/refrigeration`.
    """

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day, given the flows that plants before this one made of the same day."""
        ...
