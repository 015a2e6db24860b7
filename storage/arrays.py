"""numpy columns as PostgreSQL array parameters, in binary: no Python object an element.

The wire form of an array: dimensions, a NULL flag, the type of the elements, then (length, lower bound) a dimension
and (length, bytes) an element, all big-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from psycopg.adapt import Dumper
from psycopg.pq import Format

from storage.binary_copy import EPOCH_US

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg.abc import AdaptContext, Buffer


class PackedArray:
    """An array parameter, packed when it is made."""

    element_oid: ClassVar[int]
    array_oid: ClassVar[int]
    layout: ClassVar[str]

    def __init__(self, values: NDArray[np.generic]) -> None:
        kind = np.dtype(self.layout)
        rows = np.empty(len(values), np.dtype([("length", ">i4"), ("value", kind)]))
        rows["length"] = kind.itemsize
        rows["value"] = self._encoded(values)
        dimensions = struct.pack(">iiiii", 1, 0, self.element_oid, len(values), 1)
        self.data = dimensions + rows.tobytes() if len(values) else struct.pack(">iii", 0, 0, self.element_oid)

    @staticmethod
    def _encoded(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return values


class Int2Array(PackedArray):
    """int2[]."""

    element_oid, array_oid, layout = 21, 1005, ">i2"


class Int4Array(PackedArray):
    """int4[]."""

    element_oid, array_oid, layout = 23, 1007, ">i4"


class Int8Array(PackedArray):
    """int8[]."""

    element_oid, array_oid, layout = 20, 1016, ">i8"


class Float8Array(PackedArray):
    """float8[]."""

    element_oid, array_oid, layout = 701, 1022, ">f8"


class TimeArray(PackedArray):
    """timestamptz[], from microseconds since 1970-01-01 UTC."""

    element_oid, array_oid, layout = 1184, 1185, ">i8"

    @staticmethod
    def _encoded(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return values.astype(np.int64) - EPOCH_US


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer | None:
        """Return the bytes packed before."""
        return obj.data


# Made once: psycopg remembers every class of dumper for ever, and new ones a connection would pile up.
_DUMPERS = {
    kind: type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": kind.array_oid})
    for kind in (Int2Array, Int4Array, Int8Array, Float8Array, TimeArray)
}


def register_arrays(context: AdaptContext) -> None:
    """Teach a connection to take packed arrays."""
    for kind, dumper in _DUMPERS.items():
        context.adapters.register_dumper(kind, dumper)
