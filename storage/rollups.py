"""Roll-ups kept in step with the readings: exactly the buckets that new readings reach, late ones too.

The writer leaves a note of every batch (point, first and last time, a UTC day at most). `refresh` takes notes, gathers
the windows of points that are rolled up alike, and lets the database make their buckets anew (see
migrations/common/0005-rollup-functions.sql, and 0012-history-*.sql for what is kept of coarser history).
Notes and buckets change in one transaction: a kill loses nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psycopg

from storage.arrays import Int4Array, TimeArray
from storage.engine import connect, is_transient, storage_errors, wrapped
from storage.rollup_rebuild import forget_rollups
from storage.statements import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from storage.engine import Connection

LOG = logging.getLogger(__name__)
DAY_US = 86_400_000_000
# Windows this near in time are made together: enough to share one pass over the raw table, little enough for memory.
SLICE_DAYS = {"1m": 1, "15m": 1, "1h": 31, "1d": 3660}
BATCHES_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class RefreshResult:
    """What one refresh did."""

    batches: int  # notes taken
    windows: int  # (point, slice of time) pairs made anew
    busy: bool  # another refresher was at work, so nothing was done
    set_aside: int = 0  # windows that the database could not make; they wait in rollup_set_aside with the cause

    @property
    def idle(self) -> bool:
        """Nothing was left to do."""
        return not self.batches and not self.busy


class _Group(NamedTuple):
    """Windows that one call makes: rolled up alike, near in time; in order of time."""

    slice: int
    level: str  # at which their neighbours are found
    finest: str  # that is made; finer than `level` where a stretch of coarser history is near
    timezone: str


def refresh(dsn: str, *, max_batches: int = BATCHES_AT_ONCE) -> RefreshResult:
    """Bring the roll-ups up to date with at most `max_batches` batches, in one transaction."""
    with connect(dsn) as connection:
        return refresh_with(connection, max_batches=max_batches)


def refresh_with(
    connection: Connection, *, max_batches: int = BATCHES_AT_ONCE, past_batches: int | None = None
) -> RefreshResult:
    """As `refresh`, over an open connection; commits.

    With `past_batches`, at most so many of what is older than two days, the newest first, and none while an import is
    at work. What happens now is not kept waiting behind years of history, and history is made once: a day whose next
    reading is not rolled up yet would be taken for the beginning of a gap up to now.
    """
    with storage_errors("refresh the roll-ups"):
        if connection.execute(statement("rollups", "lock")).fetchone() != (True,):
            connection.rollback()
            return RefreshResult(batches=0, windows=0, busy=True)
        with connection.cursor(binary=True) as cursor:
            most = {"batches": max_batches, "past_batches": past_batches or 0, "whole_past": past_batches is None}
            rows = cursor.execute(statement("rollups", "take"), most).fetchall()
        groups = _grouped(rows)
        set_aside = sum(_refresh_apart(connection, group, windows) for group, windows in sorted(groups.items()))
        connection.commit()
    return RefreshResult(
        batches=len({row[0] for row in rows}),
        windows=sum(len(windows) for windows in groups.values()),
        busy=False,
        set_aside=set_aside,
    )


def refresh_all(dsn: str, *, max_batches: int = BATCHES_AT_ONCE) -> int:
    """Refresh until nothing is left; return the number of batches taken."""
    taken = 0
    with connect(dsn) as connection:
        while not (result := refresh_with(connection, max_batches=max_batches)).idle:
            taken += result.batches
    return taken


def refresh_waiting(connection: Connection, point_ids: Sequence[int]) -> None:
    """Make what waits of these points within the open transaction, for a look ahead; notes stay, nothing is committed.

    No refresher is at work meanwhile: it waits for one and keeps others away for the rest of the transaction.
    """
    with storage_errors("refresh the roll-ups"):
        connection.execute(statement("rollups", "wait_for_lock"))
        with connection.cursor(binary=True) as cursor:
            groups = _grouped(cursor.execute(statement("rollups", "waiting"), (list(point_ids),)).fetchall())
        for group, windows in sorted(groups.items()):
            _refresh_apart(connection, group, windows)


def backlog(connection: Connection) -> tuple[int, float]:
    """Return the number of batches that wait, and the age of the oldest [s]."""
    with storage_errors("read the backlog of roll-ups"):
        count, age_s = connection.execute(statement("rollups", "backlog")).fetchone() or (0, 0.0)
    return count, age_s


def backlog_before(connection: Connection, moment: datetime) -> int:
    """Return how many batches wait that hold readings from before a moment."""
    with storage_errors("read the backlog of roll-ups"):
        row = connection.execute(statement("rollups", "backlog_before"), (moment,)).fetchone()
    return int(row[0]) if row else 0


def rebuild(dsn: str, point_ids: Sequence[int]) -> None:
    """Make the roll-ups of points anew from their first reading to their last."""
    with storage_errors("rebuild roll-ups"), connect(dsn) as connection:
        connection.execute(statement("rollups", "wait_for_lock"))
        for point_id in point_ids:
            forget_rollups(connection, point_id)
        connection.commit()
    refresh_all(dsn)


Windows = dict[int, tuple[int, int]]  # point → first and last time [µs since 1970-01-01 UTC]


def _grouped(rows: Iterable[Sequence[Any]]) -> dict[_Group, Windows]:
    """Join the windows of each point within each slice of time."""
    groups: dict[_Group, Windows] = {}
    for _, point_id, level, finest, timezone, first, last in rows:
        if finest is None:
            continue  # a point that is no longer there has no roll-ups either
        group = _Group(first // (SLICE_DAYS[level] * DAY_US), level, finest, timezone)
        windows = groups.setdefault(group, {})
        known_first, known_last = windows.get(point_id, (first, last))
        windows[point_id] = (min(first, known_first), max(last, known_last))
    return groups


def _refresh_apart(connection: Connection, group: _Group, windows: Windows) -> int:
    """Make a group; where the database cannot, leave out the culprits alone and return their number."""
    try:
        with connection.transaction():
            how = "refresh" if group.level == group.finest else "refresh_beside_history"
            connection.execute(statement("rollups", how), _parameters(group, windows))
    except psycopg.Error as error:
        if is_transient(error) or connection.closed:
            raise
        if len(windows) > 1:
            return sum(_refresh_apart(connection, group, {point: window}) for point, window in sorted(windows.items()))
        cause = str(wrapped(error, "refresh the roll-ups"))
        LOG.warning("roll-ups of point %d are set aside: %s", next(iter(windows)), cause)
        connection.execute(statement("rollups", "set_aside"), {**_parameters(group, windows), "cause": cause})
        return 1
    return 0


def _parameters(group: _Group, windows: Windows) -> dict[str, Any]:
    points = sorted(windows)
    return {
        "level": group.level,
        "finest": group.finest,
        "timezone": group.timezone,
        "point_id": Int4Array(np.array(points, np.int32)),
        "first": TimeArray(np.array([windows[point][0] for point in points], np.int64)),
        "last": TimeArray(np.array([windows[point][1] for point in points], np.int64)),
    }
