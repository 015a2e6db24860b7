"""The MQTT 5 connection of a publisher: paho, wrapped so that nothing it does can stop the rest.

Callbacks run in paho's network thread. They note what happened in queues and wake the publisher, nothing more; an
exception in one would otherwise end the thread while the client still believes itself connected.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.receipts import Receipt, pack_number, read_receipt
from edge.reports import Reporter
from telemetry.formats.status import State
from telemetry.topics import receipt_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.reasoncodes import ReasonCode

    from edge.buffer import Buffer, Pack
    from edge.reports import OwnAsset, ReportMessage

log = logging.getLogger(__name__)

NO_SUBSCRIBERS = 0x10  # PUBACK: taken, but nobody was there to have it
PACKET_TOO_LARGE = 0x95
TOPIC_INVALID = 0x90
LISTEN_EVERY_S = 30.0  # a subscription that was refused is asked for again
REPORTS_AT_ONCE = 10  # beside the packs; an agent may speak for hundreds of assets
HEADER_BYTES = 200  # more than the fixed and variable header of any of our packets, topics aside [B]


@dataclass(frozen=True, kw_only=True)
class LinkSettings:
    """How a device reaches its broker and what it says about itself."""

    client_id: str  # the device's id; the broker knows it again by this after a break
    site: str
    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password: str = ""
    ca_file: Path | None = None  # given: TLS, and the broker's certificate is checked against it
    receipts: bool = True  # keep each pack until the gateway answers for its commit
    keepalive_s: int = 30
    inflight: int = 100  # packs handed over and not yet acknowledged by the broker
    largest_payload: int = 1_000_000  # [B]; the gateway's own limit. Brokers break the connection over a larger one
    session_expiry_s: int = 86_400
    reconnect_least_s: float = 1.0  # doubles up to the most while the broker is away
    reconnect_most_s: float = 30.0
    assets: tuple[OwnAsset, ...] = ()  # whose `status` and `meta` are kept at the broker; see `edge.reports`
    status_every_s: float = 60.0

    @property
    def receipt_topic(self) -> str:
        """Where the gateway answers."""
        return receipt_topic(self.site, self.client_id)


class Acknowledgement(NamedTuple):
    """The broker's answer to one message."""

    message: int  # MQTT message id
    delivered: bool  # taken, and somebody was there to have it
    hopeless: bool  # refused in a way that trying again cannot mend
    reason: str


