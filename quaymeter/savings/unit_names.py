"""Units as people write them (`kWh`, `m³`, `°C`), as UCUM codes; what may be done with each follows from its sort."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from telemetry.errors import ContractError
from telemetry.units import conversion, did_you_mean


class Sort(StrEnum):
    """How values of a unit come together over time."""

    AMOUNT = "amount"  # summed: kW.h, m3, t
    RATE = "rate"  # averaged; integrated over time where an amount is wanted: kW, m3/h
    LEVEL = "level"  # averaged: temperature, humidity
    UNKNOWN = "unknown"  # nothing is known of it


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit."""

    code: str  # UCUM; "" where nothing is known
    sort: Sort
    quantity: str = ""  # of the telemetry contract, where it has the unit
    integral: str = ""  # of a rate: unit of its integral over one hour
    factor: float = 1.0  # of a rate: its integral over one hour in `integral`

    @property
    def shown(self) -> str:
        """The unit as people read it."""
        return SHOWN.get(self.code, self.code.replace(".h", "h").replace("m3", "m³").strip("{}[]"))


NO_UNIT = Unit(code="", sort=Sort.UNKNOWN)
SHOWN = {"Cel": "°C", "[degF]": "°F", "1": ""}

# International table British thermal unit: 1055.05585262 J; a therm is 100,000 of them (UCUM [Btu_IT])
JOULES = {"GW.h": 3.6e12, "[Btu_IT]": 1055.05585262, "k[Btu_IT]": 1055055.85262, "{therm}": 105505585.262}


def _rate(code: str, quantity: str, integral: str, factor: float = 1.0) -> Unit:
    return Unit(code=code, sort=Sort.RATE, quantity=quantity, integral=integral, factor=factor)


def _sorted(sort: Sort, quantity: str, *codes: str) -> list[Unit]:
    return [Unit(code=code, sort=sort, quantity=quantity) for code in codes]


_UNITS = [
    *_sorted(Sort.AMOUNT, "energy", "kW.h", "W.h", "MW.h", "GW.h", "J", "kJ", "MJ", "GJ"),
    *_sorted(Sort.AMOUNT, "energy", "[Btu_IT]", "k[Btu_IT]", "{therm}"),
    *_sorted(Sort.AMOUNT, "volume", "m3", "L", "dm3", "hL"),
    *_sorted(Sort.AMOUNT, "mass", "t", "kg", "g"),
    *_sorted(Sort.AMOUNT, "count", "1", "{pallet}", "{count}"),
    *_sorted(Sort.AMOUNT, "duration", "h", "min", "s"),
    *_sorted(Sort.LEVEL, "temperature", "Cel", "[degF]", "K"),
    *_sorted(Sort.LEVEL, "ratio", "%"),
    *_sorted(Sort.LEVEL, "gauge_pressure", "bar", "mbar", "hPa", "kPa", "Pa"),
    *_sorted(Sort.LEVEL, "level", "m", "cm", "mm"),
    _rate("kW", "power", "kW.h"), _rate("W", "power", "kW.h", 1e-3), _rate("MW", "power", "MW.h"),
    _rate("m3/h", "volume_flow", "m3"), _rate("L/s", "volume_flow", "m3", 3.6),
    _rate("L/min", "volume_flow", "m3", 0.06), _rate("L/h", "volume_flow", "m3", 1e-3),
    _rate("m3/s", "volume_flow", "m3", 3600.0),
    _rate("kg/h", "mass_flow", "kg"), _rate("kg/s", "mass_flow", "kg", 3600.0), _rate("t/h", "mass_flow", "t"),
]  # fmt: skip
UNITS = {unit.code: unit for unit in _UNITS}

