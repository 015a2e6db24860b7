"""What becomes of the readings of one batch: stored, seen before, or refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from storage.times import from_us
from telemetry.batch import RefusalReason, empty_batch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from storage.accounts import Accounts
    from telemetry.batch import Decoded, Message, ReadingBatch

# Times that a database of ours can hold; beyond them lies a broken clock or a broken decoder.
FIRST_US = -2_208_988_800_000_000  # 1900-01-01
END_US = 7_258_118_400_000_000  # 2200-01-01


class RefusedRow(NamedTuple):
    """One line of the quarantine."""

    message: int  # index into the messages of the batch
    received_us: int
    reason: RefusalReason
    detail: str
    entry: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """The batch in three parts; each reading is in exactly one."""

    stored: ReadingBatch
    duplicate: ReadingBatch = field(default_factory=empty_batch)
    refused: Sequence[RefusedRow] = ()

    def with_refused(self, rows: Sequence[RefusedRow], kept: ReadingBatch) -> Outcome:
        """Return the outcome with `kept` left to store and `rows` refused besides."""
        return Outcome(stored=kept, duplicate=self.duplicate, refused=[*self.refused, *rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class WriteResult:
    """What a committed batch amounted to; the arrays are (n_messages,), for receipts."""

    stored: int
    duplicate: int
    quarantined: int
    message_received: NDArray[np.int64]
    message_stored: NDArray[np.int64]
    message_duplicate: NDArray[np.int64]
    message_quarantined: NDArray[np.int64]
    message_cut: NDArray[np.bool_]  # refused, and too large to be kept whole: not safe here
    unaccounted: int = 0  # messages quarantined whole because their entries did not add up: a defect of ours

    @property
    def received(self) -> int:
        """Entries of the batch: the left side of the ledger."""
        return int(self.message_received.sum())


def result_of(accounts: Accounts, messages: int, cut: Collection[int] = ()) -> WriteResult:
    """Count an outcome by message; `cut` are the messages of which quarantine has the beginning only."""
    outcome, refused = accounts.outcome, accounts.refused
    refused_in = np.fromiter((row.message for row in refused), np.int64, len(refused))
    stored = np.bincount(outcome.stored.message, minlength=messages)
    duplicate = np.bincount(outcome.duplicate.message, minlength=messages)
    quarantined = np.bincount(refused_in, minlength=messages)
    return WriteResult(
        stored=len(outcome.stored),
        duplicate=len(outcome.duplicate),
        quarantined=len(refused),
        message_received=stored + duplicate + quarantined if accounts.arrivals is None else accounts.arrivals.entries,
        message_stored=stored,
        message_duplicate=duplicate,
        message_quarantined=quarantined,
        message_cut=np.isin(np.arange(messages), list(cut)),
        unaccounted=accounts.unaccounted,
    )


def refused_by_decoder(messages: Sequence[Message], decoded: Decoded) -> list[RefusedRow]:
    """Return the decoder's refusals as lines of the quarantine."""
    return [
        RefusedRow(refusal.message, messages[refusal.message].received_us, *refusal[1:4])
        for refusal in decoded.refusals
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Repeats:
    """Rows of a batch sorted by key: the first of each (point, time), and the others with their place in `first`."""

    first: ReadingBatch
    others: ReadingBatch
    others_first: NDArray[np.intp]


def split_repeats(batch: ReadingBatch) -> Repeats:
    """Separate what repeats a key within the batch; of equal keys the first to arrive is kept."""
    order = np.lexsort((np.arange(len(batch)), batch.point_id, batch.ts_us))
    ordered = batch.take(order)
    repeats = np.zeros(len(batch), np.bool_)
    repeats[1:] = (np.diff(ordered.ts_us) == 0) & (np.diff(ordered.point_id) == 0)
    return Repeats(
        first=ordered.take(~repeats),
        others=ordered.take(repeats),
        others_first=np.cumsum(~repeats)[repeats] - 1,
    )


def conflict_rows(batch: ReadingBatch, stored_value: NDArray[np.float64], names: Mapping[int, str]) -> list[RefusedRow]:
    """Describe readings whose point and time are taken by another value."""
    return [
        RefusedRow(
            int(batch.message[row]),
            int(batch.received_us[row]),
            RefusalReason.CONFLICT,
            f"{_name(batch, row, names)} has {float(stored_value[row])!r} at this time; the first value is kept"
            " – find out why the device reports the same instant twice",
            entry_text(batch, row, names, stored=float(stored_value[row])),
        )
        for row in range(len(batch))
    ]


def poison_rows(batch: ReadingBatch, details: Sequence[str], names: Mapping[int, str]) -> list[RefusedRow]:
    """Describe readings that the database itself refuses."""
    return [
        RefusedRow(
            int(batch.message[row]),
            int(batch.received_us[row]),
            RefusalReason.SCHEMA,
            f"the database refuses this reading: {details[row]}",
            entry_text(batch, row, names),
        )
        for row in range(len(batch))
    ]


def _name(batch: ReadingBatch, row: int, names: Mapping[int, str]) -> str:
    number = int(batch.point_id[row])
    return names.get(number, f"point {number}")


def entry_text(batch: ReadingBatch, row: int, names: Mapping[int, str], **more: float) -> str:
    """Write one reading as JSON, for the quarantine."""
    time_us = int(batch.ts_us[row])
    possible = FIRST_US <= time_us < END_US
    return json.dumps(
        {
            "point": _name(batch, row, names),
            "ts": from_us(time_us).isoformat() if possible else f"{time_us} µs",
            "value": float(batch.value[row]),
            "quality": int(batch.quality[row]),
            **more,
        },
        ensure_ascii=False,
    )
