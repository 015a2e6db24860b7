"""Humid air, and how much of it an open door lets in.

Vapour pressures: Buck Research Instruments, Model CR-1A Hygrometer Operating Manual, 1996 (over water above 0 °C, over
ice below), times the enhancement of air at one atmosphere, 1.0044. Doors: Gosney and Olama, Heat and enthalpy gains
through cold room doorways, Proc. Inst. Refrig. 1975, as in the ASHRAE Handbook Refrigeration, Refrigeration Load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

AIR_KJ_PER_KG_K = 1.006  # dry air at constant pressure
VAPOUR_KJ_PER_KG_K = 1.86
EVAPORATION_KJ_PER_KG = 2501.0  # of water at 0 °C
FUSION_KJ_PER_KG = 333.6  # of ice at 0 °C
ATMOSPHERE_BAR = 1.01325
_VAPOUR_TO_AIR = 0.621945  # molar masses
_ENHANCEMENT = 1.0044  # air's effect on the vapour pressure of water at one atmosphere
_AIR_KJ_PER_KG_K_GAS = 0.287042  # gas constant of dry air
_GRAVITY = 9.81  # [m/s2]


def saturation_pressure_bar(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the vapour pressure of saturated air [bar] at −50 to +60 °C, over ice below 0 °C; 0.0123 bar at 10 °C."""
    t = np.asarray(temperature_c, np.float64)
    ice = t < 0.0
    a, b, c = np.where(ice, 23.036, 18.678), np.where(ice, 333.7, 234.5), np.where(ice, 279.82, 257.14)
    base = np.where(ice, 6.1115e-3, 6.1121e-3)
    return _ENHANCEMENT * base * np.exp((a - t / b) * t / (c + t))


def humidity_ratio(
    temperature_c: ArrayLike, humidity: ArrayLike, pressure_bar: ArrayLike = ATMOSPHERE_BAR
) -> NDArray[np.float64]:
    """Return kg of vapour a kg of dry air, from temperature [°C], relative humidity [%] and absolute pressure [bar]."""
    vapour = 0.01 * np.asarray(humidity, np.float64) * saturation_pressure_bar(temperature_c)
    ratio: NDArray[np.float64] = _VAPOUR_TO_AIR * vapour / (np.asarray(pressure_bar, np.float64) - vapour)
    return ratio


def relative_humidity(
    temperature_c: ArrayLike, ratio: ArrayLike, pressure_bar: ArrayLike = ATMOSPHERE_BAR
) -> NDArray[np.float64]:
    """Return the relative humidity [%] of air that holds `ratio` kg of vapour a kg of dry air, at most 100."""
    held = np.asarray(ratio, np.float64)
    vapour = np.asarray(pressure_bar, np.float64) * held / (_VAPOUR_TO_AIR + held)
    return np.minimum(100.0 * vapour / saturation_pressure_bar(temperature_c), 100.0)


def enthalpy_kj_per_kg(temperature_c: ArrayLike, ratio: ArrayLike) -> NDArray[np.float64]:
    """Return the enthalpy of humid air [kJ a kg of dry air], 0 for dry air and liquid water at 0 °C."""
    t, held = np.asarray(temperature_c, np.float64), np.asarray(ratio, np.float64)
    enthalpy: NDArray[np.float64] = AIR_KJ_PER_KG_K * t + held * (EVAPORATION_KJ_PER_KG + VAPOUR_KJ_PER_KG_K * t)
    return enthalpy


def density_kg_per_m3(
    temperature_c: ArrayLike, ratio: ArrayLike, pressure_bar: ArrayLike = ATMOSPHERE_BAR
) -> NDArray[np.float64]:
    """Return the density of humid air [kg/m3], vapour included; 1.247 for dry air at 10 °C."""
    kelvin, held = np.asarray(temperature_c, np.float64) + 273.15, np.asarray(ratio, np.float64)
    dry = 100.0 * np.asarray(pressure_bar, np.float64) / (_AIR_KJ_PER_KG_K_GAS * kelvin * (1.0 + held / _VAPOUR_TO_AIR))
    density: NDArray[np.float64] = dry * (1.0 + held)
    return density


def door_exchange_kg_per_s(
    inside_kg_per_m3: ArrayLike, outside_kg_per_m3: ArrayLike, width_m: ArrayLike, height_m: ArrayLike
) -> NDArray[np.float64]:
    """Return how much air an open door exchanges with full flow [kg/s], from densities [kg/m3] and sizes [m].

    Times the difference of enthalpy this is the gain of Gosney and Olama. Cold air falls out of the room, or into it
    where the outside is the colder side: the law is read from the denser side. 6.4 kg/s for 3 m by 3.5 m between
    −22 °C and +12 °C.
    """
    inside, outside = np.asarray(inside_kg_per_m3, np.float64), np.asarray(outside_kg_per_m3, np.float64)
    dense = np.maximum(inside, outside)
    thinning = np.minimum(inside, outside) / dense
    flow_m = np.sqrt(2.0 / (1.0 + 1.0 / np.cbrt(thinning))) ** 3
    height = np.asarray(height_m, np.float64)
    per_density = 0.221 * np.asarray(width_m, np.float64) * height * np.sqrt(_GRAVITY * height)
    exchange: NDArray[np.float64] = per_density * dense * np.sqrt(1.0 - thinning) * flow_m
    return exchange
