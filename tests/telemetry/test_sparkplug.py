"""Sparkplug B: births, aliases, numbers, deaths, and rebirths asked for."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.batch import RefusalReason
from telemetry.formats.sparkplug import parse_sparkplug_topic, rebirth_command
from telemetry.formats.sparkplug_b_pb2 import Metric, Payload, PropertySet, PropertyValue
from telemetry.quality import QualityClass, Reason, quality_class
from tests.telemetry.harbour import NOW_MS, NOW_US, decoder, message, readings, reasons
from tests.telemetry.nodes import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    UINT8,
    UINT32,
    born,
    metric,
    payload,
    say,
)


def test_data_by_alias_after_a_birth() -> None:
    """Data messages say aliases only; metric times win over the payload's."""
    told = born()
    decoded = say(
        told, "NDATA", payload([metric(alias=1, value=12.5, timestamp=NOW_MS - 5), metric(alias=2, value=2)], 1)
    )
    assert readings(decoded) == [("t_in", NOW_MS - 5, 12.5), ("flow", NOW_MS, 2.0)]
    assert not decoded.batch.quality.any()
    assert not decoded.rebirths


def test_numbers_go_round_after_255() -> None:
    """256 messages follow each other without a complaint, and the 257th is number 0 again."""
    told = born()
    for number in range(1, 300):
        decoded = say(told, "NDATA", payload([metric(alias=1, value=12.5)], number % 256))
        assert not decoded.rebirths
        assert quality_class(decoded.batch.quality).tolist() == [QualityClass.GOOD]


def test_a_gap_asks_for_a_rebirth() -> None:
    """After a missing number, data are uncertain until the node is born again; it is asked every 10 s at most."""
    told = born()
    gap = say(told, "NDATA", payload([metric(alias=1, value=12.5)], 5))
    assert gap.rebirths == ["port/node"]
    assert gap.batch.quality.tolist() == [QualityClass.UNCERTAIN | Reason.COMM]
    assert say(told, "NDATA", payload([metric(alias=1, value=12.5)], 6), after_s=3).rebirths == []
    assert say(told, "NDATA", payload([metric(alias=1, value=12.5)], 7), after_s=14).rebirths == ["port/node"]
    anew = say(told, "NBIRTH", payload([metric("bdSeq", long_value=3), metric("t_in", 1.0, alias=1)], 0), after_s=15)
    assert anew.batch.quality.tolist() == [QualityClass.GOOD]
    assert say(told, "NDATA", payload([metric(alias=1, value=2.0)], 1), after_s=16).rebirths == []


def test_the_same_message_again_is_no_gap() -> None:
    """A message that the broker delivers twice changes nothing."""
    told = born()
    content = payload([metric(alias=1, value=12.5)], 1)
    for _ in range(2):
        assert not say(told, "NDATA", content).rebirths
    assert not say(told, "NDATA", payload([metric(alias=1, value=12.5)], 2)).rebirths


def test_data_before_a_birth() -> None:
    """Named metrics are taken with quality uncertain, aliases are refused, and a rebirth is asked for."""
    told = decoder()
    decoded = say(told, "NDATA", payload([metric("t_in", 1.0), metric(alias=2, value=1.0)], 9))
    assert readings(decoded) == [("t_in", NOW_MS, 1.0)]
    assert decoded.batch.quality.tolist() == [QualityClass.UNCERTAIN | Reason.COMM]
    assert reasons(decoded) == [RefusalReason.UNKNOWN_POINT]
    assert decoded.rebirths == ["port/node"]


def test_an_alias_that_no_birth_declared() -> None:
    """An unknown alias is refused and leads to a rebirth; its neighbour is stored."""
    told = born()
    decoded = say(told, "NDATA", payload([metric(alias=77, value=1.0), metric(alias=1, value=2.0)], 1))
    assert reasons(decoded) == [RefusalReason.UNKNOWN_POINT]
    assert len(decoded.batch) == 1
    assert decoded.rebirths == ["port/node"]


