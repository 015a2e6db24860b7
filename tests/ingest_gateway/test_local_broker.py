"""The local broker: both kinds start, speak MQTT 5, listen on the loopback only and come back on the same port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paho.mqtt.client as paho
import psutil
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from quaymeter.broker import LocalBroker, free_port
from telemetry.errors import BrokerError
from tests.ingest_gateway.quay import wait_until

if TYPE_CHECKING:
    from pathlib import Path


class Subscriber:
    """A persistent session on a shared subscription."""

    def __init__(self, port: int) -> None:
        self.messages: list[paho.MQTTMessage] = []
        self._granted: list[object] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="keeper", protocol=paho.MQTTv5)
        self._client.on_message = lambda _c, _u, message: self.messages.append(message)
        self._client.on_subscribe = lambda *_: self._granted.append(1)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self._client.loop_start()
        self._client.subscribe("$share/g/port/#", 1)
        wait_until(lambda: self._granted, "the subscription")

    def stop(self) -> None:
        """Disconnect; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()


def publish(port: int, payload: bytes) -> None:
    """Publish one message at QoS 1 with the properties that a device uses."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="sender", protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.ResponseTopic = "port/v1/s/d/receipt"
    properties.CorrelationData = b"\x00\x01"
    properties.ContentType = "text/plain"
    client.publish("port/v1/s/a/b/telemetry", payload, 1, properties=properties).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def test_a_broker_passes_on_what_the_gateway_needs(any_broker: LocalBroker) -> None:
    """Shared subscription, response topic, correlation data and content type work on both kinds."""
    subscriber = Subscriber(any_broker.port)
    publish(any_broker.port, b"1")
    wait_until(lambda: subscriber.messages, "the message")
    properties = subscriber.messages[0].properties
    assert getattr(properties, "ResponseTopic", "") == "port/v1/s/d/receipt"
    assert getattr(properties, "CorrelationData", b"") == b"\x00\x01"
    assert getattr(properties, "ContentType", "") == "text/plain"
    subscriber.stop()


def test_a_broker_listens_on_the_loopback_only(any_broker: LocalBroker) -> None:
    """Nobody else on the network can reach it."""
    listening = [c.laddr for c in psutil.Process(any_broker.pid).net_connections("inet") if c.status == "LISTEN"]
    assert {(address.ip, address.port) for address in listening} == {("127.0.0.1", any_broker.port)}


def test_a_broker_comes_back_on_the_same_port(any_broker: LocalBroker) -> None:
    """After kill -9 `start` brings it back where its clients look for it."""
    port, pid = any_broker.port, any_broker.pid
    any_broker.kill()
    assert not any_broker.running
    assert any_broker.start() == port
    assert any_broker.pid != pid


def test_mosquitto_keeps_more_than_a_thousand_messages_over_a_restart(broker: LocalBroker) -> None:
    """The default of mosquitto would have dropped all but a thousand; ours are on disk when it stops."""
    assert broker.durable
    Subscriber(broker.port).stop()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="sender", protocol=paho.MQTTv5)
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    sent = [client.publish("port/a", b"%d" % number, 1) for number in range(3000)]
    for info in sent:
        info.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()
    broker.stop()
    broker.start()
    subscriber = Subscriber(broker.port)
    wait_until(lambda: len(subscriber.messages) == 3000, "all messages")
    subscriber.stop()


def test_a_broker_that_cannot_start_says_why(broker: LocalBroker, tmp_path: Path) -> None:
    """A port that is taken is told with the log's last lines and a cure."""
    second = LocalBroker(tmp_path / "second", prefer="mosquitto", port=broker.port)
    with pytest.raises(BrokerError, match=f"another program listens on port {broker.port}") as caught:
        second.start()
    assert "port taken" in caught.value.cure


def test_iotcore_says_that_it_is_not_durable(tmp_path: Path) -> None:
    """The demonstration's broker does not pretend."""
    assert not LocalBroker(tmp_path, prefer="iotcore").durable


def test_a_free_port_is_free() -> None:
    """Two in a row are not the same, and both are above the privileged ones."""
    ports = {free_port(), free_port()}
    assert min(ports) > 1023
