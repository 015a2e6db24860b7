"""The publisher over TLS: a broker with the right certificate gets the packs, another one nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from edge.buffer import Buffer, Pack
from edge.publisher import Publisher, PublisherSettings
from quaymeter.broker import find_mosquitto, free_port
from tests.edge.answering import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed: apt install mosquitto"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt install openssl"),
]


def certificate(folder: Path, name: str) -> Path:
    """Make a self-signed certificate for 127.0.0.1."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", f"{name}.key", "-out", f"{name}.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / f"{name}.pem"


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """Yield the port of a mosquitto that speaks TLS only."""
    certificate(tmp_path, "broker")
    port = free_port()
    (tmp_path / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"certfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
    )
    program = find_mosquitto()
    assert program is not None
    with subprocess.Popen([program, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL) as broker:
        assert eventually(lambda: _listens(port))
        yield port
        broker.terminate()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


# paho leaves the socket of a failed handshake to the garbage collector, which warns of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_only_a_broker_with_the_right_certificate_is_talked_to(tls_port: int, tmp_path: Path) -> None:
    """The certificate is checked: readings and passwords never go to whoever took over the address."""
    buffer = Buffer(tmp_path / "b.db")
    buffer.put(Pack("agent-1", "port/v1/capecure/quay/loop-1/telemetry", b"{}", "", 1))

    def publisher(authority: Path) -> Publisher:
        return Publisher(
            PublisherSettings(
                client_id="agent-1", site="capecure", port=tls_port, ca_file=authority,
                reconnect_least_s=0.1, reconnect_most_s=0.2,
            ),
            buffer,
        )  # fmt: skip

    stranger = publisher(certificate(tmp_path, "stranger"))
    stranger.start()
    time.sleep(0.7)
    assert not stranger.connected
    assert stranger.counts.sent == 0
    stranger.stop()
    friend = publisher(tmp_path / "broker.pem")
    friend.start()
    assert eventually(lambda: friend.connected)
    assert eventually(lambda: friend.counts.sent == 1)
    friend.stop()
    buffer.close()
