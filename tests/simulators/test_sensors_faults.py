"""What each fault does to readings, against the same port without it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.sensors.effects import SPIKE_SHARE
from simulators.sensors.faults import RULES, Fault, FaultKind
from simulators.sensors.port_readings import PortReadings
from simulators.testing import Series
from tests.fixtures.small_port import BEGINS, SITE, SmallPort

if TYPE_CHECKING:
    from collections.abc import Callable

LAST = date(2025, 3, 5)
START = datetime(2025, 3, 4, 3, tzinfo=UTC)
END = datetime(2025, 3, 5, 9, tzinfo=UTC)
T = "a/room/t"
ENERGY = "b/meter/energy"
WATER = "b/meter/water"


def fault(kind: FaultKind, size: float = 0.0, *, point: str = T, other: str = "") -> Fault:
    """Return a fault from START to END, or at START where it lasts."""
    return Fault(point=point, kind=kind, start=START, end=END, size=size, other=other)


def series(key: str, *faults: Fault) -> Series:
    """Return three days of one point by the minute, in order of the time it was read."""
    seen = PortReadings(SmallPort(), SITE, begins=BEGINS, seed=1, cadence_s=60, faults=faults)
    parts = []
    for day in seen.days(BEGINS, LAST):
        own = day.key_index == day.keys.index(key)
        parts.append((day.ts_us[own], day.value[own]))
    ts_us, value = zip(*parts, strict=True)
    return Series(np.concatenate(ts_us), np.concatenate(value))


def within(found: Series) -> np.ndarray:
    """Return which readings lie within the fault."""
    start, end = START.timestamp() * 1e6, END.timestamp() * 1e6
    return (found.ts_us >= start) & (found.ts_us < end)


def changed(key: str, *faults: Fault) -> tuple[np.ndarray, np.ndarray]:
    """Return the values within the fault, as they should be and as they are; outside nothing may differ."""
    sound, ill = series(key), series(key, *faults)
    assert ill.ts_us.tolist() == sound.ts_us.tolist()
    inside = within(sound)
    assert inside.sum() == 1800
    assert ill.value[~inside].tolist() == sound.value[~inside].tolist()
    return sound.value[inside], ill.value[inside]


def test_bias_is_added() -> None:
    """Three kelvins more while it lasts, to the rounding of the instrument."""
    sound, ill = changed(T, fault(FaultKind.BIAS, 3.0))
    assert ill - sound == pytest.approx(3.0, abs=0.11)


def test_drift_grows_in_a_line_to_its_size() -> None:
    """Nothing at first, half in the middle, all at the end."""
    sound, ill = changed(T, fault(FaultKind.DRIFT, -6.0))
    assert ill - sound == pytest.approx(np.linspace(0.0, -6.0, 1800, endpoint=False), abs=0.11)


def test_a_noise_burst_has_the_standard_deviation_it_says() -> None:
    """What is added is noise of that size around nothing."""
    sound, ill = changed(T, fault(FaultKind.NOISE_BURST, 2.0))
    assert np.std(ill - sound) == pytest.approx(2.0, rel=0.07)
    assert abs(np.mean(ill - sound)) < 0.2


def test_a_stuck_reading_is_the_one_at_the_start() -> None:
    """A gauge holds what it showed when it stuck; a register does so and then shows all that was counted."""
    sound, ill = changed(T, fault(FaultKind.STUCK))
    assert set(ill) == {sound[0]}
    sound, ill = changed(ENERGY, fault(FaultKind.STUCK, point=ENERGY))
    assert set(ill) == {sound[0]}


def test_spikes_are_single_samples_up_and_down() -> None:
    """About one sample in a hundred is off by the size, all others are as they were."""
    sound, ill = changed(T, fault(FaultKind.SPIKES, 15.0))
    off = np.abs(ill - sound) > 1.0
    assert np.abs(ill - sound)[off] == pytest.approx(15.0, abs=0.11)
    assert off.mean() == pytest.approx(SPIKE_SHARE, rel=0.5)
    assert {True, False} == set((ill > sound)[off].tolist())


def test_a_dropout_loses_readings() -> None:
    """All of them, or the share it says; none outside."""
    sound = series(T)
    for share in (1.0, 0.3):
        left = series(T, fault(FaultKind.DROPOUT, share))
        assert set(left.ts_us.tolist()) >= set(sound.ts_us[~within(sound)].tolist())
        assert within(left).sum() / within(sound).sum() == pytest.approx(1 - share, abs=0.04)


def test_a_unit_slip_multiplies_what_is_sent() -> None:
    """A register in watt-hours instead of kilowatt-hours is a thousand times as large."""
    sound, ill = changed(ENERGY, fault(FaultKind.UNIT_SLIP, 1000.0, point=ENERGY))
    assert ill == pytest.approx(1000 * sound, rel=1e-12)


def test_a_reversed_current_transformer_turns_the_sign() -> None:
    """Power flows backwards, as it seems."""
    sound, ill = changed("b/meter/power", fault(FaultKind.CT_SWAP, point="b/meter/power"))
    assert ill.tolist() == (-sound).tolist()


def test_crossed_sensors_show_each_other() -> None:
    """Each point shows what the other's instrument measures."""
    crossed = fault(FaultKind.CROSSED, other="a/room/t_far")
    near, near_ill = changed(T, crossed)
    far, far_ill = changed("a/room/t_far", crossed)
    assert near_ill.tolist() == far.tolist()
    assert far_ill.tolist() == near.tolist()


