"""Rows of the database turned into answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api import schemas
from api.figures import class_name, device_class_name, reasons

if TYPE_CHECKING:
    from datetime import datetime

    from storage import overview


def quality(code: int) -> schemas.Quality:
    """Return a stored quality in words."""
    return schemas.Quality.model_validate(
        {
            "code": code,
            "class": class_name(code),
            "device_class": device_class_name(code),
            "reasons": reasons(code),
        }
    )


def site(row: overview.SiteRow) -> schemas.Site:
    """Return one site."""
    return schemas.Site(**row._asdict())


def asset(row: overview.AssetRow) -> schemas.Asset:
    """Return one piece of plant."""
    return schemas.Asset(area=row.area, **row._asdict())


def point(row: overview.PointRow) -> schemas.Point:
    """Return one point."""
    made = row.derived
    return schemas.Point(
        area=row.key.partition("/")[0],
        **row._asdict()
        | {
            "derived": made is not None,
            "formula": None if made is None else made.formula,
            "formula_unit": None if made is None else made.unit,
            "inputs": None if made is None else made.inputs,
        },
    )


def latest(row: overview.PointRow, last: overview.LatestRow | None, now: datetime) -> schemas.Latest:
    """Return the latest reading of a point, or that there is none."""
    if last is None:
        return schemas.Latest(
            point=row.key, unit=row.unit, value=None, ts=None, received_at=None, age_s=None, silent=True, quality=None
        )
    age_s = max((now - last.ts).total_seconds(), 0.0)
    return schemas.Latest(
        point=row.key,
        unit=row.unit,
        value=last.value,
        ts=last.ts,
        received_at=last.received_at,
        age_s=round(age_s, 3),
        silent=age_s > row.silent_after_s,
        quality=quality(last.quality),
    )


def losses(rows: list[overview.LossRow]) -> schemas.Losses:
    """Return the losses of a site."""
    boots = [
        schemas.BootLosses(
            device=row.device,
            boot=row.boot,
            first=row.first,
            last=row.last,
            seen=row.seen,
            missing=row.missing,
            holes=[schemas.Hole(first=first, last=last) for first, last in row.holes],
            last_at=row.last_at,
        )
        for row in rows
    ]
    return schemas.Losses(missing=sum(boot.missing for boot in boots), boots=boots)
