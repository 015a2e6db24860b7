"""Devices over HTTP and on the pages: who is online, who believes what, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.console.devices import PROPERTIES, difference_words, state_words
from api.devices import Device, MetaDifference
from api.language import words
from storage.devices import compare_metas
from storage.times import to_us
from storage.writer import Writer
from telemetry.batch import Decoded, Message, empty_batch
from telemetry.formats.meta import AssetMeta, MetaPoint, meta_point
from telemetry.formats.status import DeviceStatus, State
from telemetry.meta_check import Difference

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Port

START = datetime.now(UTC) - timedelta(minutes=10)


def status(port: Port, device: str, state: State, minute: float | None, **more: Any) -> DeviceStatus:
    """Return a status told so many minutes after START, or a last will five minutes after."""
    received_us = to_us(START + timedelta(minutes=5 if minute is None else minute))
    values: dict[str, Any] = {"boot": 3, "link": 1} | more
    told = None if minute is None else received_us
    return DeviceStatus(site=port.site.id, device=device, state=state, received_us=received_us, told_us=told, **values)


def belief(port: Port, asset: str, device: str, *, at_s: float = 0.0, **changed: Any) -> AssetMeta:
    """Return what a device believes so long after START: the site file's own points, with `flow` changed."""
    points = [meta_point(point) for point in port.site.points if point.asset == asset]
    told = tuple(
        MetaPoint(**{name: getattr(one, name) for name in one.__struct_fields__} | changed) if one.n == "flow" else one
        for one in points
    )
    arrived_us = to_us(START + timedelta(seconds=at_s))
    return AssetMeta(
        site=port.site.id, asset=asset, device=device, boot=3, received_us=arrived_us, points=told, catalogue="v7"
    )


def tell(port: Port, *reports: DeviceStatus | AssetMeta) -> None:
    """Have a gateway write reports, and compare."""
    message = Message("t", b"", "", to_us(START))
    with Writer(port.dsn, gateway="gateway-test") as writer:
        writer.write([message], Decoded(batch=empty_batch(), refusals=[], sequences=[], told=reports))
    compare_metas(port.dsn, [port.catalogue])


def tell_a_story(port: Port) -> None:
    """One device is online, one was lost, one differs."""
    tell(
        port,
        status(port, "plc-1", State.ONLINE, 1, packs=4, kept_bytes=900, oldest_us=to_us(START), clock="rtc"),
        status(port, "plc-2", State.ONLINE, 1, via="agent-1"),
        status(port, "plc-2", State.OFFLINE, None, via="agent-1"),
        belief(port, "loop/pump-1", "plc-1"),
        belief(port, "store/room-2", "plc-3", u="L/s"),
    )


def test_the_devices_of_a_site_with_state_losses_and_beliefs(client: httpx.Client, port: Port) -> None:
    """Each declared device stands there, whether it spoke or not."""
    tell_a_story(port)
    first, second, third = client.get("/api/v1/devices").json()
    assert (first["device"], first["state"], first["assets"]) == ("plc-1", "online", ["loop/pump-1"])
    assert (first["packs_kept"], first["bytes_kept"], first["clock"], first["boot"]) == (4, 900, "rtc", 3)
    assert datetime.fromisoformat(first["oldest_kept"]) == START
    assert first["meta"][0] | {"told_at": ""} == {
        "asset": "loop/pump-1", "told_at": "", "catalogue": "v7", "points": 4, "compared": True, "differences": [],
    }  # fmt: skip
    assert (second["state"], second["last_will"], second["via"]) == ("offline", True, "agent-1")
    assert datetime.fromisoformat(second["since"]) == START + timedelta(minutes=5)
    assert (third["state"], third["since"], third["last_seen"]) == ("unknown", None, None)
    assert [one["data_alarm"] for one in (first, second, third)] == [False, False, True]
    assert third["meta"][0]["differences"] == [
        {"point": "flow", "what": "unit", "told": "L/s", "declared": "m3/h"},
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["plc-1", "plc-2", "plc-3"]),
        ("state=offline", ["plc-2"]),
        ("state=unknown", ["plc-3"]),
        ("data_alarm=true", ["plc-3"]),
        ("data_alarm=false&state=online", ["plc-1"]),
    ],
)
def test_devices_can_be_chosen(client: httpx.Client, port: Port, query: str, found: list[str]) -> None:
    """By state and by alarm."""
    tell_a_story(port)
    assert [one["device"] for one in client.get(f"/api/v1/devices?{query}").json()] == found


