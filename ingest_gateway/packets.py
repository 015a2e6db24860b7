"""MQTT 5 packets out of a stream of bytes, many at a time (OASIS MQTT Version 5.0, §2.1, §2.2.2, §3.3).

`PacketReader.feed` takes whatever the socket gave and returns every PUBLISH of QoS 0 or 1 that is complete; packets of
other types are kept for somebody else to handle. What is incomplete waits for the next call. A packet longer than
allowed is delivered cut, and its rest is dropped as it comes: it never lies in memory as a whole. Where the cut goes
through the properties, the beginning of the packet stands for the payload, so that the decoder refuses it as too large.
"""

from __future__ import annotations

from typing import NamedTuple

from ingest_gateway.intake import ReplyTo, token
from telemetry.batch import Message

_PUBLISH = 0x30
_QOS_BITS = 0x06
_QOS_1 = 0x02
_QOS_2 = 0x04
_MAX_LENGTH_BYTES = 4
# Topic and properties come before the payload and are not part of its limit [bytes].
_HEADER_ROOM = 70_000
_CACHE_SIZE = 4096
_CACHED_BYTES = 512  # longer topics and property blocks are decoded each time: 4096 of them would fill the memory

# Property identifiers of PUBLISH (§3.3.2.3).
_PAYLOAD_FORMAT = 0x01
_MESSAGE_EXPIRY = 0x02
_CONTENT_TYPE = 0x03
_RESPONSE_TOPIC = 0x08
_CORRELATION = 0x09
_SUBSCRIPTION_ID = 0x0B
_TOPIC_ALIAS = 0x23
_USER_PROPERTY = 0x26


class MalformedPacketError(Exception):
    """Bytes that no MQTT 5 broker sends; the connection cannot be used any further."""


class PublishProperties(NamedTuple):
    """What the gateway needs of a PUBLISH's properties."""

    content_type: str = ""
    response_topic: str = ""
    correlation: bytes | None = None
    topic_alias: int = 0


class OtherPacket(NamedTuple):
    """A packet that is no PUBLISH of QoS 0 or 1."""

    first_byte: int
    body: bytes


_NO_PROPERTIES = PublishProperties()


def read_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a variable byte integer; return it and the place after it, which is -1 while bytes are missing."""
    value = 0
    for index in range(_MAX_LENGTH_BYTES):
        if at + index >= end:
            return 0, -1
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise MalformedPacketError("a length of more than four bytes")


def write_length(value: int) -> bytes:
    """Return a variable byte integer [0, 268435455]."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | 0x80 if value else low)
        if not value:
            return bytes(out)


def read_properties(block: bytes) -> PublishProperties:
    """Take the properties of a PUBLISH apart."""
    at, end = 0, len(block)
    content_type = response_topic = ""
    correlation: bytes | None = None
    alias = 0
    while at < end:
        identifier = block[at]
        at += 1
        if identifier in {_CONTENT_TYPE, _RESPONSE_TOPIC, _CORRELATION}:
            raw, at = _string(block, at)
            if identifier == _CONTENT_TYPE:
                content_type = raw.decode(errors="replace")
            elif identifier == _RESPONSE_TOPIC:
                response_topic = raw.decode(errors="replace")
            else:
                correlation = raw
        elif identifier == _TOPIC_ALIAS:
            alias = int.from_bytes(block[at : at + 2])
            at += 2
        else:
            at = _skip(identifier, block, at)
    if at > end:
        raise MalformedPacketError("a property ends behind its packet")
    return PublishProperties(content_type, response_topic, correlation, alias)


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    stop = at + 2 + int.from_bytes(block[at : at + 2])
    if stop > len(block):
        raise MalformedPacketError("a property ends behind its packet")
    return block[at + 2 : stop], stop


def _skip(identifier: int, block: bytes, at: int) -> int:
    """Return the place after a property that the gateway does not need."""
    if identifier == _PAYLOAD_FORMAT:
        return at + 1
    if identifier == _MESSAGE_EXPIRY:
        return at + 4
    if identifier == _SUBSCRIPTION_ID:
        after = read_length(block, at, len(block))[1]
        if after < 0:
            raise MalformedPacketError("a property ends behind its packet")
        return after
    if identifier == _USER_PROPERTY:
        return _string(block, _string(block, at)[1])[1]
    raise MalformedPacketError(f"property {identifier:#04x} does not belong to PUBLISH")


