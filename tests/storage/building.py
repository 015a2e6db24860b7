"""Small sites, points and batches for the storage tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from storage.engine import connect
from telemetry.batch import Decoded, Message, MessageNumber, ReadingBatch, Refusal
from telemetry.site import Asset, Kind, Operator, Point, Site, Utility

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW_US = 1_760_000_000_000_000  # 2025-10-09 08:53:20 UTC
MINUTE_US = 60_000_000


def small_point(name: str, **changes: Any) -> Point:
    """Return a point of the only asset, changed as asked."""
    values: dict[str, Any] = {
        "key": f"quay/pump/{name}",
        "name": {"fr": name, "en": name},
        "quantity": "power",
        "unit": "kW",
        "kind": Kind.GAUGE,
        "period_s": 60.0,
        "silent_after_s": 300.0,
    }
    return Point(**values | changes)


def small_site(points: Sequence[Point] | None = None, **changes: Any) -> Site:
    """Return a site of one asset."""
    values: dict[str, Any] = {
        "id": "quay",
        "name": "Quay",
        "latitude": 50.7,
        "longitude": 1.6,
        "timezone": ZoneInfo("Europe/Paris"),
        "utilities": (Utility(id="electricity", name={"fr": "électricité", "en": "electricity"}),),
        "operators": (Operator(id="port", name="Port"),),
        "assets": (
            Asset(key="quay/pump", name={"fr": "pompe"}, utility="electricity", operator="port", device="dev-1"),
        ),
        "points": tuple(points or (small_point("power"), small_point("current", quantity="current", unit="A"))),
    }
    return Site(**values | changes)


def add_points(dsn: str, count: int, **columns: object) -> list[int]:
    """Insert bare points straight into the database; return their numbers."""
    values = {
        "kind": "gauge", "period_s": 60.0, "silent_after_s": 300.0, "modulus": None, "rate_limit": None,
        "timezone": "Europe/Paris", **columns,
    }  # fmt: skip
    site = f"site-{values['timezone']}"
    with connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO site (key, name, latitude, longitude, timezone, version) VALUES (%s, 'Test', 0, 0, %s, '1')"
            " ON CONFLICT (key) DO NOTHING",
            (site, values["timezone"]),
        )
        connection.execute(
            "INSERT INTO asset (site_id, key, name, utility, operator, device)"
            " SELECT id, 'area/asset', '{}', '', '', 'dev' FROM site WHERE key = %s ON CONFLICT DO NOTHING",
            (site,),
        )
        rows = connection.execute(
            "INSERT INTO point (site_id, asset_id, key, name, quantity, unit, canonical_unit, kind, period_s,"
            " silent_after_s, modulus, rate_limit)"
            " SELECT s.id, a.id, 'area/asset/' || gen_random_uuid(), '{}', 'power', 'kW', 'kW', %(kind)s, %(period_s)s,"
            " %(silent_after_s)s, %(modulus)s::float8, %(rate_limit)s::float8"
            " FROM site AS s JOIN asset AS a ON a.site_id = s.id, generate_series(1, %(count)s)"
            " WHERE s.key = %(site)s RETURNING id",
            {**values, "count": count, "site": site},
        ).fetchall()
    return sorted(row[0] for row in rows)


def batch_of(
    rows: Sequence[tuple[int, int, float] | tuple[int, int, float, int] | tuple[float, ...]],
    *,
    received_us: int = NOW_US,
    message: Sequence[int] | None = None,
) -> ReadingBatch:
    """Make a batch of rows (point, time [µs], value[, quality])."""
    return ReadingBatch(
        point_id=np.array([row[0] for row in rows], np.int32),
        ts_us=np.array([row[1] for row in rows], np.int64),
        value=np.array([row[2] for row in rows], np.float64),
        quality=np.array([row[3] if len(row) > 3 else 0 for row in rows], np.int16),
        received_us=np.full(len(rows), received_us, np.int64),
        message=np.array(message if message is not None else [0] * len(rows), np.int32),
    )


def decoded_of(
    batch: ReadingBatch, *, refusals: Sequence[Refusal] = (), sequences: Sequence[MessageNumber] = ()
) -> Decoded:
    """Wrap a batch as the decoder would."""
    return Decoded(batch=batch, refusals=refusals, sequences=sequences)


def messages_of(count: int = 1, *, topic: str = "port/v1/quay/quay/pump/telemetry") -> list[Message]:
    """Return messages to go with a batch."""
    return [Message(topic, f"payload {number}".encode(), "", NOW_US) for number in range(count)]
