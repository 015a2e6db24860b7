"""PostgreSQL's binary COPY format, packed and unpacked by numpy: no Python object a row.

A file is an 11-byte signature, flags and extension length (two int4), rows, and a trailer of int2 −1. A row is the
number of columns (int2), then for each column its length (int4) and its bytes, all big-endian. Without NULLs and with
columns of fixed width every row has the same size, so that a file is one structured array.
https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from telemetry.batch import ReadingBatch

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL's time begins [µs since 1970-01-01]
PIECE_ROWS = 4096  # 213 kB: what a socket takes without waiting
WIDTHS = {"i2": 2, "i4": 4, "i8": 8, "f8": 8}


def row_type(columns: Mapping[str, str]) -> np.dtype[Any]:
    """Return the layout of one row; `columns` maps names to i2, i4, i8 or f8."""
    fields: list[tuple[str, str]] = [("_count", ">i2")]
    for name, kind in columns.items():
        fields += [(f"_{name}", ">i4"), (name, f">{kind}")]
    return np.dtype(fields)


READING = {"ts": "i8", "point_id": "i4", "value": "f8", "quality": "i2", "received_at": "i8"}
READING_ROW = row_type(READING)


def blank_rows(count: int, columns: Mapping[str, str]) -> NDArray[Any]:
    """Return rows (count,) with counts and lengths filled in; `np.empty` would leave them to chance."""
    rows = np.empty(count, row_type(columns))
    rows["_count"] = len(columns)
    for name, kind in columns.items():
        rows[f"_{name}"] = WIDTHS[kind]
    return rows


def pack_readings(batch: ReadingBatch) -> bytes:
    """Return a batch of n readings as a whole COPY file for the columns of `READING`; 52 bytes a row."""
    return b"".join(packed_pieces(batch))


def packed_pieces(batch: ReadingBatch) -> Iterator[bytes]:
    """Yield the same file in pieces: the server works on one while the next is packed."""
    yield HEADER
    for start in range(0, len(batch), PIECE_ROWS):
        piece = slice(start, start + PIECE_ROWS)
        rows = blank_rows(len(batch.ts_us[piece]), READING)
        rows["ts"] = batch.ts_us[piece] - EPOCH_US
        rows["point_id"] = batch.point_id[piece]
        rows["value"] = batch.value[piece]
        rows["quality"] = batch.quality[piece]
        rows["received_at"] = batch.received_us[piece] - EPOCH_US
        yield rows.tobytes()
    yield TRAILER


def unpack_rows(data: bytes, columns: Mapping[str, str]) -> NDArray[Any]:
    """Return the rows in a part of a COPY file (whole rows) as a structured array (n,); no column may be NULL.

    Header and trailer are passed over where the part has them.
    """
    start = len(HEADER) if data.startswith(HEADER[:11]) else 0
    layout = row_type(columns)
    # A row's first two bytes count its columns, so that only the trailer's −1 can make the length uneven.
    body = memoryview(data)[start : len(data) - (len(data) - start) % layout.itemsize]
    if data[start + len(body) :] not in (b"", TRAILER):
        message = f"{len(data) - start} bytes of rows are no multiple of {layout.itemsize}: a NULL, or another type"
        raise ValueError(message)
    return np.frombuffer(body, layout)


def from_database_time(microseconds: NDArray[Any]) -> NDArray[np.int64]:
    """Turn PostgreSQL times (n,) [µs since 2000-01-01] into ours (n,) [µs since 1970-01-01 UTC]."""
    return microseconds.astype(np.int64) + EPOCH_US
