"""SenML as RFC 8428 has it: base values, times, sums, versions, names and units."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest

from telemetry.batch import Decoded, RefusalReason
from telemetry.formats.choice import SENML_CBOR_TYPE, SENML_JSON_TYPE
from telemetry.formats.small_cbor import SmallCborError, read_small_cbor
from telemetry.quality import Reason
from tests.telemetry.harbour import NOW_MS, NOW_US, decode, readings, reasons

LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4}
LABELS |= {"s": 5, "t": 6, "ut": 7, "vd": 8}
NOW_S = NOW_MS // 1000


def both(records: list[dict[str, Any]]) -> list[Decoded]:
    """Decode a pack in JSON and in CBOR, which have to agree."""
    integers = [{LABELS.get(label, label): value for label, value in record.items()} for record in records]
    decoded = [
        decode(json.dumps(records).encode(), content_type=SENML_JSON_TYPE),
        decode(cbor2.dumps(integers), content_type=SENML_CBOR_TYPE),
    ]
    assert readings(decoded[0]) == readings(decoded[1])
    assert reasons(decoded[0]) == reasons(decoded[1])
    assert decoded[0].batch.quality.tolist() == decoded[1].batch.quality.tolist()
    return decoded


def test_base_values_hold_until_others_come() -> None:
    """Name, time, unit and value are added to every record from the one that gives them on."""
    decoded, _ = both(
        [
            {"bn": "urn:dev:mac:0024befffe804ff1:", "bt": NOW_S, "bu": "Cel", "bv": 10, "n": "t_in", "v": 2.5},
            {"n": "t_in", "v": 3, "t": -60},
            {"bv": 0, "bn": "edge-1/", "n": "flow", "u": "m3/s", "v": 0.01, "t": -1.5},
            {"bn": "", "bu": "Pa", "bt": NOW_S - 10},
            {"n": "pressure", "v": 250000},
        ]
    )
    assert readings(decoded) == [
        ("t_in", NOW_MS, 12.5),
        ("t_in", NOW_MS - 60_000, 13.0),
        ("flow", NOW_MS - 1500, 36.0),
        ("pressure", NOW_MS - 10_000, 2.5),
    ]
    assert not decoded.batch.quality.any()


def test_a_record_may_be_base_values_alone() -> None:
    """A base name and a base value without more make a reading where a name stands; without one, they say nothing."""
    decoded, _ = both([{"bn": "t_in", "bt": NOW_S, "bv": 4.0, "t": 0}, {"bver": 10, "bn": "flow"}])
    assert readings(decoded) == [("t_in", NOW_MS, 4.0)]


def test_relative_times_count_from_now() -> None:
    """Times below 2^28 s count from the arrival, and are no clock of the device: uncertain, reason clock."""
    decoded, _ = both([{"n": "t_in", "v": 1, "t": -5}, {"n": "t_in", "v": 2}, {"n": "t_in", "v": 3, "t": NOW_S}])
    assert readings(decoded) == [("t_in", NOW_MS - 5000, 1.0), ("t_in", NOW_MS, 2.0), ("t_in", NOW_MS, 3.0)]
    assert [bool(quality & Reason.CLOCK) for quality in decoded.batch.quality.tolist()] == [True, True, False]


def test_milliseconds_survive_floating_seconds() -> None:
    """A time told in float seconds comes out on the same millisecond as in the envelope."""
    for millisecond in range(0, 1000, 7):
        content = json.dumps([{"n": "t_in", "v": 1, "t": (NOW_MS + millisecond) / 1000}]).encode()
        decoded = decode(content, content_type=SENML_JSON_TYPE)
        assert decoded.batch.ts_us.tolist() == [NOW_US + 1000 * millisecond]


def test_the_sum_is_a_counters_register() -> None:
    """`s` and `bs` are registers of counters, in the unit times seconds; a gauge's sum is left alone."""
    decoded, _ = both(
        [
            {"bt": NOW_S, "n": "energy", "u": "W", "v": 500, "s": 3.6e6},
            {"n": "energy", "u": "W", "bs": 3.6e6, "s": 7.2e6, "t": -1},
            {"n": "energy", "u": "W", "t": -2},
            {"bs": 0, "n": "energy", "u": "kWh", "v": 4, "t": -3},
            {"n": "flow", "u": "m3/s", "v": 0.01, "s": 99},
        ]
    )
    assert [value for _, _, value in readings(decoded)] == pytest.approx([1.0, 3.0, 1.0, 4.0, 36.0])


