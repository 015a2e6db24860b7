"""Readings as a file, written while they are read: CSV, Parquet and Arrow with bounded memory.

Each writer gets record batches and hands out bytes as soon as there are any; nothing holds more than one batch
(a Parquet file holds one row group, which is one batch).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from api.times import time_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Format(StrEnum):
    """What readings can be had as."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.ARROW: "application/vnd.apache.arrow.stream",
}
BYTE_ORDER_MARK = "\ufeff".encode()  # spreadsheets take a file without it for an older encoding


def wanted_format(given: Format | None, accept: str) -> Format | None:
    """Return the format that is asked for by name, else by the Accept header; None where none of ours will do.

    Examples
    --------
    >>> wanted_format(None, "text/csv, */*;q=0.1")
    <Format.CSV: 'csv'>
    """
    if given is not None:
        return given
    weighed: list[tuple[float, Format]] = []
    for item in (accept or "*/*").split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weight = next((_weight(text[2:]) for text in parameters if text.startswith("q=")), 1.0)
        if weight <= 0:
            continue
        if name in {"*/*", "application/*"}:
            weighed.append((weight, Format.JSON))
        weighed += [(weight, form) for form, media in MEDIA_TYPES.items() if name == media.partition(";")[0]]
    return max(weighed, key=lambda pair: pair[0])[1] if weighed else None


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


class _Drain(io.RawIOBase):
    """A file that is emptied after each write."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - bytes, or whatever of Arrow's has a buffer
        self._parts.append(bytes(data))
        return len(data)

    def drained(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file writes figures: for programs, or for a French spreadsheet."""

    delimiter: str = ","
    decimal: str = "."
    mark: bool = False  # a byte order mark for spreadsheets


PROGRAMS = Dialect()
FRENCH = Dialect(delimiter=";", decimal=",", mark=True)


def encoded(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, form: Format, dialect: Dialect = PROGRAMS
) -> Iterator[bytes]:
    """Yield the bytes of a file in the given format, batch by batch."""
    drain = _Drain()
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch] = lambda batch: batch  # noqa: E731 - one of two
    if form is Format.CSV:
        if dialect.mark:
            yield BYTE_ORDER_MARK
        prepare = lambda batch: _texts(batch, dialect)  # noqa: E731 - as above
        options = pa_csv.WriteOptions(delimiter=dialect.delimiter, quoting_style="none", quoting_header="none")
        writer: Any = pa_csv.CSVWriter(drain, _text_schema(schema), write_options=options)
    elif form is Format.PARQUET:
        writer = pq.ParquetWriter(drain, schema, compression="zstd")
    else:
        writer = pa.ipc.new_stream(drain, schema)
    with writer:
        yield drain.drained()
        for batch in batches:
            writer.write_batch(prepare(batch))
            yield drain.drained()
    yield drain.drained()


def _text_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, pa.string() if _is_written(field.type) else field.type) for field in schema])


def _is_written(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_floating(kind) or pa.types.is_dictionary(kind))


def _texts(batch: pa.RecordBatch, dialect: Dialect) -> pa.RecordBatch:
    """Write times as RFC 3339 in UTC and figures with the dialect's decimal sign; shortest exact form."""
    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            columns.append(pa.array(time_texts(column.cast(pa.int64()).to_numpy()).tolist(), pa.string()))
        elif pa.types.is_floating(column.type):
            text = pc.cast(column, pa.string())
            columns.append(text if dialect.decimal == "." else pc.replace_substring(text, ".", dialect.decimal))
        elif pa.types.is_dictionary(column.type):
            columns.append(column.dictionary_decode())
        else:
            columns.append(column)
    return pa.record_batch(columns, schema=_text_schema(batch.schema))
