"""What a device believes about its points, held against the catalogue: named differences, for a data alarm."""

from __future__ import annotations

from enum import StrEnum
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from telemetry.points import PULSE_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from telemetry.catalogue import Catalogue
    from telemetry.formats.meta import AssetMeta, MetaPoint
    from telemetry.site import Point


class Difference(StrEnum):
    """What a device and the site file do not agree on."""

    UNKNOWN_POINT = "unknown_point"  # the device has it, the site file does not
    MISSING_POINT = "missing_point"  # the site file has it, the device does not
    UNIT = "unit"
    QUANTITY = "quantity"
    KIND = "kind"
    PERIOD = "period"
    MODULUS = "modulus"
    PULSE_WEIGHT = "pulse_weight"


class MetaDifference(NamedTuple):
    """One thing that a device and the site file do not agree on."""

    point: str  # name within the asset
    what: Difference
    told: str  # by the device; "" where it says nothing of the point
    declared: str  # in the site file; "" where it says nothing of the point, or of this property


def meta_differences(asset: str, points: Iterable[MetaPoint], catalogue: Catalogue) -> tuple[MetaDifference, ...]:
    """Compare what is told of an asset's points with the catalogue; what is not told is not compared.

    Points come in the order of their names. Figures that agree to nine digits are equal: they may have travelled as
    text.
    """
    told = {point.n: point for point in points}
    prefix = f"{asset}/"
    declared = {key.removeprefix(prefix): entry.point for key, entry in catalogue.points.items()
                if key.startswith(prefix)}  # fmt: skip
    found: list[MetaDifference] = []
    for name in sorted({*told, *declared}):
        if name not in declared:
            found.append(MetaDifference(name, Difference.UNKNOWN_POINT, _summary(told[name]), ""))
        elif name not in told:
            found.append(MetaDifference(name, Difference.MISSING_POINT, "", declared[name].unit))
        else:
            found += _of_point(told[name], declared[name])
    return tuple(found)


def compared(meta: AssetMeta, catalogue: Catalogue) -> tuple[MetaDifference, ...]:
    """Compare one meta message with the catalogue."""
    return meta_differences(meta.asset, meta.points, catalogue)


def _summary(point: MetaPoint) -> str:
    """Return what is known of a point that the site file does not have."""
    return " ".join(part for part in (point.quantity, point.u) if part)


def _of_point(told: MetaPoint, declared: Point) -> Iterator[MetaDifference]:
    """Yield what differs in a point that both sides have."""
    texts = (
        (Difference.UNIT, told.u, declared.unit),
        (Difference.QUANTITY, told.quantity, declared.quantity),
        (Difference.KIND, told.kind, str(declared.kind)),
    )
    for what, said, meant in texts:
        if said is None or said == meant:
            continue
        if what is Difference.UNIT and declared.pulse_weight is not None and said in PULSE_UNITS:
            continue  # a register of pulses may call them so
        yield MetaDifference(told.n, what, said, meant)
    figures = (
        (Difference.PERIOD, told.period_s, declared.period_s),
        (Difference.MODULUS, told.modulus, declared.modulus),
        (Difference.PULSE_WEIGHT, told.pulse_weight, declared.pulse_weight),
    )
    for what, figure, wanted in figures:
        if figure is not None and (wanted is None or not isclose(figure, wanted, rel_tol=1e-9)):
            yield MetaDifference(told.n, what, f"{figure:.12g}", "" if wanted is None else f"{wanted:.12g}")
