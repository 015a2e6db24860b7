"""The MQTT client as paho ships it, with the few calls that the connection needs; the public API only.

`ingest_gateway.bulk_client` offers the same calls and is faster. Neither has a thread of its own: the connection
(`ingest_gateway.connection`) drives them and is the only one to touch them.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Protocol

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest_gateway.intake import ReplyTo, mid_and_qos, token
from ingest_gateway.receipts import CONTENT_TYPE
from telemetry.batch import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ingest_gateway.receipts import Receipt
    from ingest_gateway.settings import GatewaySettings

# A message is read at most this often in one turn before acknowledgements and pings get theirs.
_READS_A_TURN = 200
# A packet that no broker set up as ours lets in [bytes]; a broker without limits must not fill our memory with one.
_MAX_PACKET = 32_001_000


class Sink(Protocol):
    """Takes what was read: parallel lists of messages, tokens and reply addresses."""

    def __call__(self, messages: list[Message], tokens: list[int], replies: list[ReplyTo | None], /) -> None:
        """Take them; must not block."""


class StockClient(paho.Client):
    """paho's own reading and writing, one packet at a time."""

    def __init__(self, client_id: str, sink: Sink, *, max_payload: int) -> None:
        """`max_payload` [bytes]: longer payloads are cut one byte above it, for the decoder to refuse."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,  # the connection decides when
            manual_ack=True,
        )
        self.suppress_exceptions = True  # an exception in a callback must not end the loop
        # With a register-write callback set, paho queues packets and leaves writing to `loop_write`.
        self.on_socket_register_write = _leave_it_to_the_loop
        self.on_message = self._take
        self._sink = sink
        self._cut = max_payload + 1
        self._alive_topic = f"quaymeter/gateway/{client_id}/alive"
        self._messages: list[Message] = []
        self._tokens: list[int] = []
        self._replies: list[ReplyTo | None] = []

    def read(self) -> MQTTErrorCode:
        """Read what the socket holds, within reason, and hand it to the sink."""
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            for _ in range(_READS_A_TURN):
                before = len(self._messages)
                code = self.loop_read()
                if code or len(self._messages) == before:
                    break
        finally:
            self._hand_over()
        return code

    def acknowledge(self, tokens: Sequence[int]) -> None:
        """Queue the acknowledgements of messages."""
        for value in tokens:
            if value:
                self.ack(*mid_and_qos(value))

    def answer(self, receipts: Sequence[Receipt]) -> None:
        """Queue receipts."""
        for receipt in receipts:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.CorrelationData = receipt.correlation
            properties.ContentType = CONTENT_TYPE
            self.publish(receipt.topic, receipt.payload, qos=0, properties=properties)

    def ping(self) -> None:
        """Show the broker that we live while the socket is not read.

        paho has no public ping, and its own would end the connection when the answer, unread, does not come.
        """
        self.publish(self._alive_topic, b"1", qos=0)

    def ask_for_an_answer(self) -> Callable[[], bool]:
        """Publish something that the broker answers; the answer comes after it has read everything before it."""
        info = self.publish(self._alive_topic, b"0", qos=1)
        return lambda: info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and info.is_published()

    def pending(self) -> bool:
        """Whether bytes are in hand that the socket will not announce again (TLS)."""
        sock = self.socket()
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def _take(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        self._messages.append(
            Message(
                topic_of(message),
                bytes(message.payload[: self._cut]),
                getattr(message.properties, "ContentType", ""),
                time.time_ns() // 1000,
            )
        )
        self._tokens.append(token(message.mid, message.qos))
        self._replies.append(reply_of(message.properties))

    def _hand_over(self) -> None:
        if self._messages:
            messages, self._messages = self._messages, []
            tokens, self._tokens = self._tokens, []
            replies, self._replies = self._replies, []
            self._sink(messages, tokens, replies)


def topic_of(message: paho.MQTTMessage) -> str:
    """Return the topic; one that is no UTF-8 keeps its shape with replacement characters."""
    try:
        return message.topic
    except UnicodeDecodeError as error:
        return bytes(error.object).decode(errors="replace")


def reply_of(properties: Properties | None) -> ReplyTo | None:
    """Return where the publisher wants its receipt, if it does."""
    topic = getattr(properties, "ResponseTopic", "")
    return ReplyTo(topic, getattr(properties, "CorrelationData", b"")) if topic else None


def connect_properties(settings: GatewaySettings) -> Properties:
    """Return the properties of CONNECT: a session that outlives us, a bounded window and bounded packets."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = settings.session_expiry_s
    properties.ReceiveMaximum = settings.receive_maximum
    properties.MaximumPacketSize = max(_MAX_PACKET, 2 * settings.max_payload)
    return properties


def set_credentials(client: paho.Client, settings: GatewaySettings) -> None:
    """Give the client its user name, password and TLS files."""
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)
    if settings.tls is not None:
        tls = settings.tls
        client.tls_set(_text(tls.ca_file), _text(tls.certificate_file), _text(tls.key_file))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _leave_it_to_the_loop(_client: paho.Client, _userdata: object, _socket: object) -> None:
    """Do nothing: the connection asks `want_write` at each turn."""
