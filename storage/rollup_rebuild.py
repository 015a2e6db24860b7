"""Have roll-ups made anew, when what they are made by has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.engine import Connection

TABLES = ("reading_1m", "reading_15m", "reading_1h", "reading_1d", "rollup_set_aside")


def pend_point(connection: Connection, point_id: int, first: datetime, last: datetime) -> None:
    """Ask for the roll-ups of one point over a window, within the open transaction."""
    connection.execute(
        "INSERT INTO rollup_pending (point_id, from_ts, to_ts)"
        " VALUES (%s::int[], %s::timestamptz[], %s::timestamptz[])",
        ([point_id], [first], [last]),
    )


def forget_rollups(connection: Connection, point_id: int) -> None:
    """Drop a point's roll-ups and ask for them again, day by day, wherever it has readings.

    The caller has waited for the refreshers' lock: one at work would add what it read before.
    """
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE point_id = %s", (point_id,))
    connection.execute(
        "SELECT pend_readings(ARRAY[%s::int], ARRAY[timestamptz '-infinity'], ARRAY[timestamptz 'infinity'])",
        (point_id,),
    )
