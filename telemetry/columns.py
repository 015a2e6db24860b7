"""Gathering a list of messages into raw columns: lists while messages are read, arrays from there on."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from telemetry.formats.rows import Rows
from telemetry.points import MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from telemetry.formats.envelope import Entry
    from telemetry.points import PointTable

NO_DEVICE = -1  # a message that says nothing about its device's clock

Scalar = TypeVar("Scalar", bound=np.generic)


class Names(dict[str, int]):
    """Point names of one asset → variant; a name that is not declared yields MISSING without an exception."""

    def __missing__(self, name: str) -> int:
        """Answer for unknown names."""
        return MISSING


# Readings that came in one message and follow each other in the columns, as a plain tuple for speed:
#   readings, µs that offsets count from, message, arrival [µs],
#   device's number in the clock watch (NO_DEVICE where the message does not tell its clock),
#   what the server holds against the readings (flags of telemetry.quality.Reason), read as rows
Block = tuple[int, int, int, int, int, int, bool]
_SIZE, _AS_ROWS = 0, 6


@dataclass(frozen=True, kw_only=True, eq=False)
class RawColumns:
    """Readings before the checks, in the order of their messages; all of length n."""

    variant: NDArray[np.int32]  # MISSING and WRONG_UNIT occur
    value: NDArray[np.float64]  # as sent
    ts_us: NDArray[np.int64]
    quality: NDArray[np.int64]  # as sent
    suspect: NDArray[np.int16]  # flags of telemetry.quality.Reason, found while reading
    boolean: NDArray[np.bool_]  # sent as true or false
    blocks: BlockColumns


class BlockColumns:
    """Blocks as columns (n_blocks,); blocks without readings are left out."""

    def __init__(self, blocks: list[Block]) -> None:
        """Transpose the blocks."""
        kept = [block for block in blocks if block[_SIZE]]
        columns: list[Any] = list(zip(*kept, strict=True)) or [()] * 7
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
    """Lists that grow message by message: plain entries apart from rows, because they need no work each.

    Only names and values are taken from every entry. Units, offsets and qualities are rarer; their lists are as long as
    they have to be, and shorter ones stand for defaults.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.variants: list[int] = []  # in the declared unit
        self.values: list[float] = []
        self._units: list[str] = []
        self._offsets_ms: list[int] = []
        self._quality: list[int] = []
        self.rows = Rows()
        self.blocks: list[Block] = []
        self.entries: list[int] = []  # of each message

    def add_details(self, entries: list[Entry]) -> None:
        """Take what else there is in entries whose names and values have just been taken."""
        missing = len(self.values) - len(entries) - len(self._units)
        if missing:
            self._fill(missing)
        self._units += [entry.u for entry in entries]
        self._offsets_ms += [entry.t for entry in entries]
        self._quality += [entry.q for entry in entries]

    def _fill(self, missing: int) -> None:
        """Add defaults for entries that had a name and a value only."""
        self._units += [""] * missing
        self._offsets_ms += [0] * missing
        self._quality += [0] * missing

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
            return self._plain_columns(table, blocks)
        rows = _row_columns(self.rows, blocks)
        if not self.values:
            return rows
        plain = BlockColumns([block for block in self.blocks if not block[_AS_ROWS]])
        return _merged(self._plain_columns(table, plain), rows, blocks)

    def _plain_columns(self, table: PointTable, blocks: BlockColumns) -> RawColumns:
        """Turn plain entries into arrays."""
        n, variants = len(self.values), self.variants
        ts_us, quality = blocks.spread(blocks.base_us), np.zeros(n, np.int64)
        if self._units:
            self._fill(n - len(self._units))
            if any(self._units):
                variants = [table.units[one][unit] for one, unit in zip(variants, self._units, strict=True)]
            ts_us += 1000 * np.array(self._offsets_ms, np.int64)
            quality = np.array(self._quality, np.int64)
        return RawColumns(
            variant=np.frombuffer(array("i", variants), np.intc),  # 20 ns a reading less than from the list itself
            value=np.array(self.values, np.float64),
            ts_us=ts_us,
            quality=quality,
            suspect=blocks.spread(blocks.suspect),
            boolean=_booleans(self.values),
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
        blocks=blocks,
    )


def _booleans(values: list[float]) -> NDArray[np.bool_]:
    """Mask (n,) of the values that were sent as true or false."""
    if bool not in map(type, values):
        return np.zeros(len(values), np.bool_)
    return np.fromiter((type(value) is bool for value in values), np.bool_, len(values))
