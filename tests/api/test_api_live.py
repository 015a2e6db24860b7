"""The live stream: what changed, resuming, heartbeats, trouble, and many listeners on one poller."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.live import LiveHub, Place, Update
from api.settings import ApiSettings
from telemetry.errors import StorageError
from tests.api.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from tests.api.conftest import Port

AIR = "store/room-1/t_air"


def events_of(answer: httpx.Response) -> Iterator[tuple[str, str, Any]]:
    """Yield (event, id, data) from a stream of server-sent events."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = fields.get(name, "") + value
        elif fields:
            yield fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def next_readings(events: Iterator[tuple[str, str, Any]]) -> tuple[str, Any]:
    """Return id and data of the next event that carries readings."""
    return next((number, data) for event, number, data in events if event == "latest" and data["readings"])


def test_snapshot_then_changes_then_resume(address: str, port: Port) -> None:
    """A listener gets everything first, then only what changed; one that comes back gets what it missed."""
    port.write([(AIR, datetime.now(UTC), 1.0, 0), ("store/room-1/flow", datetime.now(UTC), 9.0, 0)])
    with httpx.stream("GET", f"{address}/api/v1/live", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = events_of(answer)
        event, _, data = next(events)
        assert (event, data["snapshot"], data["database"]) == ("latest", True, {"state": "ok"})
        assert {reading["point"] for reading in data["readings"]} == {AIR, "store/room-1/flow"}
        port.write([(AIR, datetime.now(UTC), 2.0, 0)])
        seen, data = next_readings(events)
        assert [(reading["point"], reading["value"]) for reading in data["readings"]] == [(AIR, 2.0)]
        assert data["snapshot"] is False
        assert data["readings"][0]["quality"]["class"] == "good"
    with httpx.stream("GET", f"{address}/api/v1/live", timeout=10):  # keeps the poller looking
        port.write([("store/room-1/flow", datetime.now(UTC), 3.0, 0)])
        headers = {"Last-Event-ID": seen}
        with httpx.stream("GET", f"{address}/api/v1/live", headers=headers, timeout=10) as answer:
            _, data = next_readings(events_of(answer))
    assert data["snapshot"] is False
    assert [(reading["point"], reading["value"]) for reading in data["readings"]] == [("store/room-1/flow", 3.0)]


def test_an_id_of_another_run_gets_a_snapshot(address: str, port: Port) -> None:
    """After a restart of the service, an old place in the stream is no place: everything is sent."""
    port.write([(AIR, datetime.now(UTC), 1.0, 0)])
    with httpx.stream("GET", f"{address}/api/v1/live?after=0badc0de-7", timeout=10) as answer:
        _, _, data = next(events_of(answer))
    assert data["snapshot"] is True
    assert len(data["readings"]) == 1


def test_heartbeat_when_nothing_changes(address: str) -> None:
    """A quiet port still sends a state event, so that a stalled connection can be told from a quiet one."""
    with httpx.stream("GET", f"{address}/api/v1/live", timeout=10) as answer:
        kinds = [event for _, (event, _, _) in zip(range(3), events_of(answer), strict=False)]
    assert kinds == ["latest", "state", "state"]


def test_one_listener_too_many_is_told_so(port: Port) -> None:
    """Listeners are bounded; the one over the bound gets a problem with a cure, and a place when one leaves."""
    settings = ApiSettings(dsn=port.dsn, live_interval_s=0.05, heartbeat_s=0.2, max_live_clients=1)
    with serving(settings) as address:
        with httpx.stream("GET", f"{address}/api/v1/live", timeout=10) as first:
            events = events_of(first)  # held: a generator that goes takes its connection along
            next(events)
            refused = httpx.get(f"{address}/api/v1/live", timeout=10)
            assert refused.status_code == 503
            assert refused.json()["cure"]
            assert refused.headers["retry-after"]
        for _ in range(50):
            with httpx.stream("GET", f"{address}/api/v1/live", timeout=10) as later:
                if later.status_code == 200:
                    return
        pytest.fail("the place of a listener that left was never given back")


def test_stopping_does_not_wait_for_listeners(port: Port) -> None:
    """The service stops within seconds although somebody listens."""
    with contextlib.ExitStack() as stack:
        with serving(ApiSettings(dsn=port.dsn, live_interval_s=0.05)) as address:
            answer = stack.enter_context(httpx.stream("GET", f"{address}/api/v1/live", timeout=20))
            events = events_of(answer)
            next(events)
        # leaving `serving` insists that the service stopped
        assert len(list(events)) <= 1  # at most a last state, then the end


def run(hub: LiveHub, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario beside the hub's poller."""

    async def both() -> None:
        polling = asyncio.create_task(hub.run())
        try:
            await asyncio.wait_for(scenario(), 20)
        finally:
            polling.cancel()

    asyncio.run(both())


async def data_of(events: AsyncIterator[bytes]) -> dict[str, Any]:
    """Return the data of the next event."""
    lines = (await anext(events)).decode().splitlines()
    data: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("data: "))[6:])
    return data


