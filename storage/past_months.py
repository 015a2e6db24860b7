"""Months that are over, made fast to read point by point on plain PostgreSQL (a column store is that by itself)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.engine import connect, storage_errors

SETTLED_AFTER = timedelta(days=7)  # by then most of what devices had buffered has come in


def index_past_month(dsn: str, *, now: datetime | None = None) -> str | None:
    """Index the newest month that ended a week ago and has no index by point; return its partition, or None.

    Writes to that month wait meanwhile, some ten seconds for nine million readings; other months are not touched.
    """
    ended_before = (now or datetime.now(UTC)) - SETTLED_AFTER
    with connect(dsn) as connection, storage_errors("index a past month"):
        row = connection.execute("SELECT index_past_month(%s)", (ended_before,)).fetchone()
        connection.commit()
    return row[0] if row else None
