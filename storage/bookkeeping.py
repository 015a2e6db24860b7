"""The rows that one batch leaves beside its readings, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.arrays import Float8Array, Int2Array, Int4Array, Int8Array, TimeArray
from storage.statements import statement
from storage.times import from_us

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.batch_summary import LedgerRows, NumberRanges, PointSummary, Windows
    from storage.engine import Connection
    from telemetry.batch import ReadingBatch


def ledger_parameters(gateway: str, ledger: LedgerRows) -> Mapping[str, object]:
    """Return the parameters of the ledger's part."""
    return {
        "gateway": gateway,
        "minute": TimeArray(ledger.minute_us),
        "received": Int8Array(ledger.received),
        "stored": Int8Array(ledger.stored),
        "duplicate": Int8Array(ledger.duplicate),
        "quarantined": Int8Array(ledger.quarantined),
        "late": Int8Array(ledger.late),
    }


def books_of(
    *,
    batch: ReadingBatch,
    summary: PointSummary,
    todo: Windows,
    ledger: Mapping[str, object],
    sequences: Sequence[NumberRanges],
    now_us: int,
) -> Mapping[str, object]:
    """Return the parameters of latest values, ledger, message numbers and the roll-ups to do."""
    row = summary.last_row
    return {
        **ledger,
        "point_id": Int4Array(summary.point_id),
        "ts": TimeArray(summary.last_us),
        "value": Float8Array(batch.value[row]),
        "quality": Int2Array(batch.quality[row]),
        "received_at": TimeArray(batch.received_us[row]),
        "todo_point": Int4Array(todo.point_id),
        "todo_first": TimeArray(todo.first_us),
        "todo_last": TimeArray(todo.last_us),
        "now": from_us(now_us),
        "site": [ranges.site for ranges in sequences],
        "device": [ranges.device for ranges in sequences],
        "boot": [ranges.boot for ranges in sequences],
        "seqs": [ranges.seqs for ranges in sequences],
    }


def keep_books(connection: Connection, books: Mapping[str, object]) -> None:
    """Write what `books_of` made."""
    connection.execute(statement("writer", "keep_books"), books, prepare=True)
