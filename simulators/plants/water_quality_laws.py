"""What is in clean seawater: turbidity after the filter, oxygen, acidity, and the laboratory's weekly counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.seawater import oxygen_saturation_mg_per_l

if TYPE_CHECKING:
    from numpy.typing import NDArray

_YEAR_S = 365.2425 * 86_400
_SPRING_DAY = 125.0  # the height of the bloom: early May


def filtered_ntu(
    turbidity_ntu: NDArray[np.float64], passing: float, floor_ntu: float, wandering: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return turbidity behind the filter [NTU]: a floor, and a share of what came that wanders by a fifth."""
    return floor_ntu + passing * (1.0 + 0.2 * wandering) * turbidity_ntu


def bloom(at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the spring bloom is on at times [s]: 1 in early May, e⁻¹ six weeks before and after."""
    days = np.mod(at_s / 86_400 - _SPRING_DAY + 182.0, _YEAR_S / 86_400) - 182.0
    found: NDArray[np.float64] = np.exp(-np.square(days / 42.0))
    return found


def oxygen_mg_per_l(
    practical: NDArray[np.float64], sea_c: NDArray[np.float64], blooming: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return dissolved oxygen [mg/L]: 96 % of saturation, 108 % in full bloom."""
    return (0.96 + 0.12 * blooming) * oxygen_saturation_mg_per_l(practical, sea_c)


def acidity(sea_c: NDArray[np.float64], blooming: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pH [1]: 8.05, more while algae take up carbon dioxide, 0.01 less for each K above 12 °C."""
    return 8.05 + 0.12 * blooming - 0.01 * (sea_c - 12.0)


def counted(expected: float, luck: float) -> float:
    """Return the number of colonies that a laboratory counts where so many are expected (Poisson, by its quantile).

    `luck` lies between 0 and 1. 1.0 expected and luck 0.5 → 1.
    """
    probability = np.exp(-expected)
    below, count = probability, 0
    while luck > below and count < 10_000:
        count += 1
        probability *= expected / count
        below += probability
    return float(count)
