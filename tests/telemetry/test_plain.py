"""Plain values: one number as text on a mapped topic."""

from __future__ import annotations

import pytest

from telemetry.batch import RefusalReason
from telemetry.quality import QualityClass, Reason
from tests.telemetry.harbour import NOW_US, decode, point_id, reasons

TOPIC = "legacy/index"


@pytest.mark.parametrize(
    ("text", "value"), [("1234", 12.34), (" 1234.0\n", 12.34), ("+1e3", 10.0), (".5", 0.005), ("5.", 0.05)]
)
def test_a_number_becomes_a_reading(text: str, value: float) -> None:
    """The reading has the time of its arrival, the point's unit, and is uncertain: reason clock."""
    batch = decode(text.encode(), topic=TOPIC, content_type="text/plain").batch
    assert batch.value.tolist() == [pytest.approx(value)]
    assert batch.ts_us.tolist() == [NOW_US]
    assert batch.point_id.tolist() == [point_id("volume")]
    assert int(batch.quality[0]) == QualityClass.UNCERTAIN | Reason.CLOCK


@pytest.mark.parametrize(
    "text", ["", "twelve", "12,5", "1 2", "0x10", "1_000", "--1", "1e", "é", "1" * 65, "{}", "\x00"]
)
def test_what_is_not_a_number(text: str) -> None:
    """Words, decimal commas, other bases and overlong texts are undecodable."""
    assert reasons(decode(text.encode(), topic=TOPIC)) == [RefusalReason.UNDECODABLE]


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "-5"])
def test_impossible_numbers(text: str) -> None:
    """NaN, infinities and a negative register are impossible for the quantity."""
    assert reasons(decode(text.encode(), topic=TOPIC)) == [RefusalReason.RANGE_REJECT]


def test_a_comma_is_explained() -> None:
    """A decimal comma is named as the cause."""
    assert "decimal point" in decode(b"12,5", topic=TOPIC).refusals[0].detail
