"""Latest values of a site's points, for screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.engine import storage_errors
from storage.statements import statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.engine import Connection


@dataclass(frozen=True, kw_only=True)
class LatestRow:
    """One point with its latest reading; the reading's fields are None until the first one comes."""

    point_id: int
    key: str
    name: Mapping[str, str]
    asset: str
    quantity: str
    unit: str  # canonical: the value's
    kind: str
    period_s: float
    silent_after_s: float
    ts: datetime | None
    value: float | None
    quality: int | None
    received_at: datetime | None


def latest(connection: Connection, site: str) -> list[LatestRow]:
    """Return every point of a site with its latest reading, in order of key."""
    with storage_errors("read the latest values"):
        rows = connection.execute(statement("series", "latest"), (site,)).fetchall()
    names = tuple(LatestRow.__dataclass_fields__)
    return [LatestRow(**dict(zip(names, row, strict=True))) for row in rows]
