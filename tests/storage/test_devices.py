"""What devices say about themselves: kept where it is newer, in whatever order it arrives, and compared."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from storage.catalogue import apply_site, load_catalogue
from storage.devices import Standing, changes, compare_metas, devices, metas
from storage.engine import connect
from storage.times import from_us
from storage.writer import Writer
from telemetry.batch import Decoded, MessageNumber, empty_batch
from telemetry.formats.meta import AssetMeta, MetaPoint
from telemetry.formats.status import DeviceStatus, State
from telemetry.meta_check import Difference
from tests.storage.building import NOW_US, batch_of, decoded_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.devices import DeviceRow

SECOND_US = 1_000_000
ONLINE, OFFLINE = State.ONLINE, State.OFFLINE


def said(state: State, at_s: float | None = None, *, received_s: float | None = None, **more: Any) -> DeviceStatus:
    """Return a status told at a time, or a last will (without one) that arrived at a time, both after NOW [s]."""
    told = None if at_s is None else NOW_US + round(at_s * SECOND_US)
    received = told if received_s is None else NOW_US + round(received_s * SECOND_US)
    values: dict[str, Any] = {"site": "quay", "device": "dev-1", "boot": 1, "link": 1} | more
    return DeviceStatus(state=state, told_us=told, received_us=received or NOW_US, **values)


@pytest.fixture
def tell(database: str) -> Iterator[Callable[..., None]]:
    """Write reports as a gateway would, each in a batch of its own."""
    apply_site(database, small_site(), who="test")
    with Writer(database, gateway="g1") as writer:

        def write(*reports: DeviceStatus | AssetMeta) -> None:
            for report in reports:
                writer.write(messages_of(), Decoded(batch=empty_batch(), refusals=[], sequences=[], told=[report]))

        yield write


def known(dsn: str) -> DeviceRow:
    """Return what is known of the only device."""
    with connect(dsn) as connection:
        (row,) = devices(connection, "quay")
    return row


def test_a_device_that_never_said_anything_is_listed(database: str, tell: Callable[..., None]) -> None:
    """Its state is unknown, and nothing else is claimed."""
    del tell
    row = known(database)
    assert (row.device, row.state, row.since, row.last_seen, row.missing) == ("dev-1", "unknown", None, None, 0)
    assert row.assets == ["quay/pump"]


def test_online_offline_online(database: str, tell: Callable[..., None]) -> None:
    """Each change is kept with its time; what a last will cannot tell stays as it was."""
    tell(said(ONLINE, 10, packs=3, kept_bytes=99, oldest_us=NOW_US, dropped_packs=1, dropped_readings=5, clock="ntp"))
    tell(said(ONLINE, 70, packs=4, kept_bytes=99, clock="ntp"))
    row = known(database)
    assert (row.state, row.since, row.status_at) == ("online", _at(10), _at(70))
    assert (row.packs, row.oldest, row.dropped_packs, row.clock) == (4, None, 1, "ntp")
    tell(said(OFFLINE, received_s=100))
    row = known(database)
    assert (row.state, row.since, row.packs, row.dropped_readings, row.clock) == ("offline", _at(100), 4, 5, "ntp")
    assert row.last_will
    tell(said(ONLINE, 130, link=2))
    assert known(database).since == _at(130)
    with connect(database) as connection:
        found = changes(connection, "quay")
        assert changes(connection, "quay", device="other") == []
    assert [(one.state, one.at) for one in found] == [
        ("online", _at(130)),
        ("offline", _at(100)),
        ("online", _at(10)),
    ]


def _at(second: float) -> object:
    return from_us(NOW_US + round(second * SECOND_US))


@pytest.mark.parametrize(
    ("first", "second", "newer"),
    [
        # the same connection: the end is the end, whatever the clocks say
        (said(OFFLINE, received_s=50), said(ONLINE, 60), False),
        (said(ONLINE, 60), said(OFFLINE, received_s=50), True),
        (said(OFFLINE, 50), said(ONLINE, 60), False),
        # a queue that waited: the last will comes after the status of the next connection, and says nothing new
        (said(ONLINE, 60, link=2), said(OFFLINE, received_s=500), False),
        # … and the next connection wins over a last will that arrived after it was told
        (said(OFFLINE, received_s=500), said(ONLINE, 60, received_s=501, link=2), True),
        # restarts
        (said(ONLINE, 60, boot=2), said(OFFLINE, received_s=500, link=9), False),
        (said(ONLINE, 60, boot=2), said(ONLINE, 50, link=9), False),
        (said(OFFLINE, received_s=60), said(ONLINE, 50, boot=2), True),
        # a device that was replaced counts its boots anew; its clock proves that it is no memory
        (said(OFFLINE, received_s=60, boot=99), said(ONLINE, 70, boot=1), True),
        (said(ONLINE, 60, boot=99), said(OFFLINE, received_s=70, boot=1), False),
        # devices that do not count connections: the time decides
        (said(ONLINE, 60, link=0), said(OFFLINE, received_s=61, link=0), True),
        (said(OFFLINE, received_s=61, link=0), said(ONLINE, 60, link=0), False),
        (said(OFFLINE, received_s=61, link=0), said(ONLINE, 62, link=0), True),
        # the bare words
        (said(ONLINE, 60), said(OFFLINE, received_s=61, boot=None, link=0), True),
        (said(OFFLINE, received_s=61, boot=None, link=0), said(ONLINE, received_s=62, boot=None, link=0), True),
    ],
)
def test_an_old_status_never_overrides_a_newer_one(
    database: str, tell: Callable[..., None], first: DeviceStatus, second: DeviceStatus, *, newer: bool
) -> None:
    """Boot and connection decide, then the time; a status without a time proves nothing against a later boot."""
    tell(first, second)
    assert known(database).state == (second if newer else first).state


def test_the_order_of_arrival_does_not_matter(database: str, tell: Callable[..., None]) -> None:
    """Whatever order two connections' reports come in, the same state is left."""
    story = [said(ONLINE, 10), said(OFFLINE, received_s=30), said(ONLINE, 40, link=2), said(ONLINE, 100, link=2)]
    for order in itertools.permutations(story):
        with connect(database, autocommit=True) as connection:
            connection.execute("DELETE FROM device_status")
        tell(*order)
        row = known(database)
        assert (row.state, row.status_at) == ("online", _at(100))


