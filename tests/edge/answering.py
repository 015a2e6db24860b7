"""A gateway for the edge's tests: takes packs over real MQTT and answers with receipts, as it is told to."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = b'{"received":1,"stored":1,"duplicate":0,"quarantined":0}'


class Answering:
    """Subscribes to everything of a site; `answer` decides the receipt's payload, None keeps silent."""

    def __init__(self, port: int, answer: Callable[[MQTTMessage], bytes | None] = lambda _: GOOD) -> None:
        self.payloads: list[bytes] = []
        self.messages: list[MQTTMessage] = []
        self.answer = answer
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "answering", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("port/v1/+/+/+/telemetry", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._subscribed.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        self.payloads.append(bytes(message.payload))
        self.messages.append(message)
        payload = self.answer(message)
        asked: Any = message.properties  # paho sets its attributes by name
        if payload is None or not hasattr(asked, "ResponseTopic"):
            return
        properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.CorrelationData = asked.CorrelationData
        client.publish(asked.ResponseTopic, payload, qos=0, properties=properties)


def eventually(condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
    """Wait until a condition holds; say whether it came to hold."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
