"""How fast a year of a port is read, and what each choice of index costs and brings.

    python -m benchmarks.queries --json            a year of 200 points a minute, 105 million readings
    python -m benchmarks.queries --days 30         a month of them

Queries go through `storage.series`, as the API's do. The raw readings are copied in; the quarters of an hour are made
by SQL from a formula, since it is reading that is measured here, and hours and days are made of them as always.
Layouts are compared on a month of their own, on the same server, one after the other.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.storage_rig import (
    START_US,
    fresh_database,
    make_space,
    minutes_of,
    p95_ms,
    raw_copy,
    seconds,
)
from storage.binary_copy import pack_readings
from storage.engine import connect
from storage.past_months import index_past_month
from storage.series import readings
from storage.times import from_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.engine import Connection

START = from_us(START_US)
DAY = timedelta(days=1)
CHUNK_MINUTES = 500
LAYOUTS = {
    "ts_point": ("PRIMARY KEY (ts, point_id)", ""),
    "ts_point_and_point_ts": ("PRIMARY KEY (ts, point_id)", "CREATE INDEX ON {table} (point_id, ts)"),
    "point_ts": ("PRIMARY KEY (point_id, ts)", ""),
}
GOAL_RAW_DAY_MS = 50.0


def fill_year(dsn: str, points: list[int], days: int) -> dict[str, float]:
    """Copy the raw readings of `days` days and make their roll-ups; return how long each took."""
    rng = np.random.default_rng(2)
    make_space(dsn, days // 28 + 2)

    def copy() -> None:
        with connect(dsn) as connection:
            for first in range(0, days * 1440, CHUNK_MINUTES):
                minutes = min(CHUNK_MINUTES, days * 1440 - first)
                raw_copy(connection, minutes_of(points, first, minutes, rng))

    def index() -> None:
        while index_past_month(dsn):
            pass

    return {
        "load_s": round(seconds(copy), 1),
        "index_past_months_s": round(seconds(index), 1),
        "rollups_s": round(seconds(lambda: make_rollups(dsn, points, days)), 1),
    }


def make_rollups(dsn: str, points: list[int], days: int) -> None:
    """Fill the roll-up tables: quarters by formula, hours and days from them by the product's own function."""
    with connect(dsn, autocommit=True) as connection:
        for day in range(0, days, 30):
            length = min(30, days - day)
            connection.execute(
                "INSERT INTO reading_15m SELECT p, b, 15, 0, 4 + sin(p + k), 3, 6, NULL, NULL, 900, 0, 1, b, 4, 0,"
                " b + interval '14 min', 4, 0, 0, 0 FROM unnest(%s::int[]) AS p, generate_series(0, %s * 96 - 1) AS k,"
                " LATERAL (SELECT %s::timestamptz + k * interval '15 min' AS b) AS at ORDER BY b, p",
                (points, length, START + day * DAY),
            )
        for level in ("1h", "1d"):
            connection.execute(
                f"INSERT INTO reading_{level} SELECT * FROM rollup_sums('reading_15m', %(level)s, 'Europe/Paris',"
                " %(points)s, array_fill(bucket_number(%(level)s, 'Europe/Paris', %(start)s), ARRAY[%(count)s]),"
                " array_fill(bucket_number(%(level)s, 'Europe/Paris', %(end)s), ARRAY[%(count)s]))",
                {"level": level, "points": points, "count": len(points), "start": START, "end": START + days * DAY},
            )
        connection.execute("VACUUM ANALYZE")


def query_timings(dsn: str, points: list[int], days: int, repeats: int) -> dict[str, float]:
    """Return the 95th percentile of each query [ms], each time over another point and another window."""
    rng = np.random.default_rng(3)
    whole = days * DAY
    month = min(30 * DAY, whole)

    def point() -> list[int]:
        return [points[int(rng.integers(len(points)))]]

    def day() -> timedelta:
        return int(rng.integers(max(1, days - month.days))) * DAY

    with connect(dsn, autocommit=True) as connection:

        def ask(numbers: list[int], start: timedelta, length: timedelta, resolution: str) -> None:
            columns = readings(connection, numbers, START + start, START + start + length, resolution)
            assert len(columns)  # noqa: S101 – an empty answer would be a fast one

        queries: dict[str, Callable[[], None]] = {
            "raw_day_one_point": lambda: ask(point(), day(), DAY, "raw"),
            "minute_day_one_point": lambda: ask(point(), day(), DAY, "1m"),
            "month_by_15m_one_point": lambda: ask(point(), day(), month, "15m"),
            "year_by_day_one_point": lambda: ask(point(), timedelta(), whole, "1d"),
            "year_by_day_all_points": lambda: ask(points, timedelta(), whole, "1d"),
            "raw_minute_all_points": lambda: ask(points, day(), timedelta(minutes=1), "raw"),
        }
        return {f"{name}_p95_ms": p95_ms([seconds(query) for _ in range(repeats)]) for name, query in queries.items()}


