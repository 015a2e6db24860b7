"""Status and meta over a real broker and a real database: who is online, who believes what, and the ledger."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from api.settings import ApiSettings
from edge.buffer import Buffer
from edge.publisher import Publisher, PublisherSettings
from edge.reports import OwnAsset, own_assets
from storage.catalogue import apply_site
from telemetry.formats.meta import MetaPoint, encode_meta
from telemetry.formats.status import State, encode_status
from tests.api.conftest import serving
from tests.ingest_gateway.quay import SITE, Books, Device, Running, gauge, now_ms, small_site, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest_gateway.settings import ClientKind
    from quaymeter.broker import LocalBroker

STATUS = f"port/v1/{SITE}/hall/room-1/status"
META = f"port/v1/{SITE}/hall/room-1/meta"
OTHER_STATUS = f"port/v1/{SITE}/hall/room-2/status"
ROOM_2 = [MetaPoint(n="flow", u="m3/h", quantity="volume_flow", kind="gauge", period_s=60)]


class Voice:
    """Publishes retained, as devices do."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the broker."""
        self._client.publish(topic, payload, 1, retain=True).wait_for_publish(10)

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def voice(broker: LocalBroker) -> Iterator[Voice]:
    """Connect somebody who publishes retained."""
    one = Voice(broker.port)
    yield one
    one.stop()


def states(books: Books) -> dict[str, str]:
    """Return the state of each device."""
    return dict(books("SELECT device, state FROM v_device"))


def status_of(device: str, state: State, **more: Any) -> bytes:
    """Return a status of boot 1."""
    return encode_status(device, state, 1, **{"ts_ms": now_ms(), **more})


AGENT = """
import sys, time
from pathlib import Path
from edge.buffer import Buffer
from edge.publisher import Publisher, PublisherSettings
from edge.reports import own_assets
from tests.ingest_gateway.quay import SITE, small_site
settings = PublisherSettings(client_id="agent-1", site=SITE, port=int(sys.argv[1]), assets=own_assets(small_site()))
Publisher(settings, Buffer(Path(sys.argv[2]))).start()
time.sleep(600)
"""


def test_a_device_that_is_killed_is_seen_offline_through_the_api(
    start: Callable[..., Running], broker: LocalBroker, books: Books, database: str, tmp_path: Path
) -> None:
    """After kill -9 of an agent that speaks for two devices both are offline, with the broker's word for it."""
    del books
    start().ready()
    with serving(ApiSettings(dsn=database)) as address, httpx.Client(base_url=address, timeout=30) as client:

        def seen() -> dict[str, dict[str, Any]]:
            return {one["device"]: one for one in client.get("/api/v1/devices").json()}

        assert {one["state"] for one in seen().values()} == {"unknown"}
        process = subprocess.Popen([sys.executable, "-c", AGENT, str(broker.port), str(tmp_path / "agent.db")])
        wait_until(lambda: {one["state"] for one in seen().values()} == {"online"}, "both devices online")
        wait_until(lambda: all(one["meta"] for one in seen().values()), "what they believe")
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        wait_until(lambda: {one["state"] for one in seen().values()} == {"offline"}, "both devices offline")
        found = seen()
        assert all(one["last_will"] and one["via"] == "agent-1" for one in found.values())
        assert not any(one["data_alarm"] for one in found.values())
        offline = client.get("/api/v1/devices?state=offline").json()
        assert [one["device"] for one in offline] == ["node-1", "node-2"]


def test_a_belief_that_differs_is_named(
    start: Callable[..., Running], broker: LocalBroker, books: Books, database: str, tmp_path: Path
) -> None:
    """A device with a wrong unit raises a data alarm; when the site file is mended instead, the alarm goes."""
    running = start().ready()
    right, wrong = own_assets(small_site())
    assert wrong.points is not None
    points = tuple(MetaPoint(n=point.n, u="L/s", quantity=point.quantity) for point in wrong.points)
    assets = (right, OwnAsset(key=wrong.key, device=wrong.device, points=points))
    buffer = Buffer(tmp_path / "agent.db")
    publisher = Publisher(PublisherSettings(client_id="agent-1", site=SITE, port=broker.port, assets=assets), buffer)
    publisher.start()
    query = "SELECT device, point, what, told, declared FROM v_meta_difference"
    wait_until(lambda: books(query), "a named difference")
    assert books(query) == [("node-2", "flow", "unit", "L/s", "m3/h")]
    wait_until(lambda: "quaymeter_gateway_devices_differing 1.0" in running.status("/metrics")[1], "the figure")
    site = small_site()
    kept = tuple(point for point in site.points if point.key != "hall/room-2/flow")
    mended = {**site.__dict__, "points": (*kept, gauge("hall/room-2/flow", "volume_flow", "L/s"))}
    apply_site(database, type(site)(**mended), who="test")
    wait_until(lambda: not books(query), "the end of the alarm")
    publisher.stop()
    buffer.close()
    wait_until(lambda: set(states(books).values()) == {"offline"}, "the goodbye")
    assert books("SELECT bool_or(last_will) FROM device_status") == [(False,)]
    assert "quaymeter_gateway_reports_total" in running.status("/metrics")[1]


