"""One demo from start to stop: what it tells, when the first reading is visible, and what it all adds up to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from quaymeter.demo.history import HistoryWatch
from quaymeter.demo.port import DemoPort
from quaymeter.demo.story import Story
from quaymeter.demo.web import ask
from simulators.port import has_model
from storage import ledger
from storage.engine import connect
from storage.ledger import LedgerCounts
from telemetry.errors import QuaymeterError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from quaymeter.demo.place import Place

PATIENCE_S = 300.0  # a machine with much else to do may take that long to simulate two years


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a demo is wanted."""

    place: Place
    site_file: Path
    api_port: int = 8080
    broker: str = ""  # mosquitto, iotcore or "" for the better one that is here
    scenario: str = "capecure"
    history_months: int = 26  # of the past, at the first start; 0: none
    history_cadence_s: int = 3600  # of it [s]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one demo did, from its ledger and from counting."""

    points: int
    received: int  # over the live road in this run, as the next five
    stored: int
    duplicates: int
    quarantined: int
    balanced: bool  # the whole ledger adds up, and the tables hold as many rows as it says
    first_reading_s: float  # from the start until the API showed a reading [s]
    readings_per_s: float  # stored in this run, over the time the source was running [1/s]
    readings: int  # rows in the table of readings, this run and those before
    history_rows: int  # readings of the simulated past that this run imported, beside those above
    unsafe: int  # packs of the source without a receipt when it was stopped; they are kept for the next start
    broker: str
    durable: bool


class Session:
    """A demo that is running; use as a context manager."""

    def __init__(
        self,
        options: Options,
        *,
        tell: Callable[[str], None],
        stop: threading.Event,
        tell_history: Callable[[int, int, str], None] = lambda *_: None,
    ) -> None:
        """Read the site file; nothing is started yet.

        `tell` is given a line for each step, `tell_history` (days done, days in all, a note) while the past comes in.
        """
        self._tell_history = tell_history
        self._options = options
        self._tell = tell
        self._site = load_site(options.site_file)
        self.port = DemoPort(options.place, options.site_file, self._site, tell=tell, stop=stop)
        self._stop = stop
        self._before: _Counted | None = None
        self._watch: HistoryWatch | None = None
        self._began_s = time.monotonic()
        self._flowing_s = 0.0
        self.first_reading_s = 0.0

    def __enter__(self) -> Self:
        """Start everything; where one part fails, the others are stopped again."""
        began = datetime.now(UTC)
        try:
            self.port.start_stores(self._options.broker)
            self._before = _counted(self.port.dsn)
            story = self._story(began)
            self.port.start_source(story)
            self.port.start_services(self._options.api_port)
            self._flowing_s = time.monotonic()
            self._wait_for_first_reading(began)
            if story is not None and self._options.history_months:
                self._watch = HistoryWatch(self.port.start_history(story), self._tell_history)
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
            if self._watch is not None:
                self._watch.look()

    def report(self) -> Report:
        """Stop the source, wait until everything it sent is safe, and add up."""
        seconds = time.monotonic() - self._flowing_s
        counted = self.port.stop_source()
        self.port.stop_history()
        before = self._before
        if before is None:
            raise QuaymeterError("the demo was not started", place="demo", cure="start it first")
        with connect(self.port.dsn) as connection:
            whole = ledger.totals(connection, audit=True)
        after = _counted(self.port.dsn)
        unsafe = int(str(counted.get("unsafe", 0)))
        live = _Counted.live_of(before, after)
        return Report(
            points=len(self._site.points),
            received=live.received,
            stored=live.stored,
            duplicates=live.duplicate,
            quarantined=live.quarantined,
            balanced=whole.balanced and unsafe == 0 and live.stored > 0,
            first_reading_s=round(self.first_reading_s, 2),
            readings_per_s=round(live.stored / seconds, 1),
            readings=whole.readings or 0,
            history_rows=after.imported.stored - before.imported.stored,
            unsafe=unsafe,
            broker=self.port.broker.kind,
            durable=self.port.broker.durable,
        )

    def _story(self, now: datetime) -> Story | None:
        """Return what is simulated, None where the site has no physical model."""
        if not has_model(self._site.id):
            return None
        story = Story.of(
            self._options.place.story_file, scenario=self._options.scenario, months=self._options.history_months,
            cadence_s=self._options.history_cadence_s, now=now,
        )  # fmt: skip
        self._tell(f"the port is simulated: scenario {story.scenario} from {story.begins}")
        return story

    def _wait_for_first_reading(self, began: datetime) -> None:
        """Look at what the page looks at until it holds a reading of this run."""
        end = time.monotonic() + PATIENCE_S
        path = f"/api/v1/latest?site={self._site.id}"
        while time.monotonic() < end:
            _, rows = ask(self.port.ports.api, path)
            fresh = sum(_is_fresh(row, began) for row in rows) if isinstance(rows, list) else 0
            if fresh:
                self.first_reading_s = time.monotonic() - self._began_s
                return
            self.port.pause()
        raise QuaymeterError(
            f"no reading was visible within {PATIENCE_S:.0f} s",
            place="demo",
            cure=f"the logs in {self._options.place.logs} say why",
        )


class _Counted(NamedTuple):
    """The ledger at one moment while no import is at work: all of it, and the imports' part."""

    whole: LedgerCounts
    imported: LedgerCounts

    @staticmethod
    def live_of(before: _Counted, after: _Counted) -> LedgerCounts:
        """Return what came over the live road in between."""
        live = [
            (all_after - imported_after) - (all_before - imported_before)
            for all_after, imported_after, all_before, imported_before in zip(*after, *before, strict=True)
        ]
        return LedgerCounts(*live)


def _counted(dsn: str) -> _Counted:
    with connect(dsn) as connection:
        whole = ledger.totals(connection)
        imported = ledger.counts_of(connection, ledger.IMPORT)
    return _Counted(LedgerCounts(whole.received, whole.stored, whole.duplicate, whole.quarantined), imported)


def _is_fresh(row: Mapping[str, Any], began: datetime) -> bool:
    ts = row.get("ts")
    return isinstance(ts, str) and datetime.fromisoformat(ts) >= began
