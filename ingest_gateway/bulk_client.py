"""paho, but reading all complete packets at once and joining acknowledgements into one send.

paho reads a packet in three or more `recv` calls and sends every acknowledgement by itself, some 80 µs a message.
Here one `recv` brings up to 256 KiB, the PUBLISH packets in it are taken apart in one loop
(`ingest_gateway.packets`), and every other packet is handed to paho. This reaches into paho's private parts, so it
works with one version only: `usable` tells, and the gateway uses `ingest_gateway.client.StockClient` otherwise.
"""

from __future__ import annotations

import logging
import struct
import time
from typing import TYPE_CHECKING, Final

import numpy as np
import paho.mqtt
from paho.mqtt import MQTTException
from paho.mqtt.enums import MQTTErrorCode

from ingest_gateway.client import Sink, StockClient, set_credentials
from ingest_gateway.intake import mid_and_qos
from ingest_gateway.packets import MalformedPacketError, PacketReader, write_length
from ingest_gateway.receipts import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest_gateway.packets import OtherPacket
    from ingest_gateway.receipts import Receipt
    from ingest_gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

PAHO_VERSION: Final = "2.2.0"

_READ_BYTES: Final = 262_144
_PUBACK: Final = 0x40
_PUBLISH_QOS_0: Final = 0x30
_PINGREQ: Final = 0xC0


def usable() -> bool:
    """Return whether the installed paho is the one that this module was written for."""
    return paho.mqtt.__version__ == PAHO_VERSION


def make_client(settings: GatewaySettings, sink: Sink) -> StockClient:
    """Return the client that the settings ask for, or paho's own reading where the fast one does not fit."""
    kind: type[StockClient] = StockClient
    if settings.client == "bulk":
        if usable():
            kind = BulkClient
        else:
            log.warning(
                "the fast MQTT client fits paho-mqtt %s only, another is installed: using paho's own reading",
                PAHO_VERSION,
            )
    client = kind(settings.client_id, sink, max_payload=settings.max_payload)
    set_credentials(client, settings)
    return client


class BulkClient(StockClient):
    """The same calls as `StockClient`, at some 2 µs a message."""

    def __init__(self, client_id: str, sink: Sink, *, max_payload: int) -> None:
        """See `StockClient`."""
        super().__init__(client_id, sink, max_payload=max_payload)
        self._reader = PacketReader(max_payload=max_payload)

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew, with nothing left of the last connection's bytes."""
        self._reader.reset()
        return super().reconnect()

    def read(self) -> MQTTErrorCode:
        """Read once, hand every complete message to the sink and everything else to paho."""
        reader = self._reader
        try:
            code = self._receive()
        except MalformedPacketError:
            code = MQTTErrorCode.MQTT_ERR_PROTOCOL
        messages, reader.messages = reader.messages, []
        tokens, reader.tokens = reader.tokens, []
        replies, reader.replies = reader.replies, []
        if messages:
            self._sink(messages, tokens, replies)
        others, reader.others = reader.others, []
        for packet in others:
            if code or self._sock is None:
                break
            code = self._handle_by_paho(packet)
        self._hand_over()  # QoS 2 messages, which paho brings
        return self._loop_rc_handle(code) if code else code

    def acknowledge(self, tokens: Sequence[int]) -> None:
        """Queue all acknowledgements as one piece of bytes."""
        values = np.asarray(tokens, np.uint32)
        mids = values[(values >> 16) == 1]
        if len(mids):
            packets = np.empty(len(mids), np.dtype([("head", ">u2"), ("mid", ">u2")]))
            packets["head"] = _PUBACK << 8 | 2  # two bytes follow: success, no properties
            packets["mid"] = mids & 0xFFFF
            self._queue_bytes(_PUBACK, packets.tobytes())
        for value in values[(values >> 16) == 2].tolist():
            self.ack(*mid_and_qos(value))

    def answer(self, receipts: Sequence[Receipt]) -> None:
        """Queue all receipts as one piece of bytes."""
        content_type = CONTENT_TYPE.encode()
        fixed = struct.pack("!BH", 0x03, len(content_type)) + content_type
        out = bytearray()
        for topic, correlation, payload in receipts:
            name = topic.encode()
            properties = fixed + struct.pack("!BH", 0x09, len(correlation)) + correlation
            body = struct.pack("!H", len(name)) + name + write_length(len(properties)) + properties + payload
            out += b"%c%b%b" % (_PUBLISH_QOS_0, write_length(len(body)), body)
        if out:
            # Not under PUBLISH's number: paho would look for the caller who waits for it.
            self._queue_bytes(_PUBACK, bytes(out))

    def ping(self) -> None:
        """Send a PINGREQ of which paho does not know, so that it does not wait for the answer."""
        self._queue_bytes(_PINGREQ, bytes((_PINGREQ, 0)))

    def _receive(self) -> MQTTErrorCode:
        """Read from the socket into the reader."""
        try:
            data = self._sock_recv(_READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if not data:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._reader.feed(data, time.time_ns() // 1000)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _handle_by_paho(self, packet: OtherPacket) -> MQTTErrorCode:
        """Let paho handle one packet as if it had read it."""
        self._in_packet = {
            "command": packet.first_byte,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(packet.body),
            "packet": bytearray(packet.body),
            "to_process": 0,
            "pos": 0,
        }
        try:
            return self._packet_handle()
        except MQTTException:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _queue_bytes(self, command: int, packets: bytes) -> None:
        """Queue bytes for the loop to write; they may be many packets."""
        self._packet_queue(command, packets, 0, 0)
