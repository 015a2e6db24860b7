"""What devices say about themselves: one gateway of the group listens, and compares what they believe.

MQTT 5 brokers send no retained messages to a shared subscription, and with a subscription of its own each of N gateways
would write the same and refuse the same. So one gateway has these topics, as it has Sparkplug's: it subscribes to them
unshared, and the broker answers with everything that is retained. Where it ends, another takes over within seconds and
learns the state of every device from what is retained, whatever happened in between.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from storage.devices import Standing, compare_metas
from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Collection

    from telemetry.catalogue import Catalogue

log = logging.getLogger(__name__)


class Owning(Protocol):
    """A right that one gateway of the group has."""

    def held(self) -> bool:
        """Take it if it is free, and tell whether it is ours."""

    def release(self) -> None:
        """Let go of it."""


class DeviceWatch:
    """Says whether we are the one that listens, and compares what was told; used by one thread."""

    def __init__(self, dsn: str, ownership: Owning) -> None:
        """Nothing is taken before `look`."""
        self._dsn = dsn
        self._ownership = ownership
        self.owned = False
        self.standing = Standing(0, 0)  # as of the last look; nothing where another gateway listens

    def look(self, catalogues: Collection[Catalogue], *, reachable: bool) -> None:
        """Take the topics if they are free, and compare what is new; called every few seconds.

        A gateway that has lost its broker (`reachable` false) leaves them to one that has not.
        """
        self.owned = reachable and self._ownership.held()
        if not reachable:
            self._ownership.release()
        if not self.owned:
            self.standing = Standing(0, 0)
            return
        try:
            self.standing = compare_metas(self._dsn, catalogues)
        except QuaymeterError as error:
            log.warning("what devices believe could not be compared, next attempt in a moment: %s", error)

    def release(self) -> None:
        """Leave the topics to another gateway."""
        self._ownership.release()
