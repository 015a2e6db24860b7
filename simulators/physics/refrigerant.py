"""Ammonia (R717): saturation pressure and temperature, and the coefficient of performance of a compressor.

The saturation curve is a polynomial fitted to the values of CoolProp 8.0.0 (equation of state of Gao et al., 2020) at
every kelvin from −60 to +65 °C: pressure within 2e-5 of the value, temperature within 0.002 K. The efficiency is a fit
to CoolProp's single-stage cycle with 70 % isentropic efficiency, 5 K superheat and 2 K subcooling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ATMOSPHERE_BAR = 1.01325  # what a gauge reads as 0 [bar absolute]
MOTOR_EFFICIENCY = 0.93  # of the compressor's motor and drive [1]
_KELVIN = 273.15
# ln(p / bar) = polynomial(x) / x with x = T / 300 K, highest power first.
_LN_PRESSURE = (
    -0.6113755629940382,
    2.0764612030605853,
    -0.16451372658287922,
    -6.607428952765185,
    19.94391127568255,
    -12.27514631782069,
)
# 1 / T [1/K] = polynomial(ln(p / bar)), highest power first.
_RECIPROCAL_TEMPERATURE = (
    9.737346216868689e-09,
    1.33969552935501e-08,
    -1.305861453673884e-07,
    -4.106203269542581e-06,
    -0.0003460212844423344,
    0.004174095475004692,
)
_SMALLEST_LIFT_K = 8.0  # below it no compressor can be run: the law would go to infinity


def saturation_pressure_bar(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the absolute pressure of boiling ammonia [bar] at a temperature [°C], −60 to +65 °C; 13.5 bar at 35 °C."""
    x = (np.asarray(temperature_c, np.float64) + _KELVIN) / 300.0
    return np.exp(np.polyval(_LN_PRESSURE, x) / x)


def saturation_temperature_c(pressure_bar: ArrayLike) -> NDArray[np.float64]:
    """Return the temperature [°C] at which ammonia boils under an absolute pressure [bar]; 35 °C at 13.5 bar."""
    pressure = np.asarray(pressure_bar, np.float64)
    return np.asarray(1.0 / np.polyval(_RECIPROCAL_TEMPERATURE, np.log(pressure)) - _KELVIN, np.float64)


def gauge_bar(absolute_bar: ArrayLike) -> NDArray[np.float64]:
    """Return what a gauge reads [bar] at an absolute pressure [bar]."""
    return np.asarray(absolute_bar, np.float64) - ATMOSPHERE_BAR


def compressor_cop(
    evaporating_c: ArrayLike, condensing_c: ArrayLike, motor_efficiency: float = MOTOR_EFFICIENCY
) -> NDArray[np.float64]:
    """Return cold made per electricity of the compressor [1] between two temperatures [°C]; 3.88 from −8 to 30 °C.

    Fitted for −40 to 0 °C and 15 to 40 °C. A lift below 8 K counts as 8 K: compressors cannot do less.
    """
    evaporating = np.asarray(evaporating_c, np.float64)
    lift = np.maximum(np.asarray(condensing_c, np.float64) - evaporating, _SMALLEST_LIFT_K)
    share_of_carnot = 0.6897 - 0.002392 * lift + 0.000199 * evaporating
    cop: NDArray[np.float64] = motor_efficiency * share_of_carnot * (evaporating + _KELVIN) / lift
    return cop
