"""The server's checks on columns: bounds, rates, clocks, and the same for imported history."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.batch import RefusalReason
from telemetry.clocks import KEPT, ClockWatch
from telemetry.errors import ContractError
from telemetry.formats.envelope import entry
from telemetry.points import PointTable, table_of
from telemetry.quality import QualityClass, Reason, quality_class
from telemetry.rates import RateWatch
from telemetry.validate import REFUSALS, TimeLimits, convert_columns, validate_columns
from tests.telemetry.harbour import DEVICE, NOW_MS, NOW_US, catalogue, decoder, message, pack, point_id

SECOND = 1_000_000


def table() -> PointTable:
    """Return the small site's points as arrays."""
    return table_of(catalogue())


def test_history_meets_the_same_checks() -> None:
    """Unknown points, impossible values, wrong times and valid ranges are found on columns of an import."""
    t_in, ghost = point_id("t_in"), 4711
    ids = np.array([t_in, ghost, t_in, t_in, t_in, t_in, t_in], np.int32)
    ts_us = np.full(7, NOW_US - SECOND, np.int64)
    ts_us[3], ts_us[4] = NOW_US + 301 * SECOND, NOW_US - 366 * 86400 * SECOND
    value = np.array([12.0, 12.0, np.nan, 12.0, 12.0, 99.0, -300.0])
    checked = validate_columns(table(), ids, ts_us, value, now_us=NOW_US, limits=TimeLimits(retention_s=365 * 86400))
    assert [REFUSALS[code] for code in checked.refusal.tolist()] == [
        None,
        RefusalReason.UNKNOWN_POINT,
        RefusalReason.RANGE_REJECT,
        RefusalReason.FUTURE,
        RefusalReason.TOO_LATE,
        None,
        RefusalReason.RANGE_REJECT,
    ]
    assert checked.accepted.tolist() == [True, False, False, False, False, True, False]
    assert checked.quality[0] == QualityClass.GOOD
    assert checked.quality[5] == QualityClass.BAD | Reason.RANGE


def test_history_may_bring_its_quality() -> None:
    """A quality column is taken as a device's; one that does not exist is refused as `schema`."""
    ids = np.full(3, point_id("flow"), np.int32)
    checked = validate_columns(
        table(),
        ids,
        np.full(3, NOW_US, np.int64),
        np.ones(3),
        now_us=NOW_US,
        wire_quality=np.array([1, Reason.MANUAL, -1], np.int16),
    )
    assert [REFUSALS[code] for code in checked.refusal.tolist()] == [None, None, RefusalReason.SCHEMA]
    assert checked.quality[:2].tolist() == [1 | 1 << 13, Reason.MANUAL]


def test_history_is_converted_by_column() -> None:
    """A column is converted from the declared unit or a named one; pulses are weighed; unknown points are NaN."""
    ids = np.array([point_id("landed"), point_id("volume"), 4711], np.int32)
    assert convert_columns(table(), ids, np.array([2.0, 200.0, 1.0]))[:2].tolist() == [2000.0, 2.0]
    assert np.isnan(convert_columns(table(), ids, np.ones(3))[2])
    ids = np.full(2, point_id("t_in"), np.int32)
    assert convert_columns(table(), ids, np.array([32.0, 212.0]), "[degF]").tolist() == pytest.approx([0.0, 100.0])
    with pytest.raises(ContractError, match="legal: Cel, K"):
        convert_columns(table(), ids, np.ones(2), "bar")


def test_empty_columns_are_fine() -> None:
    """No readings give no verdicts."""
    nothing = np.empty(0)
    checked = validate_columns(table(), nothing.astype(np.int32), nothing.astype(np.int64), nothing, now_us=NOW_US)
    assert len(checked.quality) == len(checked.refusal) == 0


def test_a_jump_is_uncertain_and_the_way_back_too() -> None:
    """0.1 K/s is the limit: a step of 7 K in 60 s is flagged, one of 5 K is not; times run across messages."""
    told = decoder()
    flags = []
    for number, value in enumerate([10.0, 15.0, 22.0, 16.5]):
        decoded = told.decode([message(pack([entry("t_jump", value)], ts_ms=NOW_MS - 600_000 + 60_000 * number))])
        flags.append(bool(decoded.batch.quality[0] & Reason.RATE))
        assert decoded.batch.quality[0] in (0, QualityClass.UNCERTAIN | Reason.RATE)
    assert flags == [False, False, True, False]


