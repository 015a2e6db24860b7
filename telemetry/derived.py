"""Derived points (KPIs): a formula over the buckets of other points; their coverage and quality carry through."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.errors import ContractError
from telemetry.formula import evaluate
from telemetry.quality import combined
from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.units import conversion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from telemetry.site import DerivedPoint


@dataclass(frozen=True, kw_only=True, eq=False)
class Buckets:
    """One point's buckets as columns (n,), aligned with those of other points."""

    value: NDArray[np.float64]  # mean of a gauge or state, amount of a counter or event; NaN where nothing is known
    coverage: NDArray[np.float64]  # share of the bucket that is known
    valid_s: NDArray[np.float64]  # the same in seconds
    spread_s: NDArray[np.float64]  # seconds filled by spreading the increment of a longer gap
    n: NDArray[np.int64]  # readings that count
    n_bad: NDArray[np.int64]  # readings that do not
    resets: NDArray[np.int32]
    quality: NDArray[np.int16]


def derive(point: DerivedPoint, inputs: Mapping[str, Buckets]) -> Buckets:
    """Evaluate a derived point over the buckets of its inputs, named as its formula names them.

    The value is in the canonical unit of the point's quantity. Where an input has no value, where the formula has no
    answer, and beyond the physical bounds of the quantity there is none: NaN. A figure is known as long as the least
    known of its inputs: coverage, seconds and readings are the least of theirs; what speaks against a figure adds up.
    """
    quantity = QUANTITIES[point.quantity]
    factor, offset = conversion(point.quantity, point.unit)
    value = evaluate(point.formula, {name: one.value for name, one in inputs.items()}) * factor + offset
    possible = (value >= quantity.minimum) & (value <= quantity.maximum)  # False for NaN too
    of = list(inputs.values())
    return Buckets(
        value=np.where(possible, value, np.nan),
        coverage=_least(one.coverage for one in of),
        valid_s=_least(one.valid_s for one in of),
        spread_s=np.maximum.reduce([one.spread_s for one in of]),
        n=_least(one.n for one in of),
        n_bad=np.add.reduce([one.n_bad for one in of]),
        resets=np.add.reduce([one.resets for one in of]),
        quality=combined([one.quality for one in of]),
    )


def _least(columns: Iterable[NDArray[Any]]) -> NDArray[Any]:
    least: NDArray[Any] = np.minimum.reduce(list(columns))
    return least


def kind_of(quantity: str) -> Kind:
    """Return what a derived point of a quantity is: a level where that is lawful, else an amount.

    >>> kind_of("performance"), kind_of("energy")
    (<Kind.GAUGE: 'gauge'>, <Kind.EVENT: 'event'>)
    """
    lawful = QUANTITIES[quantity].kinds
    return next(kind for kind in (Kind.GAUGE, Kind.EVENT, Kind.STATE) if kind in lawful)


def in_order(points: Mapping[str, DerivedPoint], wanted: str) -> list[DerivedPoint]:
    """Return a derived point after all those that it is made of; raises ContractError where they go in a circle."""
    needed, left = set[str](), [wanted]
    while left:
        key = left.pop()
        if key in points and key not in needed:
            needed.add(key)
            left += points[key].inputs.values()
    sorter = TopologicalSorter({key: _uses(points, key) for key in sorted(needed)})
    try:
        return [points[key] for key in sorter.static_order()]
    except CycleError as error:
        raise ContractError(
            f"{' → '.join(reversed(error.args[1]))} go in a circle",
            place=wanted,
            cure="mend the inputs in the site file",
        ) from None


def circles(points: Mapping[str, DerivedPoint]) -> list[list[str]]:
    """Return the circles of points that are made of each other: keys, each before one that it uses."""
    found, left = [], dict(points)
    while True:
        try:
            TopologicalSorter({key: _uses(left, key) for key in left}).prepare()
        except CycleError as error:
            found.append(error.args[1][:0:-1])
            left = {key: point for key, point in left.items() if key not in error.args[1]}
        else:
            return found


def _uses(points: Mapping[str, DerivedPoint], key: str) -> list[str]:
    return [one for one in points[key].inputs.values() if one in points]
