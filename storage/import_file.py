"""Files of history read as columns, chunk by chunk: CSV and Parquet, one reading a row or one point a column."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.compute as pc  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.csv  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.parquet  # type: ignore[import-untyped] # pyarrow brings no types

from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


@dataclass(frozen=True, kw_only=True)
class ImportMapping:
    """Which columns of a file mean what.

    Either `points` names a column for each point (one row an instant), or `point` and `value` name the two columns of
    a file with one reading a row – the form that exports have.
    """

    time: str = "ts"
    point: str = "point"
    value: str = "value"
    quality: str | None = None
    points: Mapping[str, str] = field(default_factory=dict)  # column → point key
    units: Mapping[str, str] = field(default_factory=dict)  # point key → unit in the file; else the declared one
    canonical: bool = False  # values are in canonical units already, and qualities as stored: as exports are
    timezone: str = ""  # of times that carry no zone: IANA name or fixed offset as +01:00; "": there are none
    time_format: str = ""  # strptime format; "" is ISO 8601
    ambiguous: str = "raise"  # the hour that a clock repeats in autumn: raise, earliest or latest

    @property
    def stored_quality(self) -> bool:
        """Whether the file says what a reading's quality was found to be, and it is not judged again."""
        return self.canonical and self.quality is not None and not self.points

    @property
    def columns(self) -> list[str]:
        """Columns of the file that are needed."""
        values = list(self.points) or [self.point, self.value]
        return [self.time, *values, *([self.quality] if self.quality and not self.points else [])]


@dataclass(frozen=True, kw_only=True, eq=False)
class FileChunk:
    """A run of rows of a file, as readings (n,) and as rows that cannot be read."""

    first_row: int  # 0-based, of the file's data rows
    rows: int
    key: NDArray[np.object_]  # distinct point keys (k,)
    key_index: NDArray[np.int32]  # (n,) into `key`
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]
    row: NDArray[np.int64]  # (n,) row of the file
    unreadable: Sequence[tuple[int, str, str]]  # row, cause, the row as JSON


