"""Readings of one point into buckets, by the rules of the roll-ups (migrations/common/0005-rollup-functions.sql).

The database makes all buckets that are kept; these are for what it does not keep: windows as they were known earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from storage.series import ROLLED, VALUE_COLUMN
from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from storage.overview import PointRow


class Raw(NamedTuple):
    """Readings in order of time (n,)."""

    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which of them count."""
        return np.asarray((self.quality & 3) < 2, np.bool_)


class Nodes(NamedTuple):
    """Where a register stood (n,): what it came to, and what it went on from; they differ at a meter swap."""

    ts_us: NDArray[np.int64]
    came: NDArray[np.float64]
    went: NDArray[np.float64]


def buckets_of(
    point: PointRow, raw: Raw, edges_us: NDArray[np.int64], hold_us: NDArray[np.float64], swaps: Nodes
) -> dict[str, NDArray[Any]]:
    """Return the columns of buckets (k,) between edges (k + 1,), those in which nothing is known left out.

    `hold_us` (n,) is how long each reading holds [µs].
    """
    k = len(edges_us) - 1
    columns: dict[str, NDArray[Any]] = {
        name: np.full(k, np.nan if kind == "f8" else 0, kind) for name, kind in ROLLED.items()
    }
    good = raw.good
    columns |= {"point_id": np.full(k, point.id, "i4"), "ts": edges_us[:-1].astype("i8")}
    columns["n"] = _counted(raw.ts_us[good], edges_us).astype("i8")
    columns["n_bad"] = _counted(raw.ts_us[~good], edges_us).astype("i8")
    if point.kind == Kind.COUNTER:
        columns |= _register(point, raw, edges_us, hold_us, swaps)
    elif point.kind == Kind.EVENT:
        columns |= _events(point, raw, edges_us, hold_us)
    else:
        columns |= _levels(raw, edges_us, hold_us)
    width_s = np.diff(edges_us) / 1e6
    columns["coverage"] = np.minimum(1.0, columns["valid_s"] / width_s)
    known = (columns["n"] > 0) | (columns["n_bad"] > 0) | (columns["valid_s"] > 0) | (columns["spread_s"] > 0)
    known |= ~np.isnan(columns[VALUE_COLUMN[point.kind]])
    return {name: column[known] for name, column in columns.items()}


def _levels(raw: Raw, edges_us: NDArray[np.int64], hold_us: NDArray[np.float64]) -> Mapping[str, NDArray[Any]]:
    """Average by time what holds; a bad reading ends a hold, the last one holds to the end of its bucket."""
    ts, good = raw.ts_us.astype(np.float64), raw.good
    own = np.clip(np.searchsorted(edges_us, raw.ts_us, side="right"), 0, len(edges_us) - 1)
    following = np.append(ts[1:], edges_us[own[-1:]].astype(np.float64)) if len(ts) else ts
    until = np.minimum(following, ts + hold_us)[good]
    valid_us = _shared(ts[good], until, np.ones(int(good.sum())), edges_us)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _shared(ts[good], until, raw.value[good], edges_us) / valid_us
    return {"mean": mean, "valid_s": valid_us / 1e6, "spread_s": np.zeros(len(valid_us))}


def _events(
    point: PointRow, raw: Raw, edges_us: NDArray[np.int64], hold_us: NDArray[np.float64]
) -> Mapping[str, NDArray[Any]]:
    """Sum what came; each reading stands for its period, or for the cadence of the history that it belongs to."""
    ts, value = raw.ts_us[raw.good], raw.value[raw.good]
    history_us = np.where(hold_us[raw.good] > point.silent_after_s * 1e6, hold_us[raw.good] / 1.05, 0.0)
    stands_us = _added(ts, np.maximum(point.period_s * 1e6, history_us), edges_us)
    valid_s = np.minimum(stands_us, np.diff(edges_us)) / 1e6
    total = np.where(_counted(ts, edges_us) > 0, _added(ts, value, edges_us), np.nan)
    return {"total": total, "valid_s": valid_s, "spread_s": np.zeros(len(total))}


