"""What storage promises, on every engine that is present: embedded PostgreSQL, TimescaleDB in its several guises.

TimescaleDB in WebAssembly serves one client at a time: no test here holds two connections at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage import ledger, quarantine
from storage.catalogue import apply_site, list_sites, load_catalogue
from storage.engine import connect
from storage.latest import latest
from storage.migrate import migrate, status
from storage.rollups import refresh, refresh_all
from storage.series import readings
from storage.times import from_us
from storage.writer import Writer
from telemetry.batch import MessageNumber, Refusal, RefusalReason
from tests.storage.building import (
    MINUTE_US,
    NOW_US,
    add_points,
    batch_of,
    decoded_of,
    messages_of,
    small_point,
    small_site,
)


def query(dsn: str, text: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Ask one question over a connection of its own."""
    with connect(dsn, autocommit=True) as connection:
        return connection.execute(text.encode(), parameters or None).fetchall()


def test_what_is_written_is_there_and_accounted_for(any_engine_dsn: str) -> None:
    """Readings, latest values, ledger and message numbers of a batch are committed together."""
    one, two = add_points(any_engine_dsn, 2)
    rows = [(one, NOW_US, 1.5), (two, NOW_US, 2.5, 1), (one, NOW_US + MINUTE_US, 3.5)]
    numbers = [MessageNumber("dev", 4, 10), MessageNumber("dev", 4, 12)]
    with Writer(any_engine_dsn, gateway="g1") as writer:
        result = writer.write(messages_of(2), decoded_of(batch_of(rows, message=[0, 0, 1]), sequences=numbers))
    assert (result.stored, result.duplicate, result.quarantined) == (3, 0, 0)
    assert result.message_stored.tolist() == [2, 1]
    assert query(any_engine_dsn, "SELECT point_id, value, quality FROM reading ORDER BY ts, point_id") == [
        (one, 1.5, 0), (two, 2.5, 1), (one, 3.5, 0),
    ]  # fmt: skip
    assert query(any_engine_dsn, "SELECT point_id, value FROM point_latest ORDER BY 1") == [(one, 3.5), (two, 2.5)]
    with connect(any_engine_dsn) as connection:
        totals = ledger.totals(connection, audit=True)
        (loss,) = ledger.losses(connection)
        (line,) = ledger.summary(connection)
    assert (totals.received, totals.stored, totals.readings, totals.balanced) == (3, 3, 3, True)
    assert (loss.device, loss.boot, loss.seen, loss.missing) == ("dev", 4, 2, 1)
    assert (line.gateway, line.minute, line.received) == ("g1", from_us(NOW_US // MINUTE_US * MINUTE_US), 3)


def test_the_same_again_is_a_duplicate_and_another_value_a_conflict(any_engine_dsn: str) -> None:
    """Within a batch and against what is stored: counted once, first value kept, the other in quarantine."""
    (point,) = add_points(any_engine_dsn, 1)
    first = [(point, NOW_US + k * MINUTE_US, float(k)) for k in range(10)]
    later = NOW_US + 20 * MINUTE_US
    again = [*first, (point, NOW_US, 99.0), (point, later, 5.0), (point, later, 5.0),
             (point, later, 6.0)]  # fmt: skip
    with Writer(any_engine_dsn, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of(first)))
        result = writer.write(messages_of(14), decoded_of(batch_of(again, message=list(range(14)))))
    assert (result.stored, result.duplicate, result.quarantined) == (1, 11, 2)
    assert result.message_duplicate.tolist() == [1] * 10 + [0, 0, 1, 0]
    assert result.message_quarantined.tolist() == [0] * 10 + [1, 0, 0, 1]
    assert query(any_engine_dsn, "SELECT value FROM reading ORDER BY ts")[0] == (0.0,)
    with connect(any_engine_dsn) as connection:
        totals = ledger.totals(connection, audit=True)
        entries = quarantine.list_(connection)
        shown = quarantine.show(connection, entries[0].id)
    assert (totals.received, totals.stored, totals.duplicate, totals.quarantined) == (24, 11, 11, 2)
    assert totals.balanced
    assert {entry.reason for entry in entries} == {"conflict"}
    assert '"value": 6.0' in shown.entry
    assert shown.payload == b"payload 13"


def test_repeats_within_a_batch_are_held_against_what_is_stored(database: str) -> None:
    """Of several readings of one instant each is compared with the stored value, not with its neighbour."""
    (point,) = add_points(database, 1)
    with Writer(database, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 5.0)])))
        for values, duplicates in (((7.0, 5.0), 1), ((7.0, 7.0), 0), ((5.0, 7.0, 5.0), 2)):
            batch = batch_of([(point, NOW_US, value) for value in values])
            result = writer.write(messages_of(), decoded_of(batch))
            assert (result.stored, result.duplicate, result.quarantined) == (0, duplicates, len(values) - duplicates)
    with connect(database) as connection:
        assert all("has 5.0 at this time" in entry.detail for entry in quarantine.list_(connection))
        assert ledger.totals(connection, audit=True).balanced


