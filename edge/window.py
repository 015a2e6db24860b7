"""Packs on their way: which are outstanding, and which are to be sent again.

A pack goes out once and then waits, first for the broker's acknowledgement, then for the gateway's receipt. What the
broker has not acknowledged is the client library's to repeat; what the broker has acknowledged and no gateway has
answered for is sent again from here, after a time that doubles while nobody answers at all, so that an hour without a
gateway does not fill the broker with copies.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _Outstanding:
    acknowledged_at_s: float | None = None  # None: with the client library, not with the broker
    attempts: int = 0  # times sent again


class Window:
    """Bounded set of outstanding packs. All times are monotonic [s].

    Parameters
    ----------
    limit
        Packs that may be outstanding.
    resend_after_s
        Wait for a receipt before a pack is sent again [s].
    resend_most_s
        The longest such wait [s].
    """

    def __init__(self, limit: int, resend_after_s: float, resend_most_s: float) -> None:
        self.limit = limit
        self.resend_after_s = resend_after_s
        self.resend_most_s = max(resend_after_s, resend_most_s)
        self._outstanding: dict[int, _Outstanding] = {}
        self._last_receipt_s = float("-inf")
        self._not_before_s = float("inf")  # nothing is due earlier; saves looking through the window for every message

    def __len__(self) -> int:
        return len(self._outstanding)

    def __contains__(self, number: int) -> bool:
        return number in self._outstanding

    @property
    def room(self) -> int:
        """How many more packs may go out."""
        return max(0, self.limit - len(self._outstanding))

    def sent(self, number: int) -> None:
        """Note that a pack was handed to the client library, for the first time or again."""
        known = self._outstanding.get(number)
        if known is None:
            self._outstanding[number] = _Outstanding()
        else:
            known.acknowledged_at_s = None
            known.attempts += 1

    def acknowledged(self, number: int, now_s: float) -> None:
        """Note that the broker has a pack: the wait for its receipt begins."""
        known = self._outstanding.get(number)
        if known is not None:
            known.acknowledged_at_s = now_s
            self._not_before_s = min(self._not_before_s, self._due_at(known))

    def settled(self, number: int, now_s: float) -> None:
        """Note a receipt. The first one after a silence ends everybody's long waits.

        They wait anew, but only the short time: what the broker still holds for the gateway that is back will be
        answered within it, and need not travel twice.
        """
        if now_s - self._last_receipt_s > self.resend_after_s:
            for known in self._outstanding.values():
                known.attempts = 0
                if known.acknowledged_at_s is not None:
                    known.acknowledged_at_s = now_s
            self._not_before_s = float("-inf")
        self._last_receipt_s = now_s
        self._outstanding.pop(number, None)

    def forget(self, number: int) -> None:
        """Let go of a pack that the buffer no longer keeps."""
        self._outstanding.pop(number, None)

    def session_lost(self) -> None:
        """Note that the broker has forgotten everything: what it had acknowledged is due at once."""
        for known in self._outstanding.values():
            if known.acknowledged_at_s is not None:
                known.acknowledged_at_s = float("-inf")
                known.attempts = 0
        self._not_before_s = float("-inf")

    def due(self, now_s: float) -> list[int]:
        """Return the packs to be sent again, oldest first."""
        if now_s < self._not_before_s:
            return []
        times = {number: self._due_at(known) for number, known in self._outstanding.items()}
        self._not_before_s = min(times.values(), default=float("inf"))
        return sorted(number for number, at_s in times.items() if at_s <= now_s)

    def next_due_s(self) -> float:
        """Return a time before which nothing is due, infinity where nothing waits."""
        return self._not_before_s

    def _due_at(self, known: _Outstanding) -> float:
        if known.acknowledged_at_s is None:
            return float("inf")
        return known.acknowledged_at_s + min(self.resend_most_s, self.resend_after_s * 2.0 ** min(known.attempts, 30))
