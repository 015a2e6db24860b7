"""The temperature of drinking water from the mains, which follows the soil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_YEAR_S = 365.2425 * 86_400
MEAN_C = 12.0  # of the year [°C], as of the sea and the air at Boulogne
SWING_K = 4.5  # half the difference between the warmest and the coldest day: soil at a metre damps the air's 7 K
WARMEST_DAY = 245.0  # of the year: three weeks after the sea, as pipes lie a metre deep


def cold_water_c(at_s: NDArray[np.number]) -> NDArray[np.float64]:
    """Return the temperature of mains water [°C] at times [s since 1970-01-01 UTC], in their shape.

    >>> round(float(cold_water_c(np.array(1_756_771_200.0))), 1)  # 2 September 2025
    16.5
    """
    year = (np.asarray(at_s, np.float64) - (WARMEST_DAY - 1.0) * 86_400) / _YEAR_S
    return np.asarray(MEAN_C + SWING_K * np.cos(2.0 * np.pi * year))
