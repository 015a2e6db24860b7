"""History held against the contract: the same checks as live messages, column by column."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from storage.import_file import ImportMapping
from telemetry.batch import Decoded, Message, ReadingBatch, Refusal, RefusalReason
from telemetry.points import table_of
from telemetry.quality import as_sent
from telemetry.validate import DETAILS, REFUSALS, TimeLimits, convert_columns, validate_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.import_file import FileChunk
    from telemetry.catalogue import Catalogue
    from telemetry.points import PointTable

HISTORY = TimeLimits(retention_s=100 * 365 * 86400.0)
AS_SENT = ImportMapping()  # declared units, qualities as a device sends them


class Checker:
    """Turns chunks of history into what the writer takes, by the contract's checks."""

    def __init__(
        self, catalogue: Catalogue, name: str, mapping: ImportMapping = AS_SENT, *, source: bytes = b""
    ) -> None:
        """Remember the points of a site, and under which name, as part of which message, what is refused is kept."""
        self._catalogue = catalogue
        self._table: PointTable = table_of(catalogue)
        self._mapping = mapping
        self._source = source
        self._topic = f"import/{catalogue.site}/{name}"

    def decode(self, chunk: FileChunk) -> tuple[FileChunk, Message, Decoded]:
        """Convert, check and refuse; columns of n readings in, at most n out."""
        now_us = time.time_ns() // 1000
        numbers = np.array([self._number(key) for key in chunk.key], np.int32)
        point_id = numbers[chunk.key_index] if len(numbers) else np.empty(0, np.int32)
        value = self._canonical(chunk, point_id)
        wire = as_sent(chunk.quality) if self._mapping.stored_quality else chunk.quality
        checked = validate_columns(
            self._table, point_id, chunk.ts_us, value, now_us=now_us, limits=HISTORY, wire_quality=wire
        )
        batch = ReadingBatch(
            point_id=point_id,
            ts_us=chunk.ts_us,
            value=value,
            quality=chunk.quality if self._mapping.stored_quality else checked.quality,
            received_us=np.full(len(value), now_us, np.int64),
            message=np.zeros(len(value), np.int32),
        )
        refusals = self._refusals(chunk, checked.refusal)
        if not checked.accepted.all():
            batch = batch.take(checked.accepted)
        return (
            chunk,
            Message(self._topic, self._source, "", now_us),
            Decoded(batch=batch, refusals=refusals, sequences=()),
        )

    def _number(self, key: str) -> int:
        entry = self._catalogue.points.get(key)
        return -1 if entry is None else entry.point_id

    def _canonical(self, chunk: FileChunk, point_id: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return values (n,) in canonical units, by the unit the mapping names for a point or the declared one."""
        if self._mapping.canonical:
            return chunk.value
        value = convert_columns(self._table, point_id, chunk.value)
        for place, key in enumerate(chunk.key):
            if (unit := self._mapping.units.get(key)) is not None and key in self._catalogue.points:
                rows = chunk.key_index == place
                value[rows] = convert_columns(self._table, point_id[rows], chunk.value[rows], unit)
        return value

    def _refusals(self, chunk: FileChunk, codes: NDArray[np.int8]) -> list[Refusal]:
        found = [Refusal(0, RefusalReason.UNDECODABLE, f"row {row + 1}: {cause}", text)
                 for row, cause, text in chunk.unreadable]  # fmt: skip
        for place in np.flatnonzero(codes):
            reason = REFUSALS[codes[place]] or RefusalReason.SCHEMA
            key = chunk.key[chunk.key_index[place]]
            entry = f'{{"row": {chunk.row[place] + 1}, "point": "{key}", "value": {chunk.value[place]}}}'
            found.append(Refusal(0, reason, f"row {chunk.row[place] + 1}: {DETAILS[reason]}", entry))
        return found
