"""Writers: take a batch, decode it, write it in one transaction, and only then have it acknowledged.

Several writers work side by side, each with its own database connection. Taking and decoding happen in turn, so that
the decoder sees messages in the order they came; while one commits, the next inserts (`storage.writer.Writer`);
acknowledgements leave in the order of the batches again, as MQTT wants them [MQTT-4.6.0-2].

A batch that cannot be written is kept and tried again for as long as it takes. Nothing of it is acknowledged.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Protocol

from ingest_gateway.receipts import receipts_for
from telemetry.errors import StorageError
from telemetry.formats.sparkplug import rebirth_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest_gateway.intake import Batch, Intake
    from ingest_gateway.metrics import Metrics
    from ingest_gateway.receipts import Receipt
    from storage.outcome import WriteResult
    from telemetry.batch import Decoded, Message, Refusal

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S = 0.1
_LAST_BACKOFF_S = 5.0
_REFUSAL_BYTES = 300  # what a refusal occupies beside its characters, here and on its way to the database


class Decoding(Protocol):
    """Turns messages into readings and refusals; called by one writer at a time."""

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Decode; must not raise on any input."""


class Writing(Protocol):
    """One database connection that writes batches (`storage.writer.Writer`)."""

    def connect(self) -> None:
        """Connect, or connect anew."""

    def write(self, messages: Sequence[Message], decoded: Decoded) -> WriteResult:
        """Write one batch in one transaction."""

    def close(self) -> None:
        """Disconnect."""


class Settling(Protocol):
    """Acknowledges what is committed, and speaks to devices (`ingest_gateway.connection.Connection`)."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 0."""

    def settle(self, generation: int, tokens: Sequence[int], receipts: Sequence[Receipt]) -> None:
        """Queue acknowledgements and receipts."""


class Pipeline:
    """All writers of a gateway."""

    def __init__(
        self,
        intake: Intake,
        decoding: Decoding,
        make_writer: Callable[[], Writing],
        connection: Settling,
        metrics: Metrics,
        *,
        writers: int,
    ) -> None:
        """Nothing runs before `start`."""
        self._intake = intake
        self._decoding = decoding
        self._make_writer = make_writer
        self._connection = connection
        self._metrics = metrics
        self._turn = threading.Lock()
        self._tickets = 0
        self._order = threading.Condition()
        self._next_ticket = 0
        self._give_up_at: float | None = None
        self._threads = [
            threading.Thread(target=self._run, name=f"writer-{number}", daemon=True) for number in range(writers)
        ]
        self.reason = "no batch was written yet, the database was not reached"  # why not ready, for people
        self.last_commit_s = time.monotonic()

    def start(self, first_reason: str = "") -> None:
        """Start the writers."""
        self.reason = first_reason
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether every writer is there."""
        return all(thread.is_alive() for thread in self._threads)

    def drain(self, seconds: float) -> bool:
        """Write what is in hand, for so long at most; return whether all of it was written."""
        self._give_up_at = time.monotonic() + seconds
        self._intake.close()
        for thread in self._threads:
            thread.join(max(0.0, self._give_up_at + 1 - time.monotonic()))
        return self._intake.held_messages == 0

    def _run(self) -> None:
        writer = self._make_writer()
        connected = False
        try:
            while True:
                with self._turn:
                    batch = self._intake.take()
                    if batch is None:
                        return
                    ticket, self._tickets = self._tickets, self._tickets + 1
                    started = time.perf_counter()
                    decoded = self._decoding.decode(batch.messages)
                    self._metrics.decode_seconds.observe(time.perf_counter() - started)
                for node in decoded.rebirths:
                    log.info("asking Sparkplug node %s to say everything anew", node)
                    self._connection.publish(*rebirth_command(node, time.time_ns() // 1_000_000))
                self._intake.learn(len(batch), decoded.received)
                self._intake.charge(batch, _refusal_bytes(decoded.refusals))
                result, connected = self._write(writer, batch, decoded, connected=connected)
                self._finish(ticket, batch, decoded, result)
        except Exception:
            # A writer that is gone is seen by /health, and the batch in its hands comes again from the broker.
            log.exception("a writer failed and ends; the gateway has to be started again")
        finally:
            writer.close()

    def _write(
        self, writer: Writing, batch: Batch, decoded: Decoded, *, connected: bool
    ) -> tuple[WriteResult | None, bool]:
        """Write until it is written; None only when draining took too long."""
        backoff_s = _FIRST_BACKOFF_S
        while True:
            started = time.perf_counter()
            try:
                if not connected:
                    writer.connect()
                    connected = True
                result = writer.write(batch.messages, decoded)
            except Exception as error:
                connected = False
                self.reason = str(error)
                self._metrics.write_failures.inc()
                log.warning(
                    "%d messages wait: the database does not take them, next attempt in %.1f s: %s",
                    len(batch),
                    backoff_s,
                    error,
                    exc_info=not isinstance(error, StorageError),  # anything else is a defect
                )
                if self._give_up_at is not None and time.monotonic() + backoff_s > self._give_up_at:
                    return None, connected
                time.sleep(backoff_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads attempts, no secret
                backoff_s = min(backoff_s * 2, _LAST_BACKOFF_S)
            else:
                self.reason = ""
                self.last_commit_s = time.monotonic()
                self._metrics.write_seconds.observe(time.perf_counter() - started)
                return result, connected

    def _finish(self, ticket: int, batch: Batch, decoded: Decoded, result: WriteResult | None) -> None:
        """Acknowledge and answer in the order of the batches; then give the bytes back."""
        with self._order:
            while self._next_ticket != ticket:
                self._order.wait()
            if result is not None:
                receipts = receipts_for(
                    batch.replies,
                    result.message_received,
                    result.message_stored,
                    result.message_duplicate,
                    result.message_quarantined,
                    result.message_cut,
                )
                self._connection.settle(batch.generation, batch.tokens, receipts)
                self._metrics.committed(batch, decoded, result, n_receipts=len(receipts))
            self._next_ticket += 1
            self._order.notify_all()
        if result is not None:
            self._intake.release(batch)


def _refusal_bytes(refusals: Sequence[Refusal]) -> int:
    """Return what refusals occupy [bytes]."""
    return sum([len(refusal.detail) + len(refusal.entry) for refusal in refusals]) + _REFUSAL_BYTES * len(refusals)
