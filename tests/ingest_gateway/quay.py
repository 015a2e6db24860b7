"""A small port for the gateway's tests: its site, its devices, a gateway that runs, and what the database says."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest_gateway.service import Gateway
from storage.engine import connect
from telemetry.formats.envelope import JSON_TYPE, encode_pack
from telemetry.site import Asset, Kind, Operator, Point, Site, Utility

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest_gateway.settings import GatewaySettings

SITE = "quay"
TELEMETRY = f"port/v1/{SITE}/hall/room-1/telemetry"
OTHER_TELEMETRY = f"port/v1/{SITE}/hall/room-2/telemetry"
PLAIN_TOPIC = "legacy/meter/7"
NAMES = [f"t{number:02d}" for number in range(50)]


def small_site(*extra: Point) -> Site:
    """Return a site of two rooms: fifty temperatures in one, a flow in the other."""
    assets = [("hall/room-1", "node-1"), ("hall/room-2", "node-2")]
    return Site(
        id=SITE,
        name="Quay",
        latitude=50.7,
        longitude=1.6,
        timezone=ZoneInfo("Europe/Paris"),
        utilities=(Utility(id="cold", name={"en": "Cold"}),),
        operators=(Operator(id="firm", name="Firm"),),
        assets=tuple(
            Asset(key=key, name={"en": key}, utility="cold", operator="firm", device=device) for key, device in assets
        ),
        points=(
            *(gauge(f"hall/room-1/{name}", "temperature", "Cel") for name in NAMES),
            gauge("hall/room-2/flow", "volume_flow", "m3/h"),
            *extra,
        ),
        plain_topics={PLAIN_TOPIC: "hall/room-2/flow"},
    )


def gauge(key: str, quantity: str, unit: str) -> Point:
    """Return a gauge without limits of its own."""
    return Point(
        key=key, name={"en": key}, quantity=quantity, unit=unit, kind=Kind.GAUGE, period_s=60, silent_after_s=300
    )


def now_ms() -> int:
    """Return the time of this machine [ms since 1970-01-01 UTC]."""
    return time.time_ns() // 1_000_000


def wait_until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until something holds, and fail naming it if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for: {what}"
        time.sleep(0.01)


class Device:
    """Publishes with stock paho, as a device would, and listens for receipts."""

    def __init__(self, port: int, name: str = "device") -> None:
        self.receipts: dict[bytes, dict[str, int]] = {}
        self.receipt_topic = f"port/v1/{SITE}/{name}/receipt"
        self.seq = 0
        self._listening = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._listening.set()
        self._client.on_message = self._receipt
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._listening.wait(10)

    def send(
        self,
        topic: str,
        payload: bytes,
        content_type: str = "",
        *,
        qos: int = 1,
        correlation: bytes | None = None,
        response_topic: str | None = None,
    ) -> paho.MQTTMessageInfo:
        """Publish; with correlation data a receipt is asked for."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if content_type:
            properties.ContentType = content_type
        if correlation is not None:
            properties.ResponseTopic = response_topic or self.receipt_topic
            properties.CorrelationData = correlation
        return self._client.publish(topic, payload, qos, properties=properties)

    def pack(
        self,
        entries: list[dict[str, Any]],
        *,
        ts_ms: int | None = None,
        topic: str = TELEMETRY,
        dev: str = "node-1",
        **options: Any,
    ) -> int:
        """Publish an envelope and return its sequence number."""
        self.seq += 1
        payload = encode_pack(dev, 1, self.seq, ts_ms or now_ms(), entries)
        self.send(topic, payload, JSON_TYPE, **options)
        return self.seq

    def receipt(self, correlation: bytes) -> dict[str, int]:
        """Wait for a receipt."""
        wait_until(lambda: correlation in self.receipts, f"the receipt {correlation!r}")
        return self.receipts[correlation]

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, *_: object) -> None:
        self._client.subscribe(self.receipt_topic, 0)

    def _receipt(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        correlation = bytes(getattr(message.properties, "CorrelationData", b""))
        self.receipts[correlation] = json.loads(message.payload)


class Running:
    """A gateway in a thread, and questions to the database it writes to."""

    def __init__(self, settings: GatewaySettings, **seams: Any) -> None:
        self.settings = settings
        self.gateway = Gateway(settings, **seams)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.gateway.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def ready(self) -> Running:
        """Wait until messages flow."""
        wait_until(lambda: self.gateway.pipeline.alive and not self.gateway.not_ready(), "a ready gateway")
        return self

    def stop(self) -> None:
        """Stop it as SIGTERM does, and wait."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def status(self, path: str) -> tuple[int, str]:
        """Ask the status server."""
        assert self.gateway.status is not None
        url = f"http://127.0.0.1:{self.gateway.status.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class Books:
    """What the database says."""

    def __init__(self, dsn: str) -> None:
        self._connection = connect(dsn, autocommit=True)

    def __call__(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask a question."""
        return self._connection.execute(query.encode(), values).fetchall()

    def readings(self) -> int:
        """Count stored readings."""
        return int(self("SELECT count(*) FROM reading")[0][0])

    def reasons(self) -> dict[str, int]:
        """Count quarantine by reason."""
        return dict(self("SELECT reason, count(*) FROM quarantine GROUP BY reason"))

    def ledger(self) -> dict[str, int]:
        """Return the sums of the ledger."""
        row = self(
            "SELECT coalesce(sum(received), 0), coalesce(sum(stored), 0), coalesce(sum(duplicate), 0),"
            " coalesce(sum(quarantined), 0) FROM ingest_ledger"
        )[0]
        return dict(zip(("received", "stored", "duplicate", "quarantined"), map(int, row), strict=True))

    def received(self, count: int, seconds: float = 30.0) -> dict[str, int]:
        """Wait until so many entries were received; check that the ledger balances with the tables."""
        wait_until(lambda: self.ledger()["received"] >= count, f"{count} entries, {self.ledger()}", seconds)
        ledger = self.ledger()
        assert ledger["received"] == ledger["stored"] + ledger["duplicate"] + ledger["quarantined"]
        assert ledger["stored"] == self.readings()
        assert ledger["quarantined"] == sum(self.reasons().values())
        return ledger

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()
