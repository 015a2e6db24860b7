"""Roll-ups: the database's way against the definition in plain Python, whatever the order of arrival."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.engine import connect
from storage.rollups import rebuild, refresh, refresh_all
from storage.writer import Writer
from tests.storage.building import add_points, batch_of, decoded_of, messages_of
from tests.storage.segment_reference import Described, expected

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = {"1m": 0, "15m": 1, "1h": 2, "1d": 3}
FINEST = {30.0: "1m", 60.0: "15m", 900.0: "15m", 3600.0: "1h", 86400.0: "1d"}
SPRING = int(datetime(2025, 3, 29, 12, tzinfo=UTC).timestamp())  # the day before a day of 23 hours
DAY = 86_400
AUTUMN = int(datetime(2025, 10, 25, 12, tzinfo=UTC).timestamp())  # the day before a day of 25 hours

Reading = tuple[float, float, int]


def store(dsn: str, point_id: int, readings: Sequence[Reading]) -> None:
    """Write readings (time [s], value, quality) as one batch."""
    rows = [(point_id, round(moment * 1e6), value, quality) for moment, value, quality in readings]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))


def make_point(dsn: str, point: Described) -> int:
    """Insert a point with its meter swaps."""
    (point_id,) = add_points(
        dsn, 1, kind=point.kind, period_s=point.period_s, silent_after_s=point.silent_s, modulus=point.modulus,
        rate_limit=point.rate_limit, timezone=point.timezone,
    )  # fmt: skip
    with connect(dsn, autocommit=True) as connection:
        for moment, before, after in point.swaps:
            connection.execute(
                "INSERT INTO meter_swap (point_id, at, register_before, register_after, by)"
                " VALUES (%s, to_timestamp(%s), %s, %s, 'test')",
                (point_id, moment, before, after),
            )
    return point_id


def stored(dsn: str, point_id: int, level: str) -> dict[float, dict[str, Any]]:
    """Return what the database holds: bucket start [s] → columns."""
    with connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(
            f"SELECT date_part('epoch', bucket), * FROM reading_{level} WHERE point_id = %s", (point_id,)
        )
        names = [column.name for column in cursor.description or ()]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cursor}


def check(dsn: str, point_id: int, point: Described, readings: Sequence[Reading]) -> None:
    """Hold every level that is kept against the definition."""
    for level, rank in LEVELS.items():
        rows = stored(dsn, point_id, level)
        if rank < LEVELS[FINEST[point.period_s]]:
            assert rows == {}
            continue
        wanted = expected(point, readings, level, FINEST[point.period_s])
        assert sorted(rows) == sorted(wanted), level
        for start, want in wanted.items():
            row = rows[start]
            exact = {name: row[name] for name in ("n", "n_bad", "resets", "quality")}
            assert exact == {name: getattr(want, name) for name in exact}, (level, start)
            mean = want.integral / want.valid_s if want.valid_s and point.kind in ("gauge", "state") else None
            figures = {
                "mean": mean,
                "minimum": min(want.held, default=None),
                "maximum": max(want.held, default=None),
                "increase": want.increase,
                "total": want.total,
                "valid_s": want.valid_s,
                "spread_s": want.spread_s,
            }
            got = {name: row[name] for name in figures}
            for name, figure in figures.items():
                same = got[name] is None if figure is None else got[name] == pytest.approx(figure, rel=1e-9, abs=1e-6)
                assert same, (level, start, name, got[name], figure)


def readings_strategy(start: int, step: int, away: int) -> st.SearchStrategy[list[Reading]]:
    """Draw readings over two days, often close together, sometimes hours apart, with doubtful and bad ones.

    The second day comes `away` days later.
    """
    moments = st.integers(0, 2 * DAY // step).map(
        lambda number: float(start + number * step + (away * DAY if number * step > DAY else 0))
    )
    values = st.integers(0, 1200).map(float)
    quality = st.sampled_from([0, 0, 0, 1, 2, 1 | 4, 2 | 128, 1 | 256])
    return st.lists(st.tuples(moments, values, quality), min_size=1, max_size=25, unique_by=lambda row: row[0])


points = st.builds(
    Described,
    kind=st.sampled_from(["gauge", "state", "counter", "counter", "event"]),
    silent_s=st.sampled_from([90.0, 1200.0, 10_000.0, 3.0 * DAY]),
    period_s=st.sampled_from(sorted(FINEST)),
    modulus=st.sampled_from([None, 1000.0]),
    rate_limit=st.sampled_from([None, 0.01]),
    swaps=st.lists(
        st.tuples(st.integers(0, 100).map(lambda hour: hour * 3600.0), st.just(500.0), st.just(3.0)),  # from the start
        max_size=2,
        unique_by=lambda row: row[0],
    ),
)


@settings(
    max_examples=int(os.environ.get("QUAYMETER_ROLLUP_EXAMPLES", "30")),  # 1,000 take some minutes
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking costs minutes of database work
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # every example has a point of its own
)
@given(data=st.data(), point=points)
def test_any_order_of_arrival_gives_what_the_definition_says(
    database: str, data: st.DataObject, point: Described
) -> None:
    """Batches in any order, refreshed in between or not, end in the figures of the definition at every level."""
    start = data.draw(st.sampled_from([SPRING, AUTUMN]))
    swaps = [(start + moment, before, after) for moment, before, after in point.swaps if point.kind == "counter"]
    point = replace(point, swaps=swaps)
    step, away = data.draw(st.sampled_from([1, 60, 900])), data.draw(st.sampled_from([0, 0, 1, 4, 40]))
    readings = data.draw(readings_strategy(start, step, away))
    batches = data.draw(st.lists(st.integers(0, 3), min_size=len(readings), max_size=len(readings)))
    point_id = make_point(database, point)
    for number in data.draw(st.permutations(range(4))):
        part = [reading for reading, batch in zip(readings, batches, strict=True) if batch == number]
        if part:
            store(database, point_id, part)
        if data.draw(st.booleans()):
            refresh(database)
    refresh_all(database)
    check(database, point_id, point, readings)


def test_rebuild_from_scratch_equals_what_grew(database: str) -> None:
    """Forgetting the roll-ups and making them anew changes nothing."""
    point = Described(kind="counter", silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    readings = [(float(AUTUMN + 60 * k), float(k * k), 0) for k in range(0, 2000, 7)]
    for part in (readings[100:], readings[:50], readings[50:100]):
        store(database, point_id, part)
        refresh_all(database)
    grown = {level: stored(database, point_id, level) for level in LEVELS}
    rebuild(database, [point_id])
    assert {level: stored(database, point_id, level) for level in LEVELS} == grown
    check(database, point_id, point, readings)


@pytest.mark.parametrize(("start", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_days_of_23_and_25_hours(database: str, start: int, hours: int) -> None:
    """A counter that gains 1 a minute gains 60 an hour of the day, however many hours the day has."""
    point = Described(kind="counter", silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    readings = [(float(start + 60 * k), float(k), 0) for k in range(2 * 1440)]
    store(database, point_id, readings)
    refresh_all(database)
    days = stored(database, point_id, "1d")
    full = [day for day in days.values() if day["coverage"] == pytest.approx(1)]
    assert [day["increase"] for day in full] == [pytest.approx(60 * hours)]
    assert full[0]["valid_s"] == pytest.approx(3600 * hours)
    check(database, point_id, point, readings)


def test_a_gap_of_hours_is_spread_and_marked(database: str) -> None:
    """One increment after a gap of three hours lies evenly in every quarter of an hour, marked; nothing is lost."""
    point = Described(kind="counter", silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    store(database, point_id, [(AUTUMN, 0.0, 0), (AUTUMN + 10_800, 120.0, 0)])
    refresh_all(database)
    quarters = stored(database, point_id, "15m")
    assert [row["increase"] for _, row in sorted(quarters.items())][:12] == [pytest.approx(10.0)] * 12
    assert all(row["quality"] == 65 for row in quarters.values() if row["spread_s"])
    assert sum(row["increase"] or 0 for row in quarters.values()) == pytest.approx(120.0)
    assert sum(row["valid_s"] for row in quarters.values()) == 0


def test_rollover_reset_and_swap(database: str) -> None:
    """990 → 5 of 1000 is 15 more; 300 → 4 is a reset that counts 4; a swap joins the two registers."""
    point = Described(kind="counter", silent_s=300, period_s=60.0, modulus=1000.0, swaps=[(AUTUMN + 210.0, 20.0, 7.0)])
    point_id = make_point(database, point)
    readings = [(AUTUMN, 990.0, 0), (AUTUMN + 60, 5.0, 0), (AUTUMN + 120, 305.0, 0), (AUTUMN + 180, 4.0, 0),
                (AUTUMN + 240, 10.0, 0)]  # fmt: skip
    store(database, point_id, readings)
    refresh_all(database)
    (row,) = stored(database, point_id, "1d").values()
    assert row["increase"] == pytest.approx(15 + 300 + 4 + (20 - 4) + (10 - 7))
    assert row["resets"] == 1
    assert row["quality"] & 3 == 1


def test_bad_values_are_never_counted(database: str) -> None:
    """A bad reading ends the hold of the good one before it, and shows only in the coverage and the count."""
    point = Described(kind="gauge", silent_s=900, period_s=60.0)
    point_id = make_point(database, point)
    store(database, point_id, [(AUTUMN, 10.0, 0), (AUTUMN + 300, 9e9, 2 | 4), (AUTUMN + 600, 20.0, 0)])
    refresh_all(database)
    first = stored(database, point_id, "15m")[AUTUMN]
    assert first["mean"] == pytest.approx(15.0)
    assert first["maximum"] == 20.0
    assert first["coverage"] == pytest.approx(600 / 900)
    assert (first["n"], first["n_bad"], first["quality"]) == (2, 1, 4)


def test_only_touched_buckets_are_written_again(database: str) -> None:
    """A late reading rewrites the rows it reaches; all others keep the version they had."""
    point = Described(kind="gauge", silent_s=120, period_s=60.0)
    point_id = make_point(database, point)
    store(database, point_id, [(float(AUTUMN + 60 * k), float(k), 0) for k in range(1440) if k != 700])
    refresh_all(database)
    query = "SELECT bucket, xmin::text, ctid::text FROM reading_15m WHERE point_id = %s"
    with connect(database, autocommit=True) as connection:
        before = set(connection.execute(query, (point_id,)).fetchall())
        store(database, point_id, [(AUTUMN + 42_000.0, 5.0, 0)])
        refresh_all(database)
        after = set(connection.execute(query, (point_id,)).fetchall())
    assert {row[0].timestamp() for row in after - before} == {(AUTUMN + 42_000) // 900 * 900}


def test_a_gap_of_a_year_is_booked_by_days(database: str) -> None:
    """One reading a year late writes a row a day, not a row a minute; the days hold the whole increment."""
    point = Described(kind="counter", silent_s=300, period_s=30.0)
    point_id = make_point(database, point)
    readings = [(float(AUTUMN - 365 * DAY), 0.0, 0), (float(AUTUMN), 365.0, 0), (float(AUTUMN + 10), 366.0, 0)]
    store(database, point_id, readings[1:])
    refresh_all(database)
    store(database, point_id, readings[:1])
    began = time.monotonic()
    refresh_all(database)
    assert time.monotonic() - began < 5
    rows = {level: stored(database, point_id, level) for level in LEVELS}
    assert [len(rows[level]) for level in LEVELS] == [2, 2, 2, 366]
    assert sum(row["increase"] or 0 for row in rows["1h"].values()) == pytest.approx(1.0)
    assert sum(row["increase"] for row in rows["1d"].values()) == pytest.approx(366.0)
    check(database, point_id, point, readings)


def test_nothing_is_said_of_buckets_that_have_not_begun(database: str) -> None:
    """However long a gauge may be silent, its last value is held to the end of its bucket and no further."""
    point = Described(kind="gauge", silent_s=35.0 * DAY, period_s=30.0)
    point_id = make_point(database, point)
    readings = [(float(AUTUMN + 30 * k), 20.0 + k, 0) for k in range(3)]
    for number in range(3):
        store(database, point_id, readings[number : number + 1])
        refresh_all(database)
        check(database, point_id, point, readings[: number + 1])
    assert max(stored(database, point_id, "1m")) == AUTUMN + 60
    (day,) = stored(database, point_id, "1d").values()
    assert day["valid_s"] == pytest.approx(120)
    back = (float(AUTUMN + 3 * 3600 + 10), 25.0, 0)
    store(database, point_id, [back])
    refresh_all(database)
    assert len(stored(database, point_id, "1m")) == 181
    check(database, point_id, point, [*readings, back])
