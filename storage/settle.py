"""The slow road of a batch: tell duplicates, conflicts and poison from the readings that are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import psycopg
from psycopg import errors

from storage.arrays import Int4Array, TimeArray
from storage.outcome import (
    END_US,
    FIRST_US,
    Outcome,
    conflict_rows,
    poison_rows,
    split_repeats,
)
from storage.statements import statement
from storage.times import from_us

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from storage.engine import Connection
    from telemetry.batch import ReadingBatch

NOT_POISON = (errors.UniqueViolation,)
DATA_ERRORS = (errors.DataError, errors.IntegrityError, errors.ProgramLimitExceeded)


def settle(connection: Connection, batch: ReadingBatch, before: Outcome) -> Outcome:
    """Compare a batch with itself and with what is stored; keep the refusals of poison made `before`.

    The answer holds until another writer commits the same readings: then COPY fails again, and this is asked again.
    """
    poison = [row for row in before.refused if row.reason != "conflict"]
    repeats = split_repeats(batch)
    found = _stored_already(connection, repeats.first)
    known = ~np.isnan(found)
    others = _joined(repeats.others, repeats.first.take(known))
    kept = np.where(known, found, repeats.first.value)
    first_value = np.concatenate((kept[repeats.others_first], found[known]))
    same = others.value == first_value
    conflicting = others.take(~same)
    return Outcome(
        stored=repeats.first.take(~known),
        duplicate=others.take(same),
        refused=[*poison, *conflict_rows(conflicting, first_value[~same], _names(connection, conflicting))],
    )


def _joined(one: ReadingBatch, other: ReadingBatch) -> ReadingBatch:
    return type(one)(
        **{name: np.concatenate((getattr(one, name), getattr(other, name))) for name in one.__dataclass_fields__}
    )


def _stored_already(connection: Connection, batch: ReadingBatch) -> NDArray[np.float64]:
    """Return the stored value (n,) for each reading's point and time, NaN where there is none."""
    values = np.full(len(batch), np.nan)
    if not len(batch):
        return values
    parameters = {
        "ts": TimeArray(batch.ts_us),
        "point_id": Int4Array(batch.point_id),
        "first": from_us(batch.ts_us.min()),
        "last": from_us(batch.ts_us.max()),
    }
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement("writer", "stored_already"), parameters)
        rows = cursor.fetchall()
    connection.commit()
    if rows:
        place, value = zip(*rows, strict=True)
        values[list(place)] = value
    return values


def _names(connection: Connection, batch: ReadingBatch) -> Mapping[int, str]:
    """Return the keys of the points in a batch; a writer at work never fails for want of a name."""
    numbers = np.unique(batch.point_id)
    if not len(numbers):
        return {}
    rows = connection.execute(statement("writer", "point_keys"), (Int4Array(numbers),)).fetchall()
    connection.commit()
    return {number: key for number, key in rows}  # noqa: C416 – dict() loses the types


def without_poison(
    connection: Connection, whole: ReadingBatch, before: Outcome, store: Callable[[Outcome], None]
) -> tuple[ReadingBatch, Outcome]:
    """Find the readings that the database itself refuses; return the rest, and an outcome that quarantines them."""
    details = _refused_outright(connection, whole)
    remaining = np.array([row for row in range(len(whole)) if row not in details], np.intp)
    details |= _refused_by_trial(connection, whole, remaining, store)
    culprits = np.array(sorted(details), np.intp)
    poison = whole.take(culprits)
    kept = whole.take(np.setdiff1d(np.arange(len(whole)), culprits))
    rows = poison_rows(poison, [details[int(row)] for row in culprits], _names(connection, poison))
    earlier = [row for row in before.refused if row.reason != "conflict"]
    return kept, Outcome(stored=kept, refused=[*earlier, *rows])


def _refused_outright(connection: Connection, batch: ReadingBatch) -> dict[int, str]:
    """Find impossible times and unknown points for the whole batch at once: row → why."""
    details = dict.fromkeys(
        np.flatnonzero((batch.ts_us < FIRST_US) | (batch.ts_us >= END_US)).tolist(), "its time is impossible"
    )
    unknown = np.array(sorted(set(np.unique(batch.point_id).tolist()) - set(_names(connection, batch))), np.int32)
    details |= dict.fromkeys(np.flatnonzero(np.isin(batch.point_id, unknown)).tolist(), "no such point")
    return details


def _refused_by_trial(
    connection: Connection, batch: ReadingBatch, rows: NDArray[np.intp], store: Callable[[Outcome], None]
) -> dict[int, str]:
    """Store parts on trial and take them back, halving those that fail: row → what the database said."""
    details: dict[int, str] = {}
    parts = [rows] if len(rows) else []
    while parts:
        part = parts.pop()
        cause = _trial(connection, batch.take(part), store)
        if cause and len(part) == 1:
            details[int(part[0])] = cause
        elif cause:
            parts += [part[: len(part) // 2], part[len(part) // 2 :]]
    return details


def _trial(connection: Connection, batch: ReadingBatch, store: Callable[[Outcome], None]) -> str:
    """Return what the database has against these readings, "" for nothing; leave no trace."""
    try:
        store(Outcome(stored=batch))
    except NOT_POISON:
        return ""  # already there: no fault of the data
    except DATA_ERRORS as error:
        return (error.diag.message_primary or str(error)).strip()
    finally:
        if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()
    return ""
