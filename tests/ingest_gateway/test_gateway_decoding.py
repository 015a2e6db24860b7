"""Decoders of several sites, and messages that have to be decoded twice."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest_gateway.decoding import SiteDecoders
from ingest_gateway.metrics import Metrics
from ingest_gateway.settings import GatewaySettings
from telemetry.batch import Decoded, Message, RefusalReason
from telemetry.catalogue import Catalogue, catalogue_of
from telemetry.decode import Decoder
from telemetry.errors import StorageError
from telemetry.formats.envelope import JSON_TYPE, encode_pack
from telemetry.formats.sparkplug_b_pb2 import Metric, Payload
from tests.ingest_gateway.quay import TELEMETRY, gauge, now_ms, small_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def message(payload: bytes = b"1", topic: str = "t", content_type: str = "") -> Message:
    """Return a message that has just arrived."""
    return Message(topic, payload, content_type, time.time_ns() // 1000)


def decoders(**catalogues: Catalogue) -> SiteDecoders:
    """Return decoders for sites."""
    made = SiteDecoders(lambda: catalogues, GatewaySettings(dsn=""), Metrics())
    assert made.refresh()
    return made


def pack(site: str, value: float) -> Message:
    """Return an envelope for one point of a site."""
    payload = encode_pack("node-1", 1, 1, now_ms(), [{"n": "t00", "v": value}, {"n": "nobody", "v": 0}])
    return message(payload, TELEMETRY.replace("quay", site), JSON_TYPE)


def test_two_sites_are_decoded_side_by_side() -> None:
    """Readings and refusals point to their messages, whichever site those are of."""
    other = replace(catalogue_of(small_site()), site="dock")
    both = decoders(quay=catalogue_of(small_site()), dock=other)
    decoded = both.decode([pack("dock", 1.0), pack("quay", 2.0), pack("nowhere", 3.0), pack("dock", 4.0)])
    stored = dict(zip(decoded.batch.message.tolist(), decoded.batch.value.tolist(), strict=True))
    assert stored == {0: 1.0, 1: 2.0, 3: 4.0}
    assert sorted((refusal.message, refusal.reason) for refusal in decoded.refusals) == [
        (0, RefusalReason.UNKNOWN_POINT),
        (1, RefusalReason.UNKNOWN_POINT),
        (2, RefusalReason.NOT_ALLOWED),
        (3, RefusalReason.UNKNOWN_POINT),
    ]


def test_a_message_that_breaks_the_decoder_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the decoder raise against its word, the one message goes to quarantine and the rest is decoded."""
    whole = Decoder.decode

    def fragile(self: Decoder, messages: Sequence[Message]) -> Decoded:
        if any(one.payload == b"poison" for one in messages):
            raise ZeroDivisionError
        return whole(self, messages)

    monkeypatch.setattr(Decoder, "decode", fragile)
    messages = [pack("quay", 1.0), message(b"poison"), pack("quay", 2.0), pack("quay", 3.0)]
    decoded = decoders(quay=catalogue_of(small_site())).decode(messages)
    assert decoded.batch.message.tolist() == [0, 2, 3]
    poison = [refusal for refusal in decoded.refusals if refusal.message == 1]
    assert [refusal.reason for refusal in poison] == [RefusalReason.UNDECODABLE]


def test_a_new_catalogue_never_moves_a_reading_to_another_point() -> None:
    """Data, then a birth that gives their alias to a point just declared: decoded twice, stored under the first."""

    def mapped(names: list[str], version: str) -> Catalogue:
        site = catalogue_of(small_site(*(gauge(f"hall/room-1/{name}", "temperature", "Cel") for name in names)))
        return replace(site, sparkplug={"g/n": "hall/room-1"}, version=version)

    def say(kind: str, seq: int, *metrics: Metric) -> Message:
        content = Payload(timestamp=now_ms(), seq=seq, metrics=metrics).SerializeToString()
        return message(content, f"spBv1.0/g/{kind}/n")

    def declared(alias: int, name: str) -> Metric:
        return Metric(name=name, alias=alias, datatype=10, double_value=20.0)

    known = {"quay": mapped([], "1")}
    made = SiteDecoders(lambda: known, GatewaySettings(dsn=""), Metrics())
    assert made.refresh()
    made.decode([say("NBIRTH", 0, declared(1, "t01"), declared(2, "t02"))])
    known = {"quay": mapped(["new"], "2")}
    made._looked_s -= 5
    decoded = made.decode(
        [say("NDATA", 1, Metric(alias=1, double_value=77.0)), say("NBIRTH", 0, declared(1, "new"), declared(2, "t01"))]
    )
    assert not decoded.refusals
    stored = decoded.batch.point_id[decoded.batch.value == 77.0].tolist()
    assert stored == [known["quay"].points["hall/room-1/t01"].point_id]


def test_a_database_that_is_away_leaves_the_catalogue_as_it_is() -> None:
    """Refreshing fails with a reason; decoding goes on with what was known."""
    known = {"quay": catalogue_of(small_site())}
    down = threading.Event()

    def load() -> dict[str, Catalogue]:
        if down.is_set():
            raise StorageError("cannot be reached", place="database")
        return known

    made = SiteDecoders(load, GatewaySettings(dsn=""), Metrics())
    assert made.refresh()
    down.set()
    assert not made.refresh()
    assert made.reason == "database: cannot be reached"
    assert len(made.decode([pack("quay", 1.0)]).batch) == 1
