"""What an agent says of the devices that it speaks for, over a real broker and without one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge.buffer import Buffer, Pack, WhenFull
from edge.publisher import Publisher, PublisherSettings
from edge.reports import OwnAsset, Reporter, oldest_ms, own_assets
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, encode_pack, entry
from telemetry.formats.meta import MetaPoint
from telemetry.formats.status import DeviceStatus, State
from telemetry.meta_check import meta_differences
from telemetry.site_file import parse_site
from tests.edge.answering import eventually
from tests.telemetry.harbour import ASSET, OTHER_ASSET, SITE, catalogue, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quaymeter.broker import LocalBroker

ASSETS = own_assets(parse_site(SITE, "harbour.toml"))


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    """Yield an empty buffer."""
    made = Buffer(tmp_path / "buffer.db")
    yield made
    made.close()


class Board:
    """What stands retained at a broker, by topic, and every word that was said."""

    def __init__(self, port: int) -> None:
        self.retained: dict[str, dict[str, Any]] = {}
        self.words: list[tuple[str, str]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("port/v1/#", 1)
        self._client.on_message = self._note
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _note(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        said = json.loads(message.payload)
        self.retained[message.topic] = said
        self.words.append((message.topic, said.get("state", "meta")))

    def states(self) -> dict[str, str]:
        """Return the state by topic."""
        return {topic: said["state"] for topic, said in self.retained.items() if topic.endswith("/status")}

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def board(broker: LocalBroker) -> Iterator[Board]:
    """Listen to everything."""
    made = Board(broker.port)
    yield made
    made.stop()


def settings_for(port: int, **more: Any) -> PublisherSettings:
    """Return settings of an agent that speaks for all devices of the small site."""
    return PublisherSettings(client_id="agent-1", site="harbour", port=port, reconnect_least_s=0.1, **more)


def test_every_asset_of_every_device_is_covered(broker: LocalBroker, board: Board, buffer: Buffer) -> None:
    """Each has its status and its belief, retained; a clean stop says `offline` for each, with its time."""
    publisher = Publisher(settings_for(broker.port, assets=ASSETS), buffer)
    publisher.start()
    topics = {f"port/v1/harbour/{asset}/{kind}" for asset in (ASSET, OTHER_ASSET) for kind in ("status", "meta")}
    assert eventually(lambda: set(board.retained) == topics)
    late = Board(broker.port)
    assert eventually(lambda: set(late.retained) == topics)
    late.stop()
    said = board.retained[f"port/v1/harbour/{OTHER_ASSET}/status"]
    assert {name: said[name] for name in ("dev", "via", "state", "boot", "link", "packs", "bytes")} == {
        "dev": "edge-2", "via": "agent-1", "state": "online", "boot": buffer.boot, "link": 1, "packs": 0, "bytes": 0,
    }  # fmt: skip
    publisher.stop()
    assert eventually(lambda: set(board.states().values()) == {"offline"})
    assert all("ts" in said for said in board.retained.values())


CHILD = """
import sys, time
from pathlib import Path
from edge.buffer import Buffer
from edge.publisher import Publisher, PublisherSettings
from edge.reports import own_assets
from telemetry.site_file import parse_site
from tests.telemetry.harbour import SITE
settings = PublisherSettings(client_id="agent-1", site="harbour", port=int(sys.argv[1]),
                             assets=own_assets(parse_site(SITE, "harbour.toml")))
Publisher(settings, Buffer(Path(sys.argv[2]))).start()
time.sleep(600)
"""


def test_kill_9_leaves_a_last_will_that_names_its_speaker_and_its_connection(
    broker: LocalBroker, board: Board, tmp_path: Path
) -> None:
    """The broker has one last will to give; what is in it leads to every device of that connection."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(broker.port), str(tmp_path / "b.db")])
    assert eventually(lambda: list(board.states().values()) == ["online", "online"])
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert eventually(lambda: "offline" in board.states().values())
    said = board.retained[f"port/v1/harbour/{ASSETS[0].key}/status"]
    online = board.retained[f"port/v1/harbour/{ASSETS[1].key}/status"]
    assert said["state"] == "offline"
    assert "ts" not in said
    assert (said["via"], said["boot"], said["link"]) == (online["via"], online["boot"], online["link"])


def test_each_connection_has_a_number_of_its_own(broker: LocalBroker, board: Board, buffer: Buffer) -> None:
    """The broker says the last will when it comes to a break; the next `online` counts one higher at least."""
    publisher = Publisher(settings_for(broker.port, assets=ASSETS, reconnect_most_s=0.2), buffer)
    publisher.start()
    topic = f"port/v1/harbour/{ASSET}/status"
    assert eventually(lambda: topic in board.retained)
    assert board.retained[topic]["link"] == 1
    publisher._link._client._sock_close()  # as a network that breaks
    assert eventually(lambda: (topic, "offline") in board.words)
    assert eventually(lambda: board.retained[topic]["state"] == "online" and board.retained[topic]["link"] > 1)
    publisher.stop()


