"""Properties that hold for any input: nothing raises, nothing is lost, nothing is counted twice, codecs go round."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.batch import Message
from telemetry.formats.choice import SENML_CBOR_TYPE, SENML_JSON_TYPE
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, encode_pack
from telemetry.formats.sparkplug_b_pb2 import Metric, Payload
from telemetry.quality import WIRE_MASK
from telemetry.quantities import QUANTITIES
from tests.telemetry.harbour import DEVICE, NOW_MS, NOW_US, TOPIC, catalogue, decoder, message

NAMES = ("t_in", "pressure", "flow", "conductivity")
UNITS = {
    "t_in": ("", "Cel", "K"),
    "pressure": ("", "bar", "Pa"),
    "flow": ("", "m3/h", "L/s"),
    "conductivity": ("", "S/m"),
}
TYPES = ("", JSON_TYPE, CBOR_TYPE, SENML_JSON_TYPE, SENML_CBOR_TYPE, "text/plain", "application/json")
TOPICS = (
    TOPIC,
    "port/v1/harbour/quay/store/telemetry",
    "legacy/index",
    "legacy/door",
    "spBv1.0/port/NBIRTH/node",
    "spBv1.0/port/DDATA/node/store",
    "x",
)

offsets = st.integers(-86_400_000, 200_000)
qualities = st.integers(0, WIRE_MASK)
values = st.floats(0.5, 900.0)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
wild = st.sampled_from((*NAMES, "door", "energy", "nowhere", "Cel", "bar", "none", DEVICE, 1, 0, NOW_MS)) | json_values


@st.composite
def single_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a sound entry of one sample."""
    name = draw(st.sampled_from(NAMES))
    made: dict[str, Any] = {"n": name, "v": draw(values)}
    for label, choices in (("u", st.sampled_from(UNITS[name])), ("t", offsets), ("q", qualities)):
        if draw(st.booleans()):
            made[label] = draw(choices)
    return made


