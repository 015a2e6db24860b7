"""The table of quantities: each fixes its canonical unit, the units that may be sent, and the kinds of point.

A quantity is more than a unit: absolute temperature and temperature difference share a unit and may never be added,
and the same holds for gauge and absolute pressure, or for electrical energy and heat. What may be done with a point
(averaged, differenced, integrated, summed) follows from its kind, and the quantity says which kinds are lawful.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

GAUGE = frozenset({Kind.GAUGE})
AMOUNT = frozenset({Kind.COUNTER, Kind.EVENT})
GAUGE_OR_SAMPLE = frozenset({Kind.GAUGE, Kind.EVENT})  # read steadily, or a laboratory's result now and then


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One measurable quantity."""

    name: str
    unit: str  # canonical UCUM code: what is stored
    units: Mapping[str, tuple[float, float]]  # legal unit → (factor, offset): canonical = value * factor + offset
    kinds: frozenset[Kind]
    minimum: float  # physical bound [canonical unit]; below it a reading is refused
    maximum: float  # physical bound [canonical unit]
    meaning: str = field(default="", compare=False)


def _quantity(
    name: str,
    kinds: frozenset[Kind],
    bounds: tuple[float, float],
    units: dict[str, float | tuple[float, float]],
    meaning: str,
) -> Quantity:
    """Build one row; the first unit is the canonical one, a bare number is a factor without offset."""
    pairs = {unit: (value if isinstance(value, tuple) else (value, 0.0)) for unit, value in units.items()}
    return Quantity(
        name=name,
        unit=next(iter(units)),
        units=MappingProxyType(pairs),
        kinds=kinds,
        minimum=bounds[0],
        maximum=bounds[1],
        meaning=meaning,
    )


_TEMPERATURE: dict[str, float | tuple[float, float]] = {
    "Cel": 1.0,
    "K": (1.0, -273.15),
    "[degF]": (5 / 9, -160 / 9),
}
_PRESSURE: dict[str, float | tuple[float, float]] = {
    "bar": 1.0,
    "mbar": 1e-3,
    "Pa": 1e-5,
    "hPa": 1e-3,
    "kPa": 1e-2,
    "MPa": 10.0,
    "[psi]": 0.0689475729316836,
}
_ENERGY: dict[str, float | tuple[float, float]] = {
    "kW.h": 1.0,
    "W.h": 1e-3,
    "MW.h": 1e3,
    "J": 1 / 3.6e6,
    "kJ": 1 / 3.6e3,
    "MJ": 1 / 3.6,
    "GJ": 1e3 / 3.6,
}
_POWER: dict[str, float | tuple[float, float]] = {"kW": 1.0, "W": 1e-3, "MW": 1e3}
_CUBIC_METRES: dict[str, float | tuple[float, float]] = {"m3": 1.0, "L": 1e-3, "dm3": 1e-3, "hL": 0.1}
_FAR = 1e12  # registers: beyond any meter's life, still exact in a double

