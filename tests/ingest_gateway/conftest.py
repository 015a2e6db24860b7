"""Gateways over a real broker and a real database, and devices that publish to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingest_gateway.settings import ClientKind, GatewaySettings
from storage.catalogue import apply_site
from tests.ingest_gateway.quay import Books, Device, Running, small_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quaymeter.broker import LocalBroker


@pytest.fixture
def books(database: str) -> Iterator[Books]:
    """Ask a database to which the small site was applied."""
    apply_site(database, small_site(), who="test")
    asked = Books(database)
    yield asked
    asked.close()


@pytest.fixture(params=["bulk", "stock"])
def client_kind(request: pytest.FixtureRequest) -> ClientKind:
    """Each of the two MQTT clients in turn."""
    kind: ClientKind = request.param
    return kind


@pytest.fixture
def start(database: str, books: Books, broker: LocalBroker) -> Iterator[Callable[..., Running]]:
    """Start gateways over the broker and the database; stopped at the end."""
    del books  # only has to be there first
    running: list[Running] = []
    settings = GatewaySettings(dsn=database, broker_port=broker.port, http_port=0, catalogue_check_s=0.3, drain_s=10)

    def begin(**changes: Any) -> Running:
        seams = {name: changes.pop(name) for name in ("make_writer", "load") if name in changes}
        one = Running(replace(settings, **changes), **seams)
        running.append(one)
        return one

    yield begin
    for one in running:
        one.stop()


@pytest.fixture
def device(broker: LocalBroker) -> Iterator[Device]:
    """Connect a device."""
    one = Device(broker.port)
    yield one
    one.stop()
