"""The connection to the broker: one thread that owns the client, connects for ever and never lets go.

Every connection has a number, its generation. Messages carry it to the database and back, and an acknowledgement that
comes back to another connection is dropped: the broker has sent its message again under another number.

While the intake is full, the socket is not read. TCP then holds the broker back, nothing piles up here, and a ping now
and then keeps the broker from taking us for dead.
"""

from __future__ import annotations

import logging
import random
import select
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paho.mqtt.enums import MQTTErrorCode

from ingest_gateway.bulk_client import make_client
from ingest_gateway.client import connect_properties
from ingest_gateway.doorbell import Doorbell
from ingest_gateway.recurrence import Recurrence
from ingest_gateway.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.client import ConnectFlags, SocketLike
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest_gateway.intake import Intake, ReplyTo
    from ingest_gateway.receipts import Receipt
    from ingest_gateway.settings import GatewaySettings
    from telemetry.batch import Message

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S = 0.2
_LAST_BACKOFF_S = 15.0
_TURN_S = 0.5  # the loop goes round at least this often
_FLUSH_S = 3.0  # how long a stop waits for the last acknowledgements to leave


@dataclass(frozen=True, kw_only=True)
class _Settled:
    """Messages that are committed: acknowledgements and receipts to send."""

    generation: int
    tokens: Sequence[int]
    receipts: Sequence[Receipt]


