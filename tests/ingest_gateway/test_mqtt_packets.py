"""The packet reader: every way of cutting the stream gives the same messages."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_gateway.intake import ReplyTo, mid_and_qos
from ingest_gateway.packets import (
    MalformedPacketError,
    PacketReader,
    read_length,
    read_properties,
    write_length,
)
from telemetry.batch import Message

NOW_US = 1_700_000_000_000_000
NUMBERS = {"content_type": 0x03, "response_topic": 0x08, "correlation": 0x09}


def properties(**given: bytes) -> bytes:
    """Encode string properties of a PUBLISH."""
    return b"".join(struct.pack("!BH", NUMBERS[name], len(value)) + value for name, value in given.items())


def publish(topic: str, payload: bytes, *, mid: int = 0, qos: int = 0, block: bytes = b"") -> bytes:
    """Encode a PUBLISH packet."""
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name
    body += struct.pack("!H", mid) if qos else b""
    body += write_length(len(block)) + block + payload
    return bytes((0x30 | qos << 1,)) + write_length(len(body)) + body


def read(*pieces: bytes, max_payload: int = 1000) -> PacketReader:
    """Feed pieces to a new reader."""
    reader = PacketReader(max_payload=max_payload)
    for piece in pieces:
        reader.feed(piece, NOW_US)
    return reader


def test_a_qos_1_message_is_taken_apart() -> None:
    """Topic, payload, content type, packet id and reply address come out as they went in."""
    block = properties(content_type=b"text/plain", response_topic=b"a/receipt", correlation=b"\x00\xff7")
    reader = read(publish("a/b", b"20.5", mid=513, qos=1, block=block))
    assert reader.messages == [Message("a/b", b"20.5", "text/plain", NOW_US)]
    assert [mid_and_qos(value) for value in reader.tokens] == [(513, 1)]
    assert reader.replies == [ReplyTo("a/receipt", b"\x00\xff7")]


def test_a_qos_0_message_has_nothing_to_acknowledge() -> None:
    """Its token is 0."""
    assert read(publish("a", b"1")).tokens == [0]


def test_qos_2_and_other_packets_are_left_to_others() -> None:
    """Everything that is not a PUBLISH of QoS 0 or 1 is handed on whole and in order."""
    stream = b"\xd0\x00" + publish("a", b"1", mid=7, qos=2) + publish("a", b"2", mid=8, qos=1) + b"\x62\x02\x00\x07"
    reader = read(stream)
    assert [packet.first_byte for packet in reader.others] == [0xD0, 0x34, 0x62]
    assert reader.others[2].body == b"\x00\x07"
    assert [message.payload for message in reader.messages] == [b"2"]


def test_empty_payload_and_empty_properties() -> None:
    """The shortest PUBLISH is one."""
    assert read(publish("a", b"")).messages == [Message("a", b"", "", NOW_US)]


messages = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
        st.binary(max_size=300),
        st.integers(1, 65_535),
        st.sampled_from([0, 1]),
        st.binary(max_size=10),
    ),
    min_size=1,
    max_size=8,
)


@given(messages, st.data())
def test_any_fragmentation_gives_the_same_messages(
    sent: list[tuple[str, bytes, int, int, bytes]], data: st.DataObject
) -> None:
    """Wherever TCP cuts the stream, the messages are those of the whole."""
    stream = b"".join(
        publish(topic, payload, mid=mid, qos=qos, block=properties(correlation=extra))
        for topic, payload, mid, qos, extra in sent
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut = read(stream), read(*pieces)
    assert cut.messages == whole.messages
    assert [(m.topic, m.payload) for m in cut.messages] == [(topic, payload) for topic, payload, *_ in sent]
    assert cut.tokens == whole.tokens
    assert cut.replies == whole.replies
    assert cut.held_bytes == 0


def test_byte_by_byte() -> None:
    """A message that comes a byte at a time is whole in the end."""
    block = properties(content_type=b"c")
    stream = publish("a/b", b"x" * 200, mid=1, qos=1, block=block) + b"\xd0\x00"
    reader = read(*[stream[i : i + 1] for i in range(len(stream))])
    assert reader.messages == [Message("a/b", b"x" * 200, "c", NOW_US)]
    assert len(reader.others) == 1


def test_an_oversize_packet_is_cut_and_never_held_whole() -> None:
    """Ten megabytes come by; the reader keeps no more than its limit and the next message is unharmed."""
    big = publish("a", b"z" * 10_000_000, mid=5, qos=1)
    stream = big + publish("b", b"1", mid=6, qos=1)
    reader = PacketReader(max_payload=1000)
    most = 0
    for at in range(0, len(stream), 65_536):
        reader.feed(stream[at : at + 65_536], NOW_US)
        most = max(most, reader.held_bytes)
    assert [(m.topic, len(m.payload)) for m in reader.messages] == [("a", 1001), ("b", 1)]
    assert [mid_and_qos(value)[0] for value in reader.tokens] == [5, 6]
    assert most < 150_000


def test_a_payload_just_above_the_limit_is_cut_one_byte_above_it() -> None:
    """The decoder sees that it is too long; what fits is left alone."""
    reader = read(publish("a", b"z" * 1500) + publish("a", b"z" * 1000))
    assert [len(m.payload) for m in reader.messages] == [1001, 1000]


def user_properties(count: int) -> bytes:
    """Encode user properties of some 60 kB each."""
    return (b"\x26\x00\x01k" + struct.pack("!H", 60_000) + b"x" * 60_000) * count


def test_properties_too_large_to_hold_are_no_broken_connection() -> None:
    """A legal packet of two megabytes of properties comes out as too large, with its id; its neighbour is unharmed."""
    packet = publish("a", b"{}", mid=5, qos=1, block=user_properties(34))
    stream = packet + publish("b", b"1", mid=6, qos=1)
    reader = read(*[stream[at : at + 65_536] for at in range(0, len(stream), 65_536)])
    assert [(m.topic, len(m.payload)) for m in reader.messages] == [("a", 1001), ("b", 1)]
    assert [mid_and_qos(value)[0] for value in reader.tokens] == [5, 6]


def test_a_cut_number_never_passes_for_a_whole_one() -> None:
    """Where the cut leaves a few digits of a payload, they are not delivered; who asked for a receipt still gets it."""
    block = properties(response_topic=b"a/receipt", correlation=b"7") + user_properties(1)
    packet = publish("a", b"1" * 20_000, mid=5, qos=1, block=block)
    reader = read(packet[:71_005], packet[71_005:])
    assert [len(m.payload) for m in reader.messages] == [1001]
    assert reader.replies == [ReplyTo("a/receipt", b"7")]


def test_what_is_remembered_between_messages_is_small() -> None:
    """Property blocks and topics of many kilobytes are not kept, however many different ones come."""
    reader = PacketReader(max_payload=1000)
    tracemalloc.start()
    for number in range(100):
        kind = b"%05d" % number * 10_000
        reader.feed(publish(f"{number}-" + "t" * 50_000, b"1", block=properties(content_type=kind)), NOW_US)
        reader.messages.clear()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 500_000


def test_topic_aliases_belong_to_their_connection() -> None:
    """An alias stands for the topic it came with; after a reset it stands for nothing."""
    alias = b"\x23\x00\x05"
    reader = read(publish("a/b", b"1", block=alias), publish("", b"2", block=alias), publish("c", b"3", block=alias))
    reader.feed(publish("", b"4", block=alias), NOW_US)
    assert [m.topic for m in reader.messages] == ["a/b", "a/b", "c", "c"]
    reader.reset()
    with pytest.raises(MalformedPacketError, match="alias 5"):
        reader.feed(publish("", b"5", block=alias), NOW_US)


def test_properties_that_nobody_needs_are_skipped() -> None:
    """Payload format, expiry, subscription ids and user properties stand in nobody's way."""
    block = b"\x01\x01" + b"\x02\x00\x00\x00\x09" + b"\x0b\x80\x01" + b"\x26\x00\x01k\x00\x01v" + b"\x03\x00\x01c"
    assert read_properties(block).content_type == "c"


