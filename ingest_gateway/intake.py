"""From the network thread to the writers: messages in hand, bounded in bytes, handed over as batches.

The network thread adds what it read; a writer takes a batch when enough readings are in hand or the first message has
waited long enough, and releases its bytes once everything in it is committed. A batch that is due and finds no writer
free goes on growing: where writing is behind, fewer and larger transactions catch up. While more bytes are in hand than
allowed, `full` is true and the network thread leaves the socket alone: TCP then holds the broker back.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from telemetry.batch import Message

# What a message occupies beside its payload: the tuple, its strings, the places in the lists [bytes].
_OVERHEAD_BYTES = 300
# Refused entries take up to 35 times the bytes they came in: what is decoded together is bounded by itself [bytes].
_MOST_PAYLOAD_BYTES = 2_000_000
MOST_JOINED = 3  # while no writer is free, a batch grows to so many times its usual readings
_QOS_SHIFT = 16


class ReplyTo(NamedTuple):
    """Where a publisher wants its receipt (MQTT 5 response topic and correlation data)."""

    topic: str
    correlation: bytes


def token(mid: int, qos: int) -> int:
    """Return one integer for what an acknowledgement needs; 0 for QoS 0, which has none."""
    return qos << _QOS_SHIFT | mid if qos else 0


def mid_and_qos(value: int) -> tuple[int, int]:
    """Take a token apart."""
    return value & 0xFFFF, value >> _QOS_SHIFT


@dataclass(kw_only=True)
class Batch:
    """Messages that are decoded and written together; parallel lists.

    All came in over the same connection, whose number (`generation`) is kept: an acknowledgement that met another
    connection would confirm a different message under the same number.
    """

    generation: int
    messages: list[Message] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)  # see `token`
    replies: list[ReplyTo | None] = field(default_factory=list)
    n_bytes: int = 0
    payload_bytes: int = 0
    opened_s: float = 0.0  # arrival of the first message on the monotonic clock [s]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.messages)


class Intake:
    """Holds messages between socket and database. Safe between one network thread and several writers."""

    def __init__(
        self,
        *,
        batch_rows: int,
        batch_ms: float,
        max_held_bytes: int,
    ) -> None:
        """Make batches due at about `batch_rows` readings or after `batch_ms` [ms]; take `max_held_bytes` in hand."""
        self._batch_rows = batch_rows
        self._batch_s = batch_ms / 1000
        self._max_held_bytes = max_held_bytes
        self.on_room: Callable[[], None] = lambda: None  # called when `full` turns false: wakes the network thread
        self._rows_per_message = 1.0  # moving mean of what messages turned out to hold
        self._batches: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._held_bytes = 0
        self._held_messages = 0
        self._full = False
        self._closed = False

    @property
    def held_bytes(self) -> int:
        """Bytes of messages not yet committed, those being written included."""
        return self._held_bytes

    @property
    def held_messages(self) -> int:
        """Messages not yet committed, those being written included."""
        return self._held_messages

    @property
    def full(self) -> bool:
        """Whether the socket should be left alone; stays true until a quarter of the bytes is free again."""
        return self._full

    def add(self, generation: int, messages: list[Message], tokens: list[int], replies: list[ReplyTo | None]) -> None:
        """Add messages read together over connection number `generation`."""
        if not messages:
            return
        payload_bytes = sum([len(message.payload) for message in messages])
        n_bytes = payload_bytes + _OVERHEAD_BYTES * len(messages)
        n_bytes += sum([len(topic) + len(content_type) for topic, _, content_type, _ in messages])
        n_bytes += sum([len(reply.topic) + len(reply.correlation) for reply in replies if reply is not None])
        with self._changed:
            self._held_bytes += n_bytes
            self._held_messages += len(messages)
            self._full = self._full or self._held_bytes >= self._max_held_bytes
            batch, opened = self._open(generation)
            batch.messages += messages
            batch.tokens += tokens
            batch.replies += replies
            batch.n_bytes += n_bytes
            batch.payload_bytes += payload_bytes
            # Whoever waits knows when the first batch is old enough: woken for less, he would only go back to sleep.
            if opened or self._full or self._is_due(batch):
                self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Batch | None:
        """Wait for a batch that is due and return it; None after `timeout_s`, or when closed and empty."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while True:
                due_in_s = self._due_in_s()
                if due_in_s is not None and due_in_s <= 0:
                    return self._batches.popleft()
                if self._closed and not self._batches:
                    return None
                wait_s = due_in_s
                if deadline is not None:
                    left_s = deadline - time.monotonic()
                    if left_s <= 0:
                        return None
                    wait_s = left_s if wait_s is None else min(wait_s, left_s)
                self._changed.wait(wait_s)

    def charge(self, batch: Batch, n_bytes: int) -> None:
        """Count what a batch that was taken turned out to need beside its messages [bytes], until it is released."""
        with self._changed:
            batch.n_bytes += n_bytes
            self._held_bytes += n_bytes
            self._full = self._full or self._held_bytes >= self._max_held_bytes

    def release(self, batch: Batch) -> None:
        """Give back the bytes of a batch that is committed (or given up)."""
        with self._changed:
            self._held_bytes -= batch.n_bytes
            self._held_messages -= len(batch)
            room = self._full and self._held_bytes <= self._max_held_bytes * 3 // 4
            if room:
                self._full = False
        if room:
            self.on_room()

    def learn(self, n_messages: int, n_rows: int) -> None:
        """Tell how many readings a batch held: the next ones are cut by it."""
        if n_messages:
            self._rows_per_message += 0.3 * (max(n_rows / n_messages, 0.1) - self._rows_per_message)

    def close(self) -> None:
        """Hand out what is left at once, then None."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _open(self, generation: int) -> tuple[Batch, bool]:
        """Return the batch to add to (the last, unless it is full or of another connection) and whether it is new."""
        last = self._batches[-1] if self._batches else None
        if last is not None and last.generation == generation and not self._is_full(last):
            return last, False
        last = Batch(generation=generation, opened_s=time.monotonic())
        self._batches.append(last)
        return last, True

    def _is_due(self, batch: Batch) -> bool:
        """Whether a batch holds enough to be written."""
        return len(batch) * self._rows_per_message >= self._batch_rows or self._is_heavy(batch)

    def _is_full(self, batch: Batch) -> bool:
        """Whether nothing may be added to a batch any more."""
        return len(batch) * self._rows_per_message >= MOST_JOINED * self._batch_rows or self._is_heavy(batch)

    def _is_heavy(self, batch: Batch) -> bool:
        # A third of the allowed bytes: one batch being written, one decoded and one filling fit together.
        return batch.n_bytes >= self._max_held_bytes // 3 or batch.payload_bytes >= _MOST_PAYLOAD_BYTES

    def _due_in_s(self) -> float | None:
        """Return the time until the first batch is due [s]; None when there is none."""
        if not self._batches:
            return None
        first = self._batches[0]
        if self._closed or self._full or len(self._batches) > 1 or self._is_due(first):
            return 0.0
        return first.opened_s + self._batch_s - time.monotonic()