def test_the_same_again_changes_nothing(database: str, tell: Callable[..., None]) -> None:
    """Retained messages come again with every connection of a gateway, a last will under a later arrival."""
    tell(said(ONLINE, 10), said(OFFLINE, received_s=30))
    before = known(database)
    tell(said(ONLINE, 10, received_s=500), said(OFFLINE, received_s=600))
    assert known(database) == before
    with connect(database) as connection:
        assert len(changes(connection, "quay")) == 2


def test_a_last_will_speaks_for_all_that_its_agent_spoke_for(database: str) -> None:
    """One connection has one last will; devices that others speak for stay as they are."""
    with Writer(database, gateway="g1") as writer:
        told = [
            said(ONLINE, 10, device="a", via="agent"),
            said(ONLINE, 10, device="b", via="agent"),
            said(ONLINE, 10, device="agent"),
            said(ONLINE, 10, device="c", via="other"),
            said(ONLINE, 10, device="d"),
            said(ONLINE, 10, device="e", via="agent", link=2),  # spoke again since
            said(OFFLINE, received_s=20, device="a", via="agent"),
        ]
        writer.write(messages_of(), Decoded(batch=empty_batch(), refusals=[], sequences=[], told=told))
    with connect(database) as connection:
        states: dict[str, str] = dict(connection.execute("SELECT device, state FROM device_status").fetchall())
    assert {name for name, state in states.items() if state == "offline"} == {"a", "b", "agent"}
    assert set(states) == {"a", "b", "c", "d", "e", "agent"}


def test_retained_words_of_a_connection_that_has_ended_are_no_news(database: str, tell: Callable[..., None]) -> None:
    """At a gateway's start they come in any order: the last will of one topic, `online` still on the others."""
    del tell
    will = said(OFFLINE, received_s=20, device="a", via="agent")
    others = [said(ONLINE, 10, received_s=20, device=name, via="agent") for name in ("b", "c")]
    for order in itertools.permutations([will, *others]):
        with Writer(database, gateway="g1") as writer:
            for report in order:
                writer.write(messages_of(), Decoded(batch=empty_batch(), refusals=[], sequences=[], told=[report]))
        with connect(database, autocommit=True) as connection:
            rows = connection.execute("SELECT DISTINCT state, since, last_will FROM device_status").fetchall()
            connection.execute("DELETE FROM device_status")
        assert rows == [("offline", _at(20), True)]


def test_a_clean_goodbye_speaks_for_one_device_only(database: str) -> None:
    """It has a time, so somebody was there to say it for each."""
    with Writer(database, gateway="g1") as writer:
        told = [said(ONLINE, 10, device=name, via="agent") for name in ("a", "b")]
        told.append(said(OFFLINE, 20, device="a", via="agent"))
        writer.write(messages_of(), Decoded(batch=empty_batch(), refusals=[], sequences=[], told=told))
    with connect(database) as connection:
        rows = connection.execute("SELECT device, state FROM device_status ORDER BY device").fetchall()
    assert rows == [("a", "offline"), ("b", "online")]