class PacketReader:
    """Takes the bytes of one connection apart; make a new one (or `reset`) for the next connection."""

    def __init__(self, *, max_payload: int) -> None:
        """`max_payload` [bytes]: longer payloads are cut one byte above it, for the decoder to refuse."""
        self._cut = max_payload + 1
        self._max_packet = max_payload + _HEADER_ROOM
        # The same few topics and property blocks come again and again: decoded once.
        self._topics: dict[bytes, str] = {}
        self._properties: dict[bytes, PublishProperties] = {b"": _NO_PROPERTIES}
        self.reset()

    def reset(self) -> None:
        """Forget what belongs to the connection: half a packet, and the aliases."""
        self._rest = b""
        self._skip = 0  # bytes of an oversize packet still to come
        self._aliases: dict[int, str] = {}
        self.messages: list[Message] = []
        self.tokens: list[int] = []
        self.replies: list[ReplyTo | None] = []
        self.others: list[OtherPacket] = []

    @property
    def held_bytes(self) -> int:
        """Bytes of an incomplete packet in hand."""
        return len(self._rest)

    def feed(self, data: bytes, received_us: int) -> None:
        """Add bytes that arrived at `received_us` [µs since 1970-01-01 UTC]; results go to the four lists."""
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at, end = 0, len(data)
        while end - at >= 2:
            length = data[at + 1]
            body = at + 2
            if length >= 0x80:
                length, body = read_length(data, at + 1, end)
                if body < 0:
                    break
            stop = body + length
            cut = stop > end
            if cut:
                if length <= self._max_packet or end - body < self._max_packet:
                    break
                self._skip = stop - end  # all that is here is looked at, all that comes is dropped
                stop = end
            first = data[at]
            if first & 0xF0 == _PUBLISH and first & _QOS_BITS != _QOS_2:
                self._publish(data, first, body, stop, received_us, cut=cut)
            else:
                self.others.append(OtherPacket(first, data[body:stop]))
            at = stop
        self._rest = data[at:] if at else data

    def _publish(self, data: bytes, first: int, at: int, stop: int, received_us: int, *, cut: bool) -> None:
        """Take one PUBLISH apart, from after its fixed header to `stop`; `cut` says that it goes on behind it."""
        body = at
        if stop - at < 3:
            raise MalformedPacketError("a PUBLISH shorter than its header")
        topic_end = at + 2 + (data[at] << 8 | data[at + 1])
        raw_topic = data[at + 2 : topic_end]
        at = topic_end
        mid = 0
        if first & _QOS_1:
            if at + 2 >= stop:
                raise MalformedPacketError("a PUBLISH shorter than its header")
            mid = data[at] << 8 | data[at + 1]
            at += 2
        if at >= stop:
            raise MalformedPacketError("a PUBLISH shorter than its header")
        length = data[at]
        at += 1
        if length >= 0x80:
            length, at = read_length(data, at - 1, stop)
        if cut and 0 <= at < stop < at + length + self._cut:
            # Less than a payload that is too large would be left, and could pass for a whole one.
            block = data[at : at + length] if at + length <= stop else b""
            at, stop = body, body + self._cut
        else:
            block = data[at : at + length]
            at += length
        if at > stop or at < 0:
            raise MalformedPacketError("properties longer than their PUBLISH")
        properties = self._properties.get(block) or self._read_properties(block)
        topic = self._topics.get(raw_topic) or self._read_topic(raw_topic)
        if properties.topic_alias:
            topic = self._resolve(topic, properties.topic_alias)
        if stop - at > self._cut:
            stop = at + self._cut
        self.messages.append(Message(topic, data[at:stop], properties.content_type, received_us))
        self.tokens.append(token(mid, 1) if mid else 0)
        reply, correlation = properties.response_topic, properties.correlation
        self.replies.append(ReplyTo(reply, correlation or b"") if reply or correlation is not None else None)

    def _read_properties(self, block: bytes) -> PublishProperties:
        properties = read_properties(block)
        # Correlation data differ from message to message.
        if properties.correlation is None and len(block) <= _CACHED_BYTES:
            if len(self._properties) >= _CACHE_SIZE:
                self._properties = {b"": _NO_PROPERTIES}
            self._properties[block] = properties
        return properties

    def _read_topic(self, raw: bytes) -> str:
        topic = raw.decode(errors="replace")
        if len(raw) > _CACHED_BYTES:
            return topic
        if len(self._topics) >= _CACHE_SIZE:
            self._topics.clear()
        self._topics[raw] = topic
        return topic

    def _resolve(self, topic: str, alias: int) -> str:
        """Remember or look up a topic alias (§3.3.2.3.4)."""
        if topic:
            self._aliases[alias] = topic
            return topic
        try:
            return self._aliases[alias]
        except KeyError:
            raise MalformedPacketError(f"topic alias {alias} was never set") from None
