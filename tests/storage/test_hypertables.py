"""What only TimescaleDB has, on the real extension in WebAssembly: chunks, the column store, policies."""

from __future__ import annotations

from typing import Any

import pytest

from storage import ledger
from storage.engine import Engine, connect, engine_of
from storage.rollups import rebuild, refresh_all
from storage.times import from_us
from storage.writer import Writer
from tests.fixtures.database import empty_tables
from tests.storage.building import MINUTE_US, NOW_US, add_points, batch_of, decoded_of, messages_of

WEEK = 7 * 1440


@pytest.fixture
def hypertables(timescale_wasm_server: str) -> str:
    """Return the server with its tables emptied."""
    empty_tables(timescale_wasm_server)
    return timescale_wasm_server


def ask(dsn: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Ask one question."""
    with connect(dsn, autocommit=True) as connection:
        return connection.execute(query.encode(), parameters or None).fetchall()


def compress(dsn: str, table: str) -> int:
    """Compress all chunks of a table, as the policy would; return how many."""
    return len(
        ask(dsn, "SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks(%s::regclass) AS c", table)
    )


def fill(dsn: str, points: list[int], *, minutes: range) -> None:
    """Write a reading a minute of counters that gain 2 a minute."""
    rows = [(point, NOW_US + k * MINUTE_US, 2.0 * k) for k in minutes for point in points]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))


def test_the_engine_is_known_and_set_up(hypertables: str) -> None:
    """Readings and roll-ups are hypertables with compression by point and a policy each."""
    with connect(hypertables) as connection:
        assert engine_of(connection) is Engine.TIMESCALEDB
    tables = ask(hypertables, "SELECT hypertable_name FROM timescaledb_information.hypertables"
                              " WHERE hypertable_schema = 'public' ORDER BY 1")  # fmt: skip
    assert [name for (name,) in tables] == ["reading", "reading_15m", "reading_1d", "reading_1h", "reading_1m"]
    policies = ask(hypertables, "SELECT count(*) FROM timescaledb_information.jobs"
                                " WHERE proc_name IN ('policy_compression', 'policy_columnstore')")  # fmt: skip
    assert policies == [(5,)]


def test_late_data_into_compressed_chunks(hypertables: str) -> None:
    """Late readings, duplicates and conflicts into compressed chunks are told apart, and roll-ups follow exactly."""
    points = add_points(hypertables, 4, kind="counter")
    present = [k for k in range(3 * WEEK) if not WEEK + 100 <= k < WEEK + 160]
    fill(hypertables, points, minutes=range(WEEK + 100))
    fill(hypertables, points, minutes=range(WEEK + 160, 3 * WEEK))
    refresh_all(hypertables)
    assert compress(hypertables, "reading") >= 3
    assert compress(hypertables, "reading_15m") >= 1
    late = [(point, NOW_US + k * MINUTE_US, 2.0 * k) for k in range(WEEK + 95, WEEK + 160) for point in points]
    wrong = [(points[0], NOW_US + 50 * MINUTE_US, -1.0)]
    with Writer(hypertables, gateway="test") as writer:
        result = writer.write(messages_of(), decoded_of(batch_of([*late, *wrong])))
    assert (result.stored, result.duplicate, result.quarantined) == (240, 20, 1)
    with connect(hypertables) as connection:
        totals = ledger.totals(connection, audit=True)
    assert (totals.readings, totals.balanced) == (4 * (len(present) + 60), True)
    refresh_all(hypertables)
    grown = figures(hypertables)
    assert not any(row[4] for row in grown)  # nothing is spread any more: the gap is closed
    rebuild(hypertables, points)
    assert figures(hypertables) == [pytest.approx(row) for row in grown]


def figures(dsn: str) -> list[tuple[float, ...]]:
    """Return the quarters' figures as numbers."""
    return ask(dsn, "SELECT point_id, date_part('epoch', bucket), n, increase, spread_s FROM reading_15m ORDER BY 1, 2")


def test_the_column_store_is_small(hypertables: str) -> None:
    """Regular readings of two weeks shrink several times; the figure itself is in docs/storage.md."""
    points = add_points(hypertables, 5)
    fill(hypertables, points, minutes=range(WEEK))
    compress(hypertables, "reading")
    ((before, after),) = ask(
        hypertables,
        "SELECT sum(before_compression_total_bytes)::bigint, sum(after_compression_total_bytes)::bigint"
        " FROM hypertable_compression_stats('reading')",
    )
    assert after * 4 < before


def test_only_the_chunks_of_the_window_are_read(hypertables: str) -> None:
    """A day of one point is planned over one chunk or two, of eleven."""
    (point,) = add_points(hypertables, 1)
    rows = [(point, NOW_US + k * 1440 * MINUTE_US, float(k)) for k in range(70)]
    with Writer(hypertables, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    ((chunks,),) = ask(hypertables, "SELECT count(*) FROM show_chunks('reading')")
    start = NOW_US + 30 * 1440 * MINUTE_US
    plan = ask(
        hypertables,
        "EXPLAIN SELECT * FROM reading WHERE point_id = %s AND ts >= %s AND ts < %s",
        point, from_us(start), from_us(start + 1440 * MINUTE_US),
    )  # fmt: skip
    scanned = {word for (line,) in plan for word in line.split() if word.startswith("_hyper_") and "pkey" not in word}
    assert chunks >= 10
    assert 1 <= len({name.strip('"') for name in scanned}) <= 2


def test_retention_can_be_added_and_taken_back(hypertables: str) -> None:
    """Dropping old raw readings is the operator's choice; roll-ups stay."""
    points = add_points(hypertables, 1)
    fill(hypertables, points, minutes=range(2 * WEEK))
    refresh_all(hypertables)
    ask(hypertables, "SELECT add_retention_policy('reading', interval '10 years')")
    ask(hypertables, "SELECT remove_retention_policy('reading')")
    before = ask(hypertables, "SELECT count(*) FROM reading_1h")
    ask(hypertables, "SELECT drop_chunks('reading', %s)", from_us(NOW_US + 2 * WEEK * MINUTE_US))
    assert ask(hypertables, "SELECT count(*) FROM reading")[0][0] < 2 * WEEK
    assert ask(hypertables, "SELECT count(*) FROM reading_1h") == before


def test_why_roll_ups_are_not_continuous_aggregates(hypertables: str) -> None:
    """A continuous aggregate sees one bucket at a time: of a counter read every 15 minutes it finds no increase.

    Ours carries each increment over the edge and loses nothing. This is the decision in docs/decisions.md, kept true.
    """
    (point,) = add_points(hypertables, 1, kind="counter", period_s=900.0, silent_after_s=3600.0)
    rows = [(point, NOW_US + k * 15 * MINUTE_US, 5.0 * k) for k in range(97)]
    with Writer(hypertables, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(hypertables)
    ours = ask(hypertables, "SELECT sum(increase) FROM reading_15m")
    with connect(hypertables, autocommit=True) as connection:
        connection.execute(
            "CREATE MATERIALIZED VIEW quarter WITH (timescaledb.continuous) AS"
            " SELECT point_id, time_bucket('15 minutes', ts) AS bucket, max(value) - min(value) AS increase"
            " FROM reading GROUP BY 1, 2 WITH NO DATA"
        )
        try:
            connection.execute("CALL refresh_continuous_aggregate('quarter', NULL, NULL)")
            theirs = connection.execute("SELECT sum(increase) FROM quarter").fetchall()
        finally:
            connection.execute("DROP MATERIALIZED VIEW quarter")
    assert ours == [(pytest.approx(480.0),)]
    assert theirs == [(0.0,)]