@st.composite
def column_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a sound entry in columns."""
    n = draw(st.integers(0, 5))
    name = draw(st.sampled_from(NAMES))
    made: dict[str, Any] = {"n": name, "u": draw(st.sampled_from(UNITS[name]))}
    made["v"] = draw(st.lists(values, min_size=n, max_size=n))
    made["t"] = draw(st.lists(offsets, min_size=n, max_size=n))
    if draw(st.booleans()):
        made["q"] = draw(st.lists(qualities, min_size=n, max_size=n))
    return made


entry_lists = st.lists(single_entries() | column_entries(), max_size=6)


def samples(entries: list[dict[str, Any]]) -> list[tuple[str, str, float, int, int]]:
    """Return (name, unit, value, offset, quality) of every sample."""
    flat = []
    for made in entries:
        column = isinstance(made["v"], list)
        told = made["v"] if column else [made["v"]]
        times = made.get("t", 0) if column else [made.get("t", 0)]
        quality = made.get("q", 0)
        qualities_of = quality if isinstance(quality, list) else [quality] * len(told)
        flat += [(made["n"], made.get("u", ""), *one) for one in zip(told, times, qualities_of, strict=True)]
    return flat


@given(packs=st.lists(st.tuples(entry_lists, st.booleans()), max_size=4))
def test_every_sound_sample_comes_out_as_it_was_said(packs: list[tuple[list[dict[str, Any]], bool]]) -> None:
    """Names, values in canonical units, times and qualities go round through JSON and CBOR, in order."""
    told = [
        message(
            encode_pack(DEVICE, 1, number, NOW_MS, entries, cbor=cbor), content_type=CBOR_TYPE if cbor else JSON_TYPE
        )
        for number, (entries, cbor) in enumerate(packs)
    ]
    known = catalogue().points
    factors = {"K": (1, -273.15), "Pa": (1e-5, 0), "L/s": (3.6, 0), "S/m": (10, 0)}
    expected = [sample for entries, _ in packs for sample in samples(entries)]
    sound = [
        (name, value * factors.get(unit, (1, 0))[0] + factors.get(unit, (1, 0))[1], offset, quality)
        for name, unit, value, offset, quality in expected
    ]
    decoded = decoder().decode(told)
    kept = [one for one in sound if _possible(one[0], one[1])]
    assert decoded.received == len(sound)
    assert len(decoded.batch) == len(kept)
    assert decoded.batch.point_id.tolist() == [known[f"quay/loop/{name}"].point_id for name, *_ in kept]
    assert np.allclose(decoded.batch.value, [value for _, value, _, _ in kept], rtol=1e-12)
    assert decoded.batch.ts_us.tolist() == [1000 * (NOW_MS + offset) for _, _, offset, _ in kept]
    devices_class = [min(quality & 3, 2) for *_, quality in kept]
    assert (decoded.batch.quality >> 13).tolist() == devices_class
    assert [number.seq for number in decoded.sequences] == list(range(len(packs)))


def _possible(name: str, value: float) -> bool:
    """Hold a value against the physical bounds of its quantity."""
    quantity = {"t_in": (-273.15, 2000), "pressure": (-1.2, 1000), "flow": (-1e5, 1e5), "conductivity": (0, 1000)}[name]
    return quantity[0] <= value <= quantity[1]


@given(payload=st.binary(max_size=300), topic=st.sampled_from(TOPICS), content_type=st.sampled_from(TYPES))
def test_any_bytes_on_any_topic(payload: bytes, topic: str, content_type: str) -> None:
    """Whatever the bytes, topic and type: no exception, and columns that agree with each other."""
    decoded = decoder().decode([Message(topic, payload, content_type, NOW_US)])
    assert decoded.received == len(decoded.batch) + len(decoded.refusals)
    assert all(refusal.message == 0 and refusal.detail for refusal in decoded.refusals)


@given(topic=st.text(max_size=60), content_type=st.text(max_size=30))
def test_any_topic_and_type(topic: str, content_type: str) -> None:
    """Topics and content types are any text."""
    decoder().decode([Message(topic, b'{"v":1}', content_type, NOW_US)])


@st.composite
def wild_packs(draw: st.DrawFn) -> tuple[object, int | None]:
    """Draw an envelope with wild entries, and how many entries it has."""
    entries = draw(st.lists(st.dictionaries(st.sampled_from("nvutqx"), wild, max_size=6) | wild, max_size=5))
    head = {"v": 1, "dev": DEVICE, "boot": 1, "seq": 1, "ts": NOW_MS, "tsq": "ntp", "e": entries}
    if draw(st.booleans()):
        return head, len(entries)
    return head | draw(st.dictionaries(st.sampled_from(tuple(head)), wild, max_size=3)), None


@settings(max_examples=150)
@given(pack=wild_packs())
def test_any_envelope_conserves_its_entries(pack: tuple[object, int | None]) -> None:
    """Each wild entry is in exactly one of batch and refusals; its columns count by sample."""
    content, count = pack
    for payload, content_type in _encoded(content):
        decoded = decoder().decode([Message(TOPIC, payload, content_type, NOW_US)])
        if count is not None:
            entries = content["e"]  # type: ignore[index]  # an envelope, as `count` says
            assert decoded.received == sum(_size(one) for one in entries)
        assert np.isfinite(decoded.batch.value).all()
        for refusal in decoded.refusals:
            assert refusal.entry == "" or len(refusal.entry) <= 2000


def _encoded(content: object) -> list[tuple[bytes, str]]:
    """Encode wild content in JSON (with NaN where it has it) and in CBOR."""
    return [(json.dumps(content).encode(), JSON_TYPE), (cbor2.dumps(content), CBOR_TYPE)]


def _size(entry: object) -> int:
    """Count the samples that an entry announces; a misshapen entry is one."""
    if not isinstance(entry, dict) or not isinstance(entry.get("v"), list):
        return 1
    name, unit = entry.get("n"), entry.get("u", "")
    point = catalogue().points.get(f"quay/loop/{name}") if isinstance(name, str) else None
    if point is None or not isinstance(unit, str | None):
        return 1
    n = len(entry["v"])
    if any(isinstance(entry.get(label), list) and len(entry[label]) != n for label in ("t", "q")):
        return 1
    return n if not unit or unit in QUANTITIES[point.point.quantity].units else 1


@given(
    records=st.lists(
        st.dictionaries(
            st.sampled_from(("n", "v", "u", "t", "s", "vb", "bn", "bt", "bu", "bv", "bs", "bver", "x_")),
            wild,
            max_size=6,
        )
        | wild,
        max_size=6,
    )
)
def test_any_senml_pack_conserves_its_records(records: list[Any]) -> None:
    """Each record is a reading, a refusal, or base values alone."""
    base = {"bn", "bt", "bu", "bv", "bs", "bver"}
    silent = sum(isinstance(record, dict) and record.keys() <= base for record in records)
    decoded = decoder().decode([Message(TOPIC, json.dumps(records).encode(), SENML_JSON_TYPE, NOW_US)])
    assert len(records) - silent <= decoded.received <= len(records)
    decoder().decode([Message(TOPIC, cbor2.dumps(records), SENML_CBOR_TYPE, NOW_US)])


metrics = st.builds(
    Metric,
    name=st.none() | st.sampled_from((*NAMES, "bdSeq", "nowhere")),
    alias=st.none() | st.integers(0, 3),
    datatype=st.none() | st.integers(0, 20),
    timestamp=st.none() | st.integers(0, 2**64 - 1),
    is_null=st.none() | st.booleans(),
    is_historical=st.none() | st.booleans(),
) | st.builds(
    Metric, name=st.sampled_from(NAMES), alias=st.integers(0, 3), double_value=st.floats(), datatype=st.just(10)
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")),
            st.lists(metrics, max_size=4),
            st.integers(0, 2**64 - 1),
        ),
        max_size=6,
    )
)
def test_any_life_of_a_sparkplug_node(life: list[tuple[str, list[Metric], int]]) -> None:
    """Births, deaths and data in any order: each metric of a birth or data is a reading, a refusal or a control."""
    told = decoder()
    for kind, said, seq in life:
        topic = f"spBv1.0/port/{kind}/node" + ("/store" if kind.startswith("D") else "")
        payload = Payload(seq=seq, metrics=said).SerializeToString()
        decoded = told.decode([Message(topic, payload, "", NOW_US)])
        expected = 0 if kind.endswith("DEATH") else sum(one.name != "bdSeq" for one in said)
        assert expected - len(said) <= decoded.received <= len(said)
        assert len(decoded.rebirths) <= 1


@given(st.lists(entry_lists, min_size=1, max_size=5))
def test_one_list_or_one_by_one(packs: list[list[dict[str, Any]]]) -> None:
    """Decoding messages together gives what decoding them one after another gives."""
    told = [message(encode_pack(DEVICE, 1, number, NOW_MS, entries)) for number, entries in enumerate(packs)]
    together = decoder().decode(told)
    single = decoder()
    apart = [single.decode([one]) for one in told]
    for column in ("point_id", "ts_us", "value", "quality", "received_us"):
        joined = np.concatenate([getattr(part.batch, column) for part in apart])
        assert getattr(together.batch, column).tolist() == joined.tolist()
    assert together.received == sum(part.received for part in apart)
