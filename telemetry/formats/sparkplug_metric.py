"""One Sparkplug metric: its number, time and quality."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from telemetry.formats.rows import FARTHEST_MS, shown
from telemetry.quality import QualityClass, Reason

if TYPE_CHECKING:
    from telemetry.formats.sparkplug_b_pb2 import Metric, Payload

# Data types of the specification that are numbers, by how their bits are to be read.
_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED = (5, 6, 7, 8)
_GOOD, _STALE = 192, 500  # the property "Quality", as far as it is in use: OPC's good, and the specification's stale


def value_of(metric: Metric, datatype: int) -> float | None:
    """Return the number of a metric, or None where it has none that is safe to read."""
    which = metric.WhichOneof("value")
    if metric.is_null or which is None:
        return None
    if which in ("double_value", "float_value"):
        return float(getattr(metric, which))
    if which == "boolean_value":
        return metric.boolean_value
    if which not in ("int_value", "long_value"):
        return None
    number = int(getattr(metric, which))
    if datatype in _UNSIGNED:
        return number
    bits = _SIGNED_BITS.get(datatype)
    return None if bits is None else _signed(number, bits)


def _signed(number: int, bits: int) -> int:
    """Read two's complement, which nodes write in the type's own width or in that of the field."""
    for width in (bits, 32, 64):
        if width >= bits and 0 <= number < 1 << width:
            return number - (1 << width) if number >= 1 << (width - 1) else number
    return number


def time_of(metric: Metric, content: Payload, received_us: int) -> tuple[int, int]:
    """Return a metric's time [µs], and what the server holds against it."""
    for told in (metric, content):
        if told.HasField("timestamp"):
            return 1000 * min(told.timestamp, FARTHEST_MS), 0
    return received_us, Reason.CLOCK


def quality_of(metric: Metric) -> int:
    """Return the quality that a metric's property of that name tells, on our scale."""
    if not metric.HasField("properties"):
        return 0
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality":
            told = int(value.int_value or value.long_value)
            if told == _STALE:
                return QualityClass.UNCERTAIN | Reason.STALE
            return QualityClass.GOOD if told >= _GOOD else QualityClass.UNCERTAIN if told >= 64 else QualityClass.BAD
    return 0


def no_number(metric: Metric, name: str) -> str:
    """Explain why a metric has no number."""
    if metric.is_null:
        return f"{shown(name)} is null"
    if metric.WhichOneof("value") in ("int_value", "long_value"):
        return f"the type of {shown(name)} is not known: a birth or `datatype` has to tell it"
    return f"{shown(name)} is not a number"


def shown_metric(metric: Metric, name: str) -> dict[str, object]:
    """Return a metric fit for quarantine."""
    which = metric.WhichOneof("value")
    value = None if which is None else getattr(metric, which)
    if isinstance(value, float) and not isfinite(value):
        value = repr(value)
    return {
        "name": name or None,
        "alias": metric.alias if metric.HasField("alias") else None,
        "timestamp": metric.timestamp if metric.HasField("timestamp") else None,
        "value": value if isinstance(value, int | float | str) else None if value is None else repr(value)[:200],
    }
