"""How a figure is shown: symbol of its unit, number of decimals, quality in words."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from telemetry.quality import CLASS_MASK, DEVICE_SHIFT, QualityClass, Reason
from telemetry.symbols import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClassName", "class_name", "counts", "decimals", "device_class_name", "reasons", "shown_decimals", "symbol"]

# Decimals by canonical unit: what the sensor can tell, not what a float can hold.
DECIMALS: Mapping[str, int] = {
    "bar": 2,
    "kg/h": 0,
    "kg": 0,
    "mg/L": 2,
    "[pH]": 2,
    "m": 2,
    "V": 0,
    "{count}": 0,
    "[ppm]": 0,
    "1": 2,
    "{CFU}/(100.mL)": 0,
    "g/kg": 2,
    "s": 0,
    "kW.h": 1,
    "mS/cm": 1,
    "kW.h/m3": 3,
    "m3/t": 2,
}


class ClassName(StrEnum):
    """The quality classes in words."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


CLASS_NAMES = (ClassName.GOOD, ClassName.UNCERTAIN, ClassName.BAD, ClassName.BAD)


def class_name(quality: int) -> ClassName:
    """Return the class that counts, in words."""
    return CLASS_NAMES[quality & CLASS_MASK]


def device_class_name(quality: int) -> ClassName:
    """Return the class that the device itself gave, in words."""
    return CLASS_NAMES[(quality >> DEVICE_SHIFT) & CLASS_MASK]


def reasons(quality: int) -> list[str]:
    """Return the reasons in words, in order of their bits.

    Examples
    --------
    >>> reasons(2 | Reason.RANGE | Reason.SIMULATED)
    ['range', 'simulated']
    """
    return [str(reason.name).lower() for reason in Reason if quality & reason]


def counts(quality: int) -> bool:
    """Say whether a reading may be counted: bad ones are stored and never counted."""
    return quality & CLASS_MASK < QualityClass.BAD


def decimals(unit: str, kind: str = "gauge") -> int:
    """Return the decimals that a value in this unit is shown with."""
    if kind == "state" or (unit == "1" and kind != "gauge"):
        return 0
    return DECIMALS.get(unit, 1)


def shown_decimals(value: float, most: int, kind: str = "gauge") -> int:
    """Return the decimals for one value: five figures tell all that a sensor can; a register keeps every one.

    Examples
    --------
    >>> [shown_decimals(value, 2) for value in (1.234, 1234.5, 123456.7)]
    [2, 1, 0]
    """
    if kind == "counter":
        return most
    whole = math.floor(math.log10(max(abs(value), 1.0))) + 1
    return max(0, min(most, 5 - whole))
