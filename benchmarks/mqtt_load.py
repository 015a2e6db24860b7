"""A publisher and a counting subscriber that cost little, so that the broker and the gateway are what is measured.

Both speak MQTT 5 over a plain socket with packets made from templates. They run as processes of their own:
`python -m benchmarks.mqtt_load publish …` and `… count …` print one JSON document when they end.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest_gateway.packets import PacketReader, write_length
from telemetry.formats.envelope import JSON_TYPE, encode_pack
from telemetry.topics import telemetry_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "bench"
ASSETS = 20
POINTS = 50  # of each asset
_BOOT_MARK, _SEQ_MARK, _TS_MARK = 777_777_771, 777_777_772, 1_777_777_777_773
_CHUNK = 32  # packets a send
# Rest between two reads [s], as the gateway's own (`GatewaySettings.read_pace_ms`): the bound has its advantage too.
PACE_S = 0.002
ACK_S = 0.02  # acknowledgements that come together cost the broker less, as a batch's do
_CONNACK, _PUBACK, _SUBACK, _PUBLISH = 0x20, 0x40, 0x90, 0x30


def device(asset: int) -> str:
    """Return the device that publishes an asset of the made-up site."""
    return f"dev-{asset:02d}"


def asset_key(asset: int) -> str:
    """Return the key of an asset of the made-up site."""
    return f"area/asset-{asset:02d}"


def receive_topic() -> str:
    """Return where the publisher awaits its receipts."""
    return f"port/v1/{SITE}/bench/receipt"


@dataclass
class Template:
    """The PUBLISH packets of one asset; only packet id, seq, time and correlation data change."""

    head: bytes  # length-prefixed topic
    properties: bytes
    parts: tuple[bytes, bytes, bytes]  # payload before seq, between seq and time, after time
    correlate: bool
    next_seq: int = 0

    def packet(self, mid: int, ts_ms: int, now_ns: int) -> bytes:
        """Return the next packet; its readings carry `ts_ms`."""
        before, between, after = self.parts
        payload = b"%b%d%b%d%b" % (before, self.next_seq, between, ts_ms, after)
        self.next_seq += 1
        properties = self.properties + struct.pack("!BHQ", 9, 8, now_ns) if self.correlate else self.properties
        body = b"%b%b%b%b%b" % (self.head, mid.to_bytes(2), write_length(len(properties)), properties, payload)
        return b"\x32%b%b" % (write_length(len(body)), body)


def template(asset: int, entries: int, boot: int, *, receipts: bool) -> Template:
    """Make the template of one asset with so many entries a message."""
    rows = [{"n": f"p{number:02d}", "v": 20.25 + number / 8} for number in range(entries)]
    payload = encode_pack(device(asset), _BOOT_MARK, _SEQ_MARK, _TS_MARK, rows, tsq="ntp")
    payload = payload.replace(b"%d" % _BOOT_MARK, b"%d" % boot)
    before, rest = payload.split(b"%d" % _SEQ_MARK)
    between, after = rest.split(b"%d" % _TS_MARK)
    topic = telemetry_topic(SITE, asset_key(asset)).encode()
    properties = struct.pack("!BH", 3, len(JSON_TYPE)) + JSON_TYPE.encode()
    if receipts:
        answer = receive_topic().encode()
        properties += struct.pack("!BH", 8, len(answer)) + answer
    return Template(struct.pack("!H", len(topic)) + topic, properties, (before, between, after), receipts)


def connect(port: int, client_id: str, *, receive_maximum: int = 65_535) -> tuple[socket.socket, int]:
    """Open an MQTT 5 connection; return it and how many messages the broker takes unacknowledged."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = client_id.encode()
    properties = struct.pack("!BH", 0x21, receive_maximum)
    body = b"\x00\x04MQTT\x05\x02\x00\x00" + write_length(len(properties)) + properties
    body += struct.pack("!H", len(name)) + name
    sock.sendall(b"\x10" + write_length(len(body)) + body)
    first, answer = _one_packet(sock)
    if first & 0xF0 != _CONNACK or answer[1] >= 0x80:
        raise ConnectionError(f"the broker answered {answer!r}")
    at = answer.find(b"\x21", 3)
    window = int.from_bytes(answer[at + 1 : at + 3]) if at >= 0 else 65_535
    return sock, window


def subscribe(sock: socket.socket, topic_filter: str, qos: int) -> None:
    """Subscribe and wait for the broker's consent."""
    name = topic_filter.encode()
    body = b"\x00\x01\x00" + struct.pack("!H", len(name)) + name + bytes((qos,))
    sock.sendall(b"\x82" + write_length(len(body)) + body)
    first, answer = _one_packet(sock)
    if first & 0xF0 != _SUBACK or answer[-1] >= 0x80:
        raise ConnectionError(f"the broker refused {topic_filter}")


