"""The rows of a savings table on one clock: local days, hours or months, and which bucket falls into which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from storage.series import Resolution
from storage.times import from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

HOUR_US = 3_600_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class RowClock:
    """Rows that follow each other without a gap; each is made of one bucket or of several (days of a month)."""

    resolution: Resolution  # of the buckets
    edges_us: NDArray[np.int64]  # (n + 1,) [µs since 1970-01-01 UTC]
    buckets_us: NDArray[np.int64]  # (m + 1,) edges of the buckets
    start: NDArray[np.datetime64]  # (n,) first instant of each row, local wall clock [s]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.start)

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length (n,) of each row [h]: 23 or 25 for the days on which summer time begins and ends."""
        return np.asarray(np.diff(self.edges_us) / HOUR_US, np.float64)

    @property
    def first(self) -> datetime:
        """The first instant."""
        return from_us(int(self.edges_us[0]))

    @property
    def end(self) -> datetime:
        """The instant at which the last row ends."""
        return from_us(int(self.edges_us[-1]))

    def row_of(self, ts_us: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the row (k,) of each instant (k,) between the first and the end."""
        return np.asarray(np.searchsorted(self.edges_us, ts_us, side="right") - 1, np.intp)

    def in_hours(self) -> RowClock:
        """Return the same rows made of hours, which are those of UTC.

        An hour that the edge of a row cuts, as local midnight does in zones of half an hour, belongs to the row in
        which it begins: such a row is as long as its hours.
        """
        edges_us = -(-self.edges_us // HOUR_US) * HOUR_US
        hours_us = np.arange(edges_us[0], edges_us[-1] + 1, HOUR_US, dtype=np.int64)
        return replace(self, resolution=Resolution.HOUR, edges_us=edges_us, buckets_us=hours_us)


def row_clock(first: date, last: date, frequency: str, timezone: str, *, cuts: Collection[date] = ()) -> RowClock:
    """Return the rows from the first local day to the last, both included.

    Hours are those of UTC, on which buckets begin: one that local midnight cuts belongs to the day before. `cuts` are
    days on which a month's row begins anew, so that none lies on both sides of them. A month that `last` cuts is left
    out, its row would lack days, unless the day after `last` is such a cut.
    """
    zone = ZoneInfo(timezone)
    if frequency == "hourly":
        buckets = (
            np.arange(-(-_midnight(first, zone) // HOUR_US), _midnight(_next(last), zone) // HOUR_US + 1) * HOUR_US
        )
        edges, resolution = buckets, Resolution.HOUR
    else:
        days = [first + timedelta(days=number) for number in range((last - first).days + 2)]
        buckets = np.array([_midnight(day, zone) for day in days], np.int64)
        begins = np.array([frequency != "monthly" or day.day == 1 or day == first or day in cuts for day in days])
        edges, resolution = buckets[begins], Resolution.DAY
        buckets = buckets[buckets <= edges[-1]]
    return RowClock(
        resolution=resolution, edges_us=edges.astype(np.int64), buckets_us=buckets.astype(np.int64),
        start=_wall(edges[:-1], zone),
    )  # fmt: skip


def last_whole_day(now: datetime, timezone: str) -> date:
    """Return the last local day that is over."""
    return now.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=zone))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _wall(edges_us: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.datetime64]:
    local = [from_us(int(edge)).astimezone(zone).replace(tzinfo=None) for edge in edges_us]
    return np.array(local, "datetime64[s]")
