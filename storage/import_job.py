"""How far an import is, kept in the database beside what it stored, and the right to move that mark."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg.types.json import Jsonb

from storage.engine import connect, storage_errors
from storage.ledger import IMPORT
from storage.statements import statement
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from storage.engine import Connection
    from storage.import_file import FileChunk
    from storage.outcome import WriteResult


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """How far an import is; `progress` gets it after every chunk."""

    rows: int  # rows done, earlier runs of this job included
    bytes_total: int  # size of the file; 0 where there is none
    stored: int
    duplicate: int
    quarantined: int
    resumed_at: int  # row that this run began with
    finished: bool
    parts_done: int = 0  # of a history that comes in numbered parts
    parts: int = 0  # in all; 0 for a file


class ImportJob:
    """The mark of one import; use as a context manager, by one process at a time.

    A file that was imported to its end begins again. A history in parts does not: it goes on with the first part that
    is not done, if there is one.
    """

    def __init__(self, dsn: str, name: str, fingerprint: str, *, bytes_total: int = 0, parts: int = 0) -> None:
        """Name the job by what is imported (`name`, for people) and how (`fingerprint`)."""
        self._name = name
        self._fingerprint = fingerprint
        self._job = b'{"import": "%s"' % fingerprint.encode()
        self.run = b""  # what is kept with each refused row: of which import it is, and of which run of it
        self._connection = connect(dsn, autocommit=True)
        self._empty = ImportResult(
            rows=0, bytes_total=bytes_total, stored=0, duplicate=0, quarantined=0, resumed_at=0, finished=False,
            parts=parts,
        )  # fmt: skip
        self.result = self._empty
        self._pending = self._empty

    def __enter__(self) -> Self:
        """Find the job or begin it; refuse where another process is at it."""
        try:
            with storage_errors("begin an import"):
                self._begin()
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the job, at once: a session that is only closed keeps its lock until the server has noticed."""
        with suppress(psycopg.Error):  # a server that is gone has let go already
            self._connection.execute(statement("imports", "let_go"))
        self._connection.close()

    def mark(self, chunk: FileChunk) -> Callable[[Connection, WriteResult], None]:
        """Return what moves the mark behind a chunk, within the chunk's own transaction."""

        def move(connection: Connection, result: WriteResult) -> None:
            before = self.result
            after = replace(
                before,
                rows=chunk.first_row + chunk.rows,
                stored=before.stored + result.stored,
                duplicate=before.duplicate + result.duplicate,
                quarantined=before.quarantined + result.quarantined,
                parts_done=before.parts_done + (1 if before.parts else 0),
            )
            connection.execute(statement("imports", "move"), {**_counts(after), "id": self._id})
            self._pending = after

        return move

    def commit(self) -> None:
        """Take the moved mark as true: its transaction is committed."""
        self.result = self._pending

    def finish(self, who: str) -> None:
        """Close the job, and what earlier runs of it refused; note it in the audit log."""
        with storage_errors("finish an import"):
            self._connection.execute(statement("imports", "finish"), (self._id,))
            refused_before = {"gateway": IMPORT, "job": self._job, "run": self.run, "who": who}
            self._connection.execute(statement("quarantine", "close_imported"), refused_before)
            detail = {"rows": self.result.rows, "stored": self.result.stored, "duplicate": self.result.duplicate}
            audit = {"who": who, "what": "import", "subject": self._name, "detail": Jsonb(detail)}
            self._connection.execute(statement("catalogue", "audit"), audit)
        self.result = replace(self.result, finished=True)

    def _begin(self) -> None:
        parts = self._empty.parts
        parameters = {"file": self._name, "fingerprint": self._fingerprint, "parts": parts or None}
        begun = statement("imports", "begin_parts" if parts else "begin")
        row = self._connection.execute(begun, parameters).fetchone()
        assert row is not None  # noqa: S101 – an upsert always answers
        self._id = row[0]
        if self._connection.execute(statement("imports", "own"), (self._id,)).fetchone() != (True,):
            raise TransferError("another process is importing it", place=self._name, cure="wait for it")
        # Only now: whoever held it until a moment ago may have moved it since.
        row = self._connection.execute(statement("imports", "look"), (self._id,)).fetchone()
        assert row is not None  # noqa: S101 – it was made above, and jobs are never deleted
        rows, stored, duplicate, quarantined, parts_done, finished, started_at = row
        self.run = b'%s, "run": "%s"}' % (self._job, started_at.isoformat().encode())
        self.result = replace(
            self._empty, rows=rows, stored=stored, duplicate=duplicate, quarantined=quarantined, resumed_at=rows,
            parts_done=parts_done, finished=finished,
        )  # fmt: skip


def _counts(result: ImportResult) -> Mapping[str, int]:
    return {name: getattr(result, name) for name in ("rows", "stored", "duplicate", "quarantined", "parts_done")}
