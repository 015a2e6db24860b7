"""Status and meta messages: what is understood, what is refused, and that neither is a reading."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.batch import RefusalReason
from telemetry.catalogue import CataloguePoint
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, entry
from telemetry.formats.meta import AssetMeta, MetaPoint, encode_meta, meta_point
from telemetry.formats.status import DeviceStatus, State, encode_status
from telemetry.meta_check import Difference, compared, meta_differences
from telemetry.topics import meta_topic, status_topic
from tests.telemetry.harbour import (
    ASSET,
    DEVICE,
    NOW_MS,
    NOW_US,
    OTHER_ASSET,
    catalogue,
    decode,
    decoder,
    message,
    pack,
    reasons,
)

STATUS = status_topic("harbour", ASSET)
META = meta_topic("harbour", ASSET)
ONLINE: dict[str, Any] = {"v": 1, "dev": DEVICE, "state": "online", "boot": 17}
BELIEF: dict[str, Any] = {"v": 1, "dev": DEVICE, "boot": 17, "points": [{"n": "t_in", "u": "Cel"}]}


def own_points() -> list[MetaPoint]:
    """Return the points of our asset as the site file has them."""
    return [meta_point(one.point) for key, one in sorted(catalogue().points.items()) if key.startswith(f"{ASSET}/")]


def told(points: list[MetaPoint]) -> AssetMeta:
    """Send what a device believes through encoder and decoder."""
    (meta,) = decode(encode_meta(DEVICE, 17, points), META).told
    assert isinstance(meta, AssetMeta)
    return meta


@pytest.mark.parametrize("cbor", [False, True])
def test_a_status_comes_through_whole(*, cbor: bool) -> None:
    """Every member that the encoder writes is read again, from JSON and from CBOR; it counts as no entry."""
    payload = encode_status(
        DEVICE, State.ONLINE, 17, link=3, via="agent-1", ts_ms=NOW_MS, cbor=cbor, tsq="ntp",
        packs=12, bytes=3456, oldest=NOW_MS - 1000, dropped={"packs": 2, "readings": 80},
    )  # fmt: skip
    decoded = decode(payload, STATUS, CBOR_TYPE if cbor else JSON_TYPE)
    assert decoded.told == [
        DeviceStatus(
            site="harbour", device=DEVICE, state=State.ONLINE, received_us=NOW_US, boot=17, link=3, told_us=NOW_US,
            clock="ntp", via="agent-1", packs=12, kept_bytes=3456, oldest_us=NOW_US - 1_000_000, dropped_packs=2,
            dropped_readings=80,
        )
    ]  # fmt: skip
    assert (len(decoded.batch), len(decoded.refusals), decoded.received) == (0, 0, 0)


def test_a_last_will_has_no_time_but_its_arrival() -> None:
    """Written beforehand, it cannot know when it will be sent."""
    (will,) = decode(encode_status(DEVICE, State.OFFLINE, 17, link=1), STATUS).told
    assert isinstance(will, DeviceStatus)
    assert (will.state, will.told_us, will.at_us) == (State.OFFLINE, None, NOW_US)


@pytest.mark.parametrize(
    ("ts", "tsq", "at_us"),
    [
        (NOW_MS - 5000, "rtc", NOW_US - 5_000_000),
        (NOW_MS + 86_400_000, "ntp", NOW_US),  # yet to come: a clock that is ahead must not lock its device out
        (1000, "none", NOW_US),  # it says itself that its clock is not set
    ],
)
def test_the_time_of_a_status_is_the_device_s_own_but_never_yet_to_come(ts: int, tsq: str, at_us: int) -> None:
    """A time ahead of its arrival, or of a clock that is not set, gives way to the arrival."""
    (status,) = decode(json.dumps({**ONLINE, "ts": ts, "tsq": tsq}).encode(), STATUS).told
    assert isinstance(status, DeviceStatus)
    assert status.at_us == at_us


@pytest.mark.parametrize("word", ["online", "offline"])
def test_the_bare_words_are_understood(word: str) -> None:
    """Plain meters say no more than that; the topic tells whose word it is."""
    (status,) = decode(word.encode(), STATUS).told
    assert status == DeviceStatus(site="harbour", device=DEVICE, state=State(word), received_us=NOW_US)


def test_an_agent_that_names_itself_as_the_device_speaks_for_nobody_else() -> None:
    """`via` is kept only where it says something."""
    (status,) = decode(json.dumps({**ONLINE, "via": DEVICE}).encode(), STATUS).told
    assert isinstance(status, DeviceStatus)
    assert status.via == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"v": 2}, RefusalReason.SCHEMA),
        ({"dev": "edge-2"}, RefusalReason.NOT_ALLOWED),
        ({"dev": 7}, RefusalReason.SCHEMA),
        ({"state": "sleeping"}, RefusalReason.SCHEMA),
        ({"boot": -1}, RefusalReason.SCHEMA),
        ({"boot": 2**63}, RefusalReason.SCHEMA),
        ({"boot": True}, RefusalReason.SCHEMA),
        ({"link": "1"}, RefusalReason.SCHEMA),
        ({"ts": -1}, RefusalReason.SCHEMA),
        ({"ts": 10**15}, RefusalReason.SCHEMA),
        ({"tsq": "gps"}, RefusalReason.SCHEMA),
        ({"via": "x" * 65}, RefusalReason.SCHEMA),
        ({"via": "x\0"}, RefusalReason.SCHEMA),
        ({"packs": -1}, RefusalReason.SCHEMA),
        ({"dropped": {"packs": None}}, RefusalReason.SCHEMA),
    ],
)
@pytest.mark.parametrize("cbor", [False, True])
def test_a_status_that_does_not_fit_is_refused_whole(
    change: dict[str, Any], reason: RefusalReason, *, cbor: bool
) -> None:
    """It counts as one entry, so that the ledger has it on both sides."""
    status = {**ONLINE, **change}
    decoded = decode(cbor2.dumps(status) if cbor else json.dumps(status).encode(), STATUS)
    assert reasons(decoded) == [reason]
    assert not decoded.told
    assert decoded.received == 1


@pytest.mark.parametrize("topic", [STATUS, META])
@pytest.mark.parametrize(
    ("payload", "content_type", "reason"),
    [
        (b"", "", RefusalReason.UNDECODABLE),
        (b"away", "", RefusalReason.UNDECODABLE),
        (b"{", "", RefusalReason.UNDECODABLE),
        (b'{"v": 1}', "", RefusalReason.SCHEMA),
        (b'{"dev": "\xff"}', JSON_TYPE, RefusalReason.UNDECODABLE),
        (b"[]", "", RefusalReason.SCHEMA),
        (b"{}", "application/senml+json", RefusalReason.SCHEMA),
        (b'{"later":' + b"[" * 100_000, JSON_TYPE, RefusalReason.UNDECODABLE),
        (b"\xa1" * 100_000, CBOR_TYPE, RefusalReason.UNDECODABLE),
        (b"{" + b" " * 1_000_001, JSON_TYPE, RefusalReason.TOO_LARGE),
    ],
)
def test_what_is_no_report_is_refused(topic: str, payload: bytes, content_type: str, reason: RefusalReason) -> None:
    """Deep, cut, foreign and oversize payloads end in the quarantine, with their reason."""
    assert reasons(decode(payload, topic, content_type)) == [reason]


def test_a_report_of_an_unknown_asset_or_site_is_refused() -> None:
    """A topic that leads nowhere is refused as for readings."""
    payload = json.dumps(ONLINE).encode()
    assert reasons(decode(payload, status_topic("harbour", "quay/nowhere"))) == [RefusalReason.UNKNOWN_POINT]
    assert reasons(decode(payload, meta_topic("elsewhere", ASSET))) == [RefusalReason.NOT_ALLOWED]


@pytest.mark.parametrize("cbor", [False, True])
def test_a_meta_comes_through_whole(*, cbor: bool) -> None:
    """What a device configured from the site file tells is what the site file has, and nothing differs."""
    points = own_points()
    payload = encode_meta(DEVICE, 17, points, ts_ms=NOW_MS, catalogue="abc", cbor=cbor)
    decoded = decode(payload, META, CBOR_TYPE if cbor else JSON_TYPE)
    assert decoded.told == [
        AssetMeta(
            site="harbour", asset=ASSET, device=DEVICE, boot=17, received_us=NOW_US, points=tuple(points),
            told_us=NOW_US, catalogue="abc",
        )
    ]  # fmt: skip
    assert decoded.received == 0
    (meta,) = decoded.told
    assert isinstance(meta, AssetMeta)
    assert meta.at_us == NOW_US
    assert compared(meta, catalogue()) == ()


@pytest.mark.parametrize(
    "points",
    [
        [{"n": "T In"}],
        [{"n": "t_in"}, {"n": "t_in"}],
        [{"u": "Cel"}],
        [{"n": "t_in", "u": 5}],
        [{"n": "t_in", "u": "x" * 101}],
        [{"n": "t_in", "u": "x\0"}],
        [{"n": "t_in", "period_s": 0}],
        [{"n": "t_in", "modulus": 1e19}],
        [{"n": f"p{number}"} for number in range(1001)],
        {"t_in": {}},
    ],
)
@pytest.mark.parametrize("cbor", [False, True])
def test_a_meta_that_does_not_fit_is_refused_whole(points: object, *, cbor: bool) -> None:
    """Names twice, no names, impossible figures, too many points."""
    meta = {**BELIEF, "points": points}
    assert reasons(decode(cbor2.dumps(meta) if cbor else json.dumps(meta).encode(), META)) == [RefusalReason.SCHEMA]


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_figures_that_are_none_are_refused(figure: float) -> None:
    """CBOR can carry what JSON cannot."""
    meta = {**BELIEF, "points": [{"n": "t_in", "period_s": figure}]}
    assert reasons(decode(cbor2.dumps(meta), META)) == [RefusalReason.SCHEMA]


@pytest.mark.parametrize(
    ("name", "change", "difference"),
    [
        ("t_in", {"u": "K"}, ("t_in", Difference.UNIT, "K", "Cel")),
        ("t_in", {"quantity": "level"}, ("t_in", Difference.QUANTITY, "level", "temperature")),
        ("t_in", {"kind": "counter"}, ("t_in", Difference.KIND, "counter", "gauge")),
        ("t_in", {"period_s": 10.0}, ("t_in", Difference.PERIOD, "10", "60")),
        ("energy", {"modulus": 1e6}, ("energy", Difference.MODULUS, "1000000", "100000000")),
        ("flow", {"modulus": 1e6}, ("flow", Difference.MODULUS, "1000000", "")),
        ("volume", {"pulse_weight": 0.1}, ("volume", Difference.PULSE_WEIGHT, "0.1", "0.01")),
        ("volume", {"u": "l"}, ("volume", Difference.UNIT, "l", "m3")),
    ],
)
def test_each_difference_has_its_name(name: str, change: dict[str, Any], difference: tuple[str, ...]) -> None:
    """One property changed gives one difference, with what is told and what is declared."""
    points = [
        MetaPoint(**{field: getattr(one, field) for field in one.__struct_fields__} | (change if one.n == name else {}))
        for one in own_points()
    ]
    assert compared(told(points), catalogue()) == (difference,)


def test_points_too_many_and_too_few_are_named() -> None:
    """What only one side has is unknown or missing."""
    points = [one for one in own_points() if one.n != "flow"]
    points.append(MetaPoint(n="flux", u="l/s", quantity="volume_flow"))
    assert compared(told(points), catalogue()) == (
        ("flow", Difference.MISSING_POINT, "", "m3/h"),
        ("flux", Difference.UNKNOWN_POINT, "volume_flow l/s", ""),
    )


def test_what_is_not_told_is_not_compared_and_pulses_may_be_called_so() -> None:
    """A device that knows only its names differs in nothing, nor does a register of pulses that says so."""
    assert compared(told([MetaPoint(n=one.n) for one in own_points()]), catalogue()) == ()
    pulses = [MetaPoint(n=one.n, u="{pulse}" if one.n == "volume" else None) for one in own_points()]
    assert compared(told(pulses), catalogue()) == ()


def test_the_comparison_agrees_with_a_plain_one() -> None:
    """For each point and property in turn, a change is found exactly where the site file's own record differs."""
    points = {one.n: one for one in own_points()}
    for key, held in catalogue().points.items():
        if not key.startswith(f"{ASSET}/"):
            continue
        other = replace(held.point, period_s=held.point.period_s * 2)
        changed = replace(catalogue(), points={**catalogue().points, key: CataloguePoint(point_id=1, point=other)})
        found = meta_differences(ASSET, points.values(), changed)
        assert [(one.point, one.what) for one in found] == [(held.point.short_name, Difference.PERIOD)]


