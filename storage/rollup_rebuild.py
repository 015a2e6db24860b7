"""Have roll-ups made anew, when what they are made by has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.engine import Connection

LEVELS = ("reading_1m", "reading_15m", "reading_1h", "reading_1d")


def pend_point(connection: Connection, point_id: int, first: datetime, last: datetime) -> None:
    """Ask for the roll-ups of one point over a window, within the open transaction."""
    connection.execute(
        "INSERT INTO rollup_pending (point_id, from_ts, to_ts) VALUES (%s::int[], %s::timestamptz[], %s::timestamptz[])",
        ([point_id], [first], [last]),
    )


def forget_rollups(connection: Connection, point_id: int) -> None:
    """Drop a point's roll-ups and ask for them again from its first reading to its last."""
    row = connection.execute("SELECT min(ts), max(ts) FROM reading WHERE point_id = %s", (point_id,)).fetchone()
    for level in LEVELS:
        connection.execute(f"DELETE FROM {level} WHERE point_id = %s", (point_id,))
    if row is not None and row[0] is not None:
        pend_point(connection, point_id, row[0], row[1])