def test_the_history_is_short(database: str, tell: Callable[..., None]) -> None:
    """A device that flaps for months leaves a hundred lines."""
    for link in range(1, 61):
        tell(said(ONLINE, 10 * link, link=link), said(OFFLINE, received_s=10 * link + 5, link=link))
    with connect(database) as connection:
        found = changes(connection, "quay", limit=1000)
    assert len(found) == 100
    assert found[0].at == _at(605)


def test_a_device_is_seen_by_whatever_comes_of_it(database: str, tell: Callable[..., None]) -> None:
    """Its last sign of life is the latest of status, numbered message and reading; its losses are added up."""
    tell(said(ONLINE, 10))
    assert known(database).last_seen == _at(10)
    point = load_catalogue(database, "quay").points["quay/pump/power"].point_id
    later_us = NOW_US + 50 * SECOND_US
    with Writer(database, gateway="g1") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)], received_us=later_us)))
        assert known(database).last_seen == from_us(later_us)
        numbers = [MessageNumber("dev-1", boot, seq, "quay") for boot, seq in ((1, 5), (1, 8), (2, 0), (2, 2))]
        writer.write(messages_of(), decoded_of(empty_batch(), sequences=numbers))
    row = known(database)
    assert row.missing == 3
    assert row.last_seen is not None
    assert row.last_seen > from_us(later_us)


def belief(points: list[MetaPoint], at_s: float | None = 0.0, **more: Any) -> AssetMeta:
    """Return what the only device believes."""
    told = None if at_s is None else NOW_US + round(at_s * SECOND_US)
    values: dict[str, Any] = {"site": "quay", "asset": "quay/pump", "device": "dev-1", "boot": 1} | more
    return AssetMeta(points=tuple(points), told_us=told, **{"received_us": told or NOW_US, **values})


WRONG = [MetaPoint(n="power", u="W"), MetaPoint(n="current", u="A")]


def test_a_belief_is_compared_until_it_agrees(database: str, tell: Callable[..., None]) -> None:
    """What differs is named; when the site file is mended instead of the device, it is compared anew."""
    tell(belief(WRONG))
    (row,) = _metas(database)
    assert (row.points, row.compared, row.differences) == (2, False, [])
    assert _compare(database) == Standing(0, 1)
    (row,) = _metas(database)
    assert row.compared
    assert row.differences == [("power", Difference.UNIT, "W", "kW")]
    with connect(database) as connection:
        query = "SELECT device, point, what, told, declared FROM v_meta_difference"
        assert connection.execute(query).fetchall() == [("dev-1", "power", "unit", "W", "kW")]
    mended = small_site((small_point("power", unit="W"), small_point("current", quantity="current", unit="A")))
    apply_site(database, mended, who="test")
    assert _compare(database) == Standing(0, 0)
    assert _metas(database)[0].differences == []


def test_comparing_again_writes_nothing(database: str, tell: Callable[..., None]) -> None:
    """It is asked for every few seconds; where nothing is new there is nothing to do."""
    tell(belief(WRONG))
    _compare(database)
    with connect(database) as connection:
        before = connection.execute("SELECT xmin FROM device_meta").fetchall()
    tell(belief(WRONG))  # as retained
    _compare(database)
    with connect(database) as connection:
        assert connection.execute("SELECT xmin FROM device_meta").fetchall() == before


def test_an_old_belief_never_overrides_a_newer_one(database: str, tell: Callable[..., None]) -> None:
    """The boot decides, then the device's time; a replaced device's time decides against its boot."""
    tell(belief(WRONG, 10, boot=5))
    tell(belief([], 5, boot=5), belief([], None, boot=4, received_us=NOW_US + 99 * SECOND_US))
    assert _metas(database)[0].points == 2
    tell(belief(WRONG[:1], 20, boot=1))
    assert _metas(database)[0].points == 1
    tell(belief([], 15, boot=2))
    assert _metas(database)[0].points == 0


def test_an_asset_no_longer_declared_is_left_out(database: str, tell: Callable[..., None]) -> None:
    """What it believed stays in its table, and raises no alarm."""
    tell(belief(WRONG), said(OFFLINE, received_s=5))
    assert _compare(database) == Standing(1, 1)
    site = small_site()
    asset = replace(site.assets[0], key="quay/other", device="dev-2")
    points = tuple(replace(point, key=point.key.replace("pump", "other")) for point in site.points)
    apply_site(database, replace(site, assets=(asset,), points=points), who="test")
    assert _metas(database) == []
    assert known(database).device == "dev-2"
    assert _compare(database) == Standing(0, 0)


def _metas(dsn: str) -> list[Any]:
    with connect(dsn) as connection:
        return metas(connection, "quay")


def _compare(dsn: str) -> Standing:
    return compare_metas(dsn, [load_catalogue(dsn, "quay")])
