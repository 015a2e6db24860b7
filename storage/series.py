"""Readings out of the database as columns: raw or rolled up, whole or as a stream of bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from psycopg import sql

from storage.binary_copy import from_database_time, row_type, unpack_rows
from storage.engine import CURES, TOO_LONG, storage_errors
from storage.latest import LatestRow, latest
from storage.statements import statement
from telemetry.errors import WindowTooLongError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from storage.engine import Connection

__all__ = ["VALUE_COLUMN", "Columns", "LatestRow", "Resolution", "latest", "readings", "stream_columns", "windows"]


class Resolution(StrEnum):
    """Width of the buckets asked for."""

    RAW = "raw"
    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"


RAW = {"point_id": "i4", "ts": "i8", "value": "f8", "quality": "i2", "received_at": "i8"}
ROLLED = {
    "point_id": "i4", "ts": "i8", "n": "i8", "n_bad": "i8", "mean": "f8", "minimum": "f8", "maximum": "f8",
    "increase": "f8", "total": "f8", "valid_s": "f8", "spread_s": "f8", "coverage": "f8", "resets": "i4",
    "quality": "i2",
}  # fmt: skip
VALUE_COLUMN = {"gauge": "mean", "state": "mean", "counter": "increase", "event": "total"}  # of a bucket, by kind
TIMES = ("ts", "received_at")
BLOCK_ROWS = 50_000
WINDOW_BUCKETS = 20_000  # made at once where nothing is kept
MOST_MADE = 600_000  # made for one answer; rollup_window refuses as much for one point
WIDTHS_S = {Resolution.MINUTE: 60, Resolution.QUARTER: 900, Resolution.HOUR: 3600, Resolution.DAY: 86400}
ORDER_OF_FINENESS = [*WIDTHS_S]


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Readings or buckets as parallel arrays (n,), ordered by point and time.

    Raw: point_id, ts, value, quality, received_at. Rolled up: point_id, ts (start of the bucket), n, n_bad, mean,
    minimum, maximum, increase, total, valid_s, spread_s, coverage, resets, quality; what a kind of point does not have
    is NaN. Times are µs since 1970-01-01 UTC.
    """

    resolution: Resolution
    arrays: Mapping[str, NDArray[Any]]
    truncated: bool = False  # more rows than the limit allowed

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column (n,)."""
        return self.arrays[name]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.arrays["ts"])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.arrays)


def readings(
    connection: Connection,
    point_ids: Sequence[int],
    start: datetime,
    end: datetime,
    resolution: Resolution | str = Resolution.RAW,
    limit: int | None = None,
) -> Columns:
    """Return what points measured with start ≤ time < end, ordered by point and time.

    Where a resolution is not kept, its rows are made on the way: of points that are too slow for it, and in stretches
    of history that are coarser than their point is live. Raises WindowTooLongError where more buckets that no table
    keeps would have to be made than anybody waits for: of one point, and with a limit of all of them together.
    """
    resolution = Resolution(resolution)
    layout = layout_of(resolution)
    with storage_errors("read a series"):
        if limit is not None and resolution is not Resolution.RAW:
            _refuse_too_much(connection, point_ids, start, end, resolution)
        query = _query(connection, point_ids, start, end, resolution)
        if query is None:
            return _columns(resolution, np.empty(0, row_type(layout)), truncated=False)
        ordered = sql.SQL("{} ORDER BY point_id, 2").format(query)
        if limit is not None:
            ordered = sql.SQL("{} LIMIT {}").format(ordered, limit + 1)
        rows = np.concatenate(list(copied_rows(connection, ordered, layout)) or [np.empty(0, row_type(layout))])
    truncated = limit is not None and len(rows) > limit
    return _columns(resolution, rows[:limit] if truncated else rows, truncated=truncated)


def stream_columns(
    connection: Connection,
    point_ids: Sequence[int],
    start: datetime,
    end: datetime,
    resolution: Resolution | str = Resolution.RAW,
    *,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[Columns]:
    """Yield blocks of at most `block_rows` rows: raw ones by time, rolled-up ones by point and time.

    Neither side ever holds the whole: the raw table is read in the order of its key, and roll-ups point by point.
    """
    resolution = Resolution(resolution)
    layout = layout_of(resolution)
    order = sql.SQL("ts, point_id") if resolution is Resolution.RAW else sql.SQL("2")
    with storage_errors("stream a series"):
        for part, first, last in _parts(connection, point_ids, start, end, resolution):
            query = _query(connection, part, first, last, resolution)
            if query is None:
                continue
            ordered = sql.SQL("{} ORDER BY {}").format(query, order)
            for rows in copied_rows(connection, ordered, layout, block_rows=block_rows):
                yield _columns(resolution, rows, truncated=False)


def windows(
    connection: Connection, point_ids: Sequence[int], start: datetime, end: datetime, resolution: Resolution
) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches that cover all that roll-ups of these points hold within start ≤ time < end, bounded each."""
    row = connection.execute(statement("series", "extent"), {"points": list(point_ids)}).fetchone()
    if row is None or row[0] is None:
        return
    first, end = max(start, row[0]), min(end, row[1])
    step = timedelta(seconds=WIDTHS_S[resolution] * WINDOW_BUCKETS)
    while first < end:
        yield first, min(first + step, end)
        first += step