@pytest.mark.parametrize(
    ("unit", "name", "value", "expected"),
    [
        ("K", "t_in", 285.15, 12.0),
        ("Pa", "pressure", 100_000, 1.0),
        ("hPa", "pressure", 1000, 1.0),
        ("S/m", "conductivity", 4, 40.0),
        ("l/s", "flow", 10, 36.0),
        ("kWh", "energy", 7, 7.0),
        ("J", "energy", 3.6e6, 1.0),
        ("kg", "landed", 5, 5.0),
    ],
)
def test_si_units_are_converted(unit: str, name: str, value: float, expected: float) -> None:
    """SenML's units come out in the canonical unit of the quantity."""
    decoded, _ = both([{"n": name, "u": unit, "v": value, "t": NOW_S}])
    assert readings(decoded)[0][2] == pytest.approx(expected)


@pytest.mark.parametrize("unit", ["bar", "m3/h", "mS/cm", "degC", "", 5])
def test_units_outside_the_registry_are_refused(unit: object) -> None:
    """UCUM codes that SenML does not have are refused; an empty unit is the declared one."""
    decoded, _ = both([{"n": "t_in", "u": unit, "v": 1, "t": NOW_S}])
    expected = {"": [], 5: [RefusalReason.SCHEMA]}.get(unit, [RefusalReason.UNIT])
    assert reasons(decoded) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("edge-1/t_in", None),
        ("quay/loop/t_in", None),
        ("harbour/quay/loop/t_in", None),
        ("urn:dev:ow:10e2073a01080063:t_in", None),
        ("urn:dev:ow:10e2073a01080063:edge-1:t_in", None),
        ("urn:dev:ow:10e2073a01080063:quay/loop/t_in", None),
        ("urn:dev:edge-2:t_in", RefusalReason.NOT_ALLOWED),
        ("urn:dev:ow:10e2073a01080063:quay/store/t_in", RefusalReason.NOT_ALLOWED),
        ("urn:x:harbour/quay/store:t_in", RefusalReason.NOT_ALLOWED),
        ("edge-2/t_in", RefusalReason.NOT_ALLOWED),
        ("quay/store/t_air", RefusalReason.NOT_ALLOWED),
        ("nowhere", RefusalReason.UNKNOWN_POINT),
        ("", RefusalReason.UNKNOWN_POINT),
        (5, RefusalReason.SCHEMA),
    ],
)
def test_full_names(name: object, reason: RefusalReason | None) -> None:
    """What stands before the point's name is our device, our asset or a urn that names no other."""
    decoded, _ = both([{"n": name, "v": 1, "t": NOW_S}])
    assert reasons(decoded) == ([] if reason is None else [reason])


def test_labels_that_have_to_be_understood() -> None:
    """A label ending in `_` costs its record; as a base value it costs all records from there on."""
    decoded, _ = both([{"n": "t_in", "v": 1, "ct_": "60"}, {"n": "t_in", "v": 2, "ct": "60"}])
    assert reasons(decoded) == [RefusalReason.SCHEMA]
    assert len(decoded.batch) == 1
    decoded, _ = both([{"n": "t_in", "v": 1}, {"n": "t_in", "v": 1, "bct_": "60"}, {"n": "t_in", "v": 2}])
    assert reasons(decoded) == [RefusalReason.SCHEMA] * 2
    assert len(decoded.batch) == 1


@pytest.mark.parametrize(
    ("version", "known"), [(5, True), (10, True), (26, True), (11, False), (42, False), ("10", False)]
)
def test_versions(version: object, known: bool) -> None:  # noqa: FBT001  a parameter of pytest
    """RFC 8428's version 10 and RFC 9100's secondary units (26) are understood, later ones are not."""
    decoded, _ = both([{"bver": version, "n": "t_in", "v": 1}, {"n": "t_in", "v": 2, "t": -1}])
    assert len(decoded.batch) == (2 if known else 0)
    assert len(decoded.refusals) == (0 if known else 2)