def test_many_assets_go_out_a_few_at_a_time(broker: LocalBroker, board: Board, buffer: Buffer) -> None:
    """Hundreds of reports come through a broker that takes few messages at once, and packs go on beside them."""
    assets = tuple(OwnAsset(key=f"quay/a{number}", points=()) for number in range(150))
    publisher = Publisher(settings_for(broker.port, assets=assets, inflight=3), buffer)
    publisher.start()
    assert eventually(lambda: len(board.retained) == 300, 20)
    publisher.stop()
    assert eventually(lambda: set(board.states().values()) == {"offline"})


def test_an_agent_that_speaks_for_nothing_says_nothing(broker: LocalBroker, board: Board, buffer: Buffer) -> None:
    """Without assets there is no status, no belief and no last will."""
    publisher = Publisher(settings_for(broker.port), buffer)
    publisher.start()
    assert eventually(lambda: publisher.connected)
    time.sleep(0.2)
    publisher.stop()
    assert board.retained == {}
    assert Reporter("harbour", "agent-1", (), buffer).last_will() is None


def test_what_it_says_is_understood_and_agrees_with_the_site_file(buffer: Buffer) -> None:
    """The decoder of the gateway reads each report, and finds no difference in what came from the site file."""
    reporter = Reporter("harbour", "edge-1", ASSETS, buffer)
    reporter.next_link()
    will = reporter.last_will()
    assert will is not None
    for report in [*reporter.statuses(State.ONLINE), *reporter.metas(), will]:
        decoded = decode(report.payload, report.topic, report.content_type)
        assert not decoded.refusals
        (told,) = decoded.told
        assert told.boot == buffer.boot
        if isinstance(told, DeviceStatus):
            assert told.speaker == "edge-1"
            assert told.via == ("" if told.device == "edge-1" else "edge-1")
        else:
            assert meta_differences(told.asset, told.points, catalogue()) == ()


def test_points_that_are_not_known_are_not_claimed(buffer: Buffer) -> None:
    """None is no belief at all; an empty list would be the belief that there are none."""
    assets = (OwnAsset(key=ASSET), OwnAsset(key=OTHER_ASSET, device="edge-2", points=(MetaPoint(n="t_air"),)))
    reporter = Reporter("harbour", "edge-1", assets, buffer)
    assert [report.topic for report in reporter.metas()] == [f"port/v1/harbour/{OTHER_ASSET}/meta"]


def test_one_device_of_a_site_file(buffer: Buffer) -> None:
    """An agent beside the plant speaks for its own assets only."""
    del buffer
    (own,) = own_assets(parse_site(SITE, "harbour.toml"), "edge-2")
    assert (own.key, own.device) == (OTHER_ASSET, "edge-2")
    assert own.points is not None
    assert [point.n for point in own.points] == ["t_air"]


@pytest.mark.parametrize("cbor", [False, True])
def test_the_status_tells_what_is_kept_and_what_was_dropped(tmp_path: Path, *, cbor: bool) -> None:
    """Counts of the buffer, the time of the oldest pack, and the device's own losses."""
    buffer = Buffer(tmp_path / "small.db", max_bytes=600, when_full=WhenFull.DROP_OLDEST)
    kind = CBOR_TYPE if cbor else JSON_TYPE
    for number in range(6):
        payload = encode_pack("edge-1", 1, number, 1000 + number, [entry("t_in", 1.0)], cbor=cbor)
        buffer.put(Pack("edge-1", f"port/v1/harbour/{ASSET}/telemetry", payload, kind, 1))
    (first, second) = Reporter("harbour", "agent-1", ASSETS, buffer).statuses(State.ONLINE)
    kept = buffer.packs
    assert 0 < kept < 6
    (told,) = decode(first.payload, first.topic).told
    assert isinstance(told, DeviceStatus)
    assert (told.packs, told.kept_bytes, told.oldest_us) == (kept, buffer.size_bytes, 1000 * (1000 + 6 - kept))
    assert (told.dropped_packs, told.dropped_readings) == (6 - kept, 6 - kept)
    assert "dropped" not in json.loads(second.payload)
    buffer.close()


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"ts": "x"}', b'{"ts": -1}', b"{}"])
def test_a_pack_that_tells_no_time_makes_no_oldest(buffer: Buffer, payload: bytes) -> None:
    """What others put into the buffer must not stop the status."""
    assert oldest_ms(buffer) is None
    for kind in (JSON_TYPE, CBOR_TYPE):
        buffer.put(Pack("edge-1", "t", payload, kind, 1))
        assert oldest_ms(buffer) is None
        buffer.settle(range(100))
