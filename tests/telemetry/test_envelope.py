"""The envelope in JSON and CBOR: what it says, and what happens to what it should not say."""

from __future__ import annotations

import json

import cbor2
import numpy as np
import pytest

from telemetry.batch import MessageNumber, RefusalReason
from telemetry.errors import ContractError
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, encode_pack, entry, series
from telemetry.quality import QualityClass, Reason, quality_class
from tests.telemetry.harbour import (
    DEVICE,
    NOW_MS,
    NOW_US,
    TOPIC,
    decode,
    decoder,
    message,
    pack,
    point_id,
    readings,
    reasons,
)


@pytest.mark.parametrize("cbor", [False, True])
def test_rows_and_columns_become_readings(cbor: bool) -> None:  # noqa: FBT001  a parameter of pytest
    """Single samples and columns, offsets and units come out in canonical units at the right times."""
    content = pack(
        [
            entry("t_in", 12.5),
            entry("flow", 10.0, unit="L/s", t=-30),
            entry("door", value=True),
            series("pressure", [-2000, -1000], [1.5, 2.5]),
            series("pressure", [-4000], [150.0], unit="kPa"),
        ],
        cbor=cbor,
    )
    decoded = decode(content, content_type=CBOR_TYPE if cbor else JSON_TYPE)
    assert readings(decoded) == [
        ("t_in", NOW_MS, 12.5),
        ("flow", NOW_MS - 30, 36.0),
        ("door", NOW_MS, 1.0),
        ("pressure", NOW_MS - 2000, 1.5),
        ("pressure", NOW_MS - 1000, 2.5),
        ("pressure", NOW_MS - 4000, 1.5),
    ]
    assert decoded.sequences == [MessageNumber(DEVICE, 1, 1, "harbour")]
    assert decoded.received == 6
    assert not decoded.batch.quality.any()
    assert (decoded.batch.received_us == NOW_US).all()


def test_shape_decides_without_a_content_type() -> None:
    """CBOR and JSON are told apart by their first byte, also under a content type that says nothing."""
    for cbor in (False, True):
        for content_type in ("", "application/octet-stream", "application/json; charset=utf-8"):
            assert len(decode(pack([entry("t_in", 1.0)], cbor=cbor), content_type=content_type).batch) == 1


def test_one_bad_entry_among_fifty_costs_only_itself() -> None:
    """49 of 50 entries are stored, whatever is wrong with the fiftieth."""
    good = [entry("t_in", float(number), t=-number) for number in range(49)]
    bad = {
        RefusalReason.UNKNOWN_POINT: entry("nowhere", 1.0),
        RefusalReason.UNIT: entry("t_in", 1.0, unit="bar"),
        RefusalReason.RANGE_REJECT: entry("t_in", -300.0),
        RefusalReason.FUTURE: entry("t_in", 1.0, t=400_000),
        RefusalReason.TOO_LATE: entry("t_in", 1.0, t=-21 * 365 * 86_400_000),
        RefusalReason.SCHEMA: {"n": "t_in", "v": "twelve"},
    }
    for reason, culprit in bad.items():
        for cbor in (False, True):
            decoded = decode(pack([*good[:20], culprit, *good[20:]], cbor=cbor))
            assert reasons(decoded) == [reason]
            assert len(decoded.batch) == 49
            assert json.loads(decoded.refusals[0].entry)["n"] == culprit["n"]
            assert decoded.sequences == [MessageNumber(DEVICE, 1, 1, "harbour")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", RefusalReason.UNDECODABLE),
        (b"", RefusalReason.UNDECODABLE),
        (b"{", RefusalReason.UNDECODABLE),
        (b'{"v":1}', RefusalReason.SCHEMA),
        (b'{"v":2,"dev":"edge-1","boot":1,"seq":1,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":true,"dev":"edge-1","boot":1,"seq":1,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-2","boot":1,"seq":1,"e":[]}', RefusalReason.NOT_ALLOWED),
        (b'{"v":1,"dev":["edge-1"],"boot":1,"seq":1,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":-1,"seq":1,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1.5,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"ts":"now","e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"tsq":"gps","e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"tsq":[],"e":[]}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":{}}', RefusalReason.SCHEMA),
        (b'{"v":1,"dev":"edge-1","boot":1,"seq":1}', RefusalReason.SCHEMA),
    ],
)
def test_a_message_that_is_refused_whole(content: bytes, reason: RefusalReason) -> None:
    """A wrong head costs the whole message, which counts as one entry."""
    decoded = decode(content)
    assert reasons(decoded) == [reason]
    assert decoded.refusals[0].entry == ""
    assert decoded.received == 1
    assert decoded.sequences == []