@pytest.mark.parametrize(
    "record",
    [
        {"n": "t_in"},
        {"n": "t_in", "vs": "warm"},
        {"n": "t_in", "vd": "AAEC"},
        {"n": "t_in", "vb": True},
        {"n": "t_in", "v": True},
        {"n": "t_in", "v": "1"},
        {"n": "door", "vb": 1},
        {"n": "t_in", "v": 1, "t": "now"},
        {"n": "t_in", "s": 5},
        "t_in",
    ],
)
def test_records_without_a_number_are_refused_by_themselves(record: Any) -> None:
    """Strings, data, missing and misplaced values cost their own record only."""
    content = json.dumps([{"n": "flow", "v": 1}, record, {"n": "flow", "v": 2, "t": -1}]).encode()
    decoded = decode(content, content_type=SENML_JSON_TYPE)
    assert reasons(decoded) == [RefusalReason.SCHEMA]
    assert len(decoded.batch) == 2


def test_truth_values_are_states() -> None:
    """`vb` is for points of kind state."""
    decoded, _ = both([{"n": "door", "vb": True, "t": NOW_S}, {"n": "door", "vb": False, "t": NOW_S - 1}])
    assert [value for _, _, value in readings(decoded)] == [1.0, 0.0]


@pytest.mark.parametrize(
    "content", [b"{}", b"[1e400]", b'[{"bt":1e400}]', b'[{"bv":' + b"9" * 500 + b"}]", b'[{"bn":5}]']
)
def test_packs_that_make_no_sense(content: bytes) -> None:
    """A pack that is no list, and base values that are no numbers, are refused without a fuss."""
    decoded = decode(content, content_type=SENML_JSON_TYPE)
    assert reasons(decoded) == [RefusalReason.SCHEMA]


def test_half_floats_and_decimal_fractions() -> None:
    """Small floats and decimal fractions, which SenML allows in CBOR, are numbers."""
    record = b"\xa2\x00\x64t_in\x02"
    assert decode(b"\x81" + record + b"\xf9\x4a\x40", content_type=SENML_CBOR_TYPE).batch.value.tolist() == [12.5]
    assert decode(b"\x81" + record + b"\xc4\x82\x20\x18\x7d", content_type=SENML_CBOR_TYPE).batch.value.tolist() == [
        12.5
    ]
    bignum = decode(b"\x81" + record + b"\xc2\x41\x05", content_type=SENML_CBOR_TYPE)
    assert reasons(bignum) == [RefusalReason.SCHEMA]
    assert "tag 2" in bignum.refusals[0].entry


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 23, 24, 255, 65536, 2**40, -1, -500, 1.5, 1e300, "", "é", b"\x00\x01", [1, [2]], {"a": 1, 5: "b"}],
)
def test_the_small_reader_agrees_with_the_large_one(value: object) -> None:
    """Whatever the library writes, the small reader reads the same."""
    assert read_small_cbor(cbor2.dumps(value)) == value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01\x02",
        b"\xff",
        b"\x1c",
        b"\x81",
        b"\x9f\x01",
        b"\x5f\x61a\xff",
        b"\xbf\x01\xff",
        b"\x82\x01\xff",
        b"\x61\xff",
    ],
)
def test_the_small_reader_refuses_what_is_not_cbor(content: bytes) -> None:
    """Cut, mixed and misplaced pieces raise a ValueError, nothing else."""
    with pytest.raises(ValueError, match=r".*") as caught:
        read_small_cbor(content)
    assert isinstance(caught.value, SmallCborError | UnicodeDecodeError)


def test_the_small_reader_reads_pieces() -> None:
    """Lists, maps and strings of unknown length are read until their end."""
    assert read_small_cbor(b"\x9f\x01\x7f\x61a\x61b\xff\xbf\x01\x02\xff\xff") == [1, "ab", {1: 2}]
    assert read_small_cbor(b"\xd9\xd9\xf7\x81\xf7") == [None]
