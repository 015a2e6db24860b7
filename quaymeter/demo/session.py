"""One demo from start to stop: what it tells, when the first reading is visible, and what it all adds up to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from quaymeter.demo.port import DemoPort
from quaymeter.demo.web import ask
from storage import ledger
from storage.engine import connect
from telemetry.errors import QuaymeterError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from quaymeter.demo.place import Place
    from storage.ledger import LedgerTotals

FIRST_READING_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a demo is wanted."""

    place: Place
    site_file: Path
    api_port: int = 8080
    broker: str = ""  # mosquitto, iotcore or "" for the better one that is here


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one demo did, from its ledger and from counting."""

    points: int
    received: int  # in this run, as the next five
    stored: int
    duplicates: int
    quarantined: int
    balanced: bool  # the whole ledger adds up, and the tables hold as many rows as it says
    first_reading_s: float  # from the start until the API showed a reading [s]
    readings_per_s: float  # stored in this run, over the time the source was running [1/s]
    readings: int  # rows in the table of readings, this run and those before
    unsafe: int  # packs of the source without a receipt when it was stopped; they are kept for the next start
    broker: str
    durable: bool


class Session:
    """A demo that is running; use as a context manager."""

    def __init__(self, options: Options, *, tell: Callable[[str], None], stop: threading.Event) -> None:
        """Read the site file; nothing is started yet."""
        self._options = options
        self._tell = tell
        self._site = load_site(options.site_file)
        self.port = DemoPort(options.place, options.site_file, self._site, tell=tell, stop=stop)
        self._stop = stop
        self._before: LedgerTotals | None = None
        self._began_s = time.monotonic()
        self._flowing_s = 0.0
        self.first_reading_s = 0.0

    def __enter__(self) -> Self:
        """Start everything; where one part fails, the others are stopped again."""
        began = datetime.now(UTC)
        try:
            self.port.start_stores(self._options.broker)
            self._before = _totals(self.port.dsn)
            self.port.start_services(self._options.api_port)
            self.port.start_source()
            self._flowing_s = time.monotonic()
            self._wait_for_first_reading(began)
        except BaseException:
            self.port.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.port.stop()

    def run(self, *, seconds: float | None = None) -> None:
        """Keep running until somebody asks to stop or `seconds` [s] have passed; raises where a part ends by itself."""
        end = time.monotonic() + seconds if seconds is not None else None
        while not self._stop.wait(0.5) and (end is None or time.monotonic() < end):
            self.port.check()

    def report(self) -> Report:
        """Stop the source, wait until everything it sent is safe, and add up."""
        seconds = time.monotonic() - self._flowing_s
        counted = self.port.stop_source()
        before, after = self._before, _totals(self.port.dsn)
        if before is None:
            raise QuaymeterError("the demo was not started", place="demo", cure="start it first")
        unsafe = int(str(counted.get("unsafe", 0)))
        stored = after.stored - before.stored
        return Report(
            points=len(self._site.points),
            received=after.received - before.received,
            stored=stored,
            duplicates=after.duplicate - before.duplicate,
            quarantined=after.quarantined - before.quarantined,
            balanced=after.balanced and unsafe == 0 and stored > 0,
            first_reading_s=round(self.first_reading_s, 2),
            readings_per_s=round(stored / seconds, 1),
            readings=after.readings or 0,
            unsafe=unsafe,
            broker=self.port.broker.kind,
            durable=self.port.broker.durable,
        )

    def _wait_for_first_reading(self, began: datetime) -> None:
        """Look at what the page looks at until it holds a reading of this run."""
        end = time.monotonic() + FIRST_READING_S
        path = f"/api/v1/latest?site={self._site.id}"
        while time.monotonic() < end:
            _, rows = ask(self.port.ports.api, path)
            fresh = sum(_is_fresh(row, began) for row in rows) if isinstance(rows, list) else 0
            if fresh:
                self.first_reading_s = time.monotonic() - self._began_s
                return
            self.port.pause()
        raise QuaymeterError(
            f"no reading was visible within {FIRST_READING_S:.0f} s",
            place="demo",
            cure=f"the logs in {self._options.place.logs} say why",
        )


def _totals(dsn: str) -> LedgerTotals:
    with connect(dsn) as connection:
        return ledger.totals(connection, audit=True)


def _is_fresh(row: Mapping[str, Any], began: datetime) -> bool:
    ts = row.get("ts")
    return isinstance(ts, str) and datetime.fromisoformat(ts) >= began
