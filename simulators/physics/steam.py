"""Water and steam at saturation, and what leaks through a steam trap.

The properties come from a table of IAPWS-IF97 (saturation.toml), read with straight lines between its 419 points: the
enthalpies are right to 1 J/kg, densities and pressures to 2e-5 of their value. Outside the table (1 to 210 °C) they are
not a number. Pressures are absolute.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ATMOSPHERE_BAR = 1.01325  # standard atmosphere, between absolute pressure and gauge pressure [bar]
# Heating values of natural gas at its normal state (0 °C, 1013.25 hPa) [kWh/m3]: near methane, whose values are 9.97
# and 11.06 (ISO 6976, combustion at 25 °C). French gas of type H has a higher heating value of 10.7 to 12.8 (decree of
# 2020 on the conversion from gas B to gas H).
GAS_LHV_KWH_PER_M3 = 10.0
GAS_HHV_KWH_PER_M3 = 11.1
_NAPIER = 0.2472  # [kg/h per bar and mm2]


def _read() -> dict[str, NDArray[np.float64]]:
    """Return the table's columns (419,), temperatures included."""
    text = files(__package__).joinpath("saturation.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    first, step = table.pop("first_c"), table.pop("step_k")
    columns = {name: np.array(column, np.float64) for name, column in table.items()}
    count = len(columns["pressure_bar"])
    return {"temperature_c": first + step * np.arange(count), **columns}


_TABLE = _read()
_TEMPERATURE_C = _TABLE["temperature_c"]
_LOG_PRESSURE = np.log(_TABLE["pressure_bar"])
_LOG_VAPOUR_DENSITY = np.log(_TABLE["vapour_kg_per_m3"])


def _at(temperature_c: ArrayLike, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a column at temperatures of any shape."""
    return np.asarray(
        np.interp(np.asarray(temperature_c, np.float64), _TEMPERATURE_C, column, left=np.nan, right=np.nan)
    )


def saturation_pressure_bar(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the absolute pressure [bar] of steam that is saturated at a temperature [°C], in its shape.

    >>> round(float(saturation_pressure_bar(100.0)), 4)
    1.0142
    """
    pressure: NDArray[np.float64] = np.exp(_at(temperature_c, _LOG_PRESSURE))
    return pressure


def saturation_temperature_c(pressure_bar: ArrayLike) -> NDArray[np.float64]:
    """Return the temperature [°C] of steam that is saturated at an absolute pressure [bar], in its shape.

    >>> round(float(saturation_temperature_c(9.0)), 2)
    175.36
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # no pressure, no temperature: the answer is nan
        log = np.log(np.asarray(pressure_bar, np.float64))
    return np.asarray(np.interp(log, _LOG_PRESSURE, _TEMPERATURE_C, left=np.nan, right=np.nan))


def liquid_enthalpy_kj_per_kg(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the enthalpy of saturated water [kJ/kg] at a temperature [°C], in its shape.

    Cold water under a few bar has this enthalpy to within 1 kJ/kg.

    >>> round(float(liquid_enthalpy_kj_per_kg(saturation_temperature_c(9.0))), 1)
    742.7
    """
    return _at(temperature_c, _TABLE["liquid_kj_per_kg"])


def liquid_temperature_c(enthalpy_kj_per_kg: ArrayLike) -> NDArray[np.float64]:
    """Return the temperature [°C] of saturated water of an enthalpy [kJ/kg], in its shape.

    >>> round(float(liquid_temperature_c(742.7)), 1)
    175.4
    """
    enthalpy = np.asarray(enthalpy_kj_per_kg, np.float64)
    column = _TABLE["liquid_kj_per_kg"]
    return np.asarray(np.interp(enthalpy, column, _TEMPERATURE_C, left=np.nan, right=np.nan))


def vapour_enthalpy_kj_per_kg(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the enthalpy of saturated steam [kJ/kg] at a temperature [°C], in its shape.

    >>> round(float(vapour_enthalpy_kj_per_kg(saturation_temperature_c(9.0))), 1)
    2773.0
    """
    return _at(temperature_c, _TABLE["vapour_kj_per_kg"])


def liquid_density_kg_per_m3(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the density of saturated water [kg/m3] at a temperature [°C], in its shape."""
    return _at(temperature_c, _TABLE["liquid_kg_per_m3"])


def vapour_density_kg_per_m3(temperature_c: ArrayLike) -> NDArray[np.float64]:
    """Return the density of saturated steam [kg/m3] at a temperature [°C], in its shape."""
    density: NDArray[np.float64] = np.exp(_at(temperature_c, _LOG_VAPOUR_DENSITY))
    return density


def orifice_kg_per_h(pressure_bar: ArrayLike, diameter_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the steam [kg/h] that blows through an orifice [mm] from an absolute pressure [bar] into the open.

    Napier's formula as used for steam traps, lb/h = 24.24 psia in2 (Manczyk, Testing and maintenance of steam traps);
    a discharge factor of 0.60 is already inside. What a trap really loses is less while condensate shares the orifice.

    >>> round(float(orifice_kg_per_h(9.0, 3.5)))
    27
    """
    return np.asarray(_NAPIER * np.asarray(pressure_bar, np.float64) * np.square(np.asarray(diameter_mm, np.float64)))


def siegert_loss_percent(flue_c: ArrayLike, air_c: ArrayLike, oxygen_percent: ArrayLike) -> NDArray[np.float64]:
    """Return the flue gas loss [% of the lower heating value] of natural gas, dry oxygen in percent.

    Siegert's formula with A2 = 0.66, B = 0.009: loss = (t_flue - t_air) (A2 / (21 - O2) + B).

    >>> round(float(siegert_loss_percent(220.0, 20.0, 3.0)), 1)
    9.1
    """
    return np.asarray((np.asarray(flue_c) - np.asarray(air_c)) * siegert_percent_per_k(oxygen_percent))


def siegert_percent_per_k(oxygen_percent: ArrayLike) -> NDArray[np.float64]:
    """Return Siegert's loss for each kelvin between flue gas and air [%/K], dry oxygen in percent."""
    return np.asarray(0.66 / (21.0 - np.asarray(oxygen_percent, np.float64)) + 0.009)
