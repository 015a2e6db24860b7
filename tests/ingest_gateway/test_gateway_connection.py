"""The connection and its two clients against a real broker: the same behaviour, whichever reads."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest_gateway import bulk_client
from ingest_gateway.bulk_client import BulkClient
from ingest_gateway.client import StockClient
from ingest_gateway.connection import Connection
from ingest_gateway.intake import Batch, Intake, ReplyTo, mid_and_qos
from ingest_gateway.receipts import Receipt
from ingest_gateway.settings import ClientKind, GatewaySettings, TlsSettings
from quaymeter.broker import LocalBroker, find_mosquitto, free_port
from tests.ingest_gateway.quay import Device, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILTERS = frozenset({"$share/group/test/#"})


@pytest.fixture
def settings(broker: LocalBroker, client_kind: ClientKind) -> GatewaySettings:
    """Return settings for the broker and one of the clients."""
    return GatewaySettings(dsn="", broker_port=broker.port, client=client_kind, client_id="gw", max_payload=1000)


@pytest.fixture
def connect() -> Iterator[Callable[[GatewaySettings], tuple[Connection, Intake]]]:
    """Connect and subscribe; everything is stopped at the end."""
    made: list[Connection] = []

    def begin(settings: GatewaySettings, max_held_bytes: int = 10_000_000) -> tuple[Connection, Intake]:
        intake = Intake(batch_rows=100_000, batch_ms=20, max_held_bytes=max_held_bytes)
        connection = Connection(settings, intake)
        connection.subscribe(FILTERS)
        connection.start()
        made.append(connection)
        wait_until(lambda: connection.subscribed, "the subscription")
        return connection, intake

    yield begin
    for connection in made:
        connection.stop()


def collect(intake: Intake, count: int, seconds: float = 10.0) -> list[Batch]:
    """Take batches until so many messages are there."""
    batches: list[Batch] = []
    deadline = time.monotonic() + seconds
    while sum(map(len, batches)) < count:
        assert time.monotonic() < deadline, f"{sum(map(len, batches))} of {count} messages came"
        batch = intake.take(0.1)
        if batch is not None:
            batches.append(batch)
    return batches


def test_a_message_arrives_with_all_that_matters(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """Topic, payload, content type, arrival, packet id and the address for the receipt."""
    _, intake = connect(settings)
    before_us = time.time_ns() // 1000
    device.send("test/é", b"\x00\xff", "text/plain", correlation=b"\x00c", response_topic="port/v1/x/receipt")
    (batch,) = collect(intake, 1)
    ((topic, payload, content_type, received_us),) = batch.messages
    assert (topic, payload, content_type) == ("test/é", b"\x00\xff", "text/plain")
    assert before_us <= received_us <= time.time_ns() // 1000
    assert batch.replies == [ReplyTo("port/v1/x/receipt", b"\x00c")]
    assert mid_and_qos(batch.tokens[0])[1] == 1


def test_what_is_not_acknowledged_comes_again(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """After a reconnection the broker sends exactly the messages that were not acknowledged."""
    connection, intake = connect(settings)
    for number in range(6):
        device.send("test/a", b"%d" % number)
    batches = collect(intake, 6)
    messages = [message for batch in batches for message in batch.messages]
    tokens = [value for batch in batches for value in batch.tokens]
    assert [message.payload for message in messages] == [b"0", b"1", b"2", b"3", b"4", b"5"]
    connection.settle(batches[0].generation, tokens[:4], [])
    connection.stop()
    _, intake = connect(settings)
    again = [message.payload for batch in collect(intake, 2) for message in batch.messages]
    assert again == [b"4", b"5"]


def test_an_acknowledgement_never_crosses_to_another_connection(
    settings: GatewaySettings,
    connect: Callable[..., tuple[Connection, Intake]],
    device: Device,
    broker: LocalBroker,
) -> None:
    """A message settled after the connection broke is not acknowledged on the next: the broker sends it again."""
    connection, intake = connect(settings)
    device.send("test/a", b"first")
    (old,) = collect(intake, 1)
    broker.stop()
    wait_until(lambda: not connection.connected, "the loss of the connection")
    broker.start()
    wait_until(lambda: connection.connected, "the next connection")
    (again,) = collect(intake, 1)
    assert again.messages[0].payload == b"first"
    assert again.generation > old.generation
    connection.settle(old.generation, [again.tokens[0]], [])  # the right number, the wrong connection
    time.sleep(0.2)
    connection.stop()
    _, intake = connect(settings)
    assert collect(intake, 1)[0].messages[0].payload == b"first"


def test_receipts_are_published(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """A receipt arrives under its correlation data, alone or among many."""
    connection, _ = connect(settings)
    payload = b'{"received":1,"stored":1,"duplicate":0,"quarantined":0}'
    names = [b"\x00%d" % number for number in range(300)]
    connection.settle(0, [], [Receipt(device.receipt_topic, name, payload) for name in names])
    wait_until(lambda: len(device.receipts) == len(names), "all receipts")
    assert set(device.receipts) == set(names)


def test_a_long_payload_is_cut_and_the_next_message_is_whole(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """Five megabytes arrive as one byte more than allowed, for the decoder to refuse."""
    _, intake = connect(settings)
    device.send("test/big", b"z" * 5_000_000)
    device.send("test/next", b"1")
    messages = [message for batch in collect(intake, 2) for message in batch.messages]
    assert [(message.topic, len(message.payload)) for message in messages] == [("test/big", 1001), ("test/next", 1)]


def test_every_qos_arrives_and_is_settled(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """QoS 0, 1 and 2 all come; once settled, none comes again."""
    connection, intake = connect(settings)
    for qos in (0, 1, 2):
        device.send("test/q", b"%d" % qos, qos=qos)
    for batch in collect(intake, 3):
        connection.settle(batch.generation, batch.tokens, [])
    connection.stop()
    _, intake = connect(settings)
    assert intake.take(0.5) is None


def test_the_broker_does_not_drop_a_gateway_that_leaves_its_socket_alone(
    settings: GatewaySettings, connect: Callable[..., tuple[Connection, Intake]], device: Device
) -> None:
    """With a full intake for three keep-alives the connection lives, and reading goes on where it stopped."""
    connection, intake = connect(replace(settings, keepalive_s=1), max_held_bytes=20_000)
    for _ in range(200):
        device.send("test/a", b"x" * 900)
    wait_until(lambda: intake.full, "a full intake")
    time.sleep(3.5)
    assert connection.connected
    assert connection.connections == 1
    assert intake.held_bytes < 300_000
    seen = 0
    while seen < 200:
        (batch,) = collect(intake, 1)[:1]
        seen += len(batch)
        intake.release(batch)
        connection.settle(batch.generation, batch.tokens, [])
    assert connection.connections == 1


def trickle(listener: socket.socket, port: int, stop: threading.Event) -> None:
    """Pass one connection on to a broker; what the broker says arrives in single bytes."""
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = socket.create_connection(("127.0.0.1", port))

    def upstream() -> None:
        with contextlib.suppress(OSError):  # either end may go first
            while data := client.recv(4096):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    threading.Thread(target=upstream, daemon=True).start()
    with client, server, contextlib.suppress(OSError):
        while not stop.is_set() and (data := server.recv(4096)):
            for byte in data:
                client.sendall(bytes((byte,)))
                time.sleep(0.0002)


def test_packets_in_single_bytes(
    settings: GatewaySettings,
    connect: Callable[..., tuple[Connection, Intake]],
    device: Device,
    broker: LocalBroker,
) -> None:
    """A network that delivers a byte at a time changes nothing, CONNACK and SUBACK included."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        proxy = threading.Thread(target=trickle, args=(listener, broker.port, stop), daemon=True)
        proxy.start()
        connection, intake = connect(replace(settings, broker_port=port))
        for number in range(20):
            device.send("test/a", b"%d" % number, "text/plain", qos=number % 3)
        payloads = [message.payload for batch in collect(intake, 20) for message in batch.messages]
        assert sorted(payloads, key=int) == [b"%d" % number for number in range(20)]
        connection.stop()
        stop.set()
        proxy.join(5)


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[tuple[int, int, Path]]:
    """Run a mosquitto with a plain and a TLS port and a certificate of its own; yield the ports and the authority."""
    program, openssl = find_mosquitto(), shutil.which("openssl")
    if program is None or openssl is None:
        pytest.skip("mosquitto and openssl are needed for TLS")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *request, *files], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    (tmp_path / "tls.conf").write_text(
        f"user root\nallow_anonymous true\nlistener {plain} 127.0.0.1\nlistener {secure} 127.0.0.1\n"
        f"certfile {certificate}\nkeyfile {key}\nmax_queued_messages 0\n"
    )
    process = subprocess.Popen([program, "-c", str(tmp_path / "tls.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(secure), "the TLS broker")
        yield plain, secure, certificate
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


def test_tls(
    tls_broker: tuple[int, int, Path],
    client_kind: ClientKind,
    connect: Callable[..., tuple[Connection, Intake]],
) -> None:
    """Over TLS, where the socket announces less than it holds, a burst of messages arrives whole."""
    plain, secure, authority = tls_broker
    settings = GatewaySettings(
        dsn="",
        broker_host="localhost",
        broker_port=secure,
        client=client_kind,
        tls=TlsSettings(ca_file=authority),
        max_payload=50_000,
    )
    connection, intake = connect(settings)
    sender = Device(plain)
    for number in range(400):
        sender.send("test/a", b"%d" % number + b" " * 3000)
    batches = collect(intake, 400)
    payloads = [int(message.payload) for batch in batches for message in batch.messages]
    assert payloads == list(range(400))
    for batch in batches:
        connection.settle(batch.generation, batch.tokens, [])
    sender.stop()


def test_another_version_of_paho_falls_back_to_its_own_reading(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The fast client is used with the version it was written for, and with no other; the log says so."""
    settings = GatewaySettings(dsn="")
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=1)
    assert bulk_client.usable()
    assert isinstance(Connection(settings, intake)._client, BulkClient)
    monkeypatch.setattr("paho.mqtt.__version__", "2.3.0")
    fallen_back = Connection(settings, intake)._client
    assert type(fallen_back) is StockClient
    assert "fits paho-mqtt 2.2.0 only" in caplog.text


def test_a_broker_that_is_not_there_is_named_and_waited_for(tmp_path: Path, client_kind: ClientKind) -> None:
    """Without a broker the reason names its address; when it comes, the connection is made."""
    port = free_port()
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=1000)
    connection = Connection(GatewaySettings(dsn="", broker_port=port, client=client_kind), intake)
    connection.start()
    wait_until(lambda: f"127.0.0.1:{port}" in connection.reason and "refused" in connection.reason, "the reason")
    assert connection.alive
    with LocalBroker(tmp_path / "late", port=port):
        wait_until(lambda: connection.connected, "the late broker")
        assert connection.reason == ""
        connection.stop()
