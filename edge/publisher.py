"""From the buffer to the broker, and back with the receipts.

Two threads: the client library's own for the network, and one that sends, sends again and settles in groups. The
callbacks of the network thread only note what happened and wake the other, so that a slow disk never misses a ping.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from edge.link import Link, LinkSettings
from edge.receipts import Receipt, correlation
from edge.window import Window

if TYPE_CHECKING:
    from collections import deque

    from edge.buffer import Buffer, StoredPack

log = logging.getLogger(__name__)

GROUP = 256  # packs read, sent or settled in one go

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class PublisherSettings(LinkSettings):
    """How a device publishes; see `LinkSettings` for how it connects."""

    window: int = 1000  # packs outstanding: sent and not yet safe
    resend_after_s: float = 10.0  # wait for a receipt before a pack is sent again; doubles while nobody answers
    resend_most_s: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a publisher has done since it was started."""

    sent: int = 0  # packs handed to the client library, the first time
    resent: int = 0  # packs sent again
    settled: int = 0  # packs let go: safe in the database, or with the broker where there are no receipts
    unsendable: int = 0  # packs that the broker can never take (topic, size); given up, with a line in the log
    stored: int = 0  # readings, by the receipts
    duplicate: int = 0
    quarantined: int = 0
    kept: int = 0  # packs larger than the gateway takes; they stay in the buffer, each with a line in the log
    miscounted: int = 0  # packs whose receipt counts other readings than they held; each with a line in the log