@pytest.mark.parametrize(
    "packet",
    [
        b"\x30\x02\x00\x00",  # no room for the properties
        b"\x32\x04\x00\x01a\x00",  # no room for the packet id
        b"\x30\x05\x00\x01a\x05x",  # properties longer than the packet
        b"\x30\x08\x00\x01a\x04\x03\x00\x09c",  # a string longer than the properties
        b"\x30\x06\x00\x01a\x01\x11x",  # a property that PUBLISH does not have
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x30\x03\x00\x09a",  # a topic longer than the packet
    ],
)
def test_malformed_packets_are_named_as_such(packet: bytes) -> None:
    """Bytes that no broker sends raise our error, not an IndexError."""
    with pytest.raises(MalformedPacketError):
        read(packet)


@given(st.binary(max_size=200))
def test_random_bytes_never_do_anything_else(data: bytes) -> None:
    """Whatever comes, it is messages, waiting, or malformed."""
    reader = PacketReader(max_payload=50)
    try:
        reader.feed(data, NOW_US)
    except MalformedPacketError:
        return
    assert reader.held_bytes <= len(data)


@given(st.integers(0, 268_435_455))
def test_lengths_round_trip(value: int) -> None:
    """A variable byte integer reads back; with a byte missing it asks for more."""
    data = write_length(value)
    assert read_length(data, 0, len(data)) == (value, len(data))
    assert read_length(data, 0, len(data) - 1)[1] == -1