def test_writing_a_batch_again_changes_nothing_but_the_ledger(any_engine_dsn: str) -> None:
    """If the answer to COMMIT is lost, the batch is written again: all duplicates, and the ledger balances."""
    points = add_points(any_engine_dsn, 5)
    rows = [(point, NOW_US + k * MINUTE_US, float(k)) for k in range(200) for point in points]
    decoded = decoded_of(batch_of(rows), sequences=[MessageNumber("dev", 1, 1)])
    with Writer(any_engine_dsn, gateway="g1") as writer:
        writer.write(messages_of(), decoded)
        result = writer.write(messages_of(), decoded)
    assert (result.stored, result.duplicate) == (0, 1000)
    with connect(any_engine_dsn) as connection:
        totals = ledger.totals(connection, audit=True)
    assert (totals.received, totals.stored, totals.duplicate, totals.balanced) == (2000, 1000, 1000, True)


def test_latest_values_never_move_back(any_engine_dsn: str) -> None:
    """Late data are stored, and leave the latest value alone."""
    (point,) = add_points(any_engine_dsn, 1)
    with Writer(any_engine_dsn, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US - 3600 * 1_000_000, 2.0)])))
    assert query(any_engine_dsn, "SELECT value FROM point_latest") == [(1.0,)]
    assert query(any_engine_dsn, "SELECT sum(late) FROM ingest_ledger") == [(1,)]


def test_refusals_of_the_decoder_are_kept(any_engine_dsn: str) -> None:
    """Each refused entry is a line with its reason; text that PostgreSQL cannot hold is mended, not fatal."""
    refusals = [
        Refusal(0, RefusalReason.SCHEMA, "entry without a value\x00", '{"n": "\x00\ud800"}'),
        Refusal(0, RefusalReason.UNIT, "unknown unit", "{}"),
        Refusal(1, RefusalReason.UNDECODABLE, "not JSON"),
    ]
    (point,) = add_points(any_engine_dsn, 1)
    messages = messages_of(2, topic="port/v1/qu\x00ay")
    numbers = [MessageNumber("d\x00\ud800" * 5000, 1, 1), MessageNumber("d\x00\ud800" * 5001, 1, 2)]
    with Writer(any_engine_dsn, gateway="g1") as writer:
        batch = batch_of([(point, NOW_US, 1.0)])
        result = writer.write(messages, decoded_of(batch, refusals=refusals, sequences=numbers))
    assert (result.stored, result.quarantined) == (1, 3)
    assert result.message_quarantined.tolist() == [2, 1]
    assert query(any_engine_dsn, "SELECT count(*) FROM quarantine_payload") == [(2,)]
    with connect(any_engine_dsn) as connection:
        counts = {count.reason: count.open for count in quarantine.counts(connection)}
        entries = quarantine.list_(connection, reason="schema")
        assert quarantine.mark_replayed(connection, [entries[0].id], who="test") == 2
        connection.commit()
        left = quarantine.list_(connection, open_only=True)
        assert ledger.totals(connection, audit=True).balanced
    assert counts == {"schema": 1, "undecodable": 1, "unit": 1}
    assert entries[0].topic == "port/v1/qu\N{REPLACEMENT CHARACTER}ay"
    assert [entry.reason for entry in left] == ["undecodable"]


def test_a_batch_of_nothing(any_engine_dsn: str) -> None:
    """No readings and no refusals leave no trace."""
    with Writer(any_engine_dsn, gateway="g1") as writer:
        result = writer.write([], decoded_of(batch_of([])))
    assert result.received == 0
    assert query(any_engine_dsn, "SELECT count(*) FROM ingest_ledger") == [(0,)]


