"""A plate heat exchanger in counterflow that fouls: pure laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64] | float

WATER_KJ_PER_M3_K = 4190.0  # ρ·c_p of the loop's fresh water at 12 °C [domain brief]


def effectiveness(ntu: Numbers, ratio: Numbers) -> NDArray[np.float64]:
    """Return ε of a counterflow exchanger from NTU [1] and C_min/C_max [1]: NTU 2, ratio 0.5 → 0.775.

    ε = (1 − e)/(1 − ratio·e) with e = exp(−NTU·(1 − ratio)), and NTU/(1 + NTU) where both flows are alike
    (Kays and London, Compact Heat Exchangers).
    """
    ntu, ratio = np.asarray(ntu, np.float64), np.asarray(ratio, np.float64)
    alike = np.abs(1.0 - ratio) < 1e-6
    safe = np.where(alike, 0.5, ratio)
    decay = np.exp(-ntu * (1.0 - safe))
    found: NDArray[np.float64] = np.where(alike, ntu / (1.0 + ntu), (1.0 - decay) / (1.0 - safe * decay))
    return found


def transfer_units(effectiveness_: Numbers, ratio: Numbers) -> NDArray[np.float64]:
    """Return NTU [1] of a counterflow exchanger from ε and C_min/C_max < 1: ln((1 − ε·ratio)/(1 − ε))/(1 − ratio)."""
    inside = (1.0 - np.multiply(effectiveness_, ratio)) / (1.0 - np.asarray(effectiveness_))
    found: NDArray[np.float64] = np.log(inside) / (1.0 - np.asarray(ratio))
    return found


def clean_conductance(flow: Numbers, nominal_kw_per_k: float, nominal_flow: float) -> NDArray[np.float64]:
    """Return UA of the clean exchanger [kW/K]: it goes with the 0.7th power of the sea-side flow [m3/h]."""
    found: NDArray[np.float64] = nominal_kw_per_k * (np.asarray(flow, np.float64) / nominal_flow) ** 0.7
    return found


def fouled_conductance(clean_kw_per_k: Numbers, resistance_k_per_kw: Numbers) -> NDArray[np.float64]:
    """Return UA [kW/K] with a fouling resistance in series [K/kW]."""
    clean = np.asarray(clean_kw_per_k, np.float64)
    found: NDArray[np.float64] = clean / (1.0 + clean * resistance_k_per_kw)
    return found


def fouling_pace_per_day(sea_c: Numbers, days_at_15_c: float) -> NDArray[np.float64]:
    """Return 1/τ [1/d] of Kern and Seaton's law Rf = R∞·(1 − exp(−t/τ)): growth doubles with 10 K.

    With 81 days at 15 °C: 61 days at 19 °C in summer, 141 days at 7 °C in winter.
    """
    found: NDArray[np.float64] = np.exp2((np.asarray(sea_c, np.float64) - 15.0) / 10.0) / days_at_15_c
    return found