def test_reports_cost_no_neighbour_and_keep_their_order() -> None:
    """Readings before, between and after reports are decoded as if those were not there."""
    online = message(encode_status(DEVICE, State.ONLINE, 17, ts_ms=NOW_MS), STATUS)
    offline = message(encode_status(DEVICE, State.OFFLINE, 17), STATUS)
    bad = message(b"{}", STATUS)
    readings = [message(pack([entry("t_in", float(number))], seq=number, ts_ms=NOW_MS + number)) for number in (1, 2)]
    foreign = message(b'[{"n": "flow", "v": 1}]', META.replace(ASSET, OTHER_ASSET))
    decoded = decoder().decode([readings[0], online, bad, foreign, offline, readings[1]])
    assert [status.state for status in decoded.told if isinstance(status, DeviceStatus)] == ["online", "offline"]
    assert decoded.batch.message.tolist() == [0, 5]
    assert [refusal.message for refusal in decoded.refusals] == [2, 3]
    assert decoded.entries is not None
    assert decoded.entries.tolist() == [1, 0, 1, 1, 0, 1]
    assert np.array_equal(decoded.entries, decoded.found(6))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("v", "dev", "state", "boot", "link", "ts", "tsq", "via", "packs", "oldest", "dropped", "points", "catalogue")


@given(
    base=st.sampled_from([ONLINE, BELIEF]),
    changes=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=3),
    topic=st.sampled_from([STATUS, META]),
    cbor=st.booleans(),
)
def test_whatever_is_said_is_told_or_refused(
    base: dict[str, Any], changes: dict[str, Any], topic: str, *, cbor: bool
) -> None:
    """No member of any type raises, and each message is a report without entries or one refused entry."""
    said = {**base, **changes}
    decoded = decode(cbor2.dumps(said) if cbor else json.dumps(said).encode(), topic)
    assert len(decoded.told) + len(decoded.refusals) == 1
    assert decoded.received == len(decoded.refusals)


@given(payload=st.binary(max_size=200), topic=st.sampled_from([STATUS, META]))
def test_no_bytes_stop_the_decoder(payload: bytes, topic: str) -> None:
    """Any bytes are told or refused."""
    decoded = decode(payload, topic)
    assert len(decoded.told) + len(decoded.refusals) == 1