def test_devices_of_a_node_share_its_numbers() -> None:
    """A device's birth and data count in the node's sequence and lead to the device's asset."""
    told = born()
    assert not say(told, "DBIRTH", payload([metric("t_air", -20.0, alias=9)], 1), "store").rebirths
    decoded = say(told, "DDATA", payload([metric(alias=9, value=-21.0)], 2), "store")
    assert readings(decoded) == [("t_air", NOW_MS, -21.0)]
    assert not say(told, "NDATA", payload([metric(alias=1, value=1.0)], 3)).rebirths
    assert not say(told, "DDEATH", payload([], 4), "store").rebirths
    after = say(told, "DDATA", payload([metric(alias=9, value=-21.0)], 5), "store")
    assert reasons(after) == [RefusalReason.UNKNOWN_POINT]
    assert after.rebirths == ["port/node"]


def test_a_device_cannot_use_its_nodes_aliases() -> None:
    """An alias belongs to the node or device whose birth declared it."""
    told = born()
    assert reasons(say(told, "DDATA", payload([metric(alias=1, value=1.0)], 1), "store")) == [
        RefusalReason.UNKNOWN_POINT
    ]


def test_death_and_new_life() -> None:
    """A death makes aliases void; a death of an earlier connection, told late, does not."""
    told = born()
    late = payload([metric("bdSeq", long_value=2)], None)
    assert say(told, "NDEATH", late).received == 0
    assert not say(told, "NDATA", payload([metric(alias=1, value=1.0)], 1)).rebirths
    say(told, "NDEATH", payload([metric("bdSeq", long_value=3)], None))
    decoded = say(told, "NDATA", payload([metric(alias=1, value=1.0)], 2))
    assert reasons(decoded) == [RefusalReason.UNKNOWN_POINT]
    assert decoded.rebirths == ["port/node"]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"int_value": 250, "datatype": INT8}, -6.0),
        ({"int_value": 2**32 - 6, "datatype": INT8}, -6.0),
        ({"int_value": 2**16 - 6, "datatype": INT16}, -6.0),
        ({"int_value": 2**32 - 6, "datatype": INT32}, -6.0),
        ({"long_value": 2**64 - 6, "datatype": INT64}, -6.0),
        ({"int_value": 250, "datatype": UINT8}, 250.0),
        ({"int_value": 300, "datatype": UINT32}, 300.0),
        ({"float_value": 1.5, "datatype": FLOAT}, 1.5),
        ({"double_value": 1.5}, 1.5),
    ],
)
def test_types_of_numbers(fields: dict[str, Any], value: float) -> None:
    """Negative integers, in the width of the type or of the field, come out negative."""
    decoded = say(decoder(), "NBIRTH", payload([metric("t_in", **fields)]))
    assert decoded.batch.value.tolist() == [value]


@pytest.mark.parametrize(
    "fields",
    [
        {"is_null": True, "datatype": DOUBLE},
        {"string_value": "12", "datatype": STRING},
        {"bytes_value": b"12"},
        {"int_value": 5},
        {"boolean_value": True, "datatype": BOOLEAN},
    ],
)
def test_metrics_without_a_safe_number(fields: dict[str, Any]) -> None:
    """Null, texts, integers of unknown type and truth values where a number belongs are refused by themselves."""
    decoded = say(decoder(), "NBIRTH", payload([metric("t_in", **fields), metric("flow", 1.0)]))
    assert reasons(decoded) == [RefusalReason.SCHEMA]
    assert len(decoded.batch) == 1


def test_integer_types_are_remembered_from_the_birth() -> None:
    """A data message need not repeat the type."""
    told = decoder()
    say(told, "NBIRTH", payload([metric("t_in", alias=1, int_value=250, datatype=INT8)]))
    by_alias = say(told, "NDATA", payload([Metric(alias=1, int_value=251)], 1))
    by_name = say(told, "NDATA", payload([Metric(name="t_in", int_value=252)], 2))
    assert by_alias.batch.value.tolist() == [-5.0]
    assert by_name.batch.value.tolist() == [-4.0]