def test_one_device_with_its_changes(client: httpx.Client, port: Port) -> None:
    """Newest first; a device that is not there is a problem with a cure."""
    tell_a_story(port)
    body = client.get("/api/v1/devices/plc-2").json()
    assert [change["state"] for change in body["changes"]] == ["offline", "online"]
    assert body["state"] == "offline"
    answer = client.get("/api/v1/devices/plc-9")
    assert answer.status_code == 404
    assert "/api/v1/devices" in answer.json()["cure"]
    assert client.get("/api/v1/devices?state=asleep").status_code == 422


def text_of(page: str) -> str:
    """Return the words of a page without its markup."""
    return re.sub(r"[ \n\t]+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_first_page_names_devices_to_look_at(client: httpx.Client, port: Port) -> None:
    """Offline and differing devices stand among what to look at first, in both languages; others do not."""
    calm = client.get("/?lang=en").text
    assert re.search(r'id="devices" class="list" hidden', calm)
    tell_a_story(port)
    page = client.get("/?lang=en").text
    part = text_of(page[page.index('id="devices"') : page.index('id="silent"')])
    assert "plc-2 store/room-1 offline since" in part
    assert "plc-3 store/room-2 1 difference from the site file" in part
    assert "plc-1" not in part
    assert re.search(r'id="n-devices" class="warn">.*<dd>2</dd>', page)
    french = text_of(client.get("/?lang=fr").text)
    assert "hors ligne depuis" in french
    assert "1 divergence avec le fichier du site" in french


def test_the_page_of_devices(client: httpx.Client, port: Port) -> None:
    """Those to look at first are at the top, with what differs in a sentence."""
    tell_a_story(port)
    page = client.get("/small/devices?lang=en").text
    said = text_of(page)
    assert page.index("plc-2<") < page.index("plc-3<") < page.index("plc-1<")
    assert "offline – connection lost through agent-1" in said
    assert "Cold room 2 – flow: unit L/s, declared m3/h" in said
    assert "never said" in said
    assert "points as in the site file" in said
    french = text_of(client.get("/small/devices?lang=fr").text)
    assert "Chambre froide 2 – flow : unité L/s, déclaré m3/h" in french
    assert "hors ligne – liaison rompue par agent-1" in french


def test_every_difference_and_state_has_words() -> None:
    """No code word is left in a sentence, in either language."""
    assert set(PROPERTIES) | {Difference.UNKNOWN_POINT, Difference.MISSING_POINT} == set(Difference)
    for language in ("fr", "en"):
        say = words(language)
        for what in Difference:
            sentence = difference_words(MetaDifference(point="flow", what=what, told="1", declared=""), say)
            assert sentence.startswith("flow")
            assert "_" not in sentence
    device: dict[str, Any] = dict.fromkeys(Device.model_fields) | {
        "device": "a", "assets": [], "via": "", "clock": "", "missing": 0, "data_alarm": False, "meta": [],
    }  # fmt: skip
    states = [("online", False), ("offline", True), ("offline", False), ("unknown", False)]
    said = [state_words(Device(**device | {"state": state, "last_will": will}), words("fr")) for state, will in states]
    assert said == ["en ligne", "hors ligne – liaison rompue", "hors ligne – arrêté", "jamais annoncé"]
