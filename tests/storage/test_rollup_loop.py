"""The loop that keeps roll-ups in step, and the database that goes away under it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.migrate import migrate
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


def test_what_is_new_does_not_wait_behind_history(database: str) -> None:
    """Thirty days of history came first; one round makes the reading of now, and only some days of the past."""
    old, new = add_points(database, 2)
    now_us = time.time_ns() // 1000
    with Writer(database, gateway="import") as writer:
        for day in range(30):
            writer.write(messages_of(), decoded_of(batch_of([(old, NOW_US + day * DAY_US, 1.0)])))
    with Writer(database, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(new, now_us, 2.0)])))
    loop = RollupLoop(database)
    rounds = [loop.once().batches]
    with connect(database) as connection:
        made = connection.execute("SELECT DISTINCT point_id, mean FROM reading_15m").fetchall()
    assert (old, 1.0) in made
    assert (new, 2.0) in made
    while loop.counters.waiting:
        rounds.append(loop.once().batches)
    loop.close()
    assert sum(rounds) == 31
    assert max(rounds) == 1 + PAST_BATCHES
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM reading_1d WHERE point_id = %s", (old,)).fetchone() == (30,)
