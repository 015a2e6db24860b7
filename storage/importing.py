"""Import of history: the same checks as live messages, the same writer, the same ledger; resumable to the row.

Each chunk of a file is one transaction that also moves the job's mark forward: killed anywhere, the import goes on
where it was committed last. While the database takes one chunk, the next is read.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from psycopg.types.json import Jsonb

from storage.catalogue import load_catalogue
from storage.engine import connect, storage_errors
from storage.import_file import FileChunk, ImportMapping, read_chunks
from storage.ledger import IMPORT
from storage.statements import statement
from storage.writer import Writer
from telemetry.batch import Decoded, Message, ReadingBatch, Refusal, RefusalReason
from telemetry.errors import TransferError
from telemetry.points import table_of
from telemetry.quality import as_sent
from telemetry.validate import DETAILS, REFUSALS, TimeLimits, convert_columns, validate_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from storage.engine import Connection
    from storage.outcome import WriteResult
    from telemetry.catalogue import Catalogue
    from telemetry.points import PointTable

CHUNK_ROWS = 50_000
HISTORY = TimeLimits(retention_s=100 * 365 * 86400.0)


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """How far an import is; `progress` gets it after every chunk."""

    rows: int  # rows of the file done, earlier runs of this job included
    bytes_total: int  # size of the file
    stored: int
    duplicate: int
    quarantined: int
    resumed_at: int  # row that this run began with
    finished: bool


def import_history(
    dsn: str,
    path: Path,
    *,
    site: str,
    mapping: ImportMapping,
    who: str,
    progress: Callable[[ImportResult], None] | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportResult:
    """Import a CSV or Parquet file; an import that was interrupted goes on where it stopped.

    Importing a finished file again reads it all again: every reading counts as a duplicate.
    """
    checker = _Checker(load_catalogue(dsn, site), mapping, path)
    with _Job(dsn, path, _fingerprint(path, site, mapping)) as job, Writer(dsn, gateway=IMPORT) as writer:
        chunks = read_chunks(path, mapping, skip_rows=job.result.rows, chunk_rows=chunk_rows)
        for chunk, message, decoded in _ahead(map(checker.decode, chunks)):
            writer.write([message], decoded, also=job.mark(chunk))
            job.commit()
            if progress is not None:
                progress(job.result)
        job.finish(who)
        return job.result


def _ahead(
    items: Iterator[tuple[FileChunk, Message, Decoded]],
) -> Iterator[tuple[FileChunk, Message, Decoded]]:
    """Yield items while a thread makes the next one."""
    with ThreadPoolExecutor(1, thread_name_prefix="import") as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def _fingerprint(path: Path, site: str, mapping: ImportMapping) -> str:
    """Name the job by what is imported and how, so that a changed file is another job."""
    try:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise TransferError(str(error.strerror or error), place=str(path), cure="check name and rights") from error
    return hashlib.sha256(f"{content} {site} {mapping!r}".encode()).hexdigest()


class _Checker:
    """Turns chunks of a file into what the writer takes, by the contract's checks."""

    def __init__(self, catalogue: Catalogue, mapping: ImportMapping, path: Path) -> None:
        self._catalogue = catalogue
        self._table: PointTable = table_of(catalogue)
        self._mapping = mapping
        self._path = path

    def decode(self, chunk: FileChunk) -> tuple[FileChunk, Message, Decoded]:
        """Convert, check and refuse; columns of n readings in, at most n out."""
        now_us = time.time_ns() // 1000
        numbers = np.array([self._number(key) for key in chunk.key], np.int32)
        point_id = numbers[chunk.key_index] if len(numbers) else np.empty(0, np.int32)
        value = self._canonical(chunk, point_id)
        wire = as_sent(chunk.quality) if self._mapping.stored_quality else chunk.quality
        checked = validate_columns(
            self._table, point_id, chunk.ts_us, value, now_us=now_us, limits=HISTORY, wire_quality=wire
        )
        batch = ReadingBatch(
            point_id=point_id,
            ts_us=chunk.ts_us,
            value=value,
            quality=chunk.quality if self._mapping.stored_quality else checked.quality,
            received_us=np.full(len(value), now_us, np.int64),
            message=np.zeros(len(value), np.int32),
        )
        refusals = self._refusals(chunk, checked.refusal)
        if not checked.accepted.all():
            batch = batch.take(checked.accepted)
        topic = f"import/{self._catalogue.site}/{self._path.name}"
        message = Message(topic, b"", "", now_us)
        return chunk, message, Decoded(batch=batch, refusals=refusals, sequences=())

    def _number(self, key: str) -> int:
        entry = self._catalogue.points.get(key)
        return -1 if entry is None else entry.point_id

    def _canonical(self, chunk: FileChunk, point_id: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return values (n,) in canonical units, by the unit the mapping names for a point or the declared one."""
        if self._mapping.canonical:
            return chunk.value
        value = convert_columns(self._table, point_id, chunk.value)
        for place, key in enumerate(chunk.key):
            if (unit := self._mapping.units.get(key)) is not None and key in self._catalogue.points:
                rows = chunk.key_index == place
                value[rows] = convert_columns(self._table, point_id[rows], chunk.value[rows], unit)
        return value

    def _refusals(self, chunk: FileChunk, codes: NDArray[np.int8]) -> list[Refusal]:
        found = [Refusal(0, RefusalReason.UNDECODABLE, f"row {row + 1}: {cause}", text)
                 for row, cause, text in chunk.unreadable]  # fmt: skip
        for place in np.flatnonzero(codes):
            reason = REFUSALS[codes[place]] or RefusalReason.SCHEMA
            key = chunk.key[chunk.key_index[place]]
            entry = f'{{"row": {chunk.row[place] + 1}, "point": "{key}", "value": {chunk.value[place]}}}'
            found.append(Refusal(0, reason, f"row {chunk.row[place] + 1}: {DETAILS[reason]}", entry))
        return found


class _Job:
    """The mark of one import in the database, and the right to move it."""

    def __init__(self, dsn: str, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._connection = connect(dsn, autocommit=True)

    def __enter__(self) -> Self:
        """Find the job or begin it; refuse where another process is at it."""
        with storage_errors("begin an import"):
            parameters = {"file": str(self._path), "fingerprint": self._fingerprint}
            row = self._connection.execute(statement("imports", "begin"), parameters).fetchone()
            assert row is not None  # noqa: S101 – an upsert always answers
            self._id, rows, stored, duplicate, quarantined = row
            if self._connection.execute(statement("imports", "own"), (self._id,)).fetchone() != (True,):
                self._connection.close()
                raise TransferError("another process is importing it", place=str(self._path), cure="wait for it")
        self.result = ImportResult(
            rows=rows, bytes_total=self._path.stat().st_size, stored=stored, duplicate=duplicate,
            quarantined=quarantined, resumed_at=rows, finished=False,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the job."""
        self._connection.close()

    def mark(self, chunk: FileChunk) -> Callable[[Connection, WriteResult], None]:
        """Return what moves the mark behind a chunk, within the chunk's own transaction."""

        def move(connection: Connection, result: WriteResult) -> None:
            before = self.result
            after = ImportResult(
                rows=chunk.first_row + chunk.rows,
                bytes_total=before.bytes_total,
                stored=before.stored + result.stored,
                duplicate=before.duplicate + result.duplicate,
                quarantined=before.quarantined + result.quarantined,
                resumed_at=before.resumed_at,
                finished=False,
            )
            parameters = {name: getattr(after, name) for name in ("rows", "stored", "duplicate", "quarantined")}
            connection.execute(statement("imports", "move"), {**parameters, "id": self._id})
            self._pending = after

        return move

    def commit(self) -> None:
        """Take the moved mark as true: its transaction is committed."""
        self.result = self._pending

    def finish(self, who: str) -> None:
        """Close the job and note it in the audit log."""
        with storage_errors("finish an import"):
            self._connection.execute(statement("imports", "finish"), (self._id,))
            detail = {"rows": self.result.rows, "stored": self.result.stored, "duplicate": self.result.duplicate}
            audit = {"who": who, "what": "import", "subject": str(self._path), "detail": Jsonb(detail)}
            self._connection.execute(statement("catalogue", "audit"), audit)
        names = ("rows", "bytes_total", "stored", "duplicate", "quarantined", "resumed_at")
        self.result = ImportResult(**{name: getattr(self.result, name) for name in names}, finished=True)
