"""The account of message numbers: bounded however a device counts, and each site's own."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from storage import ledger, overview
from storage.catalogue import apply_site
from storage.engine import connect
from storage.writer import Writer
from telemetry.batch import MessageNumber
from telemetry.errors import StorageError
from tests.storage.building import batch_of, decoded_of, messages_of, small_site


def write_numbers(writer: Writer, numbers: list[MessageNumber]) -> None:
    """Write a batch of nothing but message numbers."""
    writer.write(messages_of(), decoded_of(batch_of([]), sequences=numbers))


def every_second(start: int, count: int, boot: int = 1) -> list[MessageNumber]:
    """Return every second number from `start`."""
    return [MessageNumber("dev", boot, start + 2 * number, "quay") for number in range(count)]


@pytest.mark.parametrize("piece", [600, 20_000])
def test_holes_without_end_are_counted_and_not_kept(any_engine_dsn: str, piece: int) -> None:
    """A device that counts in twos: the newest ranges are kept, the older ones counted."""
    with Writer(any_engine_dsn, gateway="g1") as writer:
        for start in range(0, 80_000, 2 * piece):
            write_numbers(writer, every_second(start, piece))
        write_numbers(writer, every_second(0, 10))  # long folded: neither new nor missing
    with connect(any_engine_dsn) as connection:
        (loss,) = ledger.losses(connection)
        (row,) = overview.losses(connection, "quay")
        (ranges,) = connection.execute("SELECT count(*) FROM device_sequence, unnest(seqs)").fetchone() or (None,)
    seen = -(-40_000 // piece) * piece
    assert (loss.seen, loss.missing) == (seen, seen - 1)
    assert (row.first, row.last, row.seen, row.missing) == (0, 2 * (seen - 1), seen, seen - 1)
    assert 1000 <= ranges <= 2100
    assert row.holes[0][0] > 0


def test_a_batch_stays_quick_however_many_holes_there_were(database: str) -> None:
    """After a hundred thousand holes one more message is written within milliseconds."""
    with Writer(database, gateway="g1") as writer:
        write_numbers(writer, every_second(0, 100_000))
        started = time.perf_counter()
        for number in range(20):
            write_numbers(writer, every_second(200_000 + 2 * number, 1))
        took_s = time.perf_counter() - started
    assert took_s / 20 < 0.1


def test_boots_without_end_are_added_up(any_engine_dsn: str) -> None:
    """A device that starts anew with every message: a hundred boots are kept, the others are one line."""
    with Writer(any_engine_dsn, gateway="g1") as writer:
        for boot in range(500):
            write_numbers(writer, every_second(5, 3, boot))
    with connect(any_engine_dsn) as connection:
        losses = ledger.losses(connection)
        rows = overview.losses(connection, "quay")
    assert 100 < len(losses) <= 201
    assert losses[0].boot == -1
    assert (sum(loss.seen for loss in losses), sum(loss.missing for loss in losses)) == (1500, 1000)
    assert sum(row.missing for row in rows) == 1000
    assert {loss.boot for loss in losses} >= set(range(400, 500))


def test_numbers_that_a_device_makes_up_never_stop_a_batch(database: str) -> None:
    """The largest gaps there can be, in boot after boot: counted up to a bound, and every batch is written."""
    with Writer(database, gateway="g1") as writer:
        for boot in range(700):
            write_numbers(writer, [MessageNumber("dev", boot, number, "quay") for number in (0, 2**63 - 2)])
    with connect(database) as connection:
        row = overview.losses(connection, "quay")[0]
    assert (row.boot, row.first, row.missing) == (-1, 0, 2**60)


def test_devices_of_one_name_in_two_sites_are_two(database: str) -> None:
    """What one site lost is not covered by what the other received."""
    with Writer(database, gateway="g1") as writer:
        write_numbers(writer, [MessageNumber("dev", 1, number, "quay") for number in (0, 1, 2, 4)])
        write_numbers(writer, [MessageNumber("dev", 1, number, "mole") for number in range(5)])
    with connect(database) as connection:
        (quay,) = overview.losses(connection, "quay")
        (mole,) = overview.losses(connection, "mole")
        assert [(loss.site, loss.missing) for loss in ledger.losses(connection)] == [("mole", 0), ("quay", 1)]
    assert (quay.missing, quay.holes, mole.missing) == (1, [[3, 3]], 0)


def test_a_topic_or_node_of_another_site_is_refused(database: str) -> None:
    """A mapped topic and a Sparkplug node belong to one site: the second is told whose it is."""
    site = small_site(plain_topics={"legacy/7": "quay/pump/power"}, sparkplug={"group/node": "quay/pump"})
    apply_site(database, site, who="test")
    assert not apply_site(database, site, who="test")
    same_topic = replace(site, id="mole", sparkplug={})
    same_node = replace(site, id="mole", plain_topics={}, sparkplug={"group/node/device": "quay/pump"})
    for second in (same_topic, same_node):
        for dry_run in (True, False):
            with pytest.raises(StorageError, match="belongs to site quay"):
                apply_site(database, second, who="test", dry_run=dry_run)
    apply_site(database, small_site(id="mole", sparkplug={"group/node-2": "quay/pump"}), who="test")
