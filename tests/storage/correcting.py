"""Corrections as the tests make them, and the readings that count under them, worked out in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from storage.correction_file import Proposal, SourceFile
from storage.corrections import correct
from storage.times import from_us
from telemetry.quality import Reason
from tests.storage.segment_reference import Described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.storage.test_rollups import Reading


@dataclass(frozen=True, kw_only=True)
class Said:
    """A correction: what counts from `starts` until before `ends` [s]."""

    starts: float
    ends: float
    readings: Sequence[Reading] = ()
    cadence_s: float | None = None


@dataclass(kw_only=True)
class Corrected(Described):
    """A point with its corrections in force, the newest last."""

    corrections: Sequence[Said] = field(default_factory=list)

    def deciding(self, moment: float) -> Said | None:
        """Return the correction that decides what counts at a moment."""
        return next((one for one in reversed(self.corrections) if one.starts <= moment < one.ends), None)

    def cadence_s(self, moment: float) -> float:
        """Return the cadence of history at a moment, or of the correction that decides there."""
        deciding = self.deciding(moment)
        return max(super().cadence_s(moment), (deciding and deciding.cadence_s) or 0.0)

    def counting(self, raw: Sequence[Reading]) -> list[Reading]:
        """Return the readings that count."""
        kept = [row for row in raw if self.deciding(row[0]) is None]
        for one in self.corrections:
            kept += [
                (moment, value, quality | Reason.SUBSTITUTED)
                for moment, value, quality in one.readings
                if self.deciding(moment) is one
            ]
        return kept

    def with_corrections(self, corrections: Sequence[Said]) -> Corrected:
        """Return the point under other corrections."""
        return replace(self, corrections=list(corrections))


def make(dsn: str, point_id: int, said: Said, *, name: str = "file.csv") -> int:
    """Store a correction; return its number."""
    proposal = Proposal(
        point="area/asset/point", point_id=point_id, starts=from_us(round(said.starts * 1e6)),
        ends=from_us(round(said.ends * 1e6)), cadence_s=said.cadence_s,
        ts_us=np.array([round(moment * 1e6) for moment, _, _ in said.readings], np.int64),
        value=np.array([value for _, value, _ in said.readings], np.float64),
        quality=np.array([quality | Reason.SUBSTITUTED for _, _, quality in said.readings], np.int16),
    )  # fmt: skip
    source = SourceFile(name, name.encode().hex()) if said.readings else None
    (made,) = correct(dsn, [proposal], who="test", why="the meter sent tenfold", source=source)
    return made.number