class Publisher:
    """Sends what a buffer keeps, in order, and lets go of it when it is safe.

    With receipts a pack is safe when the gateway has answered for its commit; without, when the broker has
    acknowledged it and had somebody to give it to.
    """

    def __init__(self, settings: PublisherSettings, buffer: Buffer) -> None:
        self.settings = settings
        self.buffer = buffer
        self.counts = Counts()
        self._window = Window(settings.window, settings.resend_after_s, settings.resend_most_s)
        self._link = Link(settings, buffer, wake=buffer.changed.set)
        self._numbers: dict[int, int] = {}  # MQTT message id → number of the pack
        self._position = 0  # number of the youngest pack that was sent
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Connect (again and again, until it works) and begin to send. Returns at once."""
        self._link.start()
        self._thread = threading.Thread(target=self._run, name=f"publisher-{self.settings.client_id}", daemon=True)
        self._thread.start()

    def stop(self, *, drain_s: float = 0.0) -> None:
        """Stop cleanly, after waiting up to `drain_s` [s] for the buffer to empty. What is kept stays on disk."""
        if drain_s > 0:
            self.flush(drain_s)
        self._stopping.set()
        self.buffer.changed.set()
        if self._thread is not None:
            self._thread.join()
        self._link.stop()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is safe, at most `timeout_s` [s]; say whether it is."""
        end = time.monotonic() + timeout_s
        while self.buffer.packs and time.monotonic() < end:
            time.sleep(0.005)
        return self.buffer.packs == 0

    @property
    def connected(self) -> bool:
        """Whether the broker answers and packs may flow."""
        return self._link.ready

    @property
    def outstanding(self) -> int:
        """Packs sent and not yet safe."""
        return len(self._window)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._turn()
            except Exception:
                log.exception("the publisher %s stumbled; going on in a second", self.settings.client_id)
                busy = False
                self._stopping.wait(1.0)
            if not busy:
                self.buffer.changed.wait(self._pause_s())
                self.buffer.changed.clear()

    def _turn(self) -> bool:
        """Take note of what came in, then send what may go; say whether there is more to do at once."""
        self._link.supervise()
        self._take_acknowledgements()
        self._take_receipts()
        if not self._link.ready:
            return False
        self._send_again()
        return self._send_new()

    def _pause_s(self) -> float:
        """Return how long nothing will be due [s]; at most a second, so that the link is looked after."""
        if not self._link.ready:
            return 1.0
        return min(1.0, max(0.001, self._window.next_due_s() - time.monotonic()))

    def _take_acknowledgements(self) -> None:
        if self._link.session_lost.is_set():
            self._link.session_lost.clear()
            self._window.session_lost()
        safe: list[int] = []
        now = time.monotonic()
        for acknowledgement in _drain(self._link.acknowledgements):
            number = self._numbers.pop(acknowledgement.message, None)
            if number is None:
                continue
            if acknowledgement.hopeless:
                self._give_up(number, acknowledgement.reason)
                continue
            self._window.acknowledged(number, now)
            if acknowledgement.delivered and not self.settings.receipts:
                safe.append(number)
        if safe:
            self._settle(dict.fromkeys(safe, None))

    def _take_receipts(self) -> None:
        receipts = dict(_drain(self._link.receipts))
        for number in [number for number, receipt in receipts.items() if receipt.cut]:
            self._keep(number)
            del receipts[number]
        if receipts:
            self._settle(receipts)

    def _keep(self, number: int) -> None:
        """Note a pack of which the gateway kept the beginning only: it stays, and is sent again after a restart."""
        log.error(
            "pack %d is larger than the gateway takes and stays here: raise the gateway's largest payload", number
        )
        self._window.settled(number, time.monotonic())
        self.counts = replace(self.counts, kept=self.counts.kept + 1)

    def _settle(self, receipts: dict[int, Receipt] | dict[int, None]) -> None:
        settled = self.buffer.settle(receipts)
        now = time.monotonic()
        for number in receipts:
            self._window.settled(number, now)
        said = [receipt for number in settled if (receipt := receipts[number]) is not None]
        doubtful = [
            n for n, sent in settled.items() if (receipt := receipts[n]) is not None and not receipt.covers(sent)
        ]
        for number in doubtful:
            log.error("pack %d held %d readings, its receipt says: %s", number, settled[number], receipts[number])
        self.counts = replace(
            self.counts,
            settled=self.counts.settled + len(settled),
            stored=self.counts.stored + sum(receipt.stored for receipt in said),
            duplicate=self.counts.duplicate + sum(receipt.duplicate for receipt in said),
            quarantined=self.counts.quarantined + sum(receipt.quarantined for receipt in said),
            miscounted=self.counts.miscounted + len(doubtful),
        )

    def _may_send(self) -> int:
        """Return how many messages the broker is ready to take now."""
        return max(0, min(GROUP, self._link.at_once - len(self._numbers)))

    def _send_again(self) -> None:
        due = self._window.due(time.monotonic())[: self._may_send()]
        if not due:
            return
        kept = self.buffer.get(due)
        for number in set(due) - {stored.id for stored in kept}:  # dropped meanwhile by a full buffer
            self._window.forget(number)
        for stored in kept:
            self._send(stored)
        self.counts = replace(self.counts, resent=self.counts.resent + len(kept))

    def _send_new(self) -> bool:
        limit = min(self._may_send(), self._window.room)
        if limit == 0:
            return False
        packs = self.buffer.after(self._position, limit)
        for stored in packs:
            self._position = stored.id
            self._send(stored)
        self.counts = replace(self.counts, sent=self.counts.sent + len(packs))
        return len(packs) == limit

    def _send(self, stored: StoredPack) -> None:
        try:
            message = self._link.publish(stored.pack, correlation(self.buffer.identity, stored.id))
        except ValueError as error:
            self._give_up(stored.id, str(error))
            return
        self._numbers[message] = stored.id
        self._window.sent(stored.id)

    def _give_up(self, number: int, reason: str) -> None:
        log.error("pack %d can never be sent and is given up: %s", number, reason)
        self._window.forget(number)
        self.counts = replace(self.counts, unsendable=self.counts.unsendable + len(self.buffer.settle([number])))


def _drain(queue: deque[T]) -> list[T]:
    return [queue.popleft() for _ in range(len(queue))]
