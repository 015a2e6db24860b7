"""Once an hour: what was refused and is long since over with is forgotten."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage import quarantine
from storage.engine import connect
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from threading import Event

LOG = logging.getLogger(__name__)


class QuarantineLoop:
    """Forgets piece by piece what was replayed or closed long ago, then looks again from time to time."""

    def __init__(self, dsn: str, *, keep: timedelta, interval_s: float = 3600.0) -> None:
        self._dsn = dsn
        self._keep = keep
        self._interval_s = interval_s

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            if not self.once():
                stop.wait(self._interval_s)

    def once(self) -> int:
        """Forget one piece; return how many entries it had."""
        try:
            with connect(self._dsn, autocommit=True) as connection:
                forgotten = quarantine.forget(connection, closed_before=datetime.now(UTC) - self._keep)
        except StorageError as error:
            LOG.warning("the quarantine waits for the database: %s", error)
            return 0
        if forgotten:
            LOG.info("%d refused entries, closed more than %d days ago, are forgotten", forgotten, self._keep.days)
        return forgotten
