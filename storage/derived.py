"""Derived points as columns: the roll-ups of what they are made of, aligned by bucket and put through the formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from storage.engine import storage_errors
from storage.series import ROLLED, VALUE_COLUMN, WIDTHS_S, Columns, Resolution, readings, windows
from telemetry.derived import Buckets, derive, in_order
from telemetry.errors import ContractError
from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from storage.engine import Connection
    from storage.overview import PointRow
    from telemetry.site import DerivedPoint

CARRIED = ("coverage", "valid_s", "spread_s", "n", "n_bad", "resets", "quality")


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """How one derived point is made."""

    row: PointRow
    steps: list[DerivedPoint]  # what it is made of first, itself last
    measured: Mapping[str, PointRow]  # the points that are read, by key


def stream_derived(
    connection: Connection,
    row: PointRow,
    known: Mapping[str, PointRow],
    start: datetime,
    end: datetime,
    resolution: Resolution | str,
) -> Iterator[Columns]:
    """Yield blocks of a derived point's buckets with start ≤ time < end, in order of time and bounded in size.

    `known` are all points of the site by key (`storage.overview.points_by_key`). There is a bucket wherever one of the
    inputs has one; where another lacks it, its value is NaN and its coverage 0. Levels stand in `mean`, amounts in
    `total`. Raises ContractError for raw readings: there are none.
    """
    resolution = Resolution(resolution)
    if resolution is Resolution.RAW:
        raise ContractError("derived points have no raw readings", place=row.key, cure="ask for 1m, 15m, 1h or 1d")
    plan = _planned(row, known)
    with storage_errors("read what a derived point is made of"):
        ids = sorted({one.id for one in plan.measured.values()})
        for first, last in windows(connection, ids, start, end, resolution):
            block = _evaluated(plan, readings(connection, ids, first, last, resolution))
            if len(block):
                yield block


def read_derived(
    connection: Connection,
    row: PointRow,
    known: Mapping[str, PointRow],
    start: datetime,
    end: datetime,
    resolution: Resolution | str,
    limit: int | None = None,
) -> Columns:
    """Return a derived point's buckets with start ≤ time < end as `stream_derived` makes them, at most `limit`."""
    blocks, rows = [empty(resolution)], 0
    for block in stream_derived(connection, row, known, start, end, resolution):
        blocks.append(block)
        rows += len(block)
        if limit is not None and rows > limit:
            break
    return joined(blocks, limit)


def derived_of(row: PointRow, known: Mapping[str, PointRow], columns: Columns) -> Columns:
    """Return a derived point's buckets (n,) from those of the measured points that it is made of, read already.

    `columns` are roll-ups of all of `made_of` and of no other point, ordered by point and time. What comes of them is
    as `stream_derived` tells, over all steps from derived point to derived point.
    """
    return _evaluated(_planned(row, known), columns)


def made_of(row: PointRow, known: Mapping[str, PointRow]) -> tuple[str, ...]:
    """Return the keys of the measured points that a point rests on: its own, or all that it is derived from."""
    return (row.key,) if row.derived is None else tuple(_planned(row, known).measured)


def amounts_fit(
    connection: Connection, inputs: Sequence[PointRow], width_s: float, start: datetime, end: datetime
) -> bool:
    """Return whether each amount among measured points belongs to no more than a bucket's width [s].

    One of a longer period does not, nor one that came so in a stretch of coarser history within start ≤ time < end.
    """
    events = [point for point in inputs if point.kind == Kind.EVENT]
    with storage_errors("read the cadences of history"):
        coarser = connection.execute(
            "SELECT FROM history_cadence WHERE point_id = ANY(%s) AND cadence_s > %s AND starts < %s AND ends >= %s"
            " LIMIT 1",
            ([point.id for point in events], width_s, end, start),
        ).fetchall()
    return not coarser and all(point.period_s <= width_s for point in events)


def joined(blocks: list[Columns], limit: int | None = None) -> Columns:
    """Join blocks of one resolution, in their order; at most `limit` rows."""
    arrays = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0].names}
    truncated = any(block.truncated for block in blocks) or (limit is not None and len(arrays["ts"]) > limit)
    return Columns(
        resolution=blocks[0].resolution,
        arrays={name: column[:limit] for name, column in arrays.items()},
        truncated=truncated,
    )


def empty(resolution: Resolution | str) -> Columns:
    """Return buckets of nothing."""
    arrays = {name: np.empty(0, kind) for name, kind in ROLLED.items()}
    return Columns(resolution=Resolution(resolution), arrays=arrays)


def _planned(row: PointRow, known: Mapping[str, PointRow]) -> _Plan:
    """Find what a derived point is made of, over as many steps as there are."""
    derived = {key: one.derived for key, one in known.items() if one.derived is not None}
    steps = in_order(derived, row.key)
    used = {key for step in steps for key in step.inputs.values()}
    return _Plan(row=row, steps=steps, measured={key: known[key] for key in sorted(used) if key not in derived})


def _evaluated(plan: _Plan, columns: Columns) -> Columns:
    """Put the roll-ups of the inputs through the formulas; columns (n,) of all points in, of one point out."""
    ts = np.unique(columns["ts"])
    done = {key: _aligned(columns, one, ts) for key, one in plan.measured.items()}
    for step in plan.steps:
        done[step.key] = derive(step, {name: done[key] for name, key in step.inputs.items()})
    made = done[plan.row.key]
    arrays: dict[str, NDArray[Any]] = {
        name: np.full(len(ts), np.nan if kind.startswith("f") else 0, kind) for name, kind in ROLLED.items()
    }
    arrays |= {name: getattr(made, name).astype(ROLLED[name]) for name in CARRIED}
    arrays |= {"ts": ts, "point_id": np.full(len(ts), plan.row.id, np.int32), VALUE_COLUMN[plan.row.kind]: made.value}
    return Columns(resolution=columns.resolution, arrays=arrays)


def _aligned(columns: Columns, point: PointRow, ts: NDArray[np.int64]) -> Buckets:
    """Return one point's buckets at the times (n,); what it lacks is NaN, and not covered at all.

    So is an amount that belongs to more than a bucket: an hour's landings stand in one of its minutes, whole.
    """
    first, last = np.searchsorted(columns["point_id"], [point.id, point.id + 1])
    place = np.searchsorted(ts, columns["ts"][first:last])
    carried: dict[str, Any] = {name: np.zeros(len(ts), ROLLED[name]) for name in CARRIED}
    for name, column in carried.items():
        column[place] = columns[name][first:last]
    value = np.full(len(ts), np.nan)
    if point.kind == Kind.EVENT and point.period_s > WIDTHS_S[columns.resolution]:
        carried |= {name: np.zeros(len(ts)) for name in ("coverage", "valid_s")}
    else:
        value[place] = columns[VALUE_COLUMN[point.kind]][first:last]
    return Buckets(value=value, **carried)
