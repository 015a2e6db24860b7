"""Corrected readings from a file, or none at all: read whole, checked as history is, taken whole or refused."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from storage.import_check import Checker
from storage.import_file import read_chunks
from storage.times import from_us, to_us
from telemetry.errors import ContractError, TransferError
from telemetry.quality import QualityClass, Reason, quality_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from storage.import_file import ImportMapping
    from telemetry.batch import ReadingBatch
    from telemetry.catalogue import Catalogue, CataloguePoint

CHUNK_ROWS = 50_000
NAMED = 3  # mistakes of a file that are told one by one
WHOLE = "mend the file: a correction is taken whole or not at all"


class SourceFile(NamedTuple):
    """Which file a correction came from."""

    name: str
    sha256: str


class Window(NamedTuple):
    """What is to be corrected: starts ≤ time < ends; None where the file decides."""

    starts: datetime | None = None
    ends: datetime | None = None


EVERYTHING = Window()


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposal:
    """What is to count of one point within a window: readings as columns (n,), none where they are struck out."""

    point: str
    point_id: int
    starts: datetime
    ends: datetime
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]  # in the canonical unit
    quality: NDArray[np.int16]  # with the reason `substituted`
    cadence_s: float | None = None  # of the readings, where they are coarser than the point is live [s]
    outside: int = 0  # readings of the file that lie outside the window and are left alone

    @property
    def bad(self) -> int:
        """Readings that are kept but never count, for they lie outside the point's valid range or are told as bad."""
        return int(np.count_nonzero(quality_class(self.quality) == QualityClass.BAD))