def test_saturation_cuts_off() -> None:
    """Nothing above the level is shown, everything below it is."""
    sound, ill = changed(T, fault(FaultKind.SATURATION, 2.5))
    assert ill.max() == 2.5
    assert ill[sound < 2.5].tolist() == sound[sound < 2.5].tolist()


def test_fouling_grows_with_the_value_until_it_is_wiped_off() -> None:
    """A day after the last cleaning a seventh of the week's error is there."""
    long = Fault(point=T, kind=FaultKind.FOULING, start=START - timedelta(days=7), end=END, size=-0.7)
    sound, ill = series(T), series(T, long)
    place = int(np.searchsorted(sound.ts_us, START.timestamp() * 1e6))
    assert ill.value[place + 1] == pytest.approx(sound.value[place + 1], abs=0.11)
    day_on = slice(place + 1430, place + 1450)
    assert ill.value[day_on] / sound.value[day_on] == pytest.approx(0.9, abs=0.05)


def test_a_probe_under_frost_follows_slowly() -> None:
    """Its readings vary less than the air does, about the same mean, and are well again at once."""
    sound, ill = changed(T, fault(FaultKind.FROST, 20_000.0))
    assert np.std(ill) < 0.6 * np.std(sound)
    assert np.mean(ill) == pytest.approx(np.mean(sound), abs=0.3)


def test_frost_is_a_first_order_lag() -> None:
    """After a step of the truth an independent reference, the closed form of the lag, is met within the noise."""
    sound, ill = series(T), series(T, fault(FaultKind.FROST, 3600.0))
    place = int(np.searchsorted(sound.ts_us, START.timestamp() * 1e6))
    follows = [sound.value[place]]
    for value in sound.value[place + 1 : place + 600]:
        follows.append(value + (follows[-1] - value) * np.exp(-60 / 3600))
    assert ill.value[place : place + 600] == pytest.approx(np.array(follows), abs=0.5)


@pytest.mark.parametrize("kind", [FaultKind.COUNTER_RESET, FaultKind.METER_SWAP])
def test_a_reset_register_counts_on_from_where_it_was_set(kind: FaultKind) -> None:
    """From the start on it shows the new register and what was counted since; that is never undone."""
    at = Fault(point=ENERGY, kind=kind, start=START, end=START, size=50.0)
    sound, ill = series(ENERGY), series(ENERGY, at)
    before = sound.ts_us < START.timestamp() * 1e6
    assert ill.value[before].tolist() == sound.value[before].tolist()
    since = sound.value[~before] - sound.value[~before][0]
    assert ill.value[~before] - 50.0 == pytest.approx(since, abs=0.021)


def test_a_second_reset_follows_the_first() -> None:
    """Each one starts anew, on whichever day it comes."""
    resets = [
        Fault(point=ENERGY, kind=FaultKind.COUNTER_RESET, start=when, end=when)
        for when in (START, END + timedelta(hours=1))
    ]
    ill = series(ENERGY, *resets)
    for reset in resets:
        place = int(np.searchsorted(ill.ts_us, reset.start.timestamp() * 1e6))
        assert ill.value[place] == 0.0
        assert ill.value[place - 1] > 0.0
    stuck = Fault(point=ENERGY, kind=FaultKind.STUCK, start=START + timedelta(hours=1), end=END)
    held = series(ENERGY, *resets, stuck)
    place = int(np.searchsorted(held.ts_us, stuck.start.timestamp() * 1e6))
    assert held.value[place + 30] == ill.value[place]


