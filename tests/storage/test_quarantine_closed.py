"""What becomes of refused entries in the end: closed by a later import or by hand, and at last forgotten."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from storage import ledger, quarantine
from storage.catalogue import apply_site
from storage.engine import connect
from storage.transfer import ImportMapping, ImportResult, import_history
from storage.writer import Writer
from telemetry.batch import Refusal, RefusalReason
from telemetry.errors import StorageError
from tests.storage.building import batch_of, decoded_of, messages_of, small_point, small_site
from worker.quarantine import QuarantineLoop

if TYPE_CHECKING:
    from pathlib import Path

SITE = small_site([small_point("power")])
LARGER = small_site([small_point("power"), small_point("extra")])
FILE = "ts,point,value\n" + "".join(
    f"2024-01-01T00:{minute:02}:00Z,quay/pump/{name},{value}\n"
    for minute, name, value in ((0, "power", "1"), (1, "extra", "1"), (2, "extra", "2"), (3, "power", "1e30"))
)


class Interrupted(Exception):  # noqa: N818 – it stands for a kill, not for an error
    """Stands for a kill."""


def imported(dsn: str, path: Path, mapping: ImportMapping | None = None) -> ImportResult:
    """Import a file."""
    return import_history(dsn, path, site="quay", mapping=mapping or ImportMapping(), who="anna")


def open_entries(dsn: str) -> list[str]:
    """Return the details of open entries, oldest first."""
    with connect(dsn) as connection:
        return [entry.detail[:5] for entry in reversed(quarantine.list_(connection, open_only=True))]


def refuse(dsn: str, count: int, *, messages: int = 1) -> list[int]:
    """Refuse so many entries of each message; return their ids, oldest first."""
    refusals = [
        Refusal(message, RefusalReason.UNIT, "unit", f"entry {k}") for message in range(messages) for k in range(count)
    ]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(messages), decoded_of(batch_of([]), refusals=refusals))
    with connect(dsn) as connection:
        return [entry.id for entry in reversed(quarantine.list_(connection, limit=1000))]


@pytest.fixture
def history(database: str, tmp_path: Path) -> Path:
    """Write a file of four rows of which two are of a point that is not declared, and one is impossible."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "meter.csv"
    path.write_text(FILE)
    return path


def test_rows_that_a_later_import_takes_are_closed(database: str, history: Path) -> None:
    """With the point declared, the same import closes what it refused before; what is still wrong is open once."""
    assert imported(database, history).quarantined == 3
    assert open_entries(database) == ["row 2", "row 3", "row 4"]
    apply_site(database, LARGER, who="test")
    again = imported(database, history)
    assert (again.stored, again.duplicate, again.quarantined) == (2, 1, 1)
    assert open_entries(database) == ["row 4"]
    with connect(database) as connection:
        closed = [entry for entry in quarantine.list_(connection) if entry.replayed_at is not None]
        assert [entry.replayed_by for entry in closed] == ["anna"] * 3
        assert ledger.totals(connection, audit=True).balanced


def test_an_import_closes_nothing_of_another(database: str, history: Path, tmp_path: Path) -> None:
    """Another content, or another reading of the same content, says nothing about the rows that were refused."""
    imported(database, history)
    apply_site(database, LARGER, who="test")
    other = tmp_path / "other" / history.name
    other.parent.mkdir()
    other.write_text(FILE.replace("2024", "2023"))
    imported(database, other)
    imported(database, history, ImportMapping(units={"quay/pump/power": "kW"}))
    assert [detail for detail in open_entries(database) if detail != "row 4"] == ["row 2", "row 3"]


def test_an_import_that_goes_on_keeps_what_it_refused(database: str, history: Path) -> None:
    """Killed in the middle and gone on with, a run does not close its own refusals."""

    def kill(result: ImportResult) -> None:
        if result.rows == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        import_history(database, history, site="quay", mapping=ImportMapping(), who="anna", progress=kill, chunk_rows=1)
    assert open_entries(database) == ["row 2"]
    assert imported(database, history).resumed_at == 2
    assert open_entries(database) == ["row 2", "row 3", "row 4"]


def test_entries_are_closed_by_hand(database: str) -> None:
    """Who closes is noted; closing again changes nothing, and an id that is not there closes nothing at all."""
    first, second, third = refuse(database, 3)
    with connect(database, autocommit=True) as connection:
        with pytest.raises(StorageError, match="no quarantined entry"):
            quarantine.close(connection, [first, third + 1], who="anna")
        assert quarantine.close(connection, [first, second], who="anna") == 2
        assert quarantine.close(connection, [first], who="bert") == 0
        (left,) = quarantine.list_(connection, open_only=True)
        assert quarantine.show(connection, first).replayed_by == "anna"
        audit = connection.execute("SELECT who, detail FROM audit_log WHERE what = 'quarantine_close' ORDER BY id")
        assert audit.fetchone() == ("anna", {"ids": [first, second]})
    assert left.id == third


def test_only_what_is_closed_and_old_is_forgotten(database: str) -> None:
    """Open entries stay however old; a message stays with its last entry; the audited ledger still balances."""
    ids = refuse(database, 2, messages=2)
    now = datetime.now(UTC)
    with connect(database, autocommit=True) as connection:
        quarantine.close(connection, ids[:3], who="anna")
        assert quarantine.forget(connection, closed_before=now - timedelta(days=1)) == 0
        later = now + timedelta(days=1)
        assert [quarantine.forget(connection, closed_before=later, most=2) for _ in range(3)] == [2, 1, 0]
        assert [entry.id for entry in quarantine.list_(connection)] == ids[3:]
        assert connection.execute("SELECT count(*) FROM quarantine_payload").fetchone() == (1,)
        assert connection.execute("SELECT reason, entries FROM quarantine_forgotten").fetchall() == [("unit", 3)]
        totals = ledger.totals(connection, audit=True)
    assert (totals.quarantined, totals.refusals, totals.balanced) == (4, 4, True)


def test_the_application_may_forget_but_not_delete(database: str) -> None:
    """The role of the worker has the one way that leaves open entries alone, and no other."""
    refuse(database, 1)
    dsn = make_conninfo(database, options="-c role=quaymeter_app")
    with connect(dsn, autocommit=True) as connection:
        assert quarantine.forget(connection, closed_before=datetime.now(UTC) + timedelta(days=1)) == 0
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("DELETE FROM quarantine")


def test_the_worker_forgets_until_it_is_told_to_stop(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """The loop forgets by the setting, says so, and waits while the database is away."""
    ids = refuse(database, 2)
    with connect(database, autocommit=True) as connection:
        quarantine.close(connection, ids[:1], who="anna")
    stop = threading.Event()
    assert QuarantineLoop(database, keep=timedelta(days=400)).once() == 0
    with caplog.at_level("INFO"):
        thread = threading.Thread(
            target=QuarantineLoop(database, keep=timedelta(days=-1), interval_s=0.01).run, args=(stop,)
        )
        thread.start()
        while "are forgotten" not in caplog.text and thread.is_alive():
            stop.wait(0.01)
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    with connect(database) as connection:
        assert [entry.id for entry in quarantine.list_(connection)] == ids[1:]
    assert QuarantineLoop("host=/nowhere", keep=timedelta(days=1)).once() == 0
    assert "waits for the database" in caplog.text
