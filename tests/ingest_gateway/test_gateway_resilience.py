"""A gateway whose broker, database, catalogue or own process goes away and comes back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from ingest_gateway.settings import ClientKind, GatewaySettings
from quaymeter.broker import LocalBroker
from storage.catalogue import apply_site
from storage.embedded import EmbeddedServer
from storage.migrate import migrate
from telemetry.formats.envelope import JSON_TYPE, encode_pack
from tests.ingest_gateway.quay import (
    NAMES,
    SITE,
    TELEMETRY,
    Books,
    Device,
    Running,
    gauge,
    now_ms,
    small_site,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PACK = [{"n": name, "v": 4.5} for name in NAMES]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Run a database server that a test may stop."""
    server = EmbeddedServer(tmp_path / "pg")
    server.start()
    migrate(server.dsn)
    apply_site(server.dsn, small_site(), who="test")
    yield server
    server.stop(immediately=True)


def test_two_gateways_share_the_load(start: Callable[..., Running], device: Device, books: Books) -> None:
    """Each message goes to one of the two; nothing is missing, nothing comes twice."""
    for name in ("gw-1", "gw-2"):
        start(client_id=name).ready()
    first_ms = now_ms() - 1000
    for number in range(200):
        device.pack(PACK, ts_ms=first_ms + number)
    assert books.received(10_000) == {"received": 10_000, "stored": 10_000, "duplicate": 0, "quarantined": 0}
    shares = dict(books("SELECT gateway, sum(stored)::int FROM ingest_ledger GROUP BY gateway"))
    assert set(shares) == {"gw-1", "gw-2"}
    assert min(shares.values()) > 2000


def test_a_stopped_database_holds_the_broker_back_in_bounded_memory(
    start: Callable[..., Running], device: Device, own_server: EmbeddedServer, client_kind: ClientKind
) -> None:
    """With the database down memory stays bounded and the connection lives; afterwards everything is stored."""
    running = start(
        dsn=own_server.dsn, client=client_kind, max_held_bytes=2_000_000, keepalive_s=2, batch_rows=5000
    ).ready()
    own_server.stop(immediately=True)
    before_bytes = psutil.Process().memory_info().rss
    first_ms = now_ms() - 10_000
    messages = 4000
    padding = b" " * 2000  # eight megabytes and more in all
    for number in range(messages):
        device.send(TELEMETRY, encode_pack("node-1", 1, number, first_ms + number, PACK[:5]) + padding, JSON_TYPE)
    wait_until(lambda: running.gateway.intake.full, "a full intake")
    status, answer = running.status("/ready")
    assert status == 503
    assert json.loads(answer)["ready"] is False
    time.sleep(4.5)  # a broker drops who has been silent for 1.5 keep-alives
    assert running.gateway.intake.held_bytes < 2_000_000 + 600_000
    assert psutil.Process().memory_info().rss - before_bytes < 60_000_000
    assert running.gateway.connection.connections == 1
    assert running.status("/health")[0] == 200
    own_server.start()
    books = Books(own_server.dsn)
    ledger = books.received(messages * 5, 60)
    assert ledger == {"received": messages * 5, "stored": messages * 5, "duplicate": 0, "quarantined": 0}
    assert running.gateway.connection.connections == 1
    wait_until(lambda: running.status("/ready")[0] == 200, "readiness")
    running.stop()
    books.close()


def test_a_broker_killed_under_load_is_joined_again(
    start: Callable[..., Running], broker: LocalBroker, books: Books
) -> None:
    """After kill -9 of the broker the same gateway goes on; what the publisher sends again is counted once."""
    running = start().ready()
    sender = Device(broker.port, "sender")
    sender.pack(PACK)
    books.received(50)
    broker.kill()
    wait_until(lambda: not running.gateway.connection.connected, "the loss of the broker")
    assert running.status("/ready")[0] == 503
    broker.start()
    running.ready()
    again = Device(broker.port, "sender-2")
    again.pack(PACK, ts_ms=now_ms() + 1)
    wait_until(lambda: books.readings() == 100, "the second pack")
    books.received(100)
    sender.stop()
    again.stop()


