"""Import of history: the same checks as live messages, the same writer, the same ledger; resumable to the row.

Each chunk is one transaction that also moves the job's mark forward: killed anywhere, the import goes on where it was
committed last. While the database takes one chunk, the next is read or made.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage.catalogue import load_catalogue
from storage.history_cadence import noting
from storage.import_check import Checker
from storage.import_file import FileChunk, ImportMapping, read_chunks
from storage.import_job import ImportJob, ImportResult
from storage.ledger import IMPORT
from storage.writer import Writer
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from telemetry.batch import Decoded, Message

    Progress = Callable[[ImportResult], None]

__all__ = ["ColumnChunk", "ColumnHistory", "ImportResult", "import_history", "import_parts"]

CHUNK_ROWS = 50_000


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnChunk:
    """One part of a history that is made, not read from a file: n readings as columns."""

    key: Sequence[str]  # distinct point keys (k,)
    key_index: NDArray[np.int32]  # (n,) into `key`
    ts_us: NDArray[np.int64]  # [µs since 1970-01-01 UTC]
    value: NDArray[np.float64]  # in each point's declared unit
    quality: NDArray[np.int16]  # as a device sends it


@dataclass(frozen=True, kw_only=True)
class ColumnHistory:
    """A history in numbered parts, the same however often and from wherever it is made."""

    name: str  # for people: in the audit log, and with what is refused
    fingerprint: str  # of everything that decides what the parts are, but not of how many there are
    parts: int  # in all; more of them later go on where these end
    chunks: Callable[[int], Iterable[ColumnChunk]]  # the parts from this number on, in order
    cadence_s: float | None = None  # of readings of points that live are faster [s]; None: they are as fast as live


def import_history(
    dsn: str,
    path: Path,
    *,
    site: str,
    mapping: ImportMapping,
    who: str,
    cadence_s: float | None = None,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportResult:
    """Import a CSV or Parquet file; an import that was interrupted goes on where it stopped.

    With `cadence_s` [s], its readings hold until the next one is due at that cadence, and what is kept of it is no
    finer; without, a reading holds as long as its point may be silent.

    Importing a finished file again reads it all again: every reading counts as a duplicate, and what was refused before
    is closed in the quarantine once the file is through, since it went in now, or was refused anew.
    """
    catalogue = load_catalogue(dsn, site)
    fingerprint = _fingerprint(path, site, mapping, cadence_s)
    with ImportJob(dsn, str(path), fingerprint, bytes_total=path.stat().st_size) as job:
        checker = Checker(catalogue, path.name, mapping, source=job.run)
        chunks = read_chunks(path, mapping, skip_rows=job.result.rows, chunk_rows=chunk_rows)
        _run(dsn, job, map(checker.decode, chunks), progress, cadence_s)
        job.finish(who)
        return job.result


def import_parts(
    dsn: str, history: ColumnHistory, *, site: str, who: str, progress: Progress | None = None
) -> ImportResult:
    """Import a history that is made in numbered parts; parts that are done are not made again.

    `progress` hears of it before the first part, too. A history that is done, or done so far, costs nothing.
    """
    checker = Checker(load_catalogue(dsn, site), history.name)
    with ImportJob(dsn, history.name, history.fingerprint, parts=history.parts) as job:
        if progress is not None:
            progress(job.result)
        if job.result.finished:
            return job.result
        if job.result.parts_done < history.parts:
            chunks = _numbered(history.chunks(job.result.parts_done), job.result)
            _run(dsn, job, map(checker.decode, chunks), progress, history.cadence_s)
        if job.result.parts_done < history.parts:
            raise TransferError(
                f"{job.result.parts_done} of {history.parts} parts came",
                place=history.name,
                cure="import it again: it goes on with the next part",
            )
        job.finish(who)
        return job.result


def _run(
    dsn: str,
    job: ImportJob,
    items: Iterator[tuple[FileChunk, Message, Decoded]],
    progress: Progress | None,
    cadence_s: float | None,
) -> None:
    """Write chunk after chunk, each with its mark."""
    with Writer(dsn, gateway=IMPORT) as writer:
        for chunk, message, decoded in _ahead(items):
            move = job.mark(chunk)
            also = move if cadence_s is None else noting(cadence_s, decoded.batch, move)
            writer.write([message], decoded, also=also)
            job.commit()
            if progress is not None:
                progress(job.result)


def _ahead(
    items: Iterator[tuple[FileChunk, Message, Decoded]],
) -> Iterator[tuple[FileChunk, Message, Decoded]]:
    """Yield items while a thread makes the next one."""
    with ThreadPoolExecutor(1, thread_name_prefix="import") as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def _numbered(chunks: Iterable[ColumnChunk], done: ImportResult) -> Iterator[FileChunk]:
    """Give the parts that are left their rows' numbers."""
    first_row = done.rows
    for _, chunk in zip(range(done.parts_done, done.parts), chunks, strict=False):
        rows = len(chunk.value)
        yield FileChunk(
            first_row=first_row,
            rows=rows,
            key=np.array(chunk.key, dtype=object),
            key_index=chunk.key_index,
            ts_us=chunk.ts_us,
            value=chunk.value,
            quality=chunk.quality,
            row=np.arange(first_row, first_row + rows),
            unreadable=(),
        )
        first_row += rows


def _fingerprint(path: Path, site: str, mapping: ImportMapping, cadence_s: float | None) -> str:
    """Name the job by what is imported and how, so that a changed file is another job."""
    try:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise TransferError(str(error.strerror or error), place=str(path), cure="check name and rights") from error
    cadence = "" if cadence_s is None else f" by {cadence_s} s"
    return hashlib.sha256(f"{content} {site} {mapping!r}{cadence}".encode()).hexdigest()
