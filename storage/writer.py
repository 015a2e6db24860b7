"""The writer: one transaction a batch, columns straight into COPY, every reading accounted for.

The batch is copied on the chance that nothing of it is there yet (2.5 times as fast as asking first). Only where
that fails is it sorted, compared with what is stored, and copied again without its duplicates and conflicts; and only
where the data themselves are refused is the culprit looked for, by halves.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import psycopg
from psycopg import errors

from storage.accounts import accounted
from storage.batch_summary import ledger_rows, sequence_ranges, summarise, windows
from storage.binary_copy import packed_pieces
from storage.bookkeeping import books_of, keep_books, ledger_parameters
from storage.device_writer import keep_reports
from storage.engine import connect, is_transient, wrapped
from storage.outcome import (
    Outcome,
    WriteResult,
    refused_by_decoder,
    result_of,
)
from storage.quarantine_writer import write_refusals
from storage.sending import widen
from storage.settle import DATA_ERRORS, settle, without_poison
from storage.space import ReadingSpace
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from numpy.typing import NDArray

    from storage.accounts import Arrivals
    from storage.engine import Connection
    from storage.outcome import RefusedRow
    from telemetry.batch import Decoded, Message, MessageNumber, ReadingBatch
    from telemetry.formats.meta import AssetMeta
    from telemetry.formats.status import DeviceStatus

LOG = logging.getLogger(__name__)
ATTEMPTS = 10  # each but the first after another writer came first with the same readings, or a deadlock


class _Delivery(NamedTuple):
    """What comes with a batch of readings."""

    messages: Sequence[Message]
    numbers: Sequence[MessageNumber]
    entries: NDArray[np.int64] | None
    refused: Sequence[RefusedRow]
    told: Sequence[DeviceStatus | AssetMeta]
    also: Callable[[Connection, WriteResult], None] | None


class Writer:
    """Writes batches of one gateway over one connection; used by one thread at a time.

    Writers that are given the same `turn` (a lock) insert one after the other and commit side by side. Two that insert
    at once meet on the same last pages of the key: they wait for each other and search it from the root for every row.
    """

    def __init__(self, dsn: str, *, gateway: str, turn: AbstractContextManager[object] | None = None) -> None:
        self._turn = turn or nullcontext()
        self._dsn = dsn
        self._gateway = gateway
        self._connection: Connection | None = None
        self._space = ReadingSpace()

    def __enter__(self) -> Self:
        """Connect."""
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def connect(self) -> None:
        """Open the connection, unless it is open."""
        if self._connection is not None and not self._connection.closed:
            return
        self._space = ReadingSpace()
        self._connection = connect(self._dsn)
        try:
            # An acknowledgement before the data are on disk would break the promise.
            self._connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
            self._connection.commit()
        except psycopg.Error as error:
            raise self._failed(error) from error
        widen(self._connection)

    def close(self) -> None:
        """Close the connection; a batch not committed is as if never written."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def write(
        self,
        messages: Sequence[Message],
        decoded: Decoded,
        *,
        also: Callable[[Connection, WriteResult], None] | None = None,
    ) -> WriteResult:
        """Store a decoded list of messages in one transaction and return what became of it.

        Committed when it returns. Writing the same batch again is harmless: its readings count as duplicates.
        A StorageError means that nothing of the batch is stored; if it is `transient`, write it again later.
        `also` may write more within the same transaction; it is called anew for every attempt. What it raises leaves
        nothing of the batch behind.
        (Where the connection is lost in the very COMMIT, it may be stored; again, writing it again is harmless.)
        """
        self.connect()
        refused = refused_by_decoder(messages, decoded)
        delivery = _Delivery(messages, decoded.sequences, decoded.entries, refused, decoded.told, also)
        try:
            return self._stored(decoded.batch, delivery)
        except psycopg.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self.close()  # whatever it was: half a transaction must not wait for the next batch to commit it
            raise

    def _stored(self, whole: ReadingBatch, delivery: _Delivery) -> WriteResult:
        """Try until the batch is in, each time having learnt why it was not."""
        connection = self._open_connection()
        outcome = Outcome(stored=whole)
        for attempt in range(ATTEMPTS):
            try:
                return self._transaction(outcome, delivery)
            except errors.UniqueViolation:
                connection.rollback()
                outcome = settle(connection, whole, outcome)
            except (errors.DeadlockDetected, errors.SerializationFailure):
                connection.rollback()
            except DATA_ERRORS as error:
                connection.rollback()
                LOG.warning("a batch of %d readings was refused: %s", len(outcome.stored), error)
                self._space = ReadingSpace()  # a partition may have been dropped behind our back
                if attempt:
                    whole, outcome = without_poison(connection, whole, outcome, self._store)
        raise StorageError(
            "other writers stored the same readings again and again",
            place="database: write a batch",
            cure="the batch is tried again",
            transient=True,
        )

    def _transaction(self, outcome: Outcome, delivery: _Delivery) -> WriteResult:
        """Write an outcome with its books and its quarantine, and commit."""
        connection = self._open_connection()
        self._space.ensure(connection, outcome.stored)
        accounts = accounted(outcome, [*delivery.refused, *outcome.refused], delivery.messages, delivery.entries)
        cut: set[int] = set()
        if accounts.refused:
            cut = write_refusals(connection, self._gateway, delivery.messages, accounts.refused)
        self._store(accounts.outcome, accounts.refused, delivery.numbers, accounts.arrivals)
        keep_reports(connection, delivery.told)
        result = result_of(accounts, len(delivery.messages), cut)
        if delivery.also is not None:
            delivery.also(connection, result)
        connection.commit()
        return result

    def _store(
        self,
        outcome: Outcome,
        refused: Sequence[RefusedRow] = (),
        numbers: Sequence[MessageNumber] = (),
        arrivals: Arrivals | None = None,
    ) -> None:
        """Copy the readings, then keep the books: rows that other writers want too are locked last and briefly."""
        with self._turn:
            books = self._insert(outcome.stored, lambda: self._books(outcome, refused, numbers, arrivals))
            keep_books(self._open_connection(), books)

    def _insert(self, batch: ReadingBatch, make_books: Callable[[], Mapping[str, object]]) -> Mapping[str, object]:
        """Copy the readings; return the books, made while the server is still at it."""
        if not len(batch):
            return make_books()
        with self._open_connection().cursor().copy(statement("writer", "copy_readings")) as copy:
            for piece in packed_pieces(batch):
                copy.write(piece)
            return make_books()

    def _books(
        self,
        outcome: Outcome,
        refused: Sequence[RefusedRow],
        numbers: Sequence[MessageNumber],
        arrivals: Arrivals | None,
    ) -> Mapping[str, object]:
        batch = outcome.stored
        quarantined_us = np.fromiter((row.received_us for row in refused), np.int64, len(refused))
        ledger = ledger_rows(batch, outcome.duplicate.received_us, quarantined_us, arrivals)
        summary = summarise(batch)
        return books_of(
            batch=batch,
            summary=summary,
            todo=windows(batch, summary),
            ledger=ledger_parameters(self._gateway, ledger),
            sequences=sequence_ranges(numbers),
            now_us=time.time_ns() // 1000,
        )

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise StorageError("the writer is closed", cure="call connect() first")
        return self._connection

    def _failed(self, error: psycopg.Error) -> StorageError:
        """Leave the connection clean, or drop it, and return our error for the driver's."""
        connection = self._connection
        if connection is not None:
            with suppress(psycopg.Error):
                connection.rollback()
            if connection.closed or is_transient(error):
                self.close()
        return wrapped(error, "write a batch")
