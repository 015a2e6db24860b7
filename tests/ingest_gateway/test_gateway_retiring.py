"""A gateway that is taken away for good leaves nothing at the broker, and one that runs is not retired."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from ingest_gateway.retiring import retire
from ingest_gateway.settings import GatewaySettings
from ingest_gateway.subscriptions import Subscriptions
from telemetry.errors import ConfigurationError
from tests.ingest_gateway.quay import Books, Device, Running, now_ms, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from quaymeter.broker import LocalBroker


def send(device: Device, count: int, first: int = 0) -> None:
    """Publish packs of one reading each."""
    for number in range(first, first + count):
        device.pack([{"n": "t00", "v": 1.0}], ts_ms=now_ms() - 1_000_000 + number)


def test_what_waited_is_taken_over_and_nothing_more_is_given(
    database: str, broker: LocalBroker, books: Books, start: Callable[..., Running], device: Device
) -> None:
    """Two gateways become one: the broker keeps a share for the other until it is retired, and none afterwards."""
    start(client_id="gateway-1").ready()
    start(client_id="gateway-2").ready().stop()
    send(device, 100)
    time.sleep(2)
    waiting = 100 - books.readings()
    settings = GatewaySettings(dsn=database, broker_port=broker.port, client_id="gateway-2")
    assert retire(settings) == waiting > 0
    assert books.readings() == 100
    send(device, 50, first=100)
    wait_until(lambda: books.readings() == 150, "all messages at the gateway that is left")
    assert retire(settings) == 0


def test_a_gateway_that_runs_is_not_retired(
    database: str, broker: LocalBroker, start: Callable[..., Running], books: Books, device: Device
) -> None:
    """Somebody else speaks under the name: that is said, and messages go on flowing."""
    running = start(client_id="gateway-1").ready()
    with pytest.raises(ConfigurationError, match="still runs"):
        retire(GatewaySettings(dsn=database, broker_port=broker.port, client_id="gateway-1"))
    running.ready()
    send(device, 20)
    wait_until(lambda: books.readings() == 20, "messages at the gateway that was to be retired")


def test_what_a_kept_session_should_not_have_is_given_up_whenever_that_is_known() -> None:
    """The broker connects before the catalogue is loaded: the filters to give up are given up all the same."""
    client, subscriptions = Mock(), Subscriptions()
    client.subscribe.return_value = (0, 1)
    subscriptions.connected()
    subscriptions.bring_about(client)
    subscriptions.want(frozenset({"a"}), frozenset({"b"}))
    subscriptions.bring_about(client)
    client.unsubscribe.assert_called_once_with(["b"])
    subscriptions.bring_about(client)
    assert client.unsubscribe.call_count == 1
    subscriptions.connected()
    subscriptions.bring_about(client)
    assert client.unsubscribe.call_count == 2
