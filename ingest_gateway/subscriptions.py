"""What the broker is asked for, and what it said to that."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from paho.mqtt.subscribeoptions import SubscribeOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

_FAILURE = 128  # reason codes from here on are failures


class Subscriptions:
    """The topic filters of one client; `want` is called by any thread, the rest by the network thread."""

    def __init__(self) -> None:
        self.refused: frozenset[str] = frozenset()
        self._wanted: frozenset[str] = frozenset()
        self._never: frozenset[str] = frozenset()
        self._subscribed: frozenset[str] = frozenset()
        self._given_up: frozenset[str] = frozenset()
        self._pending: dict[int, Sequence[str]] = {}

    @property
    def settled(self) -> bool:
        """Whether filters are wanted, and the broker has answered for every one."""
        return bool(self._wanted) and self._subscribed == self._wanted and not self._pending

    def want(self, filters: frozenset[str], never: frozenset[str]) -> bool:
        """Set what is to be subscribed to and what is to be given up; return whether that is news."""
        news = (filters, never) != (self._wanted, self._never)
        self._wanted, self._never = filters, never
        return news

    def connected(self) -> None:
        """Begin again after a connection: the broker may have forgotten – or remember what it should not."""
        self._subscribed = self._given_up = frozenset()
        self._pending.clear()
        self.refused = frozenset()

    def bring_about(self, client: Client) -> None:
        """Bring the broker's subscriptions to what is wanted."""
        wanted = self._wanted
        added, removed = wanted - self._subscribed, (self._subscribed | self._never - self._given_up) - wanted
        if removed:
            client.unsubscribe(sorted(removed))
        if added:
            filters = sorted(added)
            mid = client.subscribe([(name, _options(name)) for name in filters])[1]
            if mid is not None:
                self._pending[mid] = filters
        self._subscribed, self._given_up = wanted, self._never

    def answered(self, mid: int, codes: Sequence[ReasonCode], place: str) -> None:
        """Take note of the broker's answer."""
        filters = self._pending.pop(mid, ())
        refused = {name for name, code in zip(filters, codes, strict=False) if code.value >= _FAILURE}
        if refused:
            log.error("%s refused the subscriptions %s", place, ", ".join(sorted(refused)))
        self.refused = self.refused - frozenset(filters) | refused


def _options(topic_filter: str) -> SubscribeOptions:
    """QoS 1; what we publish ourselves does not come back, except where MQTT forbids to ask for that."""
    return SubscribeOptions(qos=1, noLocal=not topic_filter.startswith("$share/"))
