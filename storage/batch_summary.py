"""What a batch of readings means for the tables beside them: pure numpy, no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from storage.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from storage.accounts import Arrivals
    from telemetry.batch import MessageNumber, ReadingBatch

MINUTE_US = 60_000_000
LATE_US = 5 * MINUTE_US  # as far behind its arrival as "future" is ahead of it
DAY_US = 1440 * MINUTE_US
DENSE_NUMBERS = 1_000_000  # numbers below this are counted in arrays indexed by them
LARGEST_BIGINT = 2**63 - 1
DEVICE_LIMIT = 200  # characters of a device's name that are kept: an index has no room for a megabyte


@dataclass(frozen=True, kw_only=True, eq=False)
class PointSummary:
    """One row a point (k,), in order of point number: every writer locks in the same order."""

    point_id: NDArray[np.int32]
    first_us: NDArray[np.int64]
    last_us: NDArray[np.int64]
    last_row: NDArray[np.intp]  # row of the latest reading in the batch


def summarise(batch: ReadingBatch) -> PointSummary:
    """Find first and last reading of each point, in one pass over n readings."""
    if not len(batch):
        empty = np.empty(0, np.int64)
        return PointSummary(
            point_id=np.empty(0, np.int32), first_us=empty, last_us=empty, last_row=np.empty(0, np.intp)
        )
    points, slot = _slots(batch.point_id)
    first = np.full(len(points), np.iinfo(np.int64).max)
    last = np.full(len(points), np.iinfo(np.int64).min)
    np.minimum.at(first, slot, batch.ts_us)
    np.maximum.at(last, slot, batch.ts_us)
    rows = np.flatnonzero(batch.ts_us == last[slot])
    last_row = np.empty(len(points), np.intp)
    last_row[slot[rows]] = rows
    return PointSummary(point_id=points, first_us=first, last_us=last, last_row=last_row)


def _slots(numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct numbers (k,) in order and the slot of each (n,)."""
    largest = int(numbers.max())
    if numbers.min() < 0 or largest >= DENSE_NUMBERS:
        distinct, slot = np.unique(numbers, return_inverse=True)
        return distinct, slot
    seen = np.zeros(largest + 1, np.bool_)
    seen[numbers] = True
    distinct = np.flatnonzero(seen)
    place = np.empty(largest + 1, np.intp)
    place[distinct] = np.arange(len(distinct))
    return distinct, place[numbers]


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """Stretches of time that a batch brought readings in (w,): one a point and UTC day, never longer."""

    point_id: NDArray[np.int32]
    first_us: NDArray[np.int64]
    last_us: NDArray[np.int64]


def windows(batch: ReadingBatch, summary: PointSummary) -> Windows:
    """Find what has to be rolled up: a batch with a reading of today and one of last year names no day between."""
    if not len(batch):
        return Windows(point_id=summary.point_id, first_us=summary.first_us, last_us=summary.last_us)
    first_day, last_day = int(summary.first_us.min()) // DAY_US, int(summary.last_us.max()) // DAY_US
    if first_day == last_day:
        return Windows(point_id=summary.point_id, first_us=summary.first_us, last_us=summary.last_us)
    places = int(summary.point_id.max()) + 1
    keys, slot = _slots((batch.ts_us // DAY_US - first_day) * places + batch.point_id)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    last = np.full(len(keys), np.iinfo(np.int64).min)
    np.minimum.at(first, slot, batch.ts_us)
    np.maximum.at(last, slot, batch.ts_us)
    return Windows(point_id=(keys % places).astype(np.int32), first_us=first, last_us=last)


@dataclass(frozen=True, kw_only=True, eq=False)
class LedgerRows:
    """Ledger lines (m,), one a minute of arrival, in order of time."""

    minute_us: NDArray[np.int64]
    received: NDArray[np.int64]
    stored: NDArray[np.int64]
    duplicate: NDArray[np.int64]
    quarantined: NDArray[np.int64]
    late: NDArray[np.int64]


def ledger_rows(
    stored: ReadingBatch,
    duplicate_received_us: NDArray[np.int64],
    quarantined_received_us: NDArray[np.int64],
    arrivals: Arrivals | None = None,
) -> LedgerRows:
    """Count by minute of arrival; every reading and refusal is counted in exactly one column.

    What was received comes from `arrivals`, where somebody counted: the database refuses a line that does not add up.
    """
    late = stored.received_us[stored.received_us - stored.ts_us > LATE_US]
    columns = (stored.received_us, duplicate_received_us, quarantined_received_us, late)
    counted = [_counted(column // MINUTE_US) for column in columns]
    came = np.empty(0, np.int64) if arrivals is None else arrivals.received_us[arrivals.entries > 0] // MINUTE_US
    minutes = np.unique(np.concatenate([came, *(values for values, _ in counted)]))
    counts = [np.zeros(len(minutes), np.int64) for _ in columns]
    for target, (values, number) in zip(counts, counted, strict=True):
        target[np.searchsorted(minutes, values)] = number
    received = counts[0] + counts[1] + counts[2]
    if arrivals is not None:
        received = np.zeros(len(minutes), np.int64)
        np.add.at(received, np.searchsorted(minutes, came), arrivals.entries[arrivals.entries > 0])
    return LedgerRows(
        minute_us=minutes * MINUTE_US,
        received=received,
        stored=counts[0],
        duplicate=counts[1],
        quarantined=counts[2],
        late=counts[3],
    )


def _counted(minutes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct minutes (m,) in order and how often each occurs; a batch mostly has one or two."""
    if not len(minutes):
        return minutes, minutes
    first = int(minutes.min())
    if int(minutes.max()) - first >= DENSE_NUMBERS:
        return np.unique(minutes, return_counts=True)
    counts = np.bincount(minutes - first)
    present = np.flatnonzero(counts)
    return present + first, counts[present]


class NumberRanges(NamedTuple):
    """The message numbers of one boot of a device that came with a batch."""

    site: str
    device: str
    boot: int
    seqs: str  # int8multirange as text


def sequence_ranges(numbers: Sequence[MessageNumber]) -> list[NumberRanges]:
    """Merge message numbers by site, device and boot, in their order.

    Numbers that PostgreSQL's bigint cannot hold are left out: they cannot be told from nonsense.
    """
    seen: dict[tuple[str, str, int], list[int]] = {}
    for device, boot, seq, site in numbers:
        if 0 <= seq < LARGEST_BIGINT and 0 <= boot <= LARGEST_BIGINT:
            seen.setdefault((site, plain(device[:DEVICE_LIMIT]), boot), []).append(seq)
    return [NumberRanges(*key, _multirange(seqs)) for key, seqs in sorted(seen.items())]


def _multirange(numbers: list[int]) -> str:
    """Write numbers as half-open ranges: [3, 4, 5, 9] → {[3,6),[9,10)}."""
    ordered = np.unique(np.array(numbers, np.int64))
    breaks = np.flatnonzero(np.diff(ordered) != 1)
    starts = ordered[np.concatenate(([0], breaks + 1))]
    ends = ordered[np.concatenate((breaks, [len(ordered) - 1]))] + 1
    return "{" + ",".join(f"[{start},{end})" for start, end in zip(starts, ends, strict=True)) + "}"
