"""Months that are over are indexed by point, one at a time, and the index answers alone."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.engine import connect
from storage.past_months import index_past_month

MAKE = "SELECT ensure_reading_space(ARRAY['2026-01-01', '2026-02-01', '2026-03-01']::date[])"
FILL = """
    INSERT INTO reading
    SELECT ts, point_id, 1, 0, ts
    FROM generate_series(timestamptz '2026-01-01+00', '2026-01-31+00', '10 min') AS ts,
         generate_series(1, 20) AS point_id
"""
DAY = (
    "EXPLAIN SELECT ts, value, quality, received_at FROM reading"
    " WHERE point_id = 7 AND ts >= '2026-01-10+00' AND ts < '2026-01-11+00'"
)


def test_past_months_are_indexed_newest_first_and_the_running_one_is_not(database: str) -> None:
    """On 10 March, February and January get their index, March does not; a second round finds nothing to do."""
    with connect(database, autocommit=True) as connection:
        connection.execute(MAKE)
    now = datetime(2026, 3, 10, tzinfo=UTC)
    done = [index_past_month(database, now=now) for _ in range(3)]
    assert done == ["reading_2026_02", "reading_2026_01", None]


def test_a_month_is_left_alone_for_a_week(database: str) -> None:
    """Late data of a month that has just ended are still written without a second index."""
    with connect(database, autocommit=True) as connection:
        connection.execute(MAKE)
    assert index_past_month(database, now=datetime(2026, 2, 7, 23, 59, tzinfo=UTC)) is None
    assert index_past_month(database, now=datetime(2026, 2, 8, tzinfo=UTC)) == "reading_2026_01"


def test_the_day_of_one_point_is_answered_from_the_index_alone(database: str) -> None:
    """After the index is there, the planner reads a point's day from it and leaves the table alone."""
    with connect(database, autocommit=True) as connection:
        connection.execute(MAKE)
        connection.execute(FILL)
        index_past_month(database, now=datetime(2026, 3, 10, tzinfo=UTC))
        index_past_month(database, now=datetime(2026, 3, 10, tzinfo=UTC))
        connection.execute("VACUUM ANALYZE reading")
        plan = "\n".join(row[0] for row in connection.execute(DAY).fetchall())
    assert "Index Only Scan using reading_2026_01_by_point" in plan
