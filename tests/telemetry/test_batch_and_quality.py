"""Columns and qualities: the small parts that everything else stands on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.batch import ReadingBatch, empty_batch, joined_batches
from telemetry.checks import Checks
from telemetry.formats.envelope import entry
from telemetry.quality import (
    DEVICE_SHIFT,
    REASON_MASK,
    WIRE_MASK,
    QualityClass,
    Reason,
    from_device,
    judged,
    quality_class,
)
from tests.telemetry.harbour import decoder, message, pack


def batch(n: int) -> ReadingBatch:
    """Return n readings of value 0…n-1."""
    return ReadingBatch(
        point_id=np.arange(n, dtype=np.int32),
        ts_us=np.arange(n, dtype=np.int64),
        value=np.arange(n, dtype=np.float64),
        quality=np.zeros(n, np.int16),
        received_us=np.arange(n, dtype=np.int64),
        message=np.zeros(n, np.int32),
    )


def test_columns_of_unequal_length_are_refused() -> None:
    """A batch whose columns differ in length would write one point's value under another's name."""
    three = batch(3)
    with pytest.raises(ValueError, match="differ in length: 3, 3, 2"):
        ReadingBatch(
            point_id=three.point_id,
            ts_us=three.ts_us,
            value=three.value[:2],
            quality=three.quality,
            received_us=three.received_us,
            message=three.message,
        )


def test_rows_are_taken_by_number_and_by_mask() -> None:
    """Both ways of choosing rows give the same batch."""
    by_number = batch(4).take(np.array([1, 3]))
    by_mask = batch(4).take(np.array([False, True, False, True]))
    assert by_number.value.tolist() == by_mask.value.tolist() == [1.0, 3.0]


def test_joined_batches_number_their_messages() -> None:
    """Batches of one message each become one, empty ones included."""
    joined = joined_batches([batch(2), empty_batch(), batch(1)])
    assert joined.message.tolist() == [0, 0, 2]
    assert joined.value.tolist() == [0.0, 1.0, 0.0]


@given(st.lists(st.integers(0, WIRE_MASK), min_size=1, max_size=20))
def test_a_devices_quality_is_kept_in_both_places(wire: list[int]) -> None:
    """Class and reasons are taken over, class 3 counts as bad, and nothing turns negative."""
    stored = from_device(np.array(wire, np.int16))
    assert stored.dtype == np.int16
    assert (stored >= 0).all()
    assert quality_class(stored).tolist() == [min(quality & 3, QualityClass.BAD) for quality in wire]
    assert (stored >> DEVICE_SHIFT).tolist() == quality_class(stored).tolist()
    assert (stored & REASON_MASK).tolist() == [quality & REASON_MASK for quality in wire]


@given(
    st.lists(st.tuples(st.integers(0, WIRE_MASK), st.booleans()), min_size=1, max_size=20),
    st.sampled_from(Reason),
    st.sampled_from(QualityClass),
)
def test_judging_never_improves(told: list[tuple[int, bool]], reason: Reason, worst: QualityClass) -> None:
    """A judgement sets its reason where the mask holds, raises the class, and leaves the device's word alone."""
    before = from_device(np.array([quality for quality, _ in told], np.int16))
    where = np.array([chosen for _, chosen in told])
    after = judged(before, where, reason, worst)
    assert (quality_class(after) >= quality_class(before)).all()
    assert (after[~where] == before[~where]).all()
    assert ((after[where] & reason) == reason).all()
    assert (quality_class(after)[where] >= worst).all()
    assert ((after >> DEVICE_SHIFT) == (before >> DEVICE_SHIFT)).all()
    assert after.dtype == np.int16


def test_entries_are_counted_apart_from_what_becomes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that loses readings shows: what was read from the messages and what came out differ."""
    whole = Checks.batch
    monkeypatch.setattr(Checks, "batch", lambda *given: whole(*given).take(np.arange(1)))
    messages = [message(pack([entry("t_in", 1.0)])), message(pack([entry("t_in", 1.0), entry("flow", 1.0)], seq=2))]
    decoded = decoder().decode(messages)
    assert decoded.entries is not None
    assert decoded.entries.tolist() == [1, 2]
    assert decoded.found(2).tolist() == [1, 0]
    assert decoded.received == 3