class Connection:
    """Reads messages into an intake, and acknowledges them when told that they are committed."""

    def __init__(self, settings: GatewaySettings, intake: Intake) -> None:
        """Nothing is connected before `start`."""
        self._settings = settings
        self._intake = intake
        intake.on_room = self.wake
        self._client = make_client(settings, self._take)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._bell = Doorbell()
        self._outbox: deque[Callable[[], None]] = deque()
        self._subscriptions = Subscriptions()
        self._reading = True
        self._leaving = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._last_ping_s = 0.0
        self.generation = 0
        self.connected = False
        self.session_present = False
        self.reason = "not connected yet"  # why there is no connection, for people
        self.connections = 0  # made since the start
        self.unreadable = Recurrence()  # connections that ended over bytes that are no MQTT
        self.last_turn_s = time.monotonic()  # the loop is alive if this is recent

    def start(self) -> None:
        """Connect, and go on for ever."""
        self._bell.open()
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the network thread is there and moving."""
        return self._thread.is_alive() and time.monotonic() - self.last_turn_s < 30

    @property
    def subscribed(self) -> bool:
        """Whether the broker has answered for every filter that is wanted."""
        return self.connected and self._subscriptions.settled

    @property
    def refused_filters(self) -> frozenset[str]:
        """The filters that the broker does not let us have."""
        return self._subscriptions.refused

    def subscribe(self, filters: frozenset[str], *, never: frozenset[str] = frozenset()) -> None:
        """Set the topic filters to be subscribed to, now and after every reconnection; `never` are given up."""
        if self._subscriptions.want(filters, never):
            self._do(self._subscribe)

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 0 when connected; dropped otherwise."""
        self._do(lambda: self._publish(topic, payload))

    def settle(self, generation: int, tokens: Sequence[int], receipts: Sequence[Receipt]) -> None:
        """Acknowledge messages that are committed, and send their receipts."""
        settled = _Settled(generation=generation, tokens=tokens, receipts=receipts)
        self._do(lambda: self._send_settled(settled))

    def wake(self) -> None:
        """Have the loop go round now."""
        self._bell.ring()

    def stop_reading(self) -> None:
        """Leave the socket alone from now on: what the broker still sends stays unacknowledged."""
        stopped = threading.Event()
        self._reading = False
        self._do(stopped.set)
        stopped.wait(_TURN_S * 2)  # a turn that is reading now still adds to the intake

    def stop(self) -> None:
        """Send what is queued, say goodbye to the broker (it keeps the session) and end the thread."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(_FLUSH_S + 5)
        self._bell.close()

    # Everything below runs in the network thread.

    def _do(self, action: Callable[[], None]) -> None:
        self._outbox.append(action)
        self.wake()

    def _run(self) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while not self._stopping.is_set():
            try:
                self._connect()
                while self._turn():
                    if self.connected:
                        backoff_s = _FIRST_BACKOFF_S
            except OSError as error:
                self.reason = f"{self._place}: {error}"
            except Exception as error:
                # Whatever it was, the next connection starts clean; ending here would be silence for ever.
                log.exception("the MQTT loop failed; connecting again")
                self.reason = f"{self._place}: {error!r}"
            self.connected = False
            if not self._stopping.is_set():
                log.info("broker not connected, next attempt in %.1f s: %s", backoff_s, self.reason)
                self._pause(backoff_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads reconnections, no secret
                backoff_s = min(backoff_s * 2, _LAST_BACKOFF_S)

    @property
    def _place(self) -> str:
        return f"broker {self._settings.broker_host}:{self._settings.broker_port}"

    def _connect(self) -> None:
        self.last_turn_s = time.monotonic()
        self.generation += 1
        self._client.connect_async(
            self._settings.broker_host,
            self._settings.broker_port,
            keepalive=self._settings.keepalive_s,
            clean_start=False,
            properties=connect_properties(self._settings),
        )
        self._client.reconnect()

    def _pause(self, seconds: float) -> None:
        """Wait between two attempts; what is queued meanwhile belongs to a connection that is gone."""
        deadline = time.monotonic() + seconds
        while not self._stopping.is_set() and (left_s := deadline - time.monotonic()) > 0:
            self.last_turn_s = time.monotonic()
            select.select([self._bell], [], [], min(left_s, 1.0))
            self._bell.hush()
            self._drain_outbox()

    def _turn(self) -> bool:
        """Go round once; return False when the connection is gone."""
        client = self._client
        sock = client.socket()
        if sock is None:
            return False
        self.last_turn_s = time.monotonic()
        reading = self._may_read()
        readers: list[SocketLike | Doorbell] = [self._bell, sock] if reading else [self._bell]
        wait_s = 0.0 if reading and client.pending() else _TURN_S
        readable, writable, _ = select.select(readers, [sock] if client.want_write() else [], [], wait_s)
        if self._bell in readable:
            self._bell.hush()
        self._drain_outbox()
        if self._stopping.is_set():
            self._say_goodbye()
            return False
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        if reading and (sock in readable or client.pending()):
            code = client.read()
            if self.connected:
                # Reading each message as it comes costs the broker a wake-up and us a round trip through the kernel:
                # 20 µs a message. A short rest lets several arrive together.
                time.sleep(self._settings.read_pace_ms / 1000)
        if not code and (sock in writable or client.want_write()):
            code = client.loop_write()
        if code:
            if code == MQTTErrorCode.MQTT_ERR_PROTOCOL:
                log.error("%s sent what cannot be read; connecting again", self._place)
                self.unreadable.note()
            return False
        self._stay_alive(reading=reading)
        return True

    def _may_read(self) -> bool:
        # Before CONNACK there is nothing but CONNACK to read, however full the intake is.
        return not self.connected or (self._reading and not self._intake.full)

    def _stay_alive(self, *, reading: bool) -> None:
        if reading:
            self._client.loop_misc()
            return
        # paho's own keep-alive waits for an answer that lies unread behind the messages.
        now = time.monotonic()
        if now - self._last_ping_s > self._settings.keepalive_s / 3:
            self._last_ping_s = now
            self._client.ping()

    def _say_goodbye(self) -> None:
        """Send everything queued, see that the broker has read it, and disconnect; the broker keeps the session.

        A socket that is closed with something unread in it is reset, and what the broker had not read yet is lost
        with it: acknowledgements, which would bring committed messages again. The answer to a last message says that
        the broker has read all before it. What comes meanwhile is not looked at; it is not acknowledged either.
        """
        self._leaving = True
        if self.connected:
            heard = self._client.ask_for_an_answer()
            deadline = time.monotonic() + _FLUSH_S
            while not heard() and self._exchange(deadline):
                pass
            if not heard():
                log.warning("the broker did not confirm the last acknowledgements in time; it may send again")
            self._client.disconnect()
            while self._client.want_write() and self._exchange(deadline + 1):
                pass
        self.connected = False

    def _exchange(self, deadline_s: float) -> bool:
        """Write and read once, outside the ordinary loop; return False when time is up or the connection is gone."""
        client = self._client
        sock, left_s = client.socket(), deadline_s - time.monotonic()
        if sock is None or left_s <= 0:
            return False
        ready, writable, _ = select.select([sock], [sock] if client.want_write() else [], [], min(left_s, _TURN_S))
        if writable and client.loop_write():
            return False
        return client.socket() is not None and not (ready and client.read())

    def _take(self, messages: list[Message], tokens: list[int], replies: list[ReplyTo | None]) -> None:
        if not self._leaving:
            self._intake.add(self.generation, messages, tokens, replies)

    def _send_settled(self, settled: _Settled) -> None:
        if not self.connected:
            return
        if settled.generation == self.generation:
            self._client.acknowledge(settled.tokens)
        # A receipt is true whichever connection its message came over.
        self._client.answer(settled.receipts)

    def _publish(self, topic: str, payload: bytes) -> None:
        if self.connected:
            self._client.publish(topic, payload, qos=0)

    def _subscribe(self) -> None:
        if self.connected:
            self._subscriptions.bring_about(self._client)

    def _on_connect(
        self, _client: object, _userdata: object, flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self.reason = f"{self._place} refused the connection: {code}"
            return
        self.connected = True
        self.reason = ""
        self.connections += 1
        self.session_present = flags.session_present
        self._last_ping_s = time.monotonic()
        self._subscriptions.connected()
        log.info("connected to %s, session %s", self._place, "kept" if flags.session_present else "new")
        self._subscribe()

    def _on_disconnect(
        self, _client: object, _userdata: object, _flags: object, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if self.connected or not self.reason:
            self.reason = f"{self._place} closed the connection: {code}"
        self.connected = False

    def _on_subscribe(
        self,
        _client: object,
        _userdata: object,
        mid: int,
        codes: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._subscriptions.answered(mid, codes, self._place)

    def _drain_outbox(self) -> None:
        while self._outbox:
            self._outbox.popleft()()
