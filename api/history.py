"""One point over time as a chart needs it, from raw readings or from roll-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage import series
from storage.series import VALUE_COLUMN, Resolution
from telemetry.quality import QualityClass, quality_class

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from storage.engine import Connection
    from storage.overview import PointRow

MOST = 20_000  # values of one page; the resolution is chosen so that this is never met in earnest


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Values over time, all columns of length n; what roll-ups have and raw readings lack is None."""

    at: NDArray[np.float64]  # seconds since 1970-01-01 UTC; start of the bucket
    value: NDArray[np.float64]  # NaN where a bucket holds nothing that counts
    bad: NDArray[np.bool_]  # readings that are never counted
    quality: NDArray[np.int16]
    minimum: NDArray[np.float64] | None = None
    maximum: NDArray[np.float64] | None = None
    valid_s: NDArray[np.float64] | None = None  # known time of each bucket [s]
    coverage: NDArray[np.float64] | None = None  # share of the bucket that is known

    def held_s(self, end: float, silent_after_s: float) -> NDArray[np.float64]:
        """Return for how long each value is known to hold (n,) [s]: until the next, at most `silent_after_s`."""
        if self.valid_s is not None:
            return self.valid_s
        until_next = np.diff(np.append(self.at, end))
        held: NDArray[np.float64] = np.where(self.bad, 0.0, np.clip(until_next, 0.0, silent_after_s))
        return held

    def known_s(self, end: float, silent_after_s: float) -> float:
        """Return the seconds for which a value is known."""
        return float(self.held_s(end, silent_after_s).sum())

    def mean(self, end: float, silent_after_s: float) -> float:
        """Return the mean weighted by time; NaN where nothing is known."""
        good = np.isfinite(self.value) & ~self.bad
        weights = self.held_s(end, silent_after_s)[good]
        return float(np.average(self.value[good], weights=weights)) if weights.sum() > 0 else float("nan")


def read(connection: Connection, row: PointRow, start: datetime, end: datetime, resolution: Resolution) -> History:
    """Load the history of one point with start ≤ time < end."""
    columns = series.readings(connection, [row.id], start, end, resolution, MOST)
    at = columns["ts"] / 1e6
    quality = columns["quality"]
    if resolution is Resolution.RAW:
        bad = quality_class(quality) >= QualityClass.BAD
        return History(at=at, value=columns["value"], bad=bad, quality=quality)
    return History(
        at=at,
        value=columns[VALUE_COLUMN[row.kind]],
        bad=np.zeros(len(at), np.bool_),
        quality=quality,
        minimum=columns["minimum"],
        maximum=columns["maximum"],
        valid_s=columns["valid_s"],
        coverage=columns["coverage"],
    )
