"""The live stream: one poller of the database for all clients, and server-sent events that resume.

No client has a queue. The hub numbers every change; a client remembers the number it has seen and is sent what
changed since. A slow client therefore gets fewer, newer values and never holds memory, and one that comes back
with `Last-Event-ID` is sent exactly what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from fastapi.sse import format_sse_event

from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

log = logging.getLogger(__name__)


class Update(NamedTuple):
    """The latest reading of one point as the stream carries it."""

    site: str
    text: str  # the JSON object that is sent, made once for all clients


class _Change(NamedTuple):
    version: int
    update: Update


class Place(NamedTuple):
    """How far a client has seen the stream of one run of the service."""

    run: str
    version: int

    @classmethod
    def parse(cls, event_id: str | None) -> Place | None:
        """Read an event id; anything that is not one of ours is None."""
        run, _, version = (event_id or "").partition("-")
        return cls(run, int(version)) if version.isdecimal() and len(version) < 19 else None

    def __str__(self) -> str:
        """Return the event id."""
        return f"{self.run}-{self.version}"


@dataclass(kw_only=True)
class LiveHub:
    """Looks at the latest readings while anybody listens, and tells every listener what changed."""

    load: Callable[[], Mapping[int, Update]]  # point id → latest; blocking, so it runs in a thread
    interval_s: float = 1.0
    heartbeat_s: float = 10.0
    max_clients: int = 200
    clients: int = field(default=0, init=False)
    polls: int = field(default=0, init=False)
    failures: int = field(default=0, init=False)
    failing_since: datetime | None = field(default=None, init=False)
    closing: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Start with nothing seen; the run's name tells a restarted service from this one."""
        self._run = secrets.token_hex(4)
        self._version = 0
        self._changes: dict[int, _Change] = {}
        self._news = asyncio.Event()
        self._wanted = asyncio.Event()
        self._looked = asyncio.Event()  # what is known is of now, not of the last listener's time

    @property
    def full(self) -> bool:
        """Whether another client would be one too many."""
        return self.clients >= self.max_clients

    async def run(self) -> None:
        """Poll while there are listeners; never ends by itself."""
        while not self.closing:
            await self._wanted.wait()
            await self._poll()
            if self.clients:
                self._looked.set()
            await asyncio.sleep(self.interval_s)

    def close(self) -> None:
        """End every stream, so that the server can stop without waiting for its listeners."""
        self.closing = True
        self._tell()

    async def stream(self, site: str, last_event_id: str | None) -> AsyncIterator[bytes]:
        """Yield server-sent events for one client until it leaves or the service stops."""
        self.clients += 1
        self._wanted.set()
        try:
            async for event in self._events(site, Place.parse(last_event_id)):
                yield event
        finally:
            self.clients -= 1
            if not self.clients:
                self._wanted.clear()
                self._looked.clear()

    async def _events(self, site: str, place: Place | None) -> AsyncIterator[bytes]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.heartbeat_s):
                await self._looked.wait()
        resumed = place is not None and place.run == self._run and place.version <= self._version
        seen = place.version if place is not None and resumed else 0
        version = self._version  # taken before each yield: a slow client must not skip what comes meanwhile
        yield self._latest(site, seen, snapshot=not resumed)
        while not self.closing:
            seen = version
            await self._news_after(seen)
            version = self._version
            changed = any(self._is_news(change, site, seen) for change in self._changes.values())
            yield self._latest(site, seen, snapshot=False) if changed else self._state()

    async def _news_after(self, seen: int) -> None:
        troubled = self.failing_since
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.heartbeat_s):
                while self._version <= seen and not self.closing and self.failing_since == troubled:
                    await self._news.wait()

    async def _poll(self) -> None:
        self.polls += 1
        try:
            rows = await asyncio.to_thread(self.load)
        except StorageError as error:
            self._fail(error)
            return
        except Exception as error:
            log.exception("live stream")
            self._fail(error)  # a poller that died would leave every page waiting for ever
            return
        if self.failing_since is not None:
            self.failing_since = None
            self._tell()
        self._take(rows)

    def _fail(self, error: Exception) -> None:
        self.failures += 1
        if self.failing_since is None:
            log.warning("live stream: %s", error)
            self.failing_since = datetime.now(UTC)
            self._tell()

    def _take(self, rows: Mapping[int, Update]) -> None:
        known = self._changes
        for retired in known.keys() - rows.keys():
            del known[retired]
        changed = [point for point, update in rows.items() if point not in known or known[point].update != update]
        if not changed:
            return
        self._version += 1
        for point in changed:
            known[point] = _Change(self._version, rows[point])
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _latest(self, site: str, seen: int, *, snapshot: bool) -> bytes:
        texts = [change.update.text for change in self._changes.values() if self._is_news(change, site, seen)]
        head = json.dumps({"now": _now(), "snapshot": snapshot, "database": self._database()})
        data = f'{head[:-1]}, "readings": [{", ".join(texts)}]}}'
        return format_sse_event(data_str=data, event="latest", id=str(Place(self._run, self._version)))

    @staticmethod
    def _is_news(change: _Change, site: str, seen: int) -> bool:
        return change.version > seen and change.update.site == site

    def _state(self) -> bytes:
        data = json.dumps({"now": _now(), "database": self._database()})
        return format_sse_event(data_str=data, event="state", id=str(Place(self._run, self._version)))

    def _database(self) -> dict[str, str | None]:
        since = self.failing_since
        return {"state": "ok"} if since is None else {"state": "unreachable", "since": since.isoformat()}


def _now() -> str:
    return datetime.now(UTC).isoformat()