def _one_packet(sock: socket.socket) -> tuple[int, bytes]:
    first = _exactly(sock, 1)[0]
    length, shift = 0, 0
    while True:
        byte = _exactly(sock, 1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first, _exactly(sock, length)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


@dataclass
class Publisher:
    """Sends as fast as the broker acknowledges, or at a rate."""

    port: int
    entries: int
    seconds: float
    rate: float  # messages a second; 0 for as many as go
    receipts: bool
    boot: int
    last_ms: int  # readings begin one millisecond after this [ms since 1970-01-01 UTC]
    sent: int = 0
    acked: int = 0
    latencies_ns: list[int] = field(default_factory=list)

    def run(self) -> dict[str, float]:
        """Publish for the given time, wait for the last answers and return what was done."""
        sock, window = connect(self.port, f"load-{self.boot}")
        if self.receipts:
            subscribe(sock, receive_topic(), 0)
        sock.setblocking(False)  # noqa: FBT003 - the socket's own signature
        reader = PacketReader(max_payload=100_000)
        packets = self._packets()
        started = time.monotonic()
        started_at = time.time()
        stop_at = started + self.seconds
        unsent = b""
        last_ack_s = started
        while True:
            now = time.monotonic()
            sending = now < stop_at
            if (
                not sending
                and self.acked == self.sent
                and (not self.receipts or len(self.latencies_ns) == self.sent or now > stop_at + 10)
            ):
                break
            if now > stop_at + 60:
                break
            allowed = window - (self.sent - self.acked)
            if self.rate:
                allowed = min(allowed, int((now - started) * self.rate) - self.sent)
            if not unsent and sending and allowed > 0:
                count = min(allowed, _CHUNK)
                unsent = b"".join([next(packets) for _ in range(count)])
                self.sent += count
            busy = unsent or (sending and allowed > _CHUNK)
            if not busy:
                time.sleep(PACE_S)
            readable, writable, _ = select.select([sock], [sock] if unsent else [], [], 0.0 if not unsent else 0.1)
            if writable:
                unsent = unsent[sock.send(unsent) :]
            if readable:
                before = self.acked
                self._receive(sock, reader)
                last_ack_s = time.monotonic() if self.acked > before else last_ack_s
        return self._result(started, last_ack_s) | {"started_at": started_at, "last_ms": self.last_ms}

    def _packets(self) -> Iterator[bytes]:
        templates = [template(n, self.entries, self.boot, receipts=self.receipts) for n in range(ASSETS)]
        number = 0
        while True:
            now_ns = time.time_ns()
            mid = number % 65_535 + 1
            self.last_ms += number % ASSETS == 0  # all assets at one time, then the next millisecond
            yield templates[number % ASSETS].packet(mid, self.last_ms, now_ns)
            number += 1

    def _receive(self, sock: socket.socket, reader: PacketReader) -> None:
        data = sock.recv(262_144)
        if not data:
            raise ConnectionError("the broker closed the connection")
        reader.feed(data, 0)
        self.acked += len(reader.others)  # nothing but PUBACK comes here
        reader.others.clear()
        now_ns = time.time_ns()
        self.latencies_ns += [now_ns - int.from_bytes(reply.correlation) for reply in reader.replies if reply]
        reader.messages, reader.tokens, reader.replies = [], [], []

    def _result(self, started: float, last_ack_s: float) -> dict[str, float]:
        result = {
            "sent": self.sent,
            "acked": self.acked,
            "receipts": len(self.latencies_ns),
            "seconds": last_ack_s - started,
            "cpu_s": time.process_time(),
        }
        if self.latencies_ns:
            ordered = sorted(self.latencies_ns)
            result |= {
                "p50_ms": ordered[len(ordered) // 2] / 1e6,
                "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] / 1e6,
                "max_ms": ordered[-1] / 1e6,
            }
        return result


def count(port: int, topic_filter: str, receive_maximum: int) -> dict[str, float]:
    """Acknowledge whatever comes, until as many messages came as a line on stdin says."""
    sock, _ = connect(port, "count", receive_maximum=receive_maximum)
    subscribe(sock, topic_filter, 1)
    print("ready", flush=True)
    reader = PacketReader(max_payload=100_000)
    received, expected, first_s, last_s = 0, sys.maxsize, 0.0, time.monotonic()
    acks, acked_s = bytearray(), last_s
    inputs = [sock, sys.stdin]
    while received < expected and time.monotonic() - last_s < 30:
        readable = select.select(inputs, [], [], ACK_S if acks else 1.0)[0]
        if acks and time.monotonic() - acked_s > ACK_S:
            sock.sendall(acks)
            acks, acked_s = bytearray(), time.monotonic()
        if sys.stdin in readable:
            expected = int(sys.stdin.readline() or 0)
            inputs.remove(sys.stdin)
        if sock in readable:
            data = sock.recv(262_144)
            if not data:
                break
            reader.feed(data, 0)
            tokens, reader.tokens = reader.tokens, []
            reader.messages, reader.replies = [], []
            acks += b"".join([b"\x40\x02" + (value & 0xFFFF).to_bytes(2) for value in tokens])
            last_s = time.monotonic()
            first_s = first_s or last_s
            received += len(tokens)
            time.sleep(PACE_S)
    return {"received": received, "seconds": last_s - first_s, "cpu_s": time.process_time()}


def main() -> None:
    """Run one of the two as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    publish = commands.add_parser("publish")
    publish.add_argument("--port", type=int, required=True)
    publish.add_argument("--entries", type=int, required=True)
    publish.add_argument("--seconds", type=float, required=True)
    publish.add_argument("--rate", type=float, default=0.0)
    publish.add_argument("--receipts", action="store_true")
    publish.add_argument("--boot", type=int, required=True)
    publish.add_argument("--after-ms", type=int, required=True)
    counting = commands.add_parser("count")
    counting.add_argument("--port", type=int, required=True)
    counting.add_argument("--filter", required=True)
    counting.add_argument("--receive-maximum", type=int, required=True)
    given = parser.parse_args()
    if given.command == "publish":
        result = Publisher(
            given.port, given.entries, given.seconds, given.rate, given.receipts, given.boot, given.after_ms
        ).run()
    else:
        result = count(given.port, given.filter, given.receive_maximum)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
