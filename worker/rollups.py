"""The loop that keeps roll-ups in step with the readings; any number of workers may run it, one works at a time."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.engine import connect, storage_errors
from storage.rollups import RefreshResult, backlog, refresh_with
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from threading import Event

    from storage.engine import Connection

LOG = logging.getLogger(__name__)
PAST_BATCHES = 4  # of history in one round: a day of a port each, so that a round takes a second or two
LONGEST_PAUSE_S = 30.0


@dataclass(kw_only=True)
class RollupCounters:
    """What the loop did since it started; read by metrics."""

    batches: int = 0  # batches of the gateway taken
    windows: int = 0  # stretches of points made anew
    busy: int = 0  # rounds that found another worker at work
    set_aside: int = 0  # stretches that the database could not make
    failures: int = 0  # rounds that failed and will be tried again
    waiting: int = 0  # batches left at the end of the last round
    lag_s: float = 0.0  # age of the oldest of them [s]
    last_success: float = 0.0  # time of the last round that went well [s since 1970]


class RollupLoop:
    """Refreshes until it is told to stop; a database that is away is waited for, ever more patiently."""

    def __init__(self, dsn: str, *, interval_s: float = 1.0) -> None:
        self._dsn = dsn
        self._interval_s = interval_s
        self._connection: Connection | None = None
        self.counters = RollupCounters()

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; what was begun is finished first."""
        failures = 0
        try:
            while not stop.is_set():
                pause_s = self._interval_s
                try:
                    if not self.once().idle and not self._busy:
                        pause_s = 0.0  # more may be waiting
                    failures = 0
                except StorageError as error:
                    failures += 1
                    self.counters.failures += 1
                    self.close()
                    pause_s = min(self._interval_s * 2**failures, LONGEST_PAUSE_S)
                    LOG.warning("roll-ups wait %.0f s: %s", pause_s, error)
                stop.wait(pause_s)
        finally:
            self.close()

    def once(self) -> RefreshResult:
        """Do one round and count it."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._dsn)
        result = refresh_with(self._connection, past_batches=PAST_BATCHES)
        self.counters.batches += result.batches
        self.counters.windows += result.windows
        self.counters.busy += result.busy
        self.counters.set_aside += result.set_aside
        self.counters.waiting, self.counters.lag_s = backlog(self._connection)
        with storage_errors("end the reading of the backlog"):  # the server may go away at this moment as at any other
            self._connection.rollback()
        self.counters.last_success = time.time()
        self._busy = result.busy
        return result

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    _busy = False
