"""The loop that keeps roll-ups in step, and the database that goes away under it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.import_job import ImportJob
from storage.migrate import migrate
from storage.rollups import rebuild
from storage.writer import Writer
from tests.storage.building import NOW_US, add_points, batch_of, decoded_of, messages_of
from worker.rollups import PAST_BATCHES, RollupLoop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY_US = 86_400_000_000


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something holds, a minute at most."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def test_the_loop_outlives_its_database(tmp_path: Path) -> None:
    """Failures are counted and waited out; when the server is back, the backlog is worked off; stop is obeyed."""
    server = EmbeddedServer(tmp_path / "db", settings={"shared_buffers": "'32MB'"})
    with server:
        migrate(server.dsn)
        (point,) = add_points(server.dsn, 1)
        loop = RollupLoop(server.dsn, interval_s=0.05)
        stop = threading.Event()
        thread = threading.Thread(target=loop.run, args=(stop,))
        thread.start()
        try:
            wait_for(lambda: loop.counters.last_success > 0)
            server.stop(immediately=True)
            wait_for(lambda: loop.counters.failures > 0)
            server.start()
            with Writer(server.dsn, gateway="test") as writer:
                writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
            wait_for(lambda: loop.counters.batches == 1)
            with connect(server.dsn, autocommit=True) as connection:
                wait_for(lambda: connection.execute("SELECT count(*) FROM reading_1d").fetchone() == (1,))
        finally:
            stop.set()
            thread.join(60)
        assert not thread.is_alive()
        assert (loop.counters.windows, loop.counters.waiting) == (1, 0)


def history_and_now(dsn: str) -> tuple[int, int]:
    """Write thirty days of a counter's past, then a reading of now of it and of a gauge; return both points."""
    (counter,), (gauge,) = add_points(dsn, 1, kind="counter", silent_after_s=2 * 86_400), add_points(dsn, 1)
    with Writer(dsn, gateway="g1") as writer:
        now_us = time.time_ns() // 1000
        writer.write(messages_of(), decoded_of(batch_of([(gauge, now_us, 2.0), (counter, now_us, 1e6)])))
    with Writer(dsn, gateway="import") as writer:
        for day in range(30):
            writer.write(messages_of(), decoded_of(batch_of([(counter, NOW_US + day * DAY_US, float(day))])))
    return counter, gauge


def days_of(dsn: str, point: int) -> list[tuple[object, ...]]:
    """Return the days of a point in the thirty days of its past."""
    with connect(dsn) as connection:
        return connection.execute(
            "SELECT bucket, increase, quality FROM reading_1d WHERE point_id = %s"
            " AND bucket < to_timestamp(%s) ORDER BY 1",
            (point, (NOW_US + 29 * DAY_US) / 1e6),
        ).fetchall()


def test_what_is_new_does_not_wait_behind_history(database: str) -> None:
    """One round makes the readings of now and the newest days of the past; the end is the same as made in one go."""
    counter, gauge = history_and_now(database)
    loop = RollupLoop(database)
    rounds = [loop.once().batches]
    with connect(database) as connection:
        made = connection.execute("SELECT DISTINCT point_id, mean FROM reading_15m").fetchall()
    assert (gauge, 2.0) in made
    newest = (NOW_US + 24 * DAY_US) / 1e6
    assert [row for row in days_of(database, counter) if row[0].timestamp() < newest] == []  # type: ignore[attr-defined]
    while loop.counters.waiting:
        rounds.append(loop.once().batches)
    loop.close()
    assert (sum(rounds), max(rounds)) == (31, 1 + PAST_BATCHES)
    piecemeal = days_of(database, counter)
    assert len(piecemeal) >= 29
    rebuild(database, [counter])
    assert days_of(database, counter) == piecemeal


def test_the_past_waits_until_its_import_is_through(database: str) -> None:
    """While an import is at work, only what is new is made; afterwards the past is."""
    history_and_now(database)
    loop = RollupLoop(database)
    with ImportJob(database, "the past", "fingerprint", parts=1):
        taken = [loop.once().batches for _ in range(3)]
    assert taken == [1, 0, 0]
    assert loop.counters.waiting == 30
    assert loop.once().batches == PAST_BATCHES
    loop.close()
