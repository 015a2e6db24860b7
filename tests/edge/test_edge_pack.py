"""Packs: numbered without a gap, and read back by the contract's own decoder as they were sampled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, strategies

from edge.pack import Packer, Sampled
from telemetry.batch import Message
from telemetry.catalogue import catalogue_of
from telemetry.decode import Decoder
from telemetry.formats.envelope import entry, series
from telemetry.quality import Reason
from telemetry.site_file import load_site
from telemetry.topics import TopicKind, parse_topic

SITE = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
CATALOGUE = catalogue_of(SITE)
NOW_US = 1_795_000_000_000_000
TS_MS = NOW_US // 1000 - 3_600_000
NAMES = ("power", "voltage", "current", "frequency")
VALUES = strategies.floats(0, 1000, allow_nan=False)


@given(
    packs=strategies.lists(
        strategies.lists(
            strategies.tuples(strategies.sampled_from(NAMES), strategies.integers(0, 3_000_000), VALUES),
            min_size=1,
            max_size=20,
            unique_by=lambda sample: sample[:2],
        ),
        min_size=1,
        max_size=5,
    ),
    cbor=strategies.booleans(),
    columns=strategies.booleans(),
)
def test_what_is_packed_is_what_the_gateway_reads(
    *, packs: list[list[tuple[str, int, float]]], cbor: bool, columns: bool
) -> None:
    """Entry by entry or in columns, JSON or CBOR: the same points, times and values, and numbers from 0 on."""
    packer = Packer(SITE.id, "meter-quay", 17, cbor=cbor)
    messages = []
    for samples in packs:
        pack = packer.pack(Sampled(asset="quay/substation", ts_ms=TS_MS, entries=entries_of(samples, columns=columns)))
        assert pack.readings == len(samples)
        messages.append(Message(pack.topic, pack.payload, pack.content_type, NOW_US))
    decoded = Decoder(CATALOGUE, clock_us=lambda: NOW_US).decode(messages)
    assert not decoded.refusals
    assert [(number.device, number.boot, number.seq) for number in decoded.sequences] == [
        ("meter-quay", 17, seq) for seq in range(len(packs))
    ]
    batch = decoded.batch
    columns_read = (batch.message.tolist(), batch.point_id.tolist(), batch.ts_us.tolist(), batch.value.tolist())
    have = sorted(zip(*columns_read, strict=True))
    ids = {name: CATALOGUE.points[f"quay/substation/{name}"].point_id for name in NAMES}
    assert have == sorted(
        (number, ids[name], (TS_MS + offset) * 1000, value)
        for number, samples in enumerate(packs)
        for name, offset, value in samples
    )
    assert ((batch.quality & int(Reason.SIMULATED)) != 0).all()


def entries_of(samples: list[tuple[str, int, float]], *, columns: bool) -> list[dict[str, Any]]:
    """Return the samples as single entries or as one column a point."""
    quality = int(Reason.SIMULATED)
    if not columns:
        return [entry(name, value, t=offset, quality=quality) for name, offset, value in samples]
    by_name = {
        name: [sample for sample in samples if sample[0] == name] for name in dict.fromkeys(s[0] for s in samples)
    }
    return [
        series(name, [offset for _, offset, _ in own], [value for _, _, value in own], quality=quality)
        for name, own in by_name.items()
    ]


def test_events_go_to_the_event_topic() -> None:
    """The kind chooses the last level of the topic."""
    sampled = Sampled(asset="mole/dock", ts_ms=TS_MS, entries=[entry("pallets_in", 3)], kind=TopicKind.EVENT)
    topic = parse_topic(Packer(SITE.id, "edge-mole-1", 1).pack(sampled).topic)
    assert topic is not None
    assert (topic.site, topic.asset, topic.kind) == ("capecure", "mole/dock", TopicKind.EVENT)
