"""What people write for a UCUM code: codes are for machines, symbols for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SYMBOLS: Mapping[str, str] = {
    "1": "",
    "Cel": "°C",
    "m3": "m³",
    "m3/h": "m³/h",
    "m3/s": "m³/s",
    "kW.h": "kWh",
    "MW.h": "MWh",
    "kvar.h": "kvarh",
    "uS/cm": "µS/cm",
    "{NTU}": "NTU",
    "[NTU]": "NTU",
    "[pH]": "pH",
    "[ppm]": "ppm",
    "{count}": "",
    "{CFU}/(100.mL)": "UFC/100 mL",
    "V.A": "VA",
    "kV.A": "kVA",
    "EUR": "€",
}


def symbol(unit: str, quantity: str = "") -> str:
    """Return what people write for a UCUM code; absolute pressure says so, as bar alone means gauge.

    >>> symbol("kW.h/m3")
    'kWh/m³'
    """
    whole = SYMBOLS.get(unit)
    text = "/".join(SYMBOLS.get(part, part) for part in unit.split("/")) if whole is None else whole
    return f"{text} abs." if quantity == "absolute_pressure" else text
