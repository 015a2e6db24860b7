"""Columns of readings: what travels from decode to COPY, with no Python object a reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from telemetry.formats.meta import AssetMeta
    from telemetry.formats.status import DeviceStatus


class RefusalReason(StrEnum):
    """Why a reading or a message went to quarantine."""

    UNDECODABLE = "undecodable"  # not the format it claims to be
    SCHEMA = "schema"  # readable, but not shaped as the contract says
    UNKNOWN_POINT = "unknown_point"
    UNIT = "unit"  # unknown, or not of the point's quantity
    FUTURE = "future"  # more than five minutes ahead of its arrival
    TOO_LATE = "too_late"  # older than the retention limit
    RANGE_REJECT = "range_reject"  # not finite, or physically impossible for the quantity
    CONFLICT = "conflict"  # another value is stored for the same point and time
    NOT_ALLOWED = "not_allowed"  # a topic or point that is not the device's own
    TOO_LARGE = "too_large"


class Message(NamedTuple):
    """One MQTT message as it came in."""

    topic: str
    payload: bytes
    content_type: str  # MQTT 5 property, "" where absent
    received_us: int  # arrival [µs since 1970-01-01 UTC]


class Refusal(NamedTuple):
    """One refused entry (or a whole message, where `entry` is empty)."""

    message: int  # index into the list of messages that were decoded together
    reason: RefusalReason
    detail: str  # cause and cure for a person
    entry: str = ""  # the refused entry as JSON text; "" where the whole message is refused


class MessageNumber(NamedTuple):
    """Number of one message within its device's boot."""

    device: str
    boot: int
    seq: int
    site: str = ""  # devices of two sites may have one name


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadingBatch:
    """Readings as parallel columns; all of length n."""

    point_id: NDArray[np.int32]
    ts_us: NDArray[np.int64]  # device time [µs since 1970-01-01 UTC]
    value: NDArray[np.float64]  # in the quantity's canonical unit
    quality: NDArray[np.int16]  # see telemetry.quality
    received_us: NDArray[np.int64]  # arrival [µs since 1970-01-01 UTC]
    message: NDArray[np.int32]  # index of the message a reading came in

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.point_id)

    def __post_init__(self) -> None:
        """Refuse columns of unequal length: they would write one point's value under another's name."""
        columns = (self.point_id, self.ts_us, self.value, self.quality, self.received_us, self.message)
        if len({len(column) for column in columns}) != 1:
            lengths = ", ".join(str(len(column)) for column in columns)
            message = f"columns of a batch differ in length: {lengths}"
            raise ValueError(message)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> ReadingBatch:
        """Return the chosen rows, in the order given."""
        return ReadingBatch(
            point_id=self.point_id[rows],
            ts_us=self.ts_us[rows],
            value=self.value[rows],
            quality=self.quality[rows],
            received_us=self.received_us[rows],
            message=self.message[rows],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """What a list of messages turned into: readings and refusals.

    Every entry of every message is in exactly one of the two; a message refused whole counts as one entry. To hold
    that, entries are counted when a message is read, apart from what becomes of them. A status or a meta message has
    no entries, unless it is refused.
    """

    batch: ReadingBatch
    refusals: Sequence[Refusal]
    sequences: Sequence[MessageNumber]
    rebirths: Sequence[str] = ()  # Sparkplug nodes `group/node` that have to be asked to say everything anew
    entries: NDArray[np.int64] | None = None  # (n_messages,) read from each message; None where nobody counted
    told: Sequence[DeviceStatus | AssetMeta] = ()  # status and meta messages in order; they hold no entries

    @property
    def received(self) -> int:
        """Entries that came in: the left side of the ledger."""
        return len(self.batch) + len(self.refusals) if self.entries is None else int(self.entries.sum())

    def found(self, n_messages: int) -> NDArray[np.int64]:
        """Count what became of each message (n_messages,): its readings and its refusals."""
        refused_in = np.fromiter((refusal.message for refusal in self.refusals), np.int64, len(self.refusals))
        return np.bincount(self.batch.message, minlength=n_messages) + np.bincount(refused_in, minlength=n_messages)


def empty_batch() -> ReadingBatch:
    """Return a batch of no readings."""
    return ReadingBatch(
        point_id=np.empty(0, np.int32),
        ts_us=np.empty(0, np.int64),
        value=np.empty(0, np.float64),
        quality=np.empty(0, np.int16),
        received_us=np.empty(0, np.int64),
        message=np.empty(0, np.int32),
    )


def joined_batches(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Join batches of one message each; message numbers become the batches' places in the list."""
    message = [np.full(len(batch), index, np.int32) for index, batch in enumerate(batches)]
    return ReadingBatch(
        point_id=np.concatenate([batch.point_id for batch in batches]),
        ts_us=np.concatenate([batch.ts_us for batch in batches]),
        value=np.concatenate([batch.value for batch in batches]),
        quality=np.concatenate([batch.quality for batch in batches]),
        received_us=np.concatenate([batch.received_us for batch in batches]),
        message=np.concatenate(message),
    )
