"""Gathering a list of messages into raw columns: lists while messages are read, arrays from there on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from telemetry.formats.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from telemetry.formats.envelope import Entry
    from telemetry.points import PointTable

MISSING = -1  # variant of a name that is not declared
WRONG_UNIT = -2  # variant of a unit that the point does not have
NO_DEVICE = -1  # a message that says nothing about its device's clock

Scalar = TypeVar("Scalar", bound=np.generic)


class Names(dict[str, int]):
    """Point names of one asset → variant; a name that is not declared yields MISSING without an exception."""

    def __missing__(self, name: str) -> int:
        """Answer for unknown names."""
        return MISSING


class Block(NamedTuple):
    """Readings that came in one message and follow each other in the columns."""

    size: int  # readings
    base_us: int  # time that the entries' offsets count from [µs]
    message: int
    received_us: int
    device: int  # number in the clock watch, NO_DEVICE where the message does not tell the device's clock
    suspect: int  # what the server holds against the entries: flags of telemetry.quality.Reason
    as_rows: bool  # read with patience (`Rows`), not as plain entries


@dataclass(frozen=True, kw_only=True, eq=False)
class RawColumns:
    """Readings before the checks, in the order of their messages; all of length n."""

    variant: NDArray[np.int32]  # MISSING and WRONG_UNIT occur
    value: NDArray[np.float64]  # as sent
    ts_us: NDArray[np.int64]
    quality: NDArray[np.int64]  # as sent
    suspect: NDArray[np.int16]  # flags of telemetry.quality.Reason, found while reading
    boolean: NDArray[np.bool_]  # sent as true or false
    entry: NDArray[np.int64]  # position among the plain entries, -1 for rows
    blocks: BlockColumns


class BlockColumns:
    """Blocks as columns (n_blocks,); blocks without readings are left out."""

    def __init__(self, blocks: list[Block]) -> None:
        """Transpose the blocks."""
        kept = [block for block in blocks if block.size]
        columns: list[Any] = list(zip(*kept, strict=True)) or [()] * len(Block._fields)
        self.size = np.array(columns[0], np.int64)
        self.base_us = np.array(columns[1], np.int64)
        self.message = np.array(columns[2], np.int32)
        self.received_us = np.array(columns[3], np.int64)
        self.device = np.array(columns[4], np.int32)
        self.suspect = np.array(columns[5], np.int16)
        self.as_rows = np.array(columns[6], np.bool_)
        self.start = np.cumsum(self.size) - self.size  # first reading of each block

    def spread(self, column: NDArray[Scalar]) -> NDArray[Scalar]:
        """Repeat a column over blocks (n_blocks,) over their readings (n,)."""
        return np.repeat(column, self.size)


class Gathering:
    """Lists that grow message by message: plain entries apart from rows, because they need no work each."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[Entry] = []
        self.variants: list[int] = []  # of `entries`, in the declared unit
        self.rows = Rows()
        self.blocks: list[Block] = []

    def add_rows(self, rows: Rows, block: Block) -> None:
        """Take the rows of one message."""
        total = self.rows
        total.variants += rows.variants
        total.values += rows.values
        total.ts_us += rows.ts_us
        total.quality += rows.quality
        total.suspect += rows.suspect
        self.blocks.append(block)

    def columns(self, table: PointTable) -> RawColumns:
        """Turn everything into arrays."""
        blocks = BlockColumns(self.blocks)
        if not self.rows.values:
            return _entry_columns(self.entries, self.variants, table, blocks)
        rows = _row_columns(self.rows, blocks)
        if not self.entries:
            return rows
        plain = BlockColumns([block for block in self.blocks if not block.as_rows])
        return _merged(_entry_columns(self.entries, self.variants, table, plain), rows, blocks)

    def text(self, position: int) -> str:
        """Return the plain entry at a position of `entries` as JSON text."""
        return msgspec.json.encode(self.entries[position]).decode()


def _entry_columns(entries: list[Entry], variants: list[int], table: PointTable, blocks: BlockColumns) -> RawColumns:
    """Turn plain entries into arrays."""
    n = len(entries)
    values = [entry.v for entry in entries]
    offsets = [entry.t for entry in entries]
    quality = [entry.q for entry in entries]
    units = [entry.u for entry in entries]
    if any(units):
        variants = _in_units(variants, units, table)
    ts_us = blocks.spread(blocks.base_us)
    if any(offsets):
        ts_us += 1000 * np.array(offsets, np.int64)
    return RawColumns(
        variant=np.array(variants, np.int32),
        value=np.array(values, np.float64),
        ts_us=ts_us,
        quality=np.array(quality, np.int64) if any(quality) else np.zeros(n, np.int64),
        suspect=blocks.spread(blocks.suspect),
        boolean=_booleans(values),
        entry=np.arange(n),
        blocks=blocks,
    )


def _row_columns(rows: Rows, blocks: BlockColumns) -> RawColumns:
    """Turn rows into arrays."""
    return RawColumns(
        variant=np.array(rows.variants, np.int32),
        value=np.array(rows.values, np.float64),
        ts_us=np.array(rows.ts_us, np.int64),
        quality=np.array(rows.quality, np.int64),
        suspect=np.array(rows.suspect, np.int16),
        boolean=_booleans(rows.values),
        entry=np.full(len(rows.values), -1, np.int64),
        blocks=blocks,
    )


def _merged(plain: RawColumns, rows: RawColumns, blocks: BlockColumns) -> RawColumns:
    """Lay plain entries and rows together again in the order of their messages."""
    from_rows = blocks.spread(blocks.as_rows)

    def merge(first: NDArray[Scalar], second: NDArray[Scalar]) -> NDArray[Scalar]:
        out = np.empty(len(from_rows), first.dtype)
        out[~from_rows] = first
        out[from_rows] = second
        return out

    return RawColumns(
        variant=merge(plain.variant, rows.variant),
        value=merge(plain.value, rows.value),
        ts_us=merge(plain.ts_us, rows.ts_us),
        quality=merge(plain.quality, rows.quality),
        suspect=merge(plain.suspect, rows.suspect),
        boolean=merge(plain.boolean, rows.boolean),
        entry=merge(plain.entry, rows.entry),
        blocks=blocks,
    )


def _in_units(variants: list[int], units: list[str], table: PointTable) -> list[int]:
    """Replace declared variants by those of the units that entries name."""
    in_unit = table.in_unit
    return [
        variant if not unit or variant < 0 else in_unit.get((variant, unit), WRONG_UNIT)
        for variant, unit in zip(variants, units, strict=True)
    ]


def _booleans(values: list[float]) -> NDArray[np.bool_]:
    """Mask (n,) of the values that were sent as true or false."""
    if bool not in set(map(type, values)):
        return np.zeros(len(values), np.bool_)
    return np.fromiter((type(value) is bool for value in values), np.bool_, len(values))
