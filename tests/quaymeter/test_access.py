"""Access lists and passwords made from a site file hold at a real mosquitto."""

from __future__ import annotations

import queue
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from quaymeter.access import REPLAY_USER, SIMULATED_SOURCE, access_list, devices, hashed, make_secrets, matches
from quaymeter.broker import find_mosquitto
from quaymeter.demo.ports import free_port
from telemetry.site_file import parse_site
from tests.quaymeter.north_port import SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND_NODE = """
[[assets]]
key = "quay/tank"
name = { fr = "Cuve", en = "Tank" }
utility = "water"
operator = "port"
device = "node-2"
[assets.points]
level = { name = { fr = "Niveau", en = "Level" }, quantity = "level", unit = "m", kind = "gauge", period_s = 60 }
"""
TWO_NODES = SITE + SECOND_NODE


def test_every_device_has_its_branch_and_no_other() -> None:
    """A device's block names the topics of its own assets only."""
    site = parse_site(TWO_NODES, "north.toml")
    assert devices(site) == ["node-1", "node-2"]
    block = access_list(site).split("user node-1\n")[1].split("\nuser")[0]
    assert "topic write port/v1/north/quay/pump/telemetry" in block
    assert "topic read port/v1/north/node-1/receipt" in block
    assert "tank" not in block


def test_a_password_line_is_recognised() -> None:
    """The hash of a password matches it, and no other one."""
    line = hashed("secret")
    assert matches(line, "secret")
    assert not matches(line, "Secret")
    assert not matches("", "secret")


def test_secrets_are_made_once(tmp_path: Path) -> None:
    """A second run keeps every password and every line, and adds nothing."""
    site = parse_site(TWO_NODES, "north.toml")
    first = dict(make_secrets(site, tmp_path / "secrets"))
    assert all(first.values())
    before = {path: path.read_bytes() for path in (tmp_path / "secrets").rglob("*") if path.is_file()}
    assert not any(dict(make_secrets(site, tmp_path / "secrets")).values())
    assert {path: path.read_bytes() for path in before} == before
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_the_broker_enforces_the_branches(secured: tuple[int, Path]) -> None:
    """With the files and the configuration of deploy/, a device writes on its own branch and nowhere else."""
    port, secrets = secured
    with _client(port, "gateway", _password(secrets / "broker_gateway")) as (gateway, heard):
        gateway.subscribe("$share/quaymeter/port/v1/north/+/+/telemetry", qos=1)
        time.sleep(0.2)
        # One connection for each: mosquitto 2.0.11 closes the connection that published where it may not.
        for branch, payload in (("tank", b"foreign"), ("pump", b"own")):
            with _client(port, "node-1", _password(secrets / "devices" / "node-1")) as (device, _):
                device.publish(f"port/v1/north/quay/{branch}/telemetry", payload, qos=1).wait_for_publish(5)
        assert heard.get(timeout=5) == ("port/v1/north/quay/pump/telemetry", b"own")
        assert heard.empty()


def test_devices_keep_their_own_status_and_meta(secured: tuple[int, Path]) -> None:
    """A device's retained words and its last will reach the gateway, those on another's branch do not."""
    port, secrets = secured
    password = _password(secrets / "devices" / "node-1")
    for branch, kind in (("tank", "status"), ("tank", "meta"), ("pump", "meta")):
        with _client(port, "node-1", password) as (device, _):
            device.publish(f"port/v1/north/quay/{branch}/{kind}", kind, qos=1, retain=True).wait_for_publish(5)
    with _client(port, "gateway", _password(secrets / "broker_gateway")) as (gateway, heard):
        for kind in ("status", "meta"):
            gateway.subscribe(f"port/v1/north/+/+/{kind}", qos=1)
        assert heard.get(timeout=5) == ("port/v1/north/quay/pump/meta", b"meta")
        for branch in ("tank", "pump"):
            with _client(port, "node-1", password, will=f"port/v1/north/quay/{branch}/status") as (device, _):
                device._sock_close()  # as a device that dies
        assert heard.get(timeout=5) == ("port/v1/north/quay/pump/status", b"offline")
        assert heard.empty()


@pytest.mark.parametrize("source", [REPLAY_USER, SIMULATED_SOURCE])
def test_who_speaks_for_every_device_hears_its_receipts(secured: tuple[int, Path], source: str) -> None:
    """Replay and simulated port write for any device as the user replay; without receipts they would send for ever."""
    port, secrets = secured
    with (
        _client(port, "gateway", _password(secrets / "broker_gateway")) as (gateway, heard),
        _client(port, "replay", _password(secrets / "broker_replay")) as (replay, answers),
    ):
        gateway.subscribe("port/v1/north/+/+/telemetry", qos=1)
        replay.subscribe(f"port/v1/north/{source}/receipt", qos=1)
        time.sleep(0.2)
        replay.publish("port/v1/north/quay/tank/telemetry", b"any", qos=1).wait_for_publish(5)
        assert heard.get(timeout=5) == ("port/v1/north/quay/tank/telemetry", b"any")
        gateway.publish(f"port/v1/north/{source}/receipt", b"safe", qos=1).wait_for_publish(5)
        assert answers.get(timeout=5) == (f"port/v1/north/{source}/receipt", b"safe")


def test_strangers_are_not_let_in(secured: tuple[int, Path]) -> None:
    """Without a name, or with a wrong password, the broker refuses the connection."""
    port, _ = secured
    for user, password in (("", ""), ("node-1", "guessed")):
        with pytest.raises(ConnectionRefusedError), _client(port, user, password):
            pass


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Run mosquitto with the configuration of deploy/, its paths moved to a temporary directory."""
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    secrets = tmp_path / "secrets"
    for _ in make_secrets(parse_site(TWO_NODES, "north.toml"), secrets):
        pass
    access = tmp_path / "access"
    access.mkdir()
    shutil.copy(secrets / "broker_passwords", access / "passwords")
    shutil.copy(secrets / "broker_acl", access / "acl")
    for folder in ("data", "conf.d"):
        (tmp_path / folder).mkdir()
    port = free_port()
    text = Path("deploy/broker/mosquitto.conf").read_text(encoding="utf-8")
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/mosquitto/", f"{tmp_path}/")
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(f"{text}\nuser root\n", encoding="utf-8")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(configuration)], stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield port, secrets
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "mosquitto refuses the configuration of deploy/"
        if free_port(port) != port:
            return
        time.sleep(0.05)
    pytest.fail("mosquitto does not listen")


def _password(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


@contextmanager
def _client(
    port: int, user: str, password: str, *, will: str = ""
) -> Iterator[tuple[mqtt.Client, queue.Queue[tuple[str, bytes]]]]:
    """Connect as a user; raises ConnectionRefusedError where the broker does not want us."""
    answers: queue.Queue[str] = queue.Queue()
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        answers.put(str(reason))

    def received(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        heard.put((message.topic, bytes(message.payload)))

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_connect = connected
    client.on_message = received
    if user:
        client.username_pw_set(user, password)
    if will:
        client.will_set(will, b"offline", qos=1, retain=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        answer = answers.get(timeout=5)
        if answer != "Success":
            raise ConnectionRefusedError(answer)
        yield client, heard
    finally:
        client.disconnect()
        client.loop_stop()