def test_late_and_bad_readings_do_not_disturb_the_rate() -> None:
    """A reading older than the last, and a bad one, are compared with nothing and remembered for nothing."""
    watch = RateWatch(table())
    row = int(table().rows_of(np.array([point_id("t_jump")], np.int32))[0])

    def judge(seconds: int, value: float, quality: int = 0) -> int:
        rows = np.array([row], np.int32)
        ts_us = np.array([seconds * SECOND], np.int64)
        return int(watch.judge(rows, ts_us, np.array([value]), np.array([quality], np.int16))[0])

    assert judge(100, 10.0) == 0
    assert judge(50, 90.0) == 0
    assert judge(110, 500.0, QualityClass.BAD) == QualityClass.BAD
    assert judge(120, 11.0) == 0
    assert judge(121, 11.2) == QualityClass.UNCERTAIN | Reason.RATE
    assert judge(121, 99.0) == 0


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50), st.integers(-20, 20)), min_size=1, max_size=30),
    st.randoms(),
)
def test_rates_within_a_batch_follow_time_not_arrival(told: list[tuple[int, int, int]], shuffler: object) -> None:
    """In whatever order readings with distinct times arrive in one batch, the same ones are flagged."""
    points = [point_id("t_jump"), point_id("t_in")]
    rows_of = table().rows_of(np.array(points, np.int32))
    distinct = {(which, seconds): value for which, seconds, value in told}
    keys = list(distinct)

    def flagged(order: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
        watch = RateWatch(table())
        row = np.array([rows_of[which] for which, _ in order], np.int32)
        ts_us = np.array([seconds * SECOND for _, seconds in order], np.int64)
        value = np.array([distinct[key] for key in order], np.float64)
        return dict(zip(order, watch.judge(row, ts_us, value, np.zeros(len(order), np.int16)).tolist(), strict=True))

    shuffled = keys.copy()
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert flagged(keys) == flagged(shuffled)
    for which, previous, seconds in _steps(keys):
        fast = abs(distinct[which, seconds] - distinct[which, previous]) > 0.1 * (seconds - previous) + 1e-9
        assert bool(flagged(keys)[which, seconds] & Reason.RATE) == (fast and which == 0)


def _steps(keys: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return (point, earlier time, later time) of neighbours in time."""
    found = []
    for which in (0, 1):
        times = sorted(seconds for one, seconds in keys if one == which)
        found += [(which, early, late) for early, late in pairwise(times)]
    return found


def clock_verdicts(lags_s: list[float], period_s: float = 60.0) -> list[bool]:
    """Tell one device's lags to a watch, one by one, and return its verdicts."""
    watch = ClockWatch({DEVICE: period_s})
    return [bool(watch.observe(np.zeros(1, np.int32), np.array([lag_s]))[0]) for lag_s in lags_s]


def test_a_clock_that_is_ahead() -> None:
    """45 s ahead is off from the eighth message on; 20 s ahead is not."""
    assert clock_verdicts([-45.0] * 9) == [False] * 7 + [True] * 2
    assert not any(clock_verdicts([-20.0] * 40))


def test_a_clock_that_is_an_hour_behind() -> None:
    """A steady hour, as of a mistake of time zone, is off; the same as an hourly device's period is not."""
    assert clock_verdicts([3600.4, 3600.1, 3600.2] * 4)[-1]
    assert not any(clock_verdicts([3600.4, 3600.1, 3600.2] * 4, period_s=3600.0))


def test_an_emptied_buffer_is_no_wrong_clock() -> None:
    """A device that sends what it has stored is behind by less and less; history is behind by years."""
    assert not any(clock_verdicts([3600.0 - 60 * number for number in range(50)]))
    assert not any(clock_verdicts([3.0e8] * 50))


def test_a_clock_that_was_set_right_is_right_again() -> None:
    """Once most of the kept lags are small, the verdict is withdrawn."""
    assert not clock_verdicts([-45.0] * KEPT + [0.1] * KEPT)[-1]


@given(st.lists(st.lists(st.integers(0, 2), max_size=40), max_size=5))
def test_lags_in_one_call_or_in_many(calls: list[list[int]]) -> None:
    """The watch ends up with the same verdicts whether messages come together or one by one."""
    lag_of = np.array([-100.0, 0.0, 4000.0])
    together, apart = (ClockWatch({"a": 60, "b": 60, "c": 60}) for _ in range(2))
    for devices in calls:
        numbers = np.array(devices, np.int32)
        together.observe(numbers, lag_of[numbers])
        for number in numbers:
            apart.observe(np.array([number], np.int32), lag_of[[number]])
    assert together.off() == apart.off()


def test_readings_of_a_wrong_clock_are_kept_and_flagged() -> None:
    """Through the decoder: a device 100 s ahead is stored, uncertain with reason clock, and named."""
    told = decoder()
    for number in range(12):
        decoded = told.decode([message(pack([entry("t_in", 12.0)], ts_ms=NOW_MS + 100_000, seq=number))])
    assert quality_class(decoded.batch.quality).tolist() == [QualityClass.UNCERTAIN]
    assert decoded.batch.quality[0] & Reason.CLOCK
    assert told.clocks_off() == {DEVICE: pytest.approx(-100.0)}
    told.use(told.catalogue)
    assert told.clocks_off() == {DEVICE: pytest.approx(-100.0)}


def test_one_entry_of_the_future_does_not_accuse_the_clock() -> None:
    """A wrong offset in each message is refused each time, and its neighbours stay good; a whole one is a clock."""
    told = decoder()
    for number in range(12):
        content = pack([entry("t_in", 12.0), entry("flow", 1.0, t=10_000_000)], seq=number)
        decoded = told.decode([message(content)])
    assert quality_class(decoded.batch.quality).tolist() == [QualityClass.GOOD]
    for number in range(KEPT):
        decoded = told.decode([message(pack([entry("t_in", 12.0)], ts_ms=NOW_MS + 10_000_000, seq=number))])
    assert len(decoded.batch) == 0
    assert told.clocks_off() == {DEVICE: pytest.approx(-10_000.0)}


def test_the_future_is_seen_from_the_arrival() -> None:
    """What was an hour ahead when it came stays refused when it is decoded two days later; its neighbour is taken."""
    then_us = NOW_US - 2 * 86_400 * SECOND
    entries = [entry("t_in", 12.0, t=3_600_000), entry("flow", 1.0)]
    late = message(pack(entries, ts_ms=then_us // 1000), received_us=then_us)
    decoded = decoder().decode([late])
    assert [refusal.reason for refusal in decoded.refusals] == [RefusalReason.FUTURE]
    assert decoded.batch.ts_us.tolist() == [then_us]