@pytest.mark.parametrize(
    ("told", "expected"),
    [(192, QualityClass.GOOD), (0, QualityClass.BAD), (64, QualityClass.UNCERTAIN), (500, QualityClass.UNCERTAIN)],
)
def test_the_quality_property(told: int, expected: QualityClass) -> None:
    """A metric's property "Quality" becomes our quality; 500 is stale."""
    properties = PropertySet(
        keys=["engUnit", "Quality"], values=[PropertyValue(string_value="x"), PropertyValue(int_value=told)]
    )
    decoded = say(decoder(), "NBIRTH", payload([metric("t_in", 1.0, properties=properties)]))
    assert quality_class(decoded.batch.quality).tolist() == [expected]
    assert bool(decoded.batch.quality[0] & Reason.STALE) == (told == 500)


def test_historical_values_say_nothing_about_the_clock() -> None:
    """A steadily late time marked historical is no wrong clock; unmarked it is."""
    for historical in (True, False):
        told = born()
        for number in range(1, 40):
            content = payload(
                [metric(alias=1, value=1.0, timestamp=NOW_MS - 7_200_000, is_historical=historical)], number
            )
            decoded = say(told, "NDATA", content)
        assert bool(decoded.batch.quality[0] & Reason.CLOCK) is not historical
        assert bool(told.clocks_off()) is not historical


def test_without_any_time_the_arrival_counts() -> None:
    """A metric without a time gets that of its arrival, and is uncertain: reason clock."""
    decoded = say(decoder(), "NBIRTH", payload([metric("t_in", 1.0)], timestamp=None))
    assert decoded.batch.ts_us.tolist() == [NOW_US]
    assert decoded.batch.quality[0] & Reason.CLOCK


def test_what_is_not_mapped() -> None:
    """Unknown nodes are refused whole; metrics of a node whose device alone is mapped are refused one by one."""
    told = decoder()
    assert reasons(say(told, "NBIRTH", payload([metric("t_in", 1.0)]), node="stranger")) == [
        RefusalReason.UNKNOWN_POINT
    ]
    assert reasons(say(told, "NBIRTH", payload([metric("x", 1.0), metric("y", 1.0)]), node="other")) == [
        RefusalReason.UNKNOWN_POINT,
        RefusalReason.UNKNOWN_POINT,
    ]
    assert len(say(told, "DBIRTH", payload([metric("t_air", 1.0)], 1), "only", node="other").batch) == 1


def test_commands_and_states_are_not_for_us() -> None:
    """Commands, our own among them, and host states pass without a trace."""
    told = born()
    topic, command = rebirth_command("port/node", NOW_MS)
    assert topic == "spBv1.0/port/NCMD/node"
    decoded = told.decode([message(command, topic), message(b"{}", "spBv1.0/STATE/scada")])
    assert decoded.received == 0
    sent = Payload.FromString(command)
    assert (sent.metrics[0].name, sent.metrics[0].boolean_value) == ("Node Control/Rebirth", True)


@pytest.mark.parametrize("content", [b"\xff", b"\x12\x05abc", b'{"metrics":[]}', b"\x12\x04\x0a\x02\xff\xfe"])
def test_what_is_no_payload(content: bytes) -> None:
    """Bytes that are no protobuf are undecodable."""
    assert reasons(say(born(), "NDATA", content)) == [RefusalReason.UNDECODABLE]


@pytest.mark.parametrize(
    "topic",
    [
        "spBv1.0",
        "spBv1.0/port/NDATA",
        "spBv1.0/port/NDATA/node/device",
        "spBv1.0/port/DDATA/node",
        "spBv1.0/port/XDATA/n",
        "spBv1.0/port/NDATA//",
    ],
)
def test_what_is_no_sparkplug_topic(topic: str) -> None:
    """Other topics under the root are refused as `schema`."""
    assert parse_sparkplug_topic(topic) is None
    assert reasons(decoder().decode([message(b"", topic)])) == [RefusalReason.SCHEMA]


def test_a_new_catalogue_remembers_births() -> None:
    """Applying a site file again does not make nodes say everything anew."""
    told = born()
    told.use(told.catalogue)
    assert not say(told, "NDATA", payload([metric(alias=1, value=1.0)], 1)).rebirths
