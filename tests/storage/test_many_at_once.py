"""Several writers, refreshers and migrators at once, and a database that goes away: nothing lost, nothing twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import pytest

from storage import ledger
from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.migrate import migrate, status
from storage.rollups import rebuild, refresh
from storage.writer import Writer
from telemetry.batch import MessageNumber
from telemetry.errors import StorageError
from tests.storage.building import MINUTE_US, NOW_US, add_points, batch_of, decoded_of, messages_of
from worker.rollups import RollupLoop

if TYPE_CHECKING:
    from pathlib import Path


def test_two_gateways_with_the_same_readings(database: str) -> None:
    """Two writers race with the same batches in opposite order: each reading stored once, the ledgers balance."""
    points = add_points(database, 20)
    batches = [
        batch_of([(point, NOW_US + (50 * number + k) * MINUTE_US, float(k)) for k in range(50) for point in points])
        for number in range(20)
    ]

    def write(gateway: str, order: list[int]) -> int:
        with Writer(database, gateway=gateway) as writer:
            return sum(writer.write(messages_of(), decoded_of(batches[number])).stored for number in order)

    with ThreadPoolExecutor(3) as pool:
        stored = list(
            pool.map(write, ["a", "b", "c"], [list(range(20)), list(range(20))[::-1], [*range(10, 20), *range(10)]])
        )
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
    assert sum(stored) == 20_000 == totals.readings
    assert totals.received == 60_000
    assert totals.balanced


def test_writers_and_refreshers_at_once(database: str) -> None:
    """Two refreshers run while two writers write, late data too: the roll-ups end as if made from scratch."""
    points = add_points(database, 6, kind="counter") + add_points(database, 6)
    stop = threading.Event()
    loops = [RollupLoop(database, interval_s=0.01) for _ in range(2)]
    refreshers = [threading.Thread(target=loop.run, args=(stop,)) for loop in loops]

    def write(seed: int) -> None:
        rng = np.random.default_rng(seed)
        order = rng.permutation(30)
        with Writer(database, gateway=f"g{seed}") as writer:
            for number in order:
                minutes = 40 * number + rng.permutation(40)[:30]
                rows = [
                    (point, NOW_US + int(k) * MINUTE_US, float(k) * seed) for k in minutes for point in points[seed::2]
                ]
                writer.write(messages_of(), decoded_of(batch_of(rows)))

    for thread in refreshers:
        thread.start()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, [0, 1]))
    stop.set()
    for thread in refreshers:
        thread.join(60)
    while not refresh(database).idle:
        pass
    assert sum(loop.counters.batches for loop in loops) > 0
    assert not any(loop.counters.failures for loop in loops)
    grown = rolled_up(database)
    rebuild(database, points)
    assert rolled_up(database) == [pytest.approx(row) for row in grown]


def rolled_up(dsn: str) -> list[tuple[float, ...]]:
    """Return the figures of all levels as numbers."""
    rows: list[tuple[float, ...]] = []
    with connect(dsn) as connection:
        for level in ("15m", "1h", "1d"):
            rows += connection.execute(
                "SELECT point_id, date_part('epoch', bucket), n, coalesce(mean, -1), coalesce(increase, -1), valid_s,"
                f" spread_s, quality, resets FROM reading_{level} ORDER BY 1, 2"
            ).fetchall()
    return rows


def test_two_migrators_at_once(empty_database: str) -> None:
    """Both wait for one another and end well; each migration is applied once."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(migrate, [empty_database] * 2)
    assert min([first, second], key=len) == []
    with connect(empty_database) as connection:
        applied = connection.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
    assert sorted(name for (name,) in applied) == sorted(status(empty_database).applied) == sorted(first or second)


@pytest.fixture
def own_server(tmp_path: Path) -> EmbeddedServer:
    """Return a server of the test's own, durable, not started."""
    return EmbeddedServer(tmp_path / "own", settings={"shared_buffers": "'32MB'"})


def test_a_database_that_crashes_loses_nothing_that_was_acknowledged(own_server: EmbeddedServer) -> None:
    """Stopped without a checkpoint between batches: transient errors, then every batch exactly once."""
    with own_server:
        migrate(own_server.dsn)
        (point,) = add_points(own_server.dsn, 1)
        writer = Writer(own_server.dsn, gateway="g1")
        attempts = 0
        for number in range(20):
            rows = [(point, NOW_US + (100 * number + k) * MINUTE_US, float(k)) for k in range(100)]
            decoded = decoded_of(batch_of(rows), sequences=[MessageNumber("dev", 1, number)])
            if number % 5 == 4:
                own_server.stop(immediately=True)
                with pytest.raises(StorageError) as caught:
                    writer.write(messages_of(), decoded)
                assert caught.value.transient
                own_server.start()
            assert writer.write(messages_of(), decoded).stored == 100
            attempts += 1
        writer.close()
        with connect(own_server.dsn) as connection:
            totals = ledger.totals(connection, audit=True)
            (loss,) = ledger.losses(connection)
    assert (totals.readings, totals.balanced, loss.missing, attempts) == (2000, True, 0, 20)


def test_an_answer_to_commit_that_is_lost(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks after the commit: the batch is written again, as duplicates, and the ledger balances."""
    points = add_points(database, 3)
    batch = batch_of([(point, NOW_US, 1.0) for point in points])
    writer = Writer(database, gateway="g1")
    writer.connect()
    connection = writer._open_connection()
    real_commit = connection.commit

    def commit_and_break() -> None:
        real_commit()
        if connection.execute("SELECT 1 FROM reading LIMIT 1").fetchone():
            connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "commit", commit_and_break)
    with pytest.raises(StorageError) as caught:
        writer.write(messages_of(), decoded_of(batch))
    assert caught.value.transient
    result = writer.write(messages_of(), decoded_of(batch))
    writer.close()
    assert (result.stored, result.duplicate) == (0, 3)
    with connect(database) as other:
        totals = ledger.totals(other, audit=True)
    assert (totals.received, totals.stored, totals.duplicate, totals.balanced) == (6, 3, 3, True)


def test_a_partition_dropped_behind_the_writer(database: str) -> None:
    """Retention drops a month that the writer remembers: late data of it make it anew and are not refused."""
    (point,) = add_points(database, 1)
    with Writer(database, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
        with connect(database, autocommit=True) as connection:
            connection.execute("DROP TABLE reading_2025_10")
        result = writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US + 1, 1.0)])))
    assert (result.stored, result.quarantined) == (1, 0)


def test_no_database_at_all() -> None:
    """A server that cannot be reached is a transient error that names the place."""
    with pytest.raises(StorageError, match="database: connect") as caught:
        Writer("host=127.0.0.1 port=1 dbname=none connect_timeout=2", gateway="g1").connect()
    assert caught.value.transient


def test_a_schema_that_is_missing_is_not_transient(empty_database: str) -> None:
    """A database that was never migrated says what to do; trying again would not help."""
    with (
        pytest.raises(StorageError, match="quaymeter db migrate") as caught,
        Writer(empty_database, gateway="g1") as writer,
    ):
        writer.write(messages_of(), decoded_of(batch_of([(1, NOW_US, 1.0)])))
    assert not caught.value.transient
