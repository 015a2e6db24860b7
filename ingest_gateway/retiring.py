"""A gateway that is never to come back: it takes what waits for it at the broker, and its session ends.

As long as a session lives, a broker may go on handing it its share of the new messages (mosquitto does), and they wait
there for somebody who does not come.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest_gateway.client import set_credentials
from ingest_gateway.service import Gateway
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from ingest_gateway.settings import GatewaySettings

_QUIET_S = 3.0  # nothing came for so long: nothing waits any more
_TURN_S = 0.05


class _Leaving(Gateway):
    """Gives up every subscription, and takes only what waits."""

    def give_up(self) -> None:
        """Have the subscriptions taken back in the first moment of the connection."""
        self.decoders.refresh()
        self.connection.subscribe(frozenset(), never=self.decoders.filters(sparkplug=True, reports=True))

    def _look_after(self) -> None:
        self.give_up()
        if self.decoders.loaded and not self._started:
            self._started = True
            self.pipeline.start()

    @property
    def taken(self) -> int:
        """Messages written so far."""
        return int(self.metrics.registry.get_sample_value("quaymeter_gateway_messages_total") or 0)


def retire(settings: GatewaySettings, *, patience_s: float = 600.0) -> int:
    """Take over what waits for the gateway `settings.client_id`, end its session, and return how many messages.

    Raises ConfigurationError, and leaves the session as it is, where the gateway still runs or it cannot be done.
    """
    gateway, stop = _Leaving(replace(settings, http_port=None)), threading.Event()
    gateway.give_up()
    thread = threading.Thread(target=gateway.run, args=(stop,), name="retire")
    thread.start()
    try:
        cause = _empty(gateway, time.monotonic() + patience_s)
    finally:
        stop.set()
        thread.join()
    if not cause and gateway.intake.held_messages:
        cause = f"{gateway.intake.held_messages} messages could not be written: {gateway.pipeline.reason}"
    if not cause:
        cause = _end_session(settings)
    if cause:
        raise ConfigurationError(
            cause,
            place=f"gateway {settings.client_id}",
            cure="see that it does not run, that broker and database do, and retire it again: nothing is lost so far",
        )
    return gateway.taken


def _empty(gateway: _Leaving, deadline_s: float) -> str:
    """Wait until nothing has come for a while; return why that cannot be, "" where it is so."""
    before, quiet_since_s = -1, time.monotonic()
    while time.monotonic() < deadline_s:
        connection = gateway.connection
        if connection.connections > 1:
            return "the connection was lost, most likely to the gateway itself: it still runs"
        busy = not connection.connected or gateway.intake.held_messages or gateway.taken != before
        if busy:
            before, quiet_since_s = gateway.taken, time.monotonic()
        elif time.monotonic() - quiet_since_s > _QUIET_S:
            return ""
        time.sleep(_TURN_S)
    return f"it did not come to an end: {'; '.join(gateway.not_ready()) or 'messages keep coming'}"


def _end_session(settings: GatewaySettings) -> str:
    """Connect once more, asking the broker to forget everything; return why it did not, "" where it did."""
    answers: list[str] = []
    client = paho.Client(
        CallbackAPIVersion.VERSION2, settings.client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
    )
    set_credentials(client, settings)
    client.on_connect = lambda *arguments: answers.append(str(arguments[3]) if arguments[3].is_failure else "")
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = 0
    try:
        client.connect(settings.broker_host, settings.broker_port, clean_start=True, properties=properties)
        deadline_s = time.monotonic() + 10
        while not answers and time.monotonic() < deadline_s:
            client.loop(_TURN_S)
        client.disconnect()
        client.loop(_TURN_S)
    except OSError as error:
        return str(error)
    return answers[0] if answers else "the broker did not answer"
