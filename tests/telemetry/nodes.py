"""Short ways to let a Sparkplug node say something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telemetry.formats.sparkplug_b_pb2 import Metric, Payload
from tests.telemetry.harbour import NOW_MS, NOW_US, decoder, message, readings

if TYPE_CHECKING:
    from telemetry.batch import Decoded
    from telemetry.decode import Decoder

INT8, INT16, INT32, INT64, UINT8, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING = 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12


def payload(metrics: list[Metric], seq: int | None = 0, timestamp: int | None = NOW_MS) -> bytes:
    """Encode a payload."""
    return Payload(timestamp=timestamp, seq=seq, metrics=metrics).SerializeToString()


def metric(name: str | None = None, value: float = 0.0, **fields: Any) -> Metric:
    """Make a metric of type double, unless fields say otherwise."""
    if not any(field.endswith("_value") or field == "is_null" for field in fields):
        fields["double_value"] = value
        fields.setdefault("datatype", DOUBLE if name else None)
    return Metric(name=name, **fields)


def say(told: Decoder, kind: str, content: bytes, device: str = "", node: str = "node", after_s: float = 0) -> Decoded:
    """Let a node of group `port` say something."""
    topic = f"spBv1.0/port/{kind}/{node}" + (f"/{device}" if device else "")
    return told.decode([message(content, topic, received_us=NOW_US + int(1e6 * after_s))])


def born() -> Decoder:
    """Return a decoder that has seen a node's birth: t_in is alias 1, flow alias 2, and a control metric."""
    told = decoder()
    metrics = [
        metric("bdSeq", long_value=3, datatype=UINT64),
        metric("Node Control/Rebirth", boolean_value=False, datatype=BOOLEAN),
        metric("t_in", 11.0, alias=1),
        metric("flow", alias=2, float_value=36.0, datatype=FLOAT),
    ]
    decoded = say(told, "NBIRTH", payload(metrics))
    assert readings(decoded) == [("t_in", NOW_MS, 11.0), ("flow", NOW_MS, 36.0)]
    assert not decoded.refusals
    assert not decoded.rebirths
    return told