@pytest.mark.parametrize(
    "culprit",
    [
        b"1",
        b'"t_in"',
        b"null",
        b"{}",
        b'{"n":"t_in"}',
        b'{"n":"t_in","v":null}',
        b'{"n":5,"v":1}',
        b'{"n":"t_in","v":1,"u":5}',
        b'{"n":"t_in","v":true}',
        b'{"n":"t_in","v":1,"t":"x"}',
        b'{"n":"t_in","v":1,"t":0.5}',
        b'{"n":"t_in","v":1,"q":-1}',
        b'{"n":"t_in","v":1,"q":99999}',
        b'{"n":"t_in","v":1,"q":"good"}',
        b'{"n":"t_in","v":[1,2],"t":[0]}',
        b'{"n":"t_in","v":[1,2],"t":[0,-1],"q":[0]}',
        b'{"n":"t_in","v":{"a":1}}',
    ],
)
def test_an_entry_that_is_not_shaped_as_the_contract_says(culprit: bytes) -> None:
    """A misshapen entry is refused by itself as `schema` (or `unknown_point`), and keeps its words."""
    content = b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":[{"n":"t_in","v":1},' + culprit + b"]}"
    decoded = decode(content)
    assert reasons(decoded) == [RefusalReason.SCHEMA]
    assert decoded.refusals[0].entry
    assert len(decoded.batch) == 1


def test_samples_of_a_column_are_judged_one_by_one() -> None:
    """A column with a bad sample keeps the good ones; each sample counts as an entry."""
    content = {"n": "t_in", "v": [1.0, "x", 3.0, -400.0], "t": [-3, -2, -1, 0]}
    decoded = decode(pack([content]))
    assert readings(decoded) == [("t_in", NOW_MS - 3, 1.0), ("t_in", NOW_MS - 1, 3.0)]
    assert sorted(reasons(decoded)) == [RefusalReason.RANGE_REJECT, RefusalReason.SCHEMA]
    assert decoded.received == 4


def test_whole_numbers_may_be_written_as_floats() -> None:
    """A device whose JSON writes 5.0 for 5 is understood."""
    content = b'{"v":1.0,"dev":"edge-1","boot":2.0,"seq":5.0,"ts":1790000000000.0,"e":[{"n":"t_in","v":1,"t":-30.0}]}'
    decoded = decode(content)
    assert readings(decoded) == [("t_in", NOW_MS - 30, 1.0)]
    assert decoded.sequences == [MessageNumber(DEVICE, 2, 5, "harbour")]


def test_unknown_members_are_ignored() -> None:
    """Later versions may add members without harm, at either level."""
    content = b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"x":[1],"e":[{"n":"t_in","v":1,"note":"a:b","t":0}]}'
    assert readings(decode(content)) == [("t_in", NOW_MS, 1.0)]


def test_details_beside_bare_packs_stay_with_their_entries() -> None:
    """Offsets, units and qualities of one pack do not slip onto the entries of packs before and after it."""
    bare = pack([entry("t_in", 1.0), entry("flow", 2.0)])
    detailed = pack([entry("flow", 1.0, unit="L/s", t=-5), entry("t_in", 3.0, quality=1)])
    escaped = bare.replace(b'"n":"flow","v"', b'"n":"\\u0066low","\\u0074":-7,"v"')
    decoded = decoder().decode([message(content) for content in (bare, detailed, bare, escaped, bare)])
    assert readings(decoded) == [
        ("t_in", NOW_MS, 1.0),
        ("flow", NOW_MS, 2.0),
        ("flow", NOW_MS - 5, 3.6),
        ("t_in", NOW_MS, 3.0),
        ("t_in", NOW_MS, 1.0),
        ("flow", NOW_MS, 2.0),
        ("t_in", NOW_MS, 1.0),
        ("flow", NOW_MS - 7, 2.0),
        ("t_in", NOW_MS, 1.0),
        ("flow", NOW_MS, 2.0),
    ]
    assert quality_class(decoded.batch.quality).tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert decoded.batch.message.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_messages_read_with_patience_keep_their_place() -> None:
    """Columns and plain packs in one list come out in the order of their messages."""
    plain = pack([entry("t_in", 1.0)])
    columns = pack([series("flow", [-1, 0], [2.0, 3.0])])
    decoded = decoder().decode([message(content) for content in (plain, columns, plain, columns)])
    assert decoded.batch.message.tolist() == [0, 1, 1, 2, 3, 3]
    assert decoded.batch.value.tolist() == [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]


