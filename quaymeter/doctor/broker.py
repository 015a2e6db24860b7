"""The broker: can it be reached, does it speak MQTT 5 as the gateways need it, does a message come back."""

from __future__ import annotations

import queue
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from quaymeter.doctor.finding import Finding, fail, ok, warn
from telemetry.topics import receipt_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaymeter.settings import Settings

WAIT_S = 5.0
VERSION_TOPIC = "$SYS/broker/version"
DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
MOSQUITTO_FILES = (Path("/etc/mosquitto/mosquitto.conf"),)


@dataclass(kw_only=True)
class _Heard:
    """What the broker told."""

    connected: queue.Queue[tuple[str, Properties | None]] = field(default_factory=queue.Queue)
    subscribed: queue.Queue[list[str]] = field(default_factory=queue.Queue)
    messages: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)


def findings(settings: Settings, site: str) -> Iterator[Finding]:
    """Look at the broker that the settings name; the test message travels below the topics of `site`."""
    heard = _Heard()
    client = _client(settings, heard)
    place = f"{settings.broker_host}:{settings.port_of_broker}"
    try:
        client.connect(settings.broker_host, settings.port_of_broker, keepalive=10)
        client.loop_start()
        reason, properties = heard.connected.get(timeout=WAIT_S)
    except (OSError, ValueError) as error:
        yield fail(
            "broker",
            f"{place} cannot be reached: {error}",
            "start the broker, or mend QUAYMETER_BROKER_HOST, _PORT and _TLS",
        )
        return
    except queue.Empty:
        yield fail(
            "broker", f"{place} does not answer as an MQTT 5 broker", "name an MQTT 5 broker; is it the right port?"
        )
        return
    try:
        if reason != "Success":
            yield fail("broker", f"{place} refuses: {reason}", "mend QUAYMETER_BROKER_USERNAME and _PASSWORD_FILE")
            return
        yield ok("broker", f"{place} speaks MQTT 5")
        yield from _abilities(properties)
        yield _round_trip(client, heard, site)
        yield from _own_figures(client, heard)
    finally:
        with suppress(OSError):
            client.disconnect()
        client.loop_stop()
    yield from queue_limits(settings)


def _client(settings: Settings, heard: _Heard) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"quaymeter-doctor-{secrets.token_hex(4)}", protocol=mqtt.MQTTv5
    )
    client.connect_timeout = WAIT_S
    if settings.broker_username:
        client.username_pw_set(settings.broker_username, settings.broker_password or None)
    if settings.broker_tls:
        client.tls_set(ca_certs=settings.broker_ca or None)

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, properties: Properties | None) -> None:  # noqa: ANN401 – paho's signature
        heard.connected.put((str(reason), properties))

    def subscribed(_client: Any, _data: Any, _id: int, reasons: list[Any], _properties: Any) -> None:  # noqa: ANN401 – paho's signature
        heard.subscribed.put([str(reason) for reason in reasons])

    def received(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401 – paho's signature
        heard.messages.put((message.topic, bytes(message.payload)))

    client.on_connect = connected
    client.on_subscribe = subscribed
    client.on_message = received
    return client


def _abilities(properties: Properties | None) -> Iterator[Finding]:
    """Yield what the broker said when it accepted the connection; what it does not say is the standard's default."""
    told = vars(properties) if properties is not None else {}
    for attribute, check, purpose in (
        ("SharedSubscriptionAvailable", "shared subscriptions", "gateways cannot share the load"),
        ("RetainAvailable", "retained messages", "the state of devices is not known after a restart"),
    ):
        if told.get(attribute, 1):
            yield ok(check, "available")
        else:
            yield fail(check, f"not available: {purpose}", "switch it on in the broker, or take one that has it")
    if told.get("MaximumQoS", 2) < 1:
        yield fail("quality of service", "only 0: messages may be lost", "take a broker with QoS 1")
    largest = told.get("MaximumPacketSize")
    if largest is not None and largest < 1_000_000:
        yield warn("message size", f"at most {largest} bytes", "raise max_packet_size: packs may have 1 MB")


def _round_trip(client: mqtt.Client, heard: _Heard, site: str) -> Finding:
    """Send a message to a shared subscription of our own, on a topic that a gateway may use."""
    topic = receipt_topic(site, f"doctor-{secrets.token_hex(4)}")
    group = f"quaymeter-doctor-{secrets.token_hex(4)}"
    began = time.monotonic()
    client.subscribe(f"$share/{group}/{topic}", qos=1)
    with suppress(queue.Empty):
        answers = heard.subscribed.get(timeout=WAIT_S)
        if any("ranted" not in answer for answer in answers):
            return fail("round trip", f"the subscription was refused: {answers[0]}", "let the user read port/v1/SITE/#")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.CorrelationData = b"doctor"
        client.publish(topic, b"doctor", qos=1, properties=properties)
        heard.messages.get(timeout=WAIT_S)
        return ok("round trip", f"a message came back in {(time.monotonic() - began) * 1000:.0f} ms")
    return fail(
        "round trip",
        f"a message to {topic} did not come back within {WAIT_S:.0f} s",
        "let the gateway's user read port/v1/SITE/# and write port/v1/SITE/+/receipt (quaymeter site acl)",
    )


def _own_figures(client: mqtt.Client, heard: _Heard) -> Iterator[Finding]:
    """Yield what mosquitto publishes about itself; other brokers say nothing there."""
    client.subscribe([(VERSION_TOPIC, 0), (DROPPED_TOPIC, 0)])
    told: dict[str, str] = {}
    end = time.monotonic() + 1.0
    while len(told) < 2 and time.monotonic() < end:
        with suppress(queue.Empty):
            topic, payload = heard.messages.get(timeout=0.1)
            told[topic] = payload.decode("utf-8", "replace")
    if VERSION_TOPIC in told:
        yield ok("broker version", told[VERSION_TOPIC])
    dropped = told.get(DROPPED_TOPIC, "0")
    if dropped not in ("0", ""):
        yield warn(
            "dropped messages",
            f"the broker has dropped {dropped} since it started",
            "max_queued_messages 0 and a larger max_queued_bytes; do devices publish where nobody subscribes?",
        )


def queue_limits(settings: Settings, files: tuple[Path, ...] = MOSQUITTO_FILES) -> Iterator[Finding]:
    """Look into mosquitto's own file where the broker runs here and it can be read."""
    if settings.broker_host not in ("127.0.0.1", "localhost", "::1"):
        return
    for path in files:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield _limit(path, dict(line.split(None, 1) for line in text.splitlines() if len(line.split(None, 1)) == 2))


def _limit(path: Path, values: dict[str, str]) -> Finding:
    if "include_dir" in values and "max_queued_messages" not in values:
        return ok("queue limits", f"{path} includes {values['include_dir']}: look there for max_queued_messages 0")
    limit = values.get("max_queued_messages", "1000 (the default)").strip()
    if limit != "0":
        return warn(
            "queue limits",
            f"{path}: max_queued_messages is {limit}; more is dropped without a word while the gateways are away",
            "set max_queued_messages 0 and bound the queue with max_queued_bytes (docs/install.md)",
        )
    return ok("queue limits", f"{path}: bounded in bytes, not in number")