def _refuse_too_much(
    connection: Connection, point_ids: Sequence[int], start: datetime, end: datetime, resolution: Resolution
) -> None:
    """Refuse to make more buckets than a limited answer could ever be worth."""
    sources = _split(connection, point_ids, start, end, resolution)
    asked = {"points": sources.finer, "start": start, "end": end}
    row = connection.execute(statement("series", "seconds_to_make"), asked).fetchone() if sources.finer else None
    seconds = 0.0 if row is None else row[0]
    seconds += sum((last - first).total_seconds() for left_out in sources.coarse.values() for first, last in left_out)
    buckets = round(seconds / WIDTHS_S[resolution])
    if buckets > MOST_MADE:
        raise WindowTooLongError(
            f"{buckets} buckets of {resolution} are more than can be made while you wait",
            place="database: read a series",
            cure=CURES[TOO_LONG],
        )


def _parts(
    connection: Connection, point_ids: Sequence[int], start: datetime, end: datetime, resolution: Resolution
) -> Iterator[tuple[list[int], datetime, datetime]]:
    """Yield what is read at once: raw all points, else point by point, a stretch at a time where nothing is kept."""
    if resolution is Resolution.RAW:
        yield list(point_ids), start, end
        return
    sources = _split(connection, point_ids, start, end, resolution)
    for point_id in point_ids:
        if point_id in sources.finer or point_id in sources.coarse:
            for first, last in windows(connection, [point_id], start, end, resolution):
                yield [point_id], first, last
        else:
            yield [point_id], start, end


def layout_of(resolution: Resolution) -> Mapping[str, str]:
    """Return the columns of a resolution and their binary types."""
    return RAW if resolution is Resolution.RAW else ROLLED