def test_a_small_modulus_rolls_over_and_over() -> None:
    """Readings are the same but for whole moduli, and below it."""
    sound, ill = changed(WATER, fault(FaultKind.ROLLOVER, 5.0, point=WATER))
    assert ill.max() < 500
    assert (np.diff(ill) < 0).sum() >= 10
    whole = (sound - ill) / 500
    assert whole == pytest.approx(np.round(whole), abs=1e-9)


@pytest.mark.parametrize("size", [3600.0, -3600.0])
def test_a_clock_that_leads_tells_other_times_of_the_same_values(size: float) -> None:
    """The bug of summer time: an hour off, the values as they were; columns are in order of the time told."""
    sound, ill = series(T), series(T, fault(FaultKind.CLOCK_STEP, size))
    inside = within(sound)
    assert ill.value.tolist() == sound.value.tolist()
    assert set((ill.ts_us - sound.ts_us)[inside]) == {size * 1e6}
    assert not (ill.ts_us - sound.ts_us)[~inside].any()
    seen = PortReadings(SmallPort(), SITE, begins=BEGINS, cadence_s=60, faults=[fault(FaultKind.CLOCK_STEP, size)])
    for day in seen.days(BEGINS, LAST):
        columns = day.columns()
        assert (np.diff(columns.ts_us) >= 0).all()
        assert len(columns.ts_us) == len(day.ts_us)


def test_a_clock_that_gains_is_set_right_in_the_end() -> None:
    """At 100 ppm a clock leads by 0.36 s after an hour, told in milliseconds."""
    sound, ill = series(T), series(T, fault(FaultKind.CLOCK_DRIFT, 100.0))
    lead_s = (ill.ts_us - sound.ts_us) / 1e6
    place = int(np.searchsorted(sound.ts_us, START.timestamp() * 1e6))
    assert lead_s[place + 60] == 0.36
    assert lead_s[within(sound)][-1] == pytest.approx(100e-6 * 30 * 3600, abs=0.01)
    assert lead_s[-1] == 0.0


def test_messages_that_come_twice_or_late_change_no_value() -> None:
    """The road is not the readings: history holds each one once."""
    for kind in (FaultKind.DUPLICATES, FaultKind.REORDERING):
        sound, ill = changed(T, fault(kind, 1.0))
        assert sound.tolist() == ill.tolist()


def test_a_state_can_stick_and_events_be_lost() -> None:
    """A door contact holds its state; pallets of the lost hours are missing."""
    held = series("a/room/door", fault(FaultKind.STUCK, point="a/room/door"))
    assert len(set(held.value[within(held)])) == 1
    assert len(set(held.value)) == 2
    left = series("a/room/pallets", fault(FaultKind.DROPOUT, 1.0, point="a/room/pallets"))
    assert len(left.value) == 4


def test_two_faults_at_once_both_show() -> None:
    """A probe may be biased and its device may have lost the unit."""
    sound, ill = changed(T, fault(FaultKind.BIAS, 3.0), fault(FaultKind.UNIT_SLIP, 10.0))
    assert ill == pytest.approx(10 * (sound + 3.0), abs=1.1)


def test_a_fault_older_than_the_port_is_there_from_the_first_reading() -> None:
    """Stuck since ever is stuck at the first value."""
    old = Fault(point=T, kind=FaultKind.STUCK, start=START - timedelta(days=90), end=END)
    found = series(T, old)
    assert set(found.value[found.ts_us < END.timestamp() * 1e6]) == {series(T).value[0]}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fault(point=T, kind=FaultKind.BIAS, start=START.replace(tzinfo=None), end=END),
        lambda: Fault(point=T, kind=FaultKind.BIAS, start=END, end=START),
    ],
)
def test_a_fault_without_sound_times_is_refused(make: Callable[[], Fault]) -> None:
    """Times carry a zone, and the end is not before the start."""
    with pytest.raises(ValueError, match=r"no zone|before it starts"):
        make()


def test_every_kind_has_a_rule() -> None:
    """What a fault's size means is written down for each kind."""
    assert set(RULES) == set(FaultKind)