def layout_timings(dsn: str, points: list[int], days: int, repeats: int) -> dict[str, dict[str, float]]:
    """Compare keys of the raw table: rows/s of COPY in batches of 50,000, bytes a row, and the two ways of reading."""
    result = {}
    for name, (key, extra) in LAYOUTS.items():
        table = f"layout_{name}"
        with connect(dsn, autocommit=True) as connection:
            connection.execute(
                f"CREATE TABLE {table} (ts timestamptz NOT NULL, point_id int NOT NULL, value float8 NOT NULL,"
                f" quality int2 NOT NULL, received_at timestamptz NOT NULL, {key}) PARTITION BY RANGE (ts)"
            )
            for month in range(days // 28 + 2):
                first = np.datetime64(START_US, "us").astype("datetime64[M]") + month
                connection.execute(
                    f"CREATE TABLE {table}_{month} PARTITION OF {table} FOR VALUES FROM ('{first}-01 00:00+00')"
                    f" TO ('{first + 1}-01 00:00+00')"
                )
            if extra:
                connection.execute(extra.format(table=table))
        with connect(dsn) as connection:
            result[name] = one_layout(connection, table, points, days, repeats)
    return result


def one_layout(connection: Connection, table: str, points: list[int], days: int, repeats: int) -> dict[str, float]:
    """Fill one layout and read it."""
    rng = np.random.default_rng(4)
    spent = 0.0
    for first in range(0, days * 1440, 250):
        packed = pack_readings(minutes_of(points, first, 250, rng))

        def copy(packed: bytes = packed) -> None:
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copier:
                copier.write(packed)
            connection.commit()

        spent += seconds(copy)
    connection.commit()
    connection.autocommit = True
    connection.execute(f"VACUUM ANALYZE {table}")
    rows, size = connection.execute(
        f"SELECT (SELECT count(*) FROM {table}), (SELECT sum(pg_total_relation_size(relid))"
        f" FROM pg_partition_tree('{table}'))"
    ).fetchone() or (1, 0)
    day = f"SELECT ts, value FROM {table} WHERE point_id = %s AND ts >= %s AND ts < %s ORDER BY ts"
    slice_ = f"SELECT point_id, value FROM {table} WHERE ts >= %s AND ts < %s"

    def moment() -> timedelta:
        return int(rng.integers(days - 1)) * DAY

    def one_day() -> None:
        start = START + moment()
        connection.execute(day, (points[int(rng.integers(len(points)))], start, start + DAY), binary=True).fetchall()

    def one_minute() -> None:
        start = START + moment()
        connection.execute(slice_, (start, start + timedelta(minutes=5)), binary=True).fetchall()

    return {
        "copy_per_s": round(rows / spent),
        "bytes_per_row": round(float(size) / rows, 1),
        "day_of_one_point_p95_ms": p95_ms([seconds(one_day) for _ in range(repeats)]),
        "five_minutes_of_all_p95_ms": p95_ms([seconds(one_minute) for _ in range(repeats)]),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--layout-days", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with fresh_database() as (dsn, points):
        layouts = layout_timings(dsn, points, options.layout_days, options.repeats) if options.layout_days else {}
        result: dict[str, object] = {"rows": options.days * 1440 * len(points), "days": options.days}
        result |= fill_year(dsn, points, options.days)
        timings = query_timings(dsn, points, options.days, options.repeats)
        with connect(dsn) as connection:
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        result |= {**timings, "database_bytes": size[0] if size else 0, "layouts": layouts}
    print(json.dumps(result, indent=None if options.json else 2))
    return 0 if timings["raw_day_one_point_p95_ms"] < GOAL_RAW_DAY_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