def source_of(path: Path) -> SourceFile:
    """Name a file by its content.

    Raises
    ------
    TransferError
        If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return SourceFile(path.name, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as error:
        raise TransferError(str(error.strerror or error), place=str(path), cure="check name and rights") from error


def from_file(
    path: Path,
    catalogue: Catalogue,
    mapping: ImportMapping,
    *,
    window: Window = EVERYTHING,
    cadence_s: float | None = None,
) -> list[Proposal]:
    """Read corrected readings from a CSV or Parquet file: a proposal for each point in it, in order of point key.

    Without a window, a point's is that of its readings: from the first until the one after the last would be due, by
    the cadence [s] where the file is coarser than the point is live, else by the point's period.

    Raises
    ------
    TransferError
        If a row cannot be read, or is refused by the contract, or if a point has two values for one instant, no reading
        within the window, or a window that is empty or not over yet.
    """
    _check_window(window)
    batch = _checked(path, catalogue, mapping)
    proposals = []
    for key, entry in sorted(catalogue.points.items()):
        own = batch.take(batch.point_id == entry.point_id)
        if len(own):
            proposals.append(_proposal(path, key, entry, _ordered(path, key, own), window, cadence_s))
    if not proposals:
        raise TransferError("it holds no readings", place=str(path), cure="to strike readings out, use --strike")
    return proposals


def strike(catalogue: Catalogue, keys: Sequence[str], window: Window) -> list[Proposal]:
    """Propose that nothing counts of these points within a window.

    Raises
    ------
    TransferError
        If a point is not known, or the window is open, empty or not over yet.
    """
    _check_window(window)
    if window.starts is None or window.ends is None:
        raise TransferError("from when to when is not said", place="--strike", cure="add --from and --to")
    unknown = [key for key in keys if key not in catalogue.points]
    if unknown:
        raise TransferError(
            f"no such point: {', '.join(unknown)}", place="--strike", cure="quaymeter site show names them all"
        )
    none = np.empty(0, np.int64)
    return [
        Proposal(
            point=key, point_id=catalogue.points[key].point_id, starts=window.starts, ends=window.ends,
            ts_us=none, value=none.astype(np.float64), quality=none.astype(np.int16),
        )
        for key in sorted(set(keys))
    ]  # fmt: skip


def _check_window(window: Window) -> None:
    starts, ends = window
    if starts is not None and ends is not None and ends <= starts:
        raise TransferError(
            f"the window is empty: {starts.isoformat()} to {ends.isoformat()}",
            place="--from, --to",
            cure="--to is the moment after the last that is corrected",
        )
    now = datetime.now(UTC)
    for name, moment in (("--from", starts), ("--to", ends)):
        if moment is not None and moment > now:
            raise TransferError(
                f"{moment.isoformat()} lies ahead",
                place=name,
                cure="correct what was; readings that are still to come would be struck out unseen",
            )


def _checked(path: Path, catalogue: Catalogue, mapping: ImportMapping) -> ReadingBatch:
    """Read the whole file through the checks of an import; what an import would quarantine refuses the file."""
    checker = Checker(catalogue, path.name, mapping)
    batches, refusals = [], []
    try:
        for chunk in read_chunks(path, mapping, skip_rows=0, chunk_rows=CHUNK_ROWS):
            _, _, decoded = checker.decode(chunk)
            batches.append(decoded.batch)
            refusals += [f"{refusal.detail} ({refusal.entry})" for refusal in decoded.refusals]
    except ContractError as error:
        raise TransferError(error.cause, place=str(path), cure=error.cure) from error
    if refusals:
        more = f"; and {len(refusals) - NAMED} more" if len(refusals) > NAMED else ""
        raise TransferError("; ".join(refusals[:NAMED]) + more, place=str(path), cure=WHOLE)
    if not batches:
        raise TransferError("it holds no readings", place=str(path), cure="to strike readings out, use --strike")
    names = batches[0].__dataclass_fields__
    joined = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
    return type(batches[0])(**joined)


def _ordered(path: Path, key: str, batch: ReadingBatch) -> ReadingBatch:
    """Return one point's readings in order of time, each instant once."""
    ordered = batch.take(np.argsort(batch.ts_us, kind="stable"))
    again = np.concatenate(([False], np.diff(ordered.ts_us) == 0))
    other = np.flatnonzero(again[1:] & (np.diff(ordered.value) != 0))
    if len(other):
        first = int(other[0])
        raise TransferError(
            f"{key} has two values at {from_us(ordered.ts_us[first]).isoformat()}:"
            f" {float(ordered.value[first])!r} and {float(ordered.value[first + 1])!r}",
            place=str(path),
            cure="keep one of them; where a clock was set back in autumn, name its zone and --ambiguous",
        )
    return ordered.take(~again)


def _proposal(
    path: Path, key: str, entry: CataloguePoint, batch: ReadingBatch, window: Window, cadence_s: float | None
) -> Proposal:
    """Cut one point's readings (n,), in order of time, to its window."""
    due_s = entry.point.period_s if cadence_s is None else max(entry.point.period_s, cadence_s)
    starts = window.starts or from_us(batch.ts_us[0])
    ends = window.ends or min(from_us(batch.ts_us[-1]) + timedelta(seconds=due_s), datetime.now(UTC))
    inside = (batch.ts_us >= to_us(starts)) & (batch.ts_us < to_us(ends))
    if not inside.any():
        raise TransferError(
            f"no reading of {key} lies between {starts.isoformat()} and {ends.isoformat()}: they go from"
            f" {from_us(batch.ts_us[0]).isoformat()} to {from_us(batch.ts_us[-1]).isoformat()}",
            place=str(path),
            cure="check --from, --to and the zone of the file's times; to strike readings out, use --strike",
        )
    kept = batch.take(inside)
    return Proposal(
        point=key, point_id=entry.point_id, starts=starts, ends=ends, cadence_s=cadence_s,
        ts_us=kept.ts_us, value=kept.value, quality=(kept.quality | np.int16(Reason.SUBSTITUTED)).astype(np.int16),
        outside=int(np.count_nonzero(~inside)),
    )  # fmt: skip