class Link:
    """One connection, kept up; what comes back waits in `acknowledgements` and `receipts`."""

    def __init__(self, settings: LinkSettings, buffer: Buffer, wake: Callable[[], None]) -> None:
        self.settings = settings
        self.buffer = buffer
        self.acknowledgements: deque[Acknowledgement] = deque()
        self.receipts: deque[tuple[int, Receipt]] = deque()
        self.session_lost = threading.Event()
        self.unreadable_receipts = 0
        self._limit = 1  # messages that may wait for the broker's acknowledgement
        self._wake = wake
        self._ready = threading.Event()
        self._largest: int | None = None  # the broker's maximum packet size [B]
        self._reporter = Reporter(settings.site, settings.client_id, settings.assets, buffer)
        self._reports: deque[ReportMessage] = deque()
        self._reported: list[MQTTMessageInfo] = []  # on their way to the broker
        self._status_at_s = 0.0
        self._meta_due = False
        self._listen_at_s = 0.0
        self._client = self._new_client()

    @property
    def ready(self) -> bool:
        """Whether packs may flow: connected, and listening for receipts."""
        return self._ready.is_set()

    @property
    def at_once(self) -> int:
        """How many packs may wait for the broker's acknowledgement; reports are messages too."""
        return max(1, self._limit - len(self._reported))

    def start(self) -> None:
        """Begin to connect, in the background, for as long as it takes."""
        settings = self.settings
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = settings.session_expiry_s
        self._client.connect_async(
            settings.host, settings.port, keepalive=settings.keepalive_s, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Say `offline`, disconnect and end the network thread."""
        if self.ready:
            self._reports = deque(self._reporter.statuses(State.OFFLINE))
            _wait_until(self._all_reported, 2.0)
        self._ready.clear()
        self._client.disconnect()
        self._client.loop_stop()

    def supervise(self) -> None:
        """Start the network thread again should it have died, and renew the retained status when it is time."""
        thread = self._client._thread  # noqa: SLF001 – paho has no public way to ask whether its thread lives
        if thread is not None and not thread.is_alive():
            log.error("the network thread of %s had died; starting it again", self.settings.client_id)
            self._ready.clear()
            self._client.loop_stop()
            self._client.loop_start()
        now = time.monotonic()
        if self.ready and now >= self._status_at_s:
            self._say_online()
        self._send_reports()
        if self.settings.receipts and not self.ready and self._client.is_connected() and now >= self._listen_at_s:
            self._listen()

    def publish(self, pack: Pack, correlation: bytes) -> int:
        """Hand a pack to the client; return its message id.

        Raises
        ------
        ValueError
            If the broker can never take it.
        """
        most = self.settings.largest_payload
        if self._largest is not None:
            most = min(most, self._largest - len(pack.topic) - HEADER_BYTES)
        if len(pack.payload) > most:
            raise ValueError(f"its payload has {len(pack.payload)} B, of which only {most} B would be taken")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if pack.content_type:
            properties.ContentType = pack.content_type
        if self.settings.receipts:
            properties.ResponseTopic = self.settings.receipt_topic
            properties.CorrelationData = correlation
        return self._client.publish(pack.topic, pack.payload, qos=1, properties=properties).mid

    def _new_client(self) -> Client:
        settings = self.settings
        client = Client(CallbackAPIVersion.VERSION2, settings.client_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.suppress_exceptions = True  # an exception in a callback is logged, and never ends the thread
        client.enable_logger(log.getChild("paho"))
        client.max_inflight_messages_set(0)  # the publisher counts, and heeds the broker's receive maximum
        # paho's hint says int; it only adds and compares, and a test wants fractions of a second
        client.reconnect_delay_set(settings.reconnect_least_s, settings.reconnect_most_s)  # type: ignore[arg-type]
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if settings.ca_file is not None:
            client.tls_set_context(ssl.create_default_context(cafile=str(settings.ca_file)))
        client.on_pre_connect = self._before_connect
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _before_connect(self, client: Client, _data: object) -> None:
        """Count the connection to come, and leave its last will with the client."""
        self._reporter.next_link()
        will = self._reporter.last_will()
        if will is not None:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.ContentType = will.content_type
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=properties)

    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("the broker at %s:%d refuses: %s", self.settings.host, self.settings.port, reason)
            return
        self._largest = getattr(properties, "MaximumPacketSize", None)
        self._limit = min(self.settings.inflight, getattr(properties, "ReceiveMaximum", 65_535))
        if not flags.session_present:
            self.session_lost.set()
        if self.settings.receipts:
            self._listen()
        else:
            self._now_ready()

    def _listen(self) -> None:
        """Ask for our receipts; packs flow only once the broker has agreed, or each would wait in vain."""
        self._listen_at_s = time.monotonic() + LISTEN_EVERY_S
        self._client.subscribe(self.settings.receipt_topic, qos=0)

    def _on_subscribe(
        self, _client: Client, _data: object, _message: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        if reasons[0].is_failure:
            topic = self.settings.receipt_topic
            log.error("the broker does not let us listen on %s: %s – allow it in its access rules", topic, reasons[0])
            return
        self._now_ready()

    def _now_ready(self) -> None:
        self._status_at_s = 0.0
        self._meta_due = True  # the broker may have forgotten
        self._ready.set()
        self._wake()

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._ready.clear()
        log.info("disconnected: %s", reason)
        self._wake()

    def _on_publish(
        self, _client: Client, _data: object, message: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        hopeless = reason.value in {PACKET_TOO_LARGE, TOPIC_INVALID}
        delivered = not reason.is_failure and reason.value != NO_SUBSCRIBERS
        self.acknowledgements.append(Acknowledgement(message, delivered, hopeless, str(reason)))
        self._wake()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        number = pack_number(self.buffer.identity, getattr(message.properties, "CorrelationData", None))
        receipt = read_receipt(bytes(message.payload))
        if number is None or receipt is None:
            self.unreadable_receipts += 1
            return
        self.receipts.append((number, receipt))
        self._wake()

    def _say_online(self) -> None:
        """Queue what is to be said now; what was still waiting to be said is old."""
        self._status_at_s = time.monotonic() + self.settings.status_every_s
        self._reports = deque(self._reporter.statuses(State.ONLINE))
        if self._meta_due:
            self._meta_due = False
            self._reports.extend(self._reporter.metas())

    def _send_reports(self) -> None:
        """Hand over some of the reports: all at once could be more than the broker is ready to take."""
        self._reported = [info for info in self._reported if not info.is_published()]
        while self._reports and self.ready and len(self._reported) < min(REPORTS_AT_ONCE, self._limit):
            report = self._reports.popleft()
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.ContentType = report.content_type
            info = self._client.publish(report.topic, report.payload, qos=1, retain=True, properties=properties)
            self._reported.append(info)

    def _all_reported(self) -> bool:
        """Send on, and say whether the broker has everything."""
        self._send_reports()
        return not (self._reports or self._reported)


def _wait_until(done: Callable[[], bool], timeout_s: float) -> None:
    """Wait without failing when the connection breaks meanwhile."""
    end = time.monotonic() + timeout_s
    while not done() and time.monotonic() < end:
        time.sleep(0.005)