def test_a_device_without_a_clock() -> None:
    """Without a time the arrival counts, and with `tsq` none what is told is uncertain: reason clock."""
    for content in (pack([entry("t_in", 1.0)], ts_ms=None, tsq="none"), pack([entry("t_in", 1.0)], tsq="none")):
        decoded = decode(content)
        assert decoded.batch.ts_us.tolist() == [NOW_US]
        assert quality_class(decoded.batch.quality).tolist() == [QualityClass.UNCERTAIN]
        assert decoded.batch.quality[0] & Reason.CLOCK


def test_quality_of_the_device_is_kept_apart() -> None:
    """The class that the device gave stays readable after the server has judged worse."""
    decoded = decode(pack([entry("t_in", 35.0, quality=QualityClass.UNCERTAIN | Reason.STUCK)]))
    quality = int(decoded.batch.quality[0])
    assert quality & 0b11 == QualityClass.BAD
    assert quality >> 13 == QualityClass.UNCERTAIN
    assert quality & Reason.STUCK
    assert quality & Reason.RANGE


def test_overdue_calibration_makes_uncertain() -> None:
    """A reading after the day on which calibration was due is uncertain, one before is good."""
    before = 1_769_900_000_000  # 2026-01-31T22:53Z
    decoded = decode(pack([entry("overdue", 1.0), entry("overdue", 1.0, t=before - NOW_MS)]))
    assert quality_class(decoded.batch.quality).tolist() == [QualityClass.UNCERTAIN, QualityClass.GOOD]
    assert decoded.batch.quality[0] & Reason.CALIBRATION_DUE


def test_pulses_are_weighed_and_registers_are_not() -> None:
    """A pulse register is weighed in its declared unit; a value with a volume's unit is a volume already."""
    decoded = decode(
        pack([entry("volume", 1234), entry("volume", 1234, unit="{pulse}"), entry("volume", 12, unit="m3")])
    )
    assert decoded.batch.value.tolist() == [12.34, 12.34, 12.0]
    assert (decoded.batch.point_id == point_id("volume")).all()


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("port/v1/harbour/quay/store/telemetry", RefusalReason.NOT_ALLOWED),
        ("port/v1/harbour/quay/nowhere/telemetry", RefusalReason.UNKNOWN_POINT),
        ("port/v1/elsewhere/quay/loop/telemetry", RefusalReason.NOT_ALLOWED),
        ("port/v1/harbour/quay/loop/status", RefusalReason.SCHEMA),
        ("port/v1/harbour/quay", RefusalReason.SCHEMA),
        ("something/else", RefusalReason.SCHEMA),
        ("", RefusalReason.SCHEMA),
    ],
)
def test_topics_that_do_not_carry_our_readings(topic: str, reason: RefusalReason) -> None:
    """Another device's topic, an unknown asset, another site and other topics are refused with their reason."""
    assert reasons(decode(pack([entry("t_in", 1.0)]), topic=topic)) == [reason]


def test_events_are_welcome_too() -> None:
    """The event topic takes readings as the telemetry topic does."""
    decoded = decode(pack([entry("landed", 3.5)]), topic=TOPIC.replace("telemetry", "event"))
    assert readings(decoded) == [("landed", NOW_MS, 3500.0)]


def test_plain_text_on_an_assets_topic_is_explained() -> None:
    """A number on an asset's topic is told to get a topic of its own."""
    decoded = decode(b"12.5", content_type="text/plain")
    assert reasons(decoded) == [RefusalReason.SCHEMA]
    assert "plain_topics" in decoded.refusals[0].detail


def test_encoder_refuses_what_no_decoder_would_take() -> None:
    """A time quality that does not exist and columns of unequal length fail at the sender."""
    with pytest.raises(ContractError, match="ntp, rtc, none"):
        encode_pack(DEVICE, 1, 1, NOW_MS, [], tsq="gps")
    with pytest.raises(ContractError, match="one time for each value"):
        series("t_in", [1, 2], [1.0])


def test_cbor_is_smaller_and_says_the_same() -> None:
    """The CBOR form holds the same document as the JSON form."""
    entries = [entry("t_in", 12.5, t=-3), series("flow", [0], [1.0], quality=[2])]
    assert cbor2.loads(pack(entries, cbor=True)) == json.loads(pack(entries))
    assert len(pack(entries, cbor=True)) < len(pack(entries))


def test_catalogue_can_be_exchanged_without_forgetting() -> None:
    """A new catalogue keeps what rate limits know of the same points."""
    told = decoder()
    told.decode([message(pack([entry("t_jump", 1.0, t=-1000)]))])
    told.use(told.catalogue)
    decoded = told.decode([message(pack([entry("t_jump", 20.0)]))])
    assert decoded.batch.quality[0] & Reason.RATE
    assert isinstance(decoded.batch.quality, np.ndarray)
