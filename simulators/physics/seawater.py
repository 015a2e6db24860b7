"""Seawater near the surface: density, heat capacity, freezing, conductivity and dissolved oxygen, as short fits.

Salinity comes as practical salinity, as probes and the weather give it; `absolute_salinity` turns it into g/kg. The
fits stand in for TEOS-10 because a port needs them at every step: each docstring says where they hold and how far they
are from the standard there. All arguments broadcast; NaN gives NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

GRAVITY_M_PER_S2 = 9.81
_SP_TO_SA = 35.16504 / 35.0  # g/kg for each unit of practical salinity; the local anomaly (0.001 g/kg) is left out
# Conductivity: row i holds the powers 0 to 3 of temperature [°C] of the factor of (SP/35)**(i+1).
_CONDUCTIVITY = np.array(
    [
        [33.0326, 1.022891, 0.005727055, -3.283476e-05],
        [-5.262918, -0.2123755, -0.001386833, 7.261307e-06],
        [1.265083, 0.05054815, 0.0003596358, -1.94363e-06],
    ]
)
# Garcia and Gordon, Limnology and Oceanography 37 (1992), 1307–1312: coefficients after Benson and Krause [µmol/kg].
_OXYGEN_A = (3.80369, -9.86643e-2, 5.10006, 4.17887, 3.20291, 5.80871)
_OXYGEN_B = (-9.51519e-3, -1.13864e-2, -7.70028e-3, -7.01577e-3)
_OXYGEN_C = -2.75915e-7
_OXYGEN_G_PER_MOL = 31.9988


def absolute_salinity(practical: ArrayLike) -> NDArray[np.float64]:
    """Return absolute salinity [g/kg] from practical salinity [1] (reference composition, TEOS-10): 34.3 → 34.462."""
    return np.asarray(practical, np.float64) * _SP_TO_SA


def density(practical: ArrayLike, temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return density [kg/m3] at practical salinity [1], temperature [°C] and 10 dbar: 34.3, 12 °C → 1026.09.

    Fitted to TEOS-10. Absolute salinity 33.5 to 35.2 g/kg and 5 to 20 °C: within 0.008 kg/m3; 28 to 36.5 g/kg and
    −1.5 to 28 °C: within 0.14 kg/m3.
    """
    salt, warm = absolute_salinity(practical), np.asarray(temperature_c, np.float64)
    return 1000.1698 + 0.797432 * salt + warm * (-0.001785 - 0.0048985 * warm - 0.0020089 * salt)


def heat_capacity(practical: ArrayLike, temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return specific heat capacity [J/(kg K)] at practical salinity [1], temperature [°C], 10 dbar: 34.3, 12 → 3994.7.

    Fitted to TEOS-10. Absolute salinity 33.5 to 35.2 g/kg and 5 to 20 °C: within 0.19 J/(kg K); 28 to 36.5 g/kg and
    −1.5 to 28 °C: within 4.5 J/(kg K), a thousandth.
    """
    salt, warm = absolute_salinity(practical), np.asarray(temperature_c, np.float64)
    return 4188.501 - 5.79192 * salt + warm * (-1.06544 + 0.0060868 * warm + 0.0427504 * salt)


def heat_per_volume(practical: ArrayLike, temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return ρ·c_p [kJ/(m3 K)] at practical salinity [1] and temperature [°C]: 34.3, 12 °C → 4098.9."""
    return density(practical, temperature_c) * heat_capacity(practical, temperature_c) / 1000.0


def freezing_c(practical: ArrayLike) -> NDArray[np.float64]:
    """Return the freezing temperature [°C] at practical salinity [1] and the surface: 34.3 → −1.882.

    Millero, in UNESCO technical papers in marine science 44 (1983); from 25 to 37 within 0.004 K of TEOS-10.
    """
    salt = np.asarray(practical, np.float64)
    return -0.0575 * salt + 1.710523e-3 * salt**1.5 - 2.154996e-4 * salt**2


def conductivity_ms_per_cm(practical: ArrayLike, temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return conductivity [mS/cm] at practical salinity [1], temperature [°C], surface: 35, 15 °C → 42.914.

    A polynomial without constant term, fitted to the practical salinity scale (PSS-78). Salinity 24 to 38, −2 to 30 °C:
    within 0.02 %.
    """
    salt, warm = np.asarray(practical, np.float64) / 35.0, np.asarray(temperature_c, np.float64)
    total = np.zeros(np.broadcast_shapes(salt.shape, warm.shape))
    for row in _CONDUCTIVITY[::-1]:
        factor = ((row[3] * warm + row[2]) * warm + row[1]) * warm + row[0]
        total = (total + factor) * salt
    return total


def oxygen_saturation_mg_per_l(practical: ArrayLike, temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return dissolved oxygen in balance with moist air at 1 atm [mg/L]: 35, 10 °C → 9.02.

    Garcia and Gordon (1992), per volume with the density above; 0 to 42 practical salinity, from freezing to 40 °C.
    """
    salt, warm = np.asarray(practical, np.float64), np.asarray(temperature_c, np.float64)
    scaled = np.log((298.15 - warm) / (273.15 + warm))
    log = np.polyval(_OXYGEN_A, scaled) + salt * np.polyval(_OXYGEN_B, scaled) + _OXYGEN_C * salt**2
    # [µmol/kg] · [g/mol] · [kg/m3] is [µg/m3]
    mg_per_l: NDArray[np.float64] = np.exp(log) * _OXYGEN_G_PER_MOL * density(salt, warm) * 1e-6
    return mg_per_l
