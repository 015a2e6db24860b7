"""Conversion into the canonical unit, once, at the door. An unknown unit is refused, never guessed."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from telemetry.errors import ContractError
from telemetry.quantities import QUANTITIES, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"? ` when a known word is close, else an empty text."""
    lower = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return f'did you mean "{lower[close[0]]}"? ' if close else ""


def quantity_of(name: str) -> Quantity:
    """Return the quantity of that name, or raise ContractError with the nearest one."""
    found = QUANTITIES.get(name)
    if found is None:
        hint = did_you_mean(name, QUANTITIES) or f"known: {', '.join(sorted(QUANTITIES))}"
        raise ContractError(f'unknown quantity "{name}"', cure=hint.strip())
    return found


def conversion(quantity: str, unit: str) -> tuple[float, float]:
    """Return (factor, offset) so that canonical = value * factor + offset.

    >>> conversion("gauge_pressure", "kPa")
    (0.01, 0.0)
    """
    found = quantity_of(quantity)
    pair = found.units.get(unit)
    if pair is None:
        raise ContractError(
            f'unit "{unit}" is not one of {quantity}',
            cure=f"{did_you_mean(unit, found.units)}legal: {', '.join(found.units)}",
        )
    return pair


def canonical(quantity: str, unit: str, value: float) -> float:
    """Return one value in the quantity's canonical unit.

    >>> canonical("temperature", "[degF]", 212.0)
    100.0
    """
    factor, offset = conversion(quantity, unit)
    return value * factor + offset
