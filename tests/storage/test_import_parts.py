"""Histories that are made part by part: through the same checks and the same ledger, each part once, resumable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from storage import ledger, quarantine
from storage.catalogue import apply_site
from storage.engine import connect
from storage.transfer import ColumnChunk, ColumnHistory, ImportResult, import_parts
from telemetry.errors import TransferError
from telemetry.quality import QualityClass, Reason
from tests.storage.building import MINUTE_US, NOW_US, small_point, small_site

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ("quay/pump/power", "quay/pump/current")
SITE = small_site([small_point("power", unit="W"), small_point("current", quantity="current", unit="A")])
ROWS = 50
BEGIN_US = NOW_US - 1_000 * ROWS * MINUTE_US


class Interrupted(Exception):  # noqa: N818 – it stands for a kill, not for an error
    """Stands for a kill."""


def part(number: int) -> ColumnChunk:
    """Return fifty minutes of two points; power in watts."""
    ts_us = BEGIN_US + (number * ROWS + np.arange(ROWS, dtype=np.int64)) * MINUTE_US
    return ColumnChunk(
        key=KEYS,
        key_index=np.repeat(np.arange(2, dtype=np.int32), ROWS),
        ts_us=np.tile(ts_us, 2),
        value=np.concatenate([np.full(ROWS, 1500.0 + number), np.full(ROWS, 3.0)]),
        quality=np.full(2 * ROWS, int(Reason.SIMULATED), np.int16),
    )


def history(parts: int, made: list[int] | None = None, *, fingerprint: str = "seven") -> ColumnHistory:
    """Return a history of so many parts that notes which of them were made."""

    def chunks(first: int) -> Iterator[ColumnChunk]:
        for number in range(first, parts):
            if made is not None:
                made.append(number)
            yield part(number)

    return ColumnHistory(name="quay by hand", fingerprint=fingerprint, parts=parts, chunks=chunks)


def stored(dsn: str) -> tuple[int, int]:
    """Return the number of readings and of instants in the table."""
    with connect(dsn) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT ts) FROM reading").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def test_parts_are_stored_in_canonical_units_and_accounted_for(database: str) -> None:
    """Watts become kilowatts, the quality is kept, the ledger balances under the name of imports."""
    apply_site(database, SITE, who="test")
    result = import_parts(database, history(3), site="quay", who="test")
    assert (result.rows, result.stored, result.parts_done, result.finished) == (300, 300, 3, True)
    with connect(database) as connection:
        values = connection.execute(
            "SELECT DISTINCT value, quality FROM reading AS r JOIN point AS p ON p.id = r.point_id"
            " WHERE p.key = 'quay/pump/power' ORDER BY 1"
        ).fetchall()
        totals = ledger.totals(connection, audit=True)
        gateways = {line.gateway for line in ledger.summary(connection)}
        audit = connection.execute("SELECT subject FROM audit_log WHERE what = 'import'").fetchall()
    assert values == [(pytest.approx(1.5 + k / 1000), int(Reason.SIMULATED)) for k in range(3)]
    assert (totals.stored, totals.balanced, gateways, audit) == (300, True, {"import"}, [("quay by hand",)])


def test_an_interrupted_history_goes_on_with_the_next_part(database: str) -> None:
    """Stopped behind the second part, it makes the first two no more; every reading is there once."""
    apply_site(database, SITE, who="test")

    def stop(result: ImportResult) -> None:
        if result.parts_done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        import_parts(database, history(5), site="quay", who="test", progress=stop)
    made: list[int] = []
    seen: list[int] = []
    result = import_parts(database, history(5, made), site="quay", who="test",
                          progress=lambda now: seen.append(now.parts_done))  # fmt: skip
    assert (made, seen) == ([2, 3, 4], [2, 3, 4, 5])
    assert (result.resumed_at, result.stored, result.duplicate) == (200, 500, 0)
    assert stored(database) == (500, 250)


def test_a_finished_history_costs_nothing_and_a_longer_one_goes_on(database: str) -> None:
    """Asked for again nothing is made; asked for more parts only those are; another fingerprint is another job."""
    apply_site(database, SITE, who="test")
    import_parts(database, history(2), site="quay", who="test")
    made: list[int] = []
    again = import_parts(database, history(2, made), site="quay", who="test")
    shorter = import_parts(database, history(1, made), site="quay", who="test")
    assert (made, again.finished, shorter.finished) == ([], True, True)
    longer = import_parts(database, history(4, made), site="quay", who="test")
    assert (made, longer.stored, longer.finished) == ([2, 3], 400, True)
    other = import_parts(database, history(4, fingerprint="eight"), site="quay", who="test")
    assert (other.stored, other.duplicate) == (0, 400)
    with connect(database) as connection:
        assert ledger.totals(connection, audit=True).balanced


def test_what_does_not_fit_is_refused_with_its_row(database: str) -> None:
    """An unknown point goes to quarantine, with the history's name; a value out of range is kept and marked."""
    point = small_point("power", unit="W", valid_min=0.0, valid_max=1.0)
    apply_site(database, small_site([point]), who="test")
    result = import_parts(database, history(1), site="quay", who="test")
    assert (result.stored, result.quarantined) == (50, 50)
    with connect(database) as connection:
        entries = quarantine.list_(connection, reason="unknown_point")
        quality = connection.execute("SELECT DISTINCT quality FROM reading").fetchall()
    assert {entry.topic for entry in entries} == {"import/quay/quay by hand"}
    assert quality == [(int(QualityClass.BAD | Reason.RANGE | Reason.SIMULATED),)]


def test_a_history_that_ends_too_soon_is_no_success(database: str) -> None:
    """A maker that stops early leaves the job open: the next run goes on."""
    apply_site(database, SITE, who="test")
    short = ColumnHistory(name="short", fingerprint="short", parts=2, chunks=lambda first: map(part, range(first, 1)))
    with pytest.raises(TransferError, match="1 of 2 parts came"):
        import_parts(database, short, site="quay", who="test")
    whole = ColumnHistory(name="short", fingerprint="short", parts=2, chunks=lambda first: map(part, range(first, 2)))
    assert import_parts(database, whole, site="quay", who="test").stored == 200


def test_only_one_process_imports_a_history(database: str) -> None:
    """While one is at it, a second is told to wait and leaves everything as it was."""
    apply_site(database, SITE, who="test")
    refused: list[str] = []

    def meanwhile(result: ImportResult) -> None:
        if result.parts_done == 1:
            with pytest.raises(TransferError, match="another process") as caught:
                import_parts(database, history(2), site="quay", who="other")
            refused.append(caught.value.cure)

    result = import_parts(database, history(2), site="quay", who="test", progress=meanwhile)
    assert (result.stored, refused) == (200, ["wait for it"])
