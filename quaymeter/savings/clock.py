"""The wall clock of a site: written times to instants and back, with the hours that happen twice or not at all.

The rule for a zone with summer time: in the hour that happens twice, the first row with a time is summer time and the
second winter time (`in_order`); where a file has only one of the two it is the first, and the other is a gap. A time
in the hour that does not happen is no instant at all: the row is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.compute as pc  # type: ignore[import-untyped] # pyarrow brings no types

from simulators.recorded import Fold, parse_tz
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quaymeter.savings.dates import WrittenTimes

NO_INSTANT = np.iinfo(np.int64).min


@dataclass(frozen=True, kw_only=True, eq=False)
class Instants:
    """When each row of a file was."""

    utc_s: NDArray[np.int64]  # (n,) [s since 1970-01-01 UTC]; NO_INSTANT where there is none
    twice: NDArray[np.bool_]  # (n,) times in an hour that happens twice, told apart by the rule
    never: NDArray[np.bool_]  # (n,) times in an hour that does not happen
    tz: str  # zone of the site's calendar, as pyarrow names it


def zone_name(text: str) -> str:
    """Return a zone as pyarrow names it: `Europe/Paris`, or a fixed offset as `+01:00`.

    Raises
    ------
    TransferError
        For what is no zone.
    """
    zone = parse_tz(text)
    key = getattr(zone, "key", None)
    if key is not None:
        return str(key)
    offset = zone.utcoffset(None)
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def instants(written: WrittenTimes, tz: str, *, fold: Fold, wall_time: bool = False) -> Instants:
    """Place written times on the time axis.

    Parameters
    ----------
    tz
        Zone of the site, "" where every time carries the same offset and no zone is given.
    fold
        What a time means that happens twice.
    wall_time
        Read the clock's digits in `tz`, whatever offset stands beside them.

    Raises
    ------
    TransferError
        Where the zone is needed and not given, or a time happens twice and the rule is to refuse.
    """
    bare = np.isnan(written.offset_s) & ~np.isnat(written.wall)
    zone = zone_name(tz) if tz else _only_offset(written, bare)
    if wall_time:
        bare = ~np.isnat(written.wall)
    utc_s = written.wall.astype(np.int64) - np.nan_to_num(written.offset_s).astype(np.int64)
    utc_s[np.isnat(written.wall)] = NO_INSTANT
    twice = never = np.zeros(len(utc_s), np.bool_)
    if bare.any():
        placed, in_doubt, out = _localised(written.wall[bare], zone, fold)
        utc_s[bare] = placed
        twice, never = np.zeros(len(utc_s), np.bool_), np.zeros(len(utc_s), np.bool_)
        twice[bare], never[bare] = in_doubt, out
        utc_s[never] = NO_INSTANT
    return Instants(utc_s=utc_s, twice=twice, never=never, tz=zone)


def to_wall(utc_s: NDArray[np.int64], tz: str) -> NDArray[np.datetime64]:
    """Return the site's wall-clock time (n,) [s] of instants."""
    stamped = pa.array(utc_s).cast(pa.timestamp("s", tz))
    return np.asarray(pc.local_timestamp(stamped).to_numpy(zero_copy_only=False)).astype("datetime64[s]")


def to_utc(wall: NDArray[np.datetime64], tz: str) -> NDArray[np.int64]:
    """Return the first instant (n,) [s] at which the wall clock shows a time or, where it never does, a later one."""
    placed = pc.assume_timezone(pa.array(wall.astype("datetime64[s]")), tz, ambiguous="earliest", nonexistent="latest")
    return np.asarray(placed.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _only_offset(written: WrittenTimes, bare: NDArray[np.bool_]) -> str:
    if bare.any():
        raise TransferError(
            f"the time {written.wall[bare][0]} carries no time zone", place="--tz",
            cure="name the one the meter's clock kept: --tz Europe/Paris, or --tz +01:00 for winter time all year",
        )  # fmt: skip
    offsets = np.unique(written.offset_s[~np.isnan(written.offset_s)])
    if len(offsets) != 1 or written.order == "epoch":
        raise TransferError(
            "the times carry offsets, but not one that says where local days begin", place="--tz",
            cure="name the site's zone, for example --tz Europe/Paris",
        )  # fmt: skip
    minutes = int(offsets[0]) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _localised(
    wall: NDArray[np.datetime64], zone: str, fold: Fold
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return instants [s], which happen twice and which never."""
    stamps = pa.array(wall)
    first, second = (
        np.asarray(pc.assume_timezone(stamps, zone, ambiguous=which, nonexistent="latest").cast(pa.int64()), np.int64)
        for which in ("earliest", "latest")
    )
    twice = first != second
    daily = len(wall) > 1 and np.median(np.abs(np.diff(wall.astype(np.int64)))) >= 86400
    never = (to_wall(first, zone) != wall) & (not daily)  # a day begins when its first hour does
    if twice.any() and fold is Fold.REFUSE:
        raise TransferError(
            f"{wall[twice][0]} happens twice in {zone}", place="--ambiguous",
            cure="say which is meant: first (summer time), second (winter time) or in_order",
        )  # fmt: skip
    late = twice & (_is_second(wall, twice) if fold is Fold.IN_ORDER else (fold is Fold.SECOND))
    return np.where(late, second, first), twice, never


def _is_second(wall: NDArray[np.datetime64], twice: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which of equal times in the doubled hour come later: the second half, in the file's direction."""
    late = np.zeros(len(wall), np.bool_)
    rows = np.flatnonzero(twice)
    newest_first = len(wall) > 1 and np.sum(np.diff(wall.astype(np.int64)) < 0) > len(wall) / 2
    ordered = rows[::-1] if newest_first else rows
    order = np.argsort(wall[ordered], kind="stable")
    times = wall[ordered][order]
    starts = np.flatnonzero(np.r_[True, times[1:] != times[:-1]]) if len(times) else np.empty(0, np.int64)
    counts = np.diff(np.r_[starts, len(times)])
    rank = np.arange(len(times)) - np.repeat(starts, counts)
    late[ordered[order]] = (np.repeat(counts, counts) > 1) & (2 * rank >= np.repeat(counts, counts))
    return late