class Table:
    """Stands for the database: latest values that a test changes, and trouble that it makes."""

    def __init__(self) -> None:
        self.values = {1: 0, 2: 0}
        self.away = False
        self.loads = 0

    def load(self) -> dict[int, Update]:
        """Return the latest values, or fail as storage does."""
        self.loads += 1
        if self.away:
            raise StorageError("gone", place="database", cure="wait", transient=True)
        return {point: Update("a", json.dumps({"point": point, "value": n})) for point, n in self.values.items()}


def test_a_slow_listener_gets_the_newest_and_nothing_piles_up() -> None:
    """A listener that does not read for a thousand changes is sent one event with the last value."""
    table = Table()
    hub = LiveHub(load=table.load, interval_s=0.0005, heartbeat_s=5)

    async def scenario() -> None:
        slow, quick = hub.stream("a", None), hub.stream("a", None)
        await data_of(slow)
        await data_of(quick)
        for n in range(1, 200):
            table.values[1] = n
            while (await data_of(quick)).get("readings") != [{"point": 1, "value": n}]:
                pass
        assert (await data_of(slow))["readings"] == [{"point": 1, "value": 199}]

    run(hub, scenario)


def test_many_listeners_share_one_poller_and_nobody_polls_for_nobody() -> None:
    """A hundred listeners cost the looks of one, and without listeners the database is left alone."""
    table = Table()
    hub = LiveHub(load=table.load, interval_s=0.01, heartbeat_s=0.05)

    async def scenario() -> None:
        await asyncio.sleep(0.1)
        assert table.loads == 0
        streams = [hub.stream("a", None) for _ in range(100)]
        for stream in streams:
            assert len((await data_of(stream))["readings"]) == 2
        before, began = table.loads, asyncio.get_running_loop().time()
        await asyncio.sleep(0.3)
        most = (asyncio.get_running_loop().time() - began) / 0.01 + 2
        assert before < table.loads <= before + most
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        assert hub.clients == 0
        await asyncio.sleep(0.1)
        quiet = table.loads
        await asyncio.sleep(0.2)
        assert table.loads == quiet

    run(hub, scenario)


def test_the_first_event_does_not_wait_for_readings_and_is_of_now() -> None:
    """Without any reading the first event comes at once; after a time without listeners it holds the newest values."""
    table = Table()
    table.values = {}
    hub = LiveHub(load=table.load, interval_s=0.01, heartbeat_s=10)

    async def scenario() -> None:
        early = hub.stream("a", None)
        assert (await asyncio.wait_for(data_of(early), 3))["readings"] == []
        await early.aclose()  # type: ignore[attr-defined]  # an async generator
        await asyncio.sleep(0.05)
        table.values = {1: 5}
        late = hub.stream("a", None)
        assert (await asyncio.wait_for(data_of(late), 3))["readings"] == [{"point": 1, "value": 5}]

    run(hub, scenario)


def test_a_database_that_goes_away_is_told_and_told_again_when_it_is_back() -> None:
    """Trouble is an event with its beginning, recovery another; values that changed meanwhile follow."""
    table = Table()
    hub = LiveHub(load=table.load, interval_s=0.01, heartbeat_s=5)

    async def scenario() -> None:
        events = hub.stream("a", None)
        await data_of(events)
        table.away = True
        trouble = (await data_of(events))["database"]
        assert trouble["state"] == "unreachable"
        assert datetime.fromisoformat(trouble["since"]).tzinfo is not None
        table.values[2] = 5
        table.away = False
        received = [await data_of(events)]
        if not received[-1].get("readings"):
            received.append(await data_of(events))
        assert received[-1]["database"] == {"state": "ok"}
        assert received[-1]["readings"] == [{"point": 2, "value": 5}]

    run(hub, scenario)


@pytest.mark.parametrize("text", [None, "", "abc", "-5", "abc-", "abc--1", "abc-1e3", "abc-" + "9" * 40, "é-²"])
def test_an_event_id_that_is_not_ours_is_no_place(text: str | None) -> None:
    """Whatever a client sends as its last event id, it is one of ours or nothing."""
    place = Place.parse(text)
    assert place is None or str(place) == text