_TABLE = (
    # --- temperature -------------------------------------------------------------------------------------------
    _quantity("temperature", GAUGE, (-273.15, 2000), _TEMPERATURE, "absolute temperature"),
    _quantity(
        "temperature_difference",
        GAUGE,
        (-2000, 2000),
        {"K": 1.0, "Cel": 1.0, "[degF]": 5 / 9},
        "difference of two temperatures; has no offset, so it is never an absolute one",
    ),
    _quantity("relative_humidity", GAUGE, (0, 110), {"%": 1.0, "1": 100.0}, "relative humidity of air"),
    # --- pressure ----------------------------------------------------------------------------------------------
    _quantity("gauge_pressure", GAUGE, (-1.2, 1000), _PRESSURE, "pressure above the atmosphere"),
    _quantity("absolute_pressure", GAUGE, (0, 1000), _PRESSURE, "pressure above vacuum"),
    _quantity("pressure_difference", GAUGE, (-1000, 1000), _PRESSURE, "difference of two pressures"),
    # --- flow and amount ---------------------------------------------------------------------------------------
    _quantity(
        "volume_flow",
        GAUGE,
        (-1e5, 1e5),
        {"m3/h": 1.0, "m3/s": 3600.0, "L/s": 3.6, "L/min": 0.06, "L/h": 1e-3},
        "flow of a liquid; negative is backwards",
    ),
    _quantity(
        "gas_flow", GAUGE, (0, 1e6), {"m3/h": 1.0, "m3/s": 3600.0}, "flow of gas at normal state (0 Cel, 1013.25 hPa)"
    ),
    _quantity("mass_flow", GAUGE, (-1e6, 1e6), {"kg/h": 1.0, "kg/s": 3600.0, "t/h": 1e3}, "mass flow"),
    _quantity("volume", AMOUNT, (0, _FAR), _CUBIC_METRES, "amount of liquid through a meter"),
    _quantity(
        "gas_volume", AMOUNT, (0, _FAR), {"m3": 1.0, "dm3": 1e-3}, "amount of gas at normal state (0 Cel, 1013.25 hPa)"
    ),
    _quantity("mass", AMOUNT, (-_FAR, _FAR), {"kg": 1.0, "t": 1e3, "g": 1e-3}, "amount of goods or steam"),
    _quantity("stock_mass", GAUGE, (0, 1e9), {"kg": 1.0, "t": 1e3, "g": 1e-3}, "mass that is in store now"),
    _quantity("stored_volume", GAUGE, (0, 1e6), _CUBIC_METRES, "volume that is in a tank now"),
    _quantity("level", GAUGE, (-100, 10000), {"m": 1.0, "cm": 1e-2, "mm": 1e-3}, "height of a liquid's surface"),
    _quantity("fill_level", GAUGE, (-5, 110), {"%": 1.0, "1": 100.0}, "share of a tank that is filled"),
    # --- energy and power --------------------------------------------------------------------------------------
    _quantity("energy", AMOUNT, (-_FAR, _FAR), _ENERGY, "electrical energy"),
    _quantity("thermal_energy", AMOUNT, (-_FAR, _FAR), _ENERGY, "heat or cold through a meter"),
    _quantity(
        "reactive_energy", AMOUNT, (-_FAR, _FAR), {"kvar.h": 1.0, "var.h": 1e-3}, "reactive energy (local UCUM code)"
    ),
    _quantity("power", GAUGE, (-1e6, 1e6), _POWER, "active electrical power"),
    _quantity("thermal_power", GAUGE, (-1e6, 1e6), _POWER, "heat or cold per time"),
    _quantity("reactive_power", GAUGE, (-1e6, 1e6), {"kvar": 1.0, "var": 1e-3}, "reactive power (local UCUM code)"),
    _quantity("apparent_power", GAUGE, (0, 1e6), {"kV.A": 1.0, "V.A": 1e-3}, "apparent power"),
    _quantity("power_factor", GAUGE, (-1, 1), {"1": 1.0, "%": 0.01}, "active over apparent power"),
    _quantity("voltage", GAUGE, (-1e6, 1e6), {"V": 1.0, "kV": 1e3, "mV": 1e-3}, "voltage"),
    _quantity("current", GAUGE, (-1e6, 1e6), {"A": 1.0, "mA": 1e-3, "kA": 1e3}, "current"),
    _quantity("frequency", GAUGE, (0, 1e6), {"Hz": 1.0, "kHz": 1e3, "/min": 1 / 60}, "frequency or speed of rotation"),
    # --- water and air quality ---------------------------------------------------------------------------------
    _quantity(
        "conductivity",
        GAUGE,
        (0, 1000),
        {"mS/cm": 1.0, "uS/cm": 1e-3, "S/m": 10.0, "mS/m": 1e-2},
        "electrical conductivity of water",
    ),
    _quantity("salinity", GAUGE, (0, 300), {"g/kg": 1.0}, "absolute salinity"),
    _quantity("turbidity", GAUGE, (0, 1e4), {"{NTU}": 1.0}, "turbidity, nephelometric"),
    _quantity("ph", GAUGE, (-2, 16), {"[pH]": 1.0}, "acidity"),
    _quantity(
        "concentration",
        GAUGE_OR_SAMPLE,
        (0, 1e6),
        {"mg/L": 1.0, "g/m3": 1.0, "g/L": 1e3, "kg/m3": 1e3, "ug/L": 1e-3},
        "mass of a substance in water",
    ),
    _quantity(
        "gas_concentration",
        GAUGE,
        (0, 1e6),
        {"[ppm]": 1.0, "[ppb]": 1e-3, "%": 1e4},
        "share of a gas, by volume",
    ),
    _quantity(
        "bacteria",
        GAUGE_OR_SAMPLE,
        (0, 1e12),
        {"{CFU}/(100.mL)": 1.0, "{CFU}/L": 0.1, "{CFU}/mL": 100.0},
        "colony-forming units in water",
    ),
    _quantity("sound_level", GAUGE, (-200, 200), {"dB": 1.0}, "level of sound or vibration"),
    # --- figures derived from others ---------------------------------------------------------------------------
    _quantity("performance", GAUGE, (-1e3, 1e3), {"1": 1.0}, "coefficient of performance, efficiency"),
    _quantity("thermal_conductance", GAUGE, (-1e6, 1e6), {"kW/K": 1.0, "W/K": 1e-3}, "UA of a heat exchanger"),
    _quantity("energy_per_volume", GAUGE, (-1e6, 1e6), {"kW.h/m3": 1.0}, "energy for each cubic metre"),
    _quantity("energy_per_mass", GAUGE, (-1e6, 1e6), {"kW.h/t": 1.0, "kW.h/kg": 1e3}, "energy for each tonne"),
    _quantity("volume_per_mass", GAUGE, (-1e6, 1e6), {"m3/t": 1.0, "L/kg": 1.0}, "water for each tonne"),
    _quantity("mass_per_mass", GAUGE, (-1e6, 1e6), {"kg/t": 1.0}, "steam or chemical for each tonne"),
    _quantity("specific_enthalpy", GAUGE, (-1e4, 1e4), {"kJ/kg": 1.0, "J/g": 1.0}, "heat in each kilogram, as of air"),
    # --- counts, shares, states --------------------------------------------------------------------------------
    _quantity("ratio", GAUGE, (-1e6, 1e6), {"%": 1.0, "1": 100.0}, "share, opening, harmonic distortion"),
    _quantity("count", AMOUNT, (-_FAR, _FAR), {"1": 1.0, "{count}": 1.0, "{pallet}": 1.0}, "things counted"),
    _quantity(
        "duration",
        AMOUNT,
        (0, _FAR),
        {"s": 1.0, "min": 60.0, "h": 3600.0, "ms": 1e-3},
        "time accumulated, as by an hour meter",
    ),
    _quantity(
        "state", frozenset({Kind.STATE}), (-(2**31), 2**31), {"1": 1.0}, "on or off (1 or 0), or the number of a mode"
    ),
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({quantity.name: quantity for quantity in _TABLE})
