"""Buckets as they were known at an earlier moment: what arrived later is left out.

Roll-ups hold all that has come. Where readings of a window arrived after the moment, or corrections were made or
withdrawn after it, and only there, buckets are made anew from what counted by then, by the rules of the roll-ups. A gap
that is longer than REACH on either side of what came late is not bridged: what a counter gained over it is not booked,
and its rows are lost. What was changed otherwise since (a register's modulus, a meter swap declared later) is taken as
it is now: a run that was made then keeps its input, and that is the exact answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from storage.buckets import Nodes, Raw, buckets_of
from storage.engine import storage_errors
from storage.series import Columns
from storage.statements import statement
from storage.times import from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from storage.engine import Connection
    from storage.overview import PointRow
    from storage.row_clock import RowClock

REACH_US = 8 * 86_400_000_000


class _Late(NamedTuple):
    """A stretch of time in which readings of a point arrived late."""

    point_id: int
    first_us: int
    last_us: int


def known_buckets(
    connection: Connection, found: Columns, points: Sequence[PointRow], clock: RowClock, known_at: datetime
) -> Columns:
    """Return buckets of measured points on a clock as they were known at a moment; `found` are those of today."""
    arrays = dict(found.arrays)
    rows = {row.id: row for row in points}
    with storage_errors("read what was known"):
        for late in _late(connection, [*rows], clock, known_at):
            point = rows[late.point_id]
            raw = _raw(connection, late, known_at)
            edges = _touched(raw.ts_us, late, clock.buckets_us)
            made = buckets_of(
                point, raw, edges, _hold_us(connection, point, raw.ts_us, known_at), _swaps(connection, point)
            )
            away = (arrays["point_id"] == point.id) & (arrays["ts"] >= edges[0]) & (arrays["ts"] < edges[-1])
            arrays = {name: np.concatenate([column[~away], made[name]]) for name, column in arrays.items()}
    order = np.lexsort((arrays["ts"], arrays["point_id"]))
    return Columns(resolution=found.resolution, arrays={name: column[order] for name, column in arrays.items()})


def _late(connection: Connection, ids: list[int], clock: RowClock, known_at: datetime) -> list[_Late]:
    """Return where readings arrived after a moment; days within reach of each other are one stretch."""
    asked = {"points": ids, "start": clock.first, "end": clock.end, "known_at": known_at}
    merged: list[_Late] = []
    for point, first, last in connection.execute(statement("series", "late"), asked):
        late = _Late(point, to_us(first), to_us(last))
        if merged and merged[-1].point_id == point and late.first_us - merged[-1].last_us <= 2 * REACH_US:
            merged[-1] = merged[-1]._replace(last_us=late.last_us)
        else:
            merged.append(late)
    return merged


def _raw(connection: Connection, late: _Late, known_at: datetime) -> Raw:
    """Return the readings of a point about a stretch that were there at a moment."""
    asked = {
        "point": late.point_id, "start": from_us(late.first_us - REACH_US), "end": from_us(late.last_us + REACH_US),
        "known_at": known_at,
    }  # fmt: skip
    rows = connection.execute(statement("series", "known_raw"), asked).fetchall()
    return Raw(
        np.array([to_us(ts) for ts, _, _ in rows], np.int64), np.array([value for _, value, _ in rows], np.float64),
        np.array([quality for _, _, quality in rows], np.int16),
    )  # fmt: skip


def _touched(ts_us: NDArray[np.int64], late: _Late, buckets_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the edges (k + 1,) of the buckets that late readings changed: as far as the neighbours that were known."""
    before, after = ts_us[ts_us < late.first_us], ts_us[ts_us > late.last_us]
    first = int(before[-1]) if len(before) else late.first_us
    last = int(after[0]) if len(after) else late.last_us
    start = max(0, int(np.searchsorted(buckets_us, first, side="right")) - 1)
    stop = int(np.searchsorted(buckets_us, last, side="right"))
    return buckets_us[start : min(stop, len(buckets_us) - 1) + 1]


def _hold_us(
    connection: Connection, point: PointRow, ts_us: NDArray[np.int64], known_at: datetime
) -> NDArray[np.float64]:
    """Return how long each reading (n,) holds [µs]: in stretches of coarser history until the next is due."""
    hold_s = np.full(len(ts_us), point.silent_after_s)
    for cadence_s, starts, ends in connection.execute(
        statement("series", "cadences"), {"point": point.id, "known_at": known_at}
    ):
        within = (ts_us >= to_us(starts)) & (ts_us <= to_us(ends))
        hold_s[within] = np.maximum(hold_s[within], 1.05 * cadence_s)
    return hold_s * 1e6


def _swaps(connection: Connection, point: PointRow) -> Nodes:
    """Return the meter swaps of a point."""
    rows = connection.execute(statement("series", "swaps"), (point.id,)).fetchall()
    ts = np.array([to_us(row[0]) for row in rows], np.int64)
    registers = np.array([row[1:] for row in rows], np.float64).reshape(-1, 2)
    return Nodes(ts, registers[:, 0], registers[:, 1])