def copied_rows(
    connection: Connection, query: sql.Composed, layout: Mapping[str, str], *, block_rows: int = BLOCK_ROWS
) -> Iterator[NDArray[Any]]:
    """Yield the rows of a query by binary COPY, in blocks."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
    block: list[bytes] = []
    with connection.cursor().copy(statement) as copy:
        for data in copy:
            block.append(bytes(data))
            if len(block) >= block_rows:
                yield unpack_rows(b"".join(block), layout)
                block = []
    if block:
        yield unpack_rows(b"".join(block), layout)


def _columns(resolution: Resolution, rows: NDArray[Any], *, truncated: bool) -> Columns:
    arrays: dict[str, NDArray[Any]] = {}
    for name, kind in layout_of(resolution).items():
        native = np.dtype(kind)
        arrays[name] = from_database_time(rows[name]) if name in TIMES else rows[name].astype(native)
    return Columns(resolution=resolution, arrays=arrays, truncated=truncated)


def _query(
    connection: Connection, point_ids: Sequence[int], start: datetime, end: datetime, resolution: Resolution
) -> sql.Composed | None:
    """Compose the query for points; None where there is nothing to ask."""
    if not point_ids:
        return None
    window = {"start": sql.Literal(start), "end": sql.Literal(end)}
    if resolution is Resolution.RAW:
        return sql.SQL(
            "SELECT point_id, ts, value, quality, received_at FROM reading"
            " WHERE point_id = ANY({points}) AND ts >= {start} AND ts < {end}"
        ).format(points=sql.Literal(list(point_ids)), **window)
    columns = sql.SQL(
        "point_id, bucket, n, n_bad, coalesce(mean, 'NaN'), coalesce(minimum, 'NaN'), coalesce(maximum, 'NaN'),"
        " coalesce(increase, 'NaN'), coalesce(total, 'NaN'), valid_s, spread_s, coverage, resets, quality"
    )
    sources = _split(connection, point_ids, start, end, resolution)
    stored = sql.SQL(
        "SELECT {columns} FROM {table} WHERE point_id = ANY({points}) AND bucket >= {start} AND bucket < {end}"
    )
    made = sql.SQL(
        "SELECT {columns} FROM rollup_window({level}, {point}, {start}, {end})"
        " WHERE bucket >= {start} AND bucket < {end}"
    )
    table, level = sql.Identifier(f"reading_{resolution}"), sql.Literal(str(resolution))
    parts = []
    if sources.kept:
        parts.append(stored.format(columns=columns, table=table, points=sql.Literal(sources.kept), **window))
    for point, left_out in sources.coarse.items():
        spans = [{"start": sql.Literal(first), "end": sql.Literal(last)} for first, last in left_out]
        but = [sql.SQL(" AND NOT (bucket >= {start} AND bucket < {end})").format(**span) for span in spans]
        parts.append(
            sql.Composed([stored.format(columns=columns, table=table, points=sql.Literal([point]), **window), *but])
        )
        parts += [made.format(columns=columns, level=level, point=sql.Literal(point), **span) for span in spans]
    parts += [made.format(columns=columns, level=level, point=sql.Literal(point), **window) for point in sources.finer]
    return sql.SQL(" UNION ALL ").join(parts) if parts else None


class _Sources(NamedTuple):
    """Where the buckets of points come from."""

    kept: list[int]  # a table has them
    finer: list[int]  # points that are only kept coarser
    coarse: dict[int, list[tuple[datetime, datetime]]]  # kept, but for these stretches of coarser history


def _split(
    connection: Connection, point_ids: Sequence[int], start: datetime, end: datetime, resolution: Resolution
) -> _Sources:
    """Tell points whose roll-ups are kept at a resolution, always or most of the time, from those that are not."""
    rows = connection.execute(
        "SELECT p.id, rollup_level(p.period_s, s.timezone) FROM point AS p JOIN site AS s ON s.id = p.site_id"
        " WHERE p.id = ANY(%s) ORDER BY p.id",
        (list(point_ids),),
    ).fetchall()
    rank = ORDER_OF_FINENESS.index
    kept = [point for point, finest in rows if rank(Resolution(finest)) <= rank(resolution)]
    coarse: dict[int, list[tuple[datetime, datetime]]] = {}
    if resolution in (Resolution.MINUTE, Resolution.QUARTER):  # hours and days are kept of all history
        asked = {"level": str(resolution), "points": kept, "start": start, "end": end}
        for point, first, last in connection.execute(statement("series", "left_out"), asked):
            coarse.setdefault(point, []).append((first, last))
    return _Sources(
        kept=[point for point in kept if point not in coarse],
        finer=[point for point, finest in rows if rank(Resolution(finest)) > rank(resolution)],
        coarse=coarse,
    )
