"""What a derived point is made of, in one line that a run keeps: whoever holds its input can make the point again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.derived import in_order
from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.overview import PointRow
    from telemetry.site import DerivedPoint


def formula_of(row: PointRow, known: Mapping[str, PointRow]) -> str:
    """Return the formula of a point with the keys of its inputs, "" of a measured one; `known` are the site's points.

    Inputs that are derived themselves follow with their own: `2 * a; a = quay/pump/above; quay/pump/above = t - 4; t =
    quay/pump/t_air`. A unit in brackets is that of the formula's answer, where it is not the canonical one.
    """
    if row.derived is None:
        return ""
    derived = {key: one.derived for key, one in known.items() if one.derived is not None} | {row.key: row.derived}
    steps = in_order(derived, row.key)
    return "; ".join([_said(steps[-1]), *(f"{each.key} = {_said(each)}" for each in steps[-2::-1])])


def _said(point: DerivedPoint) -> str:
    """Return one formula and what its names stand for."""
    unit = f" [{point.unit}]" if point.unit != QUANTITIES[point.quantity].unit else ""
    return f"{point.formula}{unit}; " + ", ".join(f"{name} = {key}" for name, key in sorted(point.inputs.items()))
