"""Readings out again: raw and rolled up, kept and made while you wait, whole and as a stream."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from storage.engine import connect
from storage.rollups import refresh_all
from storage.series import Resolution, readings, stream_columns
from storage.times import from_us
from storage.writer import Writer
from telemetry.errors import StorageError, WindowTooLongError
from tests.storage.building import MINUTE_US, NOW_US, add_points, batch_of, decoded_of, messages_of
from tests.storage.segment_reference import Described, expected

START_US = NOW_US // (15 * MINUTE_US) * (15 * MINUTE_US)
START = from_us(START_US)
DAY = timedelta(days=1)


def filled(dsn: str, points: list[int], count: int, *, step_us: int = MINUTE_US) -> list[tuple[int, int, float]]:
    """Write `count` readings of each point and roll them up."""
    rows = [(point, START_US + k * step_us, float(k * point)) for k in range(count) for point in points]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(dsn)
    return rows


def test_raw_readings_come_back_as_they_went_in(database: str) -> None:
    """Every column of every reading survives, to the last bit, in order of point and time."""
    points = add_points(database, 3)
    rows = filled(database, points, 100)
    with connect(database) as connection:
        columns = readings(connection, points[:2], START, START + DAY)
    got = list(zip(columns["point_id"].tolist(), columns["ts"].tolist(), columns["value"].tolist(), strict=True))
    assert got == sorted(row for row in rows if row[0] in points[:2])
    assert set(columns["received_at"].tolist()) == {NOW_US}
    assert not columns.truncated


def test_the_limit_is_told(database: str) -> None:
    """A series cut at the limit says so; one that just fits does not."""
    points = add_points(database, 1)
    filled(database, points, 10)
    with connect(database) as connection:
        assert readings(connection, points, START, START + DAY, limit=9).truncated
        whole = readings(connection, points, START, START + DAY, limit=10)
    assert (len(whole), whole.truncated) == (10, False)


@pytest.mark.parametrize("kind", ["gauge", "counter", "event"])
def test_finer_than_what_is_kept_is_made_while_you_wait(database: str, kind: str) -> None:
    """A point of one reading a minute has no rows of 1 min in the table, and yet the right ones come out."""
    points = add_points(database, 1, kind=kind, silent_after_s=150.0)
    rows = filled(database, points, 60, step_us=2 * MINUTE_US)
    described = Described(kind=kind, silent_s=150.0, period_s=60.0)
    wanted = expected(described, [(ts / 1e6, value, 0) for _, ts, value in rows], "1m", "15m")
    end = START + timedelta(minutes=30)
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM reading_1m").fetchone() == (0,)
        columns = readings(connection, points, START + timedelta(minutes=7), end, Resolution.MINUTE)
    inside = {start: bucket for start, bucket in wanted.items() if START_US / 1e6 + 420 <= start < end.timestamp()}
    assert (columns["ts"] / 1e6).tolist() == sorted(inside)
    name = {"gauge": "valid_s", "counter": "increase", "event": "total"}[kind]
    figures = [getattr(inside[start], name) for start in sorted(inside)]
    assert columns[name].tolist() == pytest.approx([np.nan if each is None else each for each in figures], nan_ok=True)


def test_rolled_up_columns_without_meaning_are_nan(database: str) -> None:
    """A gauge has no increase and no total."""
    points = add_points(database, 1)
    filled(database, points, 30)
    with connect(database) as connection:
        columns = readings(connection, points, START, START + DAY, "15m")
    assert columns["mean"].tolist()[:2] == [pytest.approx(7 * points[0]), pytest.approx(22 * points[0])]
    assert np.isnan(columns["increase"]).all()
    assert np.isnan(columns["total"]).all()


def test_a_stream_is_the_same_in_blocks(database: str) -> None:
    """Blocks of seven rows join to the whole; raw ones run in order of time."""
    points = add_points(database, 4)
    filled(database, points, 25)
    with connect(database) as connection:
        whole = readings(connection, points, START, START + DAY)
        blocks = list(stream_columns(connection, points, START, START + DAY, block_rows=7))
        rolled = list(stream_columns(connection, points, START, START + DAY, "15m", block_rows=2))
    assert max(len(block) for block in blocks) <= 7
    times = np.concatenate([block["ts"] for block in blocks])
    assert all(a <= b for a, b in pairwise(times.tolist()))
    assert np.sort(np.concatenate([block["value"] for block in blocks])).tolist() == np.sort(whole["value"]).tolist()
    assert sum(len(block) for block in rolled) == 4 * 2


def test_nothing_asked_nothing_found(database: str) -> None:
    """No points, unknown points and an empty window give empty columns."""
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)
    with connect(database) as connection:
        for resolution in Resolution:
            assert len(readings(connection, [], START, START + DAY, resolution)) == 0
            assert len(readings(connection, [999], long_ago, START, resolution)) == 0


def test_minutes_of_a_counter_that_was_away_for_a_year(database: str) -> None:
    """Asked for decades of minutes, the database makes what there is and stays quick: the gap is booked by days."""
    (point,) = add_points(database, 1, kind="counter", period_s=900.0, silent_after_s=3600.0)
    rows = [(point, START_US, 1.0), (point, START_US + 365 * 1440 * MINUTE_US, 2.0)]
    with Writer(database, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(database)
    with connect(database) as connection:
        began = time.monotonic()
        columns = readings(connection, [point], datetime(2000, 1, 1, tzinfo=UTC), START + 1000 * DAY, "1m", limit=10)
        assert time.monotonic() - began < 2
        assert len(columns) == 2
        days = readings(connection, [point], START - DAY, START + 1000 * DAY, "1d")
    assert days["increase"].sum() == pytest.approx(1.0)


def test_more_than_can_be_made_while_you_wait_is_refused(database: str) -> None:
    """Two years of minutes that no table keeps are refused with a cure; a month of them is made."""
    (point,) = add_points(database, 1)
    rows = [(point, START_US + day * 1440 * MINUTE_US, 1.0) for day in range(0, 731, 10)]
    with Writer(database, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(database)
    with connect(database, autocommit=True) as connection:
        with pytest.raises(StorageError, match="coarser resolution") as caught:
            readings(connection, [point], START, START + 731 * DAY, "1m")
        assert not caught.value.transient
        assert isinstance(caught.value, WindowTooLongError)
        assert len(readings(connection, [point], START, START + 30 * DAY, "1m")) == 3 * 5


def test_many_points_together_may_ask_for_too_much(database: str) -> None:
    """A year of minutes of one point is answered within a limit; of two points together it is refused beforehand."""
    points = add_points(database, 2)
    rows = [(point, START_US + day * 1440 * MINUTE_US, 1.0) for point in points for day in range(0, 361, 10)]
    with Writer(database, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(database)
    window = (START - DAY, START + 1000 * DAY)
    with connect(database, autocommit=True) as connection:
        assert len(readings(connection, points[:1], *window, "1m", 1000)) == 37 * 5
        with pytest.raises(WindowTooLongError, match="more than can be made") as caught:
            readings(connection, points, *window, "1m", 1000)
        assert "coarser resolution" in caught.value.cure
        assert len(readings(connection, points, *window, "15m", 1000)) == 2 * 37