def read_chunks(path: Path, mapping: ImportMapping, *, skip_rows: int, chunk_rows: int) -> Iterator[FileChunk]:
    """Yield chunks of at most `chunk_rows` readings, passing over the first `skip_rows` rows."""
    per_row = max(1, len(mapping.points))
    rows_at_once = max(1, chunk_rows // per_row)
    position = 0
    for batch in _batches(path, mapping, rows_at_once):
        fresh = batch.slice(max(0, skip_rows - position))
        start = position + batch.num_rows - fresh.num_rows
        position += batch.num_rows
        for offset in range(0, fresh.num_rows, rows_at_once):
            yield _chunk(fresh.slice(offset, rows_at_once), start + offset, mapping, path)


def _batches(path: Path, mapping: ImportMapping, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        if path.suffix == ".parquet":
            with pa.parquet.ParquetFile(path) as file:
                _check_columns(path, file.schema_arrow.names, mapping)
                yield from file.iter_batches(batch_size=rows, columns=mapping.columns)
        else:
            yield from _csv_batches(path, mapping)
    except (pa.ArrowException, OSError) as error:
        raise TransferError(
            str(error), place=str(path), cure="mend the file and import it again: what is there is not stored twice"
        ) from error


def _csv_batches(path: Path, mapping: ImportMapping) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as stream:
        header = stream.readline().decode("utf-8-sig", "replace").strip().split(",")
    _check_columns(path, [name.strip('"') for name in header], mapping)
    convert = pa.csv.ConvertOptions(
        include_columns=mapping.columns,
        column_types=dict.fromkeys(mapping.columns, pa.string()),
        strings_can_be_null=True,
        null_values=["", "NA", "NaN", "nan", "null", "NULL"],
    )
    read = pa.csv.ReadOptions(block_size=4 << 20)
    with pa.csv.open_csv(path, read_options=read, convert_options=convert) as reader:
        yield from reader


def _check_columns(path: Path, present: Sequence[str], mapping: ImportMapping) -> None:
    missing = [name for name in mapping.columns if name not in present]
    if missing:
        raise TransferError(
            f"no column {', '.join(map(repr, missing))}",
            place=str(path),
            cure=f"it has {', '.join(map(repr, present))}",
        )


def _chunk(batch: pa.RecordBatch, first_row: int, mapping: ImportMapping, path: Path) -> FileChunk:
    """Turn rows into readings; rows whose time or value cannot be read are set aside."""
    times, late = _times(batch.column(mapping.time), mapping, path)
    bad: dict[int, str] = dict(late)
    parts = [_numbers(batch.column(name), name, bad) for name in mapping.points or [mapping.value]]
    quality = _numbers(batch.column(mapping.quality), mapping.quality, bad) if _has_quality(mapping) else None
    keys, index = _keys(batch, mapping, bad)
    good = np.ones(batch.num_rows, np.bool_)
    good[list(bad)] = False
    columns = []
    for number, values in enumerate(parts):
        present = np.flatnonzero(good & ~np.isnan(values))
        which = index[present] if index is not None else np.full(len(present), number, np.int32)
        graded = np.zeros(len(present)) if quality is None else np.nan_to_num(quality[present])
        columns.append((which, times[present], values[present], graded, present + first_row))
    which, ts_us, value, graded, row = (np.concatenate(each) for each in zip(*columns, strict=True))
    return FileChunk(
        first_row=first_row,
        rows=batch.num_rows,
        key=keys,
        key_index=which.astype(np.int32),
        ts_us=ts_us,
        value=value,
        quality=np.clip(graded, -1, 2**15 - 1).astype(np.int16),
        row=row,
        unreadable=[(first_row + row, cause, _row_text(batch, row)) for row, cause in sorted(bad.items())],
    )


def _has_quality(mapping: ImportMapping) -> bool:
    return mapping.quality is not None and not mapping.points


def _keys(
    batch: pa.RecordBatch, mapping: ImportMapping, bad: dict[int, str]
) -> tuple[NDArray[np.object_], NDArray[np.int32] | None]:
    """Return distinct keys, and each row's place among them where a column names the point."""
    if mapping.points:
        return np.array(list(mapping.points.values()), dtype=object), None
    column = batch.column(mapping.point)
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    bad |= dict.fromkeys(np.flatnonzero(index < 0).tolist(), "names no point")
    return np.array(encoded.dictionary.cast(pa.string()).to_pylist(), dtype=object), index


def _numbers(column: Any, name: str | None, bad: dict[int, str]) -> NDArray[np.float64]:  # noqa: ANN401 – pyarrow
    """Return numbers (n,), NaN where the cell is empty; cells that are no numbers are noted in `bad`."""
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:
        values = np.full(len(column), np.nan)
        for row, cell in enumerate(column.to_pylist()):
            try:
                values[row] = np.nan if cell is None else float(cell)
            except ValueError:
                bad[row] = f"{cell!r} in column {name!r} is no number"
        return values


def _times(
    column: Any,  # noqa: ANN401 – pyarrow
    mapping: ImportMapping,
    path: Path,
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Return times (n,) [µs since 1970-01-01 UTC] and the rows whose time cannot be read."""
    try:
        return _microseconds(_as_utc(column, mapping, path)), {}
    except pa.ArrowInvalid as error:
        if "ambiguous" in str(error) or "exist" in str(error):
            raise TransferError(
                f"{error}",
                place=str(path),
                cure="name the zone the meter's clock kept (often a fixed offset as +01:00)",
            ) from error
    times = np.zeros(len(column), np.int64)
    bad: dict[int, str] = {}
    for row in range(len(column)):
        try:
            times[row] = _microseconds(_as_utc(column.slice(row, 1), mapping, path))[0]
        except (pa.ArrowInvalid, IndexError):
            bad[row] = f"{column[row].as_py()!r} is no time"
    return times, bad


def _as_utc(column: Any, mapping: ImportMapping, path: Path) -> Any:  # noqa: ANN401 – pyarrow
    if column.null_count:
        raise pa.ArrowInvalid("a row without a time")
    if pa.types.is_timestamp(column.type):
        stamped = column.cast(pa.timestamp("us", column.type.tz))
    elif mapping.time_format:
        stamped = pc.strptime(column, format=mapping.time_format, unit="us")
    elif len(column) and ZONE.search(column[0].as_py()):
        stamped = column.cast(pa.timestamp("us", "UTC"))
    else:
        stamped = column.cast(pa.timestamp("us"))
    if stamped.type.tz is not None:
        return stamped
    if not mapping.timezone:
        raise TransferError(
            f"the time {str(column[0].as_py())!r} carries no time zone",
            place=str(path),
            cure="name the one the meter's clock kept: --tz Europe/Paris, or --tz +01:00, or --tz UTC",
        )
    return pc.assume_timezone(stamped, mapping.timezone, ambiguous=mapping.ambiguous)


def _microseconds(column: Any) -> NDArray[np.int64]:  # noqa: ANN401 – pyarrow
    return np.asarray(column.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _row_text(batch: pa.RecordBatch, row: int) -> str:
    return json.dumps(batch.slice(row, 1).to_pylist()[0], default=str, ensure_ascii=False)