_ALIASES = {
    "kwh": "kW.h", "wh": "W.h", "mwh": "MW.h", "gwh": "GW.h", "kwhe": "kW.h", "kwhth": "kW.h", "kwhpcs": "kW.h",
    "btu": "[Btu_IT]", "kbtu": "k[Btu_IT]", "therm": "{therm}", "therms": "{therm}", "thm": "{therm}",
    "m³": "m3", "nm3": "m3", "nm³": "m3", "sm3": "m3", "l": "L", "litre": "L", "litres": "L", "liter": "L",
    "liters": "L", "hl": "hL", "tonne": "t", "tonnes": "t", "to": "t", "kgs": "kg",
    "°c": "Cel", "c": "Cel", "degc": "Cel", "celsius": "Cel", "cel": "Cel",
    "°f": "[degF]", "f": "[degF]", "degf": "[degF]", "fahrenheit": "[degF]", "[degf]": "[degF]", "kelvin": "K",
    "m³/h": "m3/h", "nm3/h": "m3/h", "nm³/h": "m3/h", "m3h": "m3/h", "l/s": "L/s", "l/min": "L/min", "l/h": "L/h",
    "%hr": "%", "%rh": "%", "pct": "%", "percent": "%", "hours": "h", "heures": "h", "pallet": "{pallet}",
    "pallets": "{pallet}", "palettes": "{pallet}", "pieces": "{count}", "count": "{count}", "kw.h": "kW.h",
}  # fmt: skip
_BARE = re.compile(r"(?i)(?:^|[\s_,;/-])(k?wh|mwh|gwh|kw|mw|mj|gj|m3|m³|m3/h|m³/h|kg|tonnes|therms?|°c|°f|degc|degf)$")
_TEMPERATURE = re.compile(r"(?i)(?:temp\w*?|^t\w{0,3})[\s_-]?([CF])$")
_BRACKETS = re.compile(r"[\[(]([^\])]+)[\])]")


def known_unit(text: str) -> Unit | None:
    """Return the unit that a text names, or None; `{sacks}` names a unit of its own, kept as it is.

    >>> known_unit("MWh").code
    'MW.h'
    """
    word = text.strip()
    if word in UNITS:
        return UNITS[word]
    code = _ALIASES.get(word.casefold().replace(" ", ""))
    if code is None:
        code = {code.casefold(): code for code in UNITS if code not in {"MW", "MJ"}}.get(word.casefold())
    if code is None and re.fullmatch(r"\{\w[^{}]*\}", word):
        return Unit(code=word, sort=Sort.AMOUNT)
    return UNITS[code] if code else None


def unit_named(text: str, place: str) -> Unit:
    """Return the unit that a text names.

    Raises
    ------
    ContractError
        For a unit that is not known, with the nearest one: a unit is never guessed.
    """
    found = known_unit(text)
    if found is None:
        hint = did_you_mean(text, [*UNITS, *_ALIASES])
        raise ContractError(
            f'unit "{text}" is not known', place=place,
            cure=f"{hint}for example kWh, MWh, GJ, m3, t, kg, kW, Cel, degF; another thing in braces, as {{sacks}}",
        )  # fmt: skip
    return found


def unit_of_heading(heading: str) -> Unit | None:
    """Return the unit written in a heading: `Energy (kWh)`, `conso [MWh]`, `volume_m3`, `temp_C`; None where none is.

    >>> unit_of_heading("Energie active (MWh)").code
    'MW.h'
    """
    for inside in reversed(_BRACKETS.findall(heading)):
        if found := known_unit(inside):
            return found
    if bare := _BARE.search(heading.strip()):
        return known_unit(bare[1])
    if letter := _TEMPERATURE.search(heading.strip()):
        return known_unit(letter[1])
    return None


def without_unit(heading: str) -> str:
    """Return a heading without the unit it carries in brackets."""
    return _BRACKETS.sub(lambda found: "" if known_unit(found[1]) else found[0], heading).strip()


def factor_between(source: Unit, target: Unit, place: str) -> float:
    """Return what values in one amount's unit are multiplied by to be in another.

    Raises
    ------
    ContractError
        Where the two are not of one quantity.
    """
    if source.code == target.code:
        return 1.0
    if source.quantity != target.quantity or source.sort is not Sort.AMOUNT or not source.quantity:
        raise ContractError(
            f"{source.shown or 'a value without unit'} cannot become {target.shown}", place=place,
            cure="give a unit of the same quantity, or name the unit of the file: --energy COLUMN:kWh",
        )  # fmt: skip
    return _canonical(source) / _canonical(target)


def _canonical(unit: Unit) -> float:
    """Return one of this unit in its quantity's canonical unit."""
    if unit.code in JOULES:
        return JOULES[unit.code] / 3.6e6
    return conversion(unit.quantity, unit.code)[0]
