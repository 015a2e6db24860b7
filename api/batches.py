"""Columns from storage as Arrow record batches and as JSON lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from api.formats import Format
from api.times import time_texts
from storage.series import Resolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from storage.series import Columns

TIME = pa.timestamp("us", tz="UTC")
POINT = pa.dictionary(pa.int32(), pa.string())
RAW = {"ts": TIME, "value": pa.float64(), "quality": pa.int16(), "received_at": TIME}
ROLLED = {
    "ts": TIME,
    "n": pa.int64(),
    "n_bad": pa.int64(),
    "mean": pa.float64(),
    "minimum": pa.float64(),
    "maximum": pa.float64(),
    "increase": pa.float64(),
    "total": pa.float64(),
    "valid_s": pa.float64(),
    "spread_s": pa.float64(),
    "coverage": pa.float64(),
    "resets": pa.int32(),
    "quality": pa.int16(),
}
NO_JSON = {
    Format.CSV: "point,ts,value,quality,received_at\nstore/room-1/t_air,2026-11-22T03:00:00.000Z,-21.4,0,…\n",
    Format.PARQUET: "(the same columns, one row group a block)",
    Format.ARROW: "(the same columns, an IPC stream)",
}


def schema_of(resolution: Resolution) -> pa.Schema:
    """Return the columns of a file at a resolution."""
    columns = RAW if resolution is Resolution.RAW else ROLLED
    return pa.schema([pa.field("point", POINT), *(pa.field(name, kind) for name, kind in columns.items())])


def record_batches(
    blocks: Iterator[Columns], keys: Mapping[int, str], *, on_rows: Callable[[float], None]
) -> Iterator[pa.RecordBatch]:
    """Turn blocks of columns into record batches; points by their keys, NaN as null."""
    ids = np.array(sorted(keys), np.int32)
    dictionary = pa.array([keys[int(number)] for number in ids])
    for block in blocks:
        schema = schema_of(block.resolution)
        places = np.searchsorted(ids, block["point_id"]).astype(np.int32)
        columns = [pa.DictionaryArray.from_arrays(places, dictionary)]
        columns += [pa.array(block[field.name], field.type, from_pandas=True) for field in list(schema)[1:]]
        on_rows(len(block))
        yield pa.record_batch(columns, schema=schema)


def json_columns(columns: Columns, point_id: int) -> dict[str, list[Any]]:
    """Return one point's columns as lists; times in RFC 3339, NaN as null."""
    first, last = np.searchsorted(columns["point_id"], [point_id, point_id + 1])
    names = [name for name in columns.names if name != "point_id"]
    return {name: _listed(name, columns[name][first:last]) for name in names}


def _listed(name: str, column: NDArray[Any]) -> list[Any]:
    if name in {"ts", "received_at"}:
        texts: list[Any] = time_texts(column).tolist()
        return texts
    if column.dtype.kind == "f":
        return [value if known else None for value, known in zip(column.tolist(), np.isfinite(column), strict=True)]
    listed: list[Any] = column.tolist()
    return listed
