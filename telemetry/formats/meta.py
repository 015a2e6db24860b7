"""What a device believes about the points of one asset, retained on the asset's `meta` topic (see docs/contract.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import cbor2
import msgspec

from telemetry.batch import RefusalReason
from telemetry.formats.envelope import TIME_QUALITIES, VERSION
from telemetry.formats.report import Report, ShortText, read_report
from telemetry.formats.rows import RefusedError, shown
from telemetry.topics import is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telemetry.formats.rows import Place
    from telemetry.site import Point

MOST_POINTS = 1000  # of one asset

# Bounds of a site file's own figures, generously: what lies outside is no mistaken belief but a broken message.
Positive = Annotated[float, msgspec.Meta(gt=0, le=1e18)]


class MetaPoint(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a device believes about one point; what it does not tell is None, and is not compared."""

    n: Annotated[str, msgspec.Meta(max_length=64)]
    u: ShortText | None = None  # unit in which it sends (UCUM)
    quantity: ShortText | None = None
    kind: ShortText | None = None
    period_s: Positive | None = None  # sampling period [s]
    modulus: Positive | None = None  # counter rolls over here [canonical unit]
    pulse_weight: Positive | None = None  # [declared unit per pulse]


@dataclass(frozen=True, kw_only=True)
class AssetMeta:
    """What one meta message says."""

    site: str
    asset: str  # `area/asset`
    device: str
    boot: int
    received_us: int  # arrival [µs since 1970-01-01 UTC]
    points: tuple[MetaPoint, ...]
    told_us: int | None = None  # device time [µs since 1970-01-01 UTC]
    catalogue: str = ""  # version of the site file that the device was configured from, for people

    @property
    def at_us(self) -> int:
        """When the device believed it [µs since 1970-01-01 UTC]: its own time, but never one yet to come."""
        return self.received_us if self.told_us is None else min(self.told_us, self.received_us)


class _Meta(Report, kw_only=True, gc=False):
    points: Annotated[list[MetaPoint], msgspec.Meta(max_length=MOST_POINTS)]
    catalogue: ShortText = ""


_decode_json = msgspec.json.Decoder(_Meta).decode


def read_meta(payload: bytes, content_type: str, place: Place, received_us: int) -> AssetMeta:
    """Read a meta message; RefusedError refuses it."""
    said = read_report(payload, content_type, place, _Meta, _decode_json)
    if said.tsq not in TIME_QUALITIES:
        raise RefusedError(RefusalReason.SCHEMA, "`tsq` is not one of ntp, rtc, none")
    _check_names(said.points)
    return AssetMeta(
        site=place.site,
        asset=place.asset,
        device=said.dev,
        boot=said.boot,
        received_us=received_us,
        points=tuple(said.points),
        told_us=said.told_us,
        catalogue=said.catalogue,
    )


def _check_names(points: Sequence[MetaPoint]) -> None:
    """Refuse names that no point can have, and a point that is told twice."""
    seen: set[str] = set()
    for point in points:
        if not is_name(point.n):
            raise RefusedError(RefusalReason.SCHEMA, f"{shown(point.n)} is not the name of a point")
        if point.n in seen:
            raise RefusedError(RefusalReason.SCHEMA, f"point {shown(point.n)} is told twice")
        seen.add(point.n)


def meta_point(point: Point) -> MetaPoint:
    """Return what a device that was configured from the site file believes about a point."""
    return MetaPoint(
        n=point.short_name,
        u=point.unit,
        quantity=point.quantity,
        kind=str(point.kind),
        period_s=point.period_s,
        modulus=point.modulus,
        pulse_weight=point.pulse_weight,
    )


def encode_meta(
    dev: str,
    boot: int,
    points: Sequence[MetaPoint],
    *,
    ts_ms: int | None = None,
    catalogue: str = "",
    cbor: bool = False,
) -> bytes:
    """Encode what a device believes about the points of one asset; `ts_ms` is now [ms since 1970-01-01 UTC]."""
    meta: dict[str, Any] = {"v": VERSION, "dev": dev, "boot": boot}
    meta |= {name: value for name, value in {"ts": ts_ms, "catalogue": catalogue or None}.items() if value is not None}
    meta["points"] = [msgspec.to_builtins(point) for point in points]
    return cbor2.dumps(meta) if cbor else msgspec.json.encode(meta)