def test_a_gateway_that_comes_later_learns_what_is_retained(
    start: Callable[..., Running], voice: Voice, books: Books, client_kind: ClientKind
) -> None:
    """Said before any gateway was there, in whichever order the broker gives it: the same states are learned."""
    voice.say(STATUS, status_of("node-1", State.ONLINE, link=1, via="agent"))
    voice.say(OTHER_STATUS, status_of("node-2", State.OFFLINE, link=1, via="agent", ts_ms=None))
    voice.say(META, encode_meta("node-1", 1, [MetaPoint(n="t00", u="K")], ts_ms=now_ms()))
    start(client=client_kind).ready()
    wait_until(lambda: states(books) == {"node-1": "offline", "node-2": "offline"}, "both states")
    wait_until(lambda: books("SELECT 1 FROM v_meta_difference WHERE what = 'unit'"), "the difference")
    assert books.ledger() == {"received": 0, "stored": 0, "duplicate": 0, "quarantined": 0}


def test_a_gateway_that_was_away_learns_what_has_changed(
    start: Callable[..., Running], voice: Voice, books: Books
) -> None:
    """While it is stopped a device goes and another comes; afterwards the gateway says so."""
    first = start().ready()
    voice.say(STATUS, status_of("node-1", State.ONLINE, link=1))
    wait_until(lambda: states(books)["node-1"] == "online", "the first")
    first.stop()
    voice.say(STATUS, status_of("node-1", State.OFFLINE, link=1, ts_ms=None))
    voice.say(OTHER_STATUS, status_of("node-2", State.ONLINE, link=1))
    start().ready()
    wait_until(lambda: states(books) == {"node-1": "offline", "node-2": "online"}, "the changes")


def test_what_is_retained_survives_a_database_that_has_forgotten(
    start: Callable[..., Running], voice: Voice, books: Books, database: str
) -> None:
    """A gateway with a session of its own asks for what is retained all the same: the database may be another."""
    running = start().ready()
    voice.say(STATUS, status_of("node-1", State.ONLINE, link=1))
    wait_until(lambda: states(books)["node-1"] == "online", "the first")
    running.stop()
    with books._connection.cursor() as cursor:
        cursor.execute("DELETE FROM device_status")
    del database
    start().ready()
    wait_until(lambda: states(books)["node-1"] == "online", "the state once more")


def test_of_two_gateways_one_listens_and_the_other_takes_over(
    start: Callable[..., Running], voice: Voice, books: Books
) -> None:
    """Nothing is written or refused twice; when the one that listened stops, the other has all states in seconds."""
    both = [start(client_id=f"gw-{number}").ready() for number in (1, 2)]
    wait_until(lambda: sum(one.gateway.devices.owned for one in both) == 1, "an owner")
    voice.say(STATUS, status_of("node-1", State.ONLINE, link=1))
    voice.say(OTHER_STATUS, b"{}")
    wait_until(lambda: states(books)["node-1"] == "online", "the first state")
    assert books.received(1) == {"received": 1, "stored": 0, "duplicate": 0, "quarantined": 1}
    owner, other = sorted(both, key=lambda one: not one.gateway.devices.owned)
    owner.stop()
    voice.say(STATUS, status_of("node-1", State.OFFLINE, link=1, ts_ms=None))
    wait_until(lambda: states(books)["node-1"] == "offline", "the last will, by the other")
    assert other.gateway.devices.owned
    again = start(client_id=owner.settings.client_id).ready()
    voice.say(STATUS, status_of("node-1", State.ONLINE, link=2))
    wait_until(lambda: states(books)["node-1"] == "online", "the next connection")
    assert not again.gateway.devices.owned
    refused = books.ledger()["quarantined"]
    voice.say(OTHER_STATUS, b"[]")
    assert books.received(refused + 1)["quarantined"] == refused + 1
    time.sleep(0.5)  # what would come twice would come now
    assert books.ledger()["quarantined"] == refused + 1


def test_the_ledger_balances_with_reports_between_readings(
    start: Callable[..., Running], device: Device, voice: Voice, books: Books
) -> None:
    """A report is no reading; one that is refused is one entry, received and quarantined, with its reason."""
    start().ready()
    for number in range(5):
        device.pack([{"n": "t00", "v": 1.0}], ts_ms=now_ms() + number)
        voice.say(STATUS, status_of("node-1", State.ONLINE, link=1 + number))
    voice.say(STATUS, status_of("node-2", State.ONLINE))
    voice.say(META, b"no json")
    voice.say(META, json.dumps({"v": 1, "dev": "node-1", "boot": 1, "points": "all"}).encode())
    voice.say(f"port/v1/{SITE}/hall/room-9/meta", encode_meta("node-1", 1, []))
    assert books.received(9) == {"received": 9, "stored": 5, "duplicate": 0, "quarantined": 4}
    assert books.reasons() == {"not_allowed": 1, "undecodable": 1, "schema": 1, "unknown_point": 1}
    wait_until(lambda: books("SELECT link FROM device_status") == [(5,)], "the last status")
    assert books("SELECT 1 FROM device_meta") == []


def test_a_report_is_acknowledged_after_its_commit_and_answered(
    start: Callable[..., Running], device: Device, books: Books
) -> None:
    """A device that asks for a receipt gets one that counts nothing, once its state is in the database."""
    start().ready()
    device.send(STATUS, status_of("node-1", State.ONLINE), correlation=b"status")
    assert device.receipt(b"status") == {"received": 0, "stored": 0, "duplicate": 0, "quarantined": 0}
    assert states(books)["node-1"] == "online"