def _register(
    point: PointRow, raw: Raw, edges_us: NDArray[np.int64], hold_us: NDArray[np.float64], swaps: Nodes
) -> Mapping[str, NDArray[Any]]:
    """Difference a register: what it gained is shared out by time over the gap in which it did."""
    good = raw.good
    ts = np.concatenate([swaps.ts_us, raw.ts_us[good]])
    is_reading = np.concatenate([np.zeros(len(swaps.ts_us), np.int8), np.ones(int(good.sum()), np.int8)])
    order = np.lexsort((is_reading, ts))  # at a swap's own instant the reading is the new meter's
    came = np.concatenate([swaps.came, raw.value[good]])[order]
    went = np.concatenate([swaps.went, raw.value[good]])[order]
    hold = np.concatenate([np.full(len(swaps.ts_us), point.silent_after_s * 1e6), hold_us[good]])[order]
    start, end = ts[order][:-1].astype(np.float64), ts[order][1:].astype(np.float64)
    gain, reset = _gains(point, went[:-1], came[1:], (end - start) / 1e6)
    spread = end - start > hold[:-1]
    at_once = end == start
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(at_once, 0.0, gain / (end - start))
    increase = _shared(start, end, rate, edges_us) + _added(end[at_once].astype(np.int64), gain[at_once], edges_us)
    valid_us = _shared(start[~spread], end[~spread], np.ones(int((~spread).sum())), edges_us)
    spread_us = _shared(start[spread], end[spread], np.ones(int(spread.sum())), edges_us)
    known = (valid_us > 0) | (spread_us > 0)
    return {
        "increase": np.where(known, increase, np.nan),
        "valid_s": valid_us / 1e6,
        "spread_s": spread_us / 1e6,
        "resets": _counted(end[reset].astype(np.int64) - 1, edges_us).astype("i4"),
    }


def _gains(
    point: PointRow, went: NDArray[np.float64], came: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what a register gained from one value to the next (n,), and where it was reset."""
    modulus = point.modulus
    if modulus is None:
        rolled = np.zeros(len(went), np.bool_)
    else:
        most = modulus / 2 if point.rate_limit is None else np.minimum(point.rate_limit * seconds, modulus / 2)
        rolled = (came < went) & (went < modulus) & (came >= 0) & (came - went + modulus <= most)
    reset = (came < went) & ~rolled
    gain = np.where(reset, np.maximum(came, 0.0), came - went + np.where(rolled, modulus or 0.0, 0.0))
    return gain, reset


def _shared(
    start: NDArray[np.float64], end: NDArray[np.float64], rate: NDArray[np.float64], edges_us: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Integrate rates (n,) over stretches that do not overlap, bucket by bucket (k,)."""
    length = np.maximum(end - start, 0.0)
    done = np.concatenate([[0.0], np.cumsum(rate * length)])
    at = np.searchsorted(start, edges_us, side="right")
    inside = np.clip(at - 1, 0, max(len(start) - 1, 0))
    if not len(start):
        return np.zeros(len(edges_us) - 1)
    part = np.where(at > 0, rate[inside] * np.clip(edges_us - start[inside], 0.0, length[inside]), 0.0)
    return np.asarray(np.diff(np.where(at > 0, done[inside], 0.0) + part), np.float64)


def _added(ts_us: NDArray[np.int64], amount: NDArray[np.float64], edges_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up amounts (n,) by bucket (k,)."""
    index = np.searchsorted(edges_us, ts_us, side="right") - 1
    inside = (index >= 0) & (index < len(edges_us) - 1)
    return np.asarray(np.bincount(index[inside], amount[inside], len(edges_us) - 1), np.float64)


def _counted(ts_us: NDArray[np.int64], edges_us: NDArray[np.int64]) -> NDArray[np.float64]:
    return _added(ts_us, np.ones(len(ts_us)), edges_us)
