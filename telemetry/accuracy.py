"""What the accuracy of a data sheet means: so much, and so much of the value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from telemetry.errors import ContractError
from telemetry.quantities import QUANTITIES
from telemetry.units import conversion

if TYPE_CHECKING:
    from telemetry.site import Point

_NUMBER = re.compile(r"^\s*±?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<rest>.*)$")
_CLASS = re.compile(r"class\s+(?P<number>\d+(?:\.\d+)?)")
_EN_12830_K = {"1": 1.0, "2": 2.0}  # EN 12830: class 1 is within 1 K, class 2 within 2 K
_UNTOLD = {"bacteria": 0.3}  # plate counts scatter by a third even where nobody says so


class Accuracy(NamedTuple):
    """Largest error of a sound instrument: `absolute + relative · |value|`."""

    absolute: float = 0.0  # [canonical unit]
    relative: float = 0.0  # [1]


def accuracy_of(point: Point) -> Accuracy:
    """Return what a point's accuracy class says; nothing where it says nothing, as a set point does.

    Understood are `0.1 K`, `1 cm`, `0.5 %` (of the value; of the scale for shares as relative humidity),
    `0.25 % FS`, `0.3 points`, `class 0.5S`, `MID class 2`, `EN 12830 class 1`, and a bare number in the declared unit.
    """
    text = point.accuracy_class.partition(",")[0]
    found = _CLASS.search(text)
    if found and "12830" in text:
        return Accuracy(_EN_12830_K.get(found["number"], 2.0))
    if found:
        return Accuracy(relative=float(found["number"]) / 100)
    number = _NUMBER.match(text)
    if number is None:
        return Accuracy(relative=_UNTOLD.get(point.quantity, 0.0))
    return _told(point, float(number["number"]), number["rest"].strip())


def relative_accuracy(text: str) -> float | None:
    """Return what an accuracy class says of a register, as a share of what it gained; None where it says no share.

    >>> relative_accuracy("class 0.5S"), relative_accuracy("MID class 2"), relative_accuracy("2 %")
    (0.005, 0.02, 0.02)
    """
    told = text.partition(",")[0]
    found = None if "12830" in told else _CLASS.search(told)
    if found:
        return float(found["number"]) / 100
    number = _NUMBER.match(told)
    rest = number["rest"].strip() if number else ""
    return float(number["number"]) / 100 if number and rest.startswith("%") and not rest.endswith("FS") else None


def full_scale(point: Point) -> float:
    """Return the upper end of a point's range, by size [canonical unit]; 0 where no range is declared."""
    return max(abs(point.valid_min or 0.0), abs(point.valid_max or 0.0))


def _told(point: Point, number: float, rest: str) -> Accuracy:
    if rest.startswith("%") and rest.endswith("FS"):
        span = (point.valid_max or 0.0) - (point.valid_min or 0.0)
        return Accuracy(number / 100 * span)
    if rest.startswith("%"):
        is_share = QUANTITIES[point.quantity].unit == "%" and "value" not in rest
        return Accuracy(number) if is_share else Accuracy(relative=number / 100)
    if rest.startswith("point"):
        return Accuracy(number)
    try:
        factor, _ = conversion(point.quantity, rest or point.unit)
    except ContractError:
        return Accuracy()
    return Accuracy(number * abs(factor))
