"""Sparkplug nodes: one gateway of the group owns their topics, births and data stay together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from storage.catalogue import apply_site
from telemetry.formats.sparkplug_b_pb2 import Payload
from tests.ingest_gateway.quay import now_ms, small_site, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quaymeter.broker import LocalBroker
    from tests.ingest_gateway.quay import Books, Running

DOUBLE = 10  # the specification's number for the data type


class Node:
    """A Sparkplug edge node with one metric, known by its alias after the birth."""

    def __init__(self, port: int) -> None:
        self.rebirths: list[Payload] = []
        self.seq = 0
        self.last_ms = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="node", protocol=paho.MQTTv5)
        self._client.on_message = self._command
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("spBv1.0/harbour/NCMD/edge")
        self._client.loop_start()

    def birth(self, value: float) -> None:
        """Say everything."""
        self.seq = 0
        payload = self._payload()
        payload.metrics.add(name="bdSeq", datatype=8, long_value=0)
        payload.metrics.add(name="t00", alias=7, datatype=DOUBLE, double_value=value, timestamp=self._time())
        self._publish("NBIRTH", payload)

    def data(self, value: float) -> None:
        """Say the metric by its alias only."""
        payload = self._payload()
        payload.metrics.add(alias=7, double_value=value, timestamp=self._time())
        self._publish("NDATA", payload)

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _time(self) -> int:
        """Return a time that no metric had yet: two values at one time would be a conflict."""
        self.last_ms = max(self.last_ms + 1, now_ms())
        return self.last_ms

    def _payload(self) -> Payload:
        payload = Payload(timestamp=now_ms(), seq=self.seq)
        self.seq = (self.seq + 1) % 256
        return payload

    def _publish(self, kind: str, payload: Payload) -> None:
        self._client.publish(f"spBv1.0/harbour/{kind}/edge", payload.SerializeToString(), 0)

    def _command(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        self.rebirths.append(Payload.FromString(bytes(message.payload)))


@pytest.fixture
def node(broker: LocalBroker) -> Iterator[Node]:
    """Connect a node."""
    one = Node(broker.port)
    yield one
    one.stop()


@pytest.fixture
def mapped(books: Books, database: str) -> Books:
    """Apply a site that maps the node to a room."""
    apply_site(database, replace(small_site(), sparkplug={"harbour/edge": "hall/room-1"}), who="test")
    return books


def test_births_and_data_are_stored(start: Callable[..., Running], node: Node, mapped: Books) -> None:
    """The birth's value by name and the data by alias are stored, nothing is refused."""
    start().ready()
    node.birth(1.5)
    node.data(2.5)
    assert mapped.received(2) == {"received": 2, "stored": 2, "duplicate": 0, "quarantined": 0}
    assert mapped("SELECT value FROM reading ORDER BY ts") == [(1.5,), (2.5,)]


def test_an_unknown_alias_asks_the_node_for_a_rebirth(start: Callable[..., Running], node: Node, mapped: Books) -> None:
    """A gateway that missed the birth asks for another; what it could not read is in quarantine."""
    start().ready()
    node.data(2.5)
    wait_until(lambda: node.rebirths, "the command to be born again")
    assert node.rebirths[0].metrics[0].name == "Node Control/Rebirth"
    assert node.rebirths[0].metrics[0].boolean_value is True
    node.birth(3.5)
    node.data(4.5)
    assert mapped.received(3) == {"received": 3, "stored": 2, "duplicate": 0, "quarantined": 1}


def test_one_gateway_owns_the_nodes_and_another_takes_over(
    start: Callable[..., Running], node: Node, mapped: Books
) -> None:
    """Of two gateways one has the Sparkplug topics; when it stops the other has them, and nothing is told twice."""
    running = [start(client_id=f"gw-{number}").ready() for number in range(2)]

    def owners() -> list[Running]:
        return [one for one in running if one.gateway.owns_sparkplug]

    wait_until(lambda: len(owners()) == 1, "one owner")
    node.birth(1.5)
    mapped.received(1)
    first = owners()[0]
    first.stop()
    second = running[1 - running.index(first)]
    wait_until(lambda: second.gateway.owns_sparkplug and not second.gateway.not_ready(), "the other to take over")
    # The first comes back to a session that still knows the topics; they are the other's now.
    third = start(client_id=first.settings.client_id).ready()
    node.birth(2.5)
    node.data(3.5)
    assert mapped.received(3) == {"received": 3, "stored": 3, "duplicate": 0, "quarantined": 0}
    assert not third.gateway.owns_sparkplug
