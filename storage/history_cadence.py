"""What an import says of the cadence of its history, noted with each part in the part's own transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.arrays import Int4Array, TimeArray
from storage.batch_summary import summarise
from storage.statements import statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.engine import Connection
    from storage.outcome import WriteResult
    from telemetry.batch import ReadingBatch


def noting(
    cadence_s: float, batch: ReadingBatch, then: Callable[[Connection, WriteResult], None]
) -> Callable[[Connection, WriteResult], None]:
    """Return what notes a batch as history of a cadence [s], point by point, and then does what is to be done anyway.

    Readings that were there before hold otherwise from now on: their roll-ups are asked for again. So it waits until no
    refresher is at work, and none is for the rest of the transaction.
    """
    summary = summarise(batch)

    def note(connection: Connection, result: WriteResult) -> None:
        if len(batch):
            said = {
                "point_id": Int4Array(summary.point_id.astype("i4")),
                "first": TimeArray(summary.first_us),
                "last": TimeArray(summary.last_us),
                "cadence_s": cadence_s,
            }
            connection.execute(statement("imports", "note_history"), said)
        then(connection, result)

    return note