def test_poison_costs_nobody_but_itself(any_engine_dsn: str) -> None:
    """Unknown points, impossible times and whatever a constraint refuses: the culprits alone are quarantined."""
    (point,) = add_points(any_engine_dsn, 1)
    with connect(any_engine_dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE reading ADD CONSTRAINT unlucky CHECK (value <> 666)")
    try:
        good = [(point, NOW_US + k * MINUTE_US, float(k)) for k in range(500)]
        rows = [*good, (point + 1000, NOW_US, 1.0), (point, -(2**62), 1.0), (point, NOW_US - 1, 666.0), good[3]]
        with Writer(any_engine_dsn, gateway="g1") as writer:
            result = writer.write(messages_of(), decoded_of(batch_of(rows)))
            after = writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US - 5, 1.0)])))
        assert (result.stored, result.duplicate, result.quarantined) == (500, 1, 3)
        assert after.stored == 1
        with connect(any_engine_dsn) as connection:
            details = " | ".join(entry.detail for entry in quarantine.list_(connection))
            assert ledger.totals(connection, audit=True).balanced
        assert "no such point" in details
        assert "its time is impossible" in details
        assert "unlucky" in details
    finally:
        with connect(any_engine_dsn, autocommit=True) as connection:
            connection.execute("ALTER TABLE reading DROP CONSTRAINT unlucky")


def test_rollups_at_every_level(any_engine_dsn: str) -> None:
    """A counter of 1 a minute gains 15, 60 and 1500 in a quarter, an hour and the day of 25 hours."""
    (point,) = add_points(any_engine_dsn, 1, kind="counter")
    start = 1_761_336_000 * 1_000_000  # 2025-10-24 22:00 in Paris
    rows = [(point, start + k * MINUTE_US, float(k)) for k in range(4000)]
    with Writer(any_engine_dsn, gateway="g1") as writer:
        for part in (rows[2000:], rows[:1000], rows[1000:2000]):
            writer.write(messages_of(), decoded_of(batch_of(part)))
    assert refresh(any_engine_dsn, max_batches=2).batches == 2
    assert refresh_all(any_engine_dsn) == 1
    assert refresh(any_engine_dsn).idle
    with connect(any_engine_dsn) as connection:
        for level, gain in (("15m", 15), ("1h", 60), ("1d", 1500)):
            columns = readings(connection, [point], from_us(start), from_us(start + 4000 * MINUTE_US), level)
            full = columns["coverage"] > 0.9999
            assert columns["increase"].max() == pytest.approx(gain)
            assert full.any()
            assert np.isnan(columns["mean"]).all()
        days = query_days(connection, point)
    assert [day for day, gain in days if gain == pytest.approx(1500)] == ["2025-10-26"]


def query_days(connection: Any, point: int) -> list[tuple[str, float]]:
    """Return local days and their increase, by the time_bucket that both engines have."""
    return connection.execute(  # type: ignore[no-any-return]
        "SELECT to_char(time_bucket('1 day', bucket, 'Europe/Paris') AT TIME ZONE 'Europe/Paris', 'YYYY-MM-DD'),"
        " sum(increase) FROM reading_15m WHERE point_id = %s GROUP BY 1 ORDER BY 1",
        (point,),
    ).fetchall()


def test_a_site_applied_twice_changes_nothing(any_engine_dsn: str) -> None:
    """Applying is idempotent; changing, retiring and reviving are told, dry runs write nothing, history stays."""
    site = small_site()
    assert apply_site(any_engine_dsn, site, who="tester", dry_run=True).added
    assert list_sites(any_engine_dsn) == []
    added = apply_site(any_engine_dsn, site, who="tester")
    assert "point quay/pump/power" in added.added
    assert not apply_site(any_engine_dsn, site, who="tester")
    catalogue = load_catalogue(any_engine_dsn, "quay")
    assert {key: entry.point for key, entry in catalogue.points.items()} == {point.key: point for point in site.points}
    assert catalogue.devices == {"quay/pump": "dev-1"}

    less = small_site([small_point("power", valid_max=50.0)])
    changes = apply_site(any_engine_dsn, less, who="tester")
    assert changes.retired == ("point quay/pump/current",)
    assert changes.changed == ("point quay/pump/power: valid_max none → 50.0",)
    assert load_catalogue(any_engine_dsn, "quay").version == changes.version != catalogue.version
    back = apply_site(any_engine_dsn, site, who="tester")
    assert "point quay/pump/current: in use again" in back.changed
    number = load_catalogue(any_engine_dsn, "quay").points["quay/pump/current"].point_id
    assert number == catalogue.points["quay/pump/current"].point_id
    audits = query(any_engine_dsn, "SELECT who, what, subject FROM audit_log")
    assert audits == [("tester", "site_apply", "quay")] * 3
    with connect(any_engine_dsn) as connection:
        rows = latest(connection, "quay")
    assert [(row.key, row.unit, row.value) for row in rows] == [
        ("quay/pump/current", "A", None), ("quay/pump/power", "kW", None),
    ]  # fmt: skip


def test_the_schema_is_up_to_date(any_engine_dsn: str) -> None:
    """Migrating again applies nothing."""
    assert migrate(any_engine_dsn) == []
    assert status(any_engine_dsn).up_to_date
