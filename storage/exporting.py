"""Export of any window as CSV, Parquet or Arrow, block by block: memory stays flat however long the window is."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.csv  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.parquet  # type: ignore[import-untyped] # pyarrow brings no types

from storage.series import BLOCK_ROWS, TIMES, Resolution, layout_of, stream_columns
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from storage.engine import Connection
    from storage.series import Columns


class Format(StrEnum):
    """File formats of an export."""

    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"  # IPC stream


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What to export: some points of a site, from start up to (not including) end."""

    site: str
    start: datetime
    end: datetime
    points: Sequence[str] | None = None  # keys; None: all, retired ones too
    resolution: Resolution = Resolution.RAW


def export_(
    connection: Connection,
    selection: Selection,
    target: Path | IO[bytes],
    format_: Format | str,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a selection to a file or stream; return the number of rows. `progress` is told the rows so far.

    A file appears under its name only when it is whole.
    """
    format_ = Format(format_)
    rows = 0
    with _opened(target) as stream, ExitStack() as stack:
        writer: Any = None
        for batch in stream_batches(connection, selection, plain=format_ is Format.CSV):
            if writer is None:
                writer = stack.enter_context(_writer(stream, batch.schema, format_))
            writer.write_batch(batch)
            rows += batch.num_rows
            if progress is not None:
                progress(rows)
    return rows


def stream_batches(
    connection: Connection, selection: Selection, *, plain: bool = False, block_rows: int = BLOCK_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield record batches; always at least one, so that an empty export still names its columns.

    Points are a dictionary of keys, or plain text with `plain`. The schema carries each point's unit as metadata.
    """
    points = _points(connection, selection)
    keys = np.array([key for _, key, _ in points], dtype=object)
    numbers = np.array([number for number, _, _ in points], np.int32)
    schema = _schema(selection.resolution, {key: unit for _, key, unit in points}, plain=plain)
    empty = True
    blocks = stream_columns(
        connection, numbers.tolist(), selection.start, selection.end, selection.resolution, block_rows=block_rows
    )
    for columns in blocks:
        empty = False
        yield _batch(columns, schema, numbers, keys)
    if empty:
        yield pa.RecordBatch.from_pylist([], schema=schema)


def _points(connection: Connection, selection: Selection) -> list[tuple[int, str, str]]:
    """Return (number, key, unit) of the points, in order of number; unknown keys are refused."""
    query = (
        "SELECT p.id, p.key, p.canonical_unit FROM point AS p JOIN site AS s ON s.id = p.site_id WHERE s.key = %s"
        " AND (%s::text[] IS NULL OR p.key = ANY(%s)) ORDER BY p.id"
    )
    wanted = None if selection.points is None else list(selection.points)
    rows = connection.execute(query, (selection.site, wanted, wanted)).fetchall()
    unknown = sorted(set(wanted or ()) - {key for _, key, _ in rows})
    if unknown or not rows:
        raise TransferError(
            f"no such point: {', '.join(unknown)}" if unknown else f"site {selection.site!r} has no points",
            place="export",
            cure="list them: quaymeter site show",
        )
    return [(number, key, unit) for number, key, unit in rows]


def _schema(resolution: Resolution, units: dict[str, str], *, plain: bool) -> pa.Schema:
    kinds = {"i2": pa.int16(), "i4": pa.int32(), "i8": pa.int64(), "f8": pa.float64()}
    point = pa.string() if plain else pa.dictionary(pa.int32(), pa.string())
    fields = [pa.field("point", point)]
    for name, kind in layout_of(resolution).items():
        if name != "point_id":
            fields.append(pa.field(name, pa.timestamp("us", "UTC") if name in TIMES else kinds[kind]))
    metadata = {f"unit:{key}": unit for key, unit in units.items()}
    return pa.schema(fields, metadata={**metadata, "resolution": str(resolution)})


def _batch(columns: Columns, schema: pa.Schema, numbers: Any, keys: Any) -> pa.RecordBatch:  # noqa: ANN401 – numpy
    place = np.searchsorted(numbers, columns["point_id"]).astype(np.int32)
    point = pa.DictionaryArray.from_arrays(pa.array(place), pa.array(keys, pa.string()))
    arrays = [point.cast(schema.field("point").type)]
    for name in schema.names[1:]:
        values = columns[name]
        if name in TIMES:
            arrays.append(pa.array(values.view("datetime64[us]"), schema.field(name).type))
        else:
            # NaN stands for "this kind of point has none": NULL in a file.
            arrays.append(pa.array(values, schema.field(name).type, from_pandas=True))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _writer(stream: IO[bytes], schema: pa.Schema, format_: Format) -> Any:  # noqa: ANN401 – three unrelated classes
    if format_ is Format.CSV:
        return pa.csv.CSVWriter(stream, schema)
    if format_ is Format.PARQUET:
        return pa.parquet.ParquetWriter(stream, schema, compression="zstd")
    return pa.ipc.new_stream(stream, schema)


@contextmanager
def _opened(target: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(target, Path):
        yield target
        return
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with unfinished.open("wb") as stream:
            yield stream
        unfinished.replace(target)
    except OSError as error:
        raise TransferError(str(error), place=str(target), cure="choose another place, or make room") from error
    finally:
        unfinished.unlink(missing_ok=True)
