"""Room for readings: the partitions that a batch needs, made before it is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage.outcome import END_US, FIRST_US

if TYPE_CHECKING:
    from storage.engine import Connection
    from telemetry.batch import ReadingBatch


class ReadingSpace:
    """Remembers which months have their partition, so that asking costs nothing."""

    def __init__(self) -> None:
        self._months: set[int] = set()  # months since January 1970

    def ensure(self, connection: Connection, batch: ReadingBatch) -> None:
        """Make missing partitions, committed at once: other writers need them too."""
        if not len(batch):
            return
        ends = np.array([batch.ts_us.min(), batch.ts_us.max()])
        first, last = _months(np.clip(ends, FIRST_US, END_US - 1))
        if self._months.issuperset(range(first, last + 1)):
            return
        possible = batch.ts_us[(batch.ts_us >= FIRST_US) & (batch.ts_us < END_US)]
        wanted = set(np.unique(_months(possible)).tolist()) - self._months
        if wanted:
            dates = [np.datetime64(month, "M").astype("datetime64[D]").item() for month in sorted(wanted)]
            connection.execute("SELECT ensure_reading_space(%s::date[])", (dates,))
            connection.commit()
            self._months |= wanted


def _months(microseconds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return months since January 1970 (n,)."""
    return microseconds.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