def test_broker_and_database_may_come_later(tmp_path: Path) -> None:
    """A gateway started first waits for both and says for which; then it works."""
    server = EmbeddedServer(tmp_path / "pg")
    server.start()
    migrate(server.dsn)
    apply_site(server.dsn, small_site(), who="test")
    server.stop()
    broker = LocalBroker(tmp_path / "broker", prefer="mosquitto")
    port = broker.start()
    broker.stop()
    running = Running(
        GatewaySettings(dsn=server.dsn, broker_port=port, http_port=0, sites=(SITE,), catalogue_check_s=0.2)
    )
    wait_until(lambda: running.gateway.status, "the status page")

    def both_are_missed() -> bool:
        code, body = running.status("/ready")
        return code == 503 and f"127.0.0.1:{port}" in body and "database" in body

    wait_until(both_are_missed, "two reasons")
    assert running.status("/health")[0] == 200
    broker.start()
    server.start()
    running.ready()
    device, books = Device(port), Books(server.dsn)
    device.pack(PACK)
    books.received(50)
    running.stop()
    device.stop()
    books.close()
    server.stop(immediately=True)
    broker.stop()


def test_a_point_is_known_as_soon_as_its_site_file_is_applied(
    start: Callable[..., Running], device: Device, books: Books, database: str
) -> None:
    """A device that speaks at once after the site was applied is not refused, without a restart."""
    start(catalogue_check_s=3600.0).ready()
    device.pack([{"n": "new", "v": 1.0}])
    assert books.received(1)["quarantined"] == 1
    apply_site(database, small_site(gauge("hall/room-1/new", "temperature", "Cel")), who="test")
    time.sleep(1.1)
    device.pack([{"n": "new", "v": 1.0}])
    assert books.received(2) == {"received": 2, "stored": 1, "duplicate": 0, "quarantined": 1}


def test_a_receipt_is_not_sent_where_a_device_may_not_listen(
    start: Callable[..., Running], device: Device, books: Books
) -> None:
    """A response topic outside the receipts is not served: the gateway is nobody's hand on another's command topic."""
    start().ready()
    device.pack(PACK[:1], correlation=b"evil", response_topic=device.receipt_topic.replace("receipt", "cmd"))
    device.pack(PACK[1:2], correlation=b"good")
    books.received(2)
    device.receipt(b"good")
    assert set(device.receipts) == {b"good"}


CHILD = """
import json, signal, sys, threading
from ingest_gateway.service import run_gateway
from ingest_gateway.settings import GatewaySettings
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("up", flush=True)
run_gateway(GatewaySettings(**json.loads(sys.argv[1])), stop)
"""


def child(settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start a gateway as a process of its own, and wait until it listens to signals."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(settings)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == b"up\n"
    return process


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_gateway_stopped_under_load_loses_nothing(
    end: signal.Signals, broker: LocalBroker, database: str, books: Books, client_kind: ClientKind
) -> None:
    """SIGTERM: what was in hand is written and acknowledged, nothing comes twice. SIGKILL: all is there in the end."""
    settings = {"dsn": database, "broker_port": broker.port, "client": client_kind, "client_id": "gw"}
    gateway = child(settings)
    sender = Device(broker.port, "sender")
    sender.pack(PACK[:1])
    first_ms = now_ms() - 10_000
    # Only once a gateway has subscribed does the broker keep messages for it.
    wait_until(lambda: _sent_and_seen(sender, books), "the first gateway")
    sent = sender.seq
    done = threading.Event()

    def load() -> None:
        for number in range(3000):
            sender.pack(PACK[:10], ts_ms=first_ms + number)
        done.set()

    thread = threading.Thread(target=load)
    thread.start()
    for _ in range(2):
        time.sleep(0.4)
        gateway.send_signal(end)
        assert gateway.wait(30) == (0 if end == signal.SIGTERM else -signal.SIGKILL)
        gateway = child(settings)
    thread.join()
    wait_until(lambda: books.readings() >= 30_000, f"all readings after {sent} probes", 60)
    time.sleep(0.5)  # what would come twice would come now
    gateway.terminate()
    assert gateway.wait(30) == 0
    ledger = books.ledger()
    assert ledger["received"] == ledger["stored"] + ledger["duplicate"] + ledger["quarantined"]
    assert books("SELECT count(*) FROM reading WHERE ts < to_timestamp(%s)", (first_ms + 3000) / 1000) == [(30_000,)]
    assert ledger["quarantined"] == 0
    if end == signal.SIGTERM:
        assert ledger["duplicate"] == 0
    sender.stop()


def _sent_and_seen(sender: Device, books: Books) -> bool:
    """Probe with one more reading until one is stored."""
    if books.readings():
        return True
    sender.pack(PACK[:1])
    time.sleep(0.1)
    return False
