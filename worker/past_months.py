"""Once an hour: months that are over are indexed by point."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from storage.past_months import index_past_month
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from threading import Event

LOG = logging.getLogger(__name__)


class PastMonthsLoop:
    """Indexes one past month after the other, then looks again from time to time."""

    def __init__(self, dsn: str, *, interval_s: float = 3600.0) -> None:
        self._dsn = dsn
        self._interval_s = interval_s

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            if not self.once():
                stop.wait(self._interval_s)

    def once(self) -> bool:
        """Index one month; return whether there was one."""
        try:
            partition = index_past_month(self._dsn)
        except StorageError as error:
            LOG.warning("past months wait for the database: %s", error)
            return False
        if partition:
            LOG.info("%s is indexed by point", partition)
        return bool(partition)
