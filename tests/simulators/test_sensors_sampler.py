"""Readings of a whole site: the same however they are asked for, in order, exact."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from simulators.day import Day
from simulators.sensors.channel import Channel
from simulators.sensors.faults import LASTING, RULES, Fault, FaultKind, befalls
from simulators.sensors.port_readings import PortReadings
from simulators.sensors.sampler import DayReadings, Sampler
from simulators.sensors.side_by_side import SideBySide
from telemetry.errors import ConfigurationError
from telemetry.quality import Reason
from telemetry.site import Kind
from tests.fixtures.small_port import BEGINS, POINT, SITE, SmallDay, SmallPort, midnight_s

LAST = date(2025, 3, 6)
SIZES = {FaultKind.DROPOUT: 0.3, FaultKind.DUPLICATES: 0.3, FaultKind.FOULING: 0.3, FaultKind.FROST: 4000.0}


def one_of_each() -> list[Fault]:
    """Return a fault of every kind at every point that it can befall, at odd times, many at once."""
    found = []
    for number, (kind, rule) in enumerate(RULES.items()):
        for point in SITE.points:
            if not befalls(kind, point) or kind is FaultKind.CROSSED:
                continue
            start = datetime(2025, 3, 3, 5, 7, 3, tzinfo=UTC) + timedelta(hours=2 * number)
            end = start if kind in LASTING else start + timedelta(hours=19, seconds=41)
            found.append(Fault(point=point.key, kind=kind, start=start, end=end, size=SIZES.get(kind, 2.0)))
        assert rule.points
    start, end = datetime(2025, 3, 4, 11, tzinfo=UTC), datetime(2025, 3, 5, 2, tzinfo=UTC)
    for one, other in (("a/room/t", "a/room/t_far"), ("b/meter/energy", "b/meter/energy_2")):
        found.append(Fault(point=one, kind=FaultKind.CROSSED, start=start, end=end, other=other))
    return found


FAULTS = one_of_each()


def days(cadence_s: int, first: date = BEGINS, faults: list[Fault] = FAULTS) -> list[DayReadings]:
    """Return the readings of some days."""
    seen = PortReadings(SmallPort(), SITE, begins=BEGINS, seed=3, cadence_s=cadence_s, faults=faults)
    return list(seen.days(first, LAST))


def by_instant(found: list[DayReadings]) -> dict[tuple[str, int], tuple[int, float]]:
    """Return (told time, value) by point and instant."""
    return {
        (day.keys[key], due_s): (ts_us, value)
        for day in found
        for key, due_s, ts_us, value in zip(
            day.key_index.tolist(), day.due_s.tolist(), day.ts_us.tolist(), day.value.tolist(), strict=True
        )
    }


def test_readings_at_common_instants_are_the_same_at_every_cadence() -> None:
    """Ten seconds, a minute and a quarter of an hour agree to the last bit, with every fault there is."""
    often, seldom, rare = (by_instant(days(cadence_s)) for cadence_s in (10, 60, 900))
    assert len(often) > len(seldom) > len(rare) > 3000
    assert {key: often[key] for key in seldom} == seldom
    assert {key: often[key] for key in rare} == rare
    assert {key for key in often if POINT[key[0]].period_s <= 60 and key[1] % 60 == 0} <= set(seldom)


def test_readings_are_the_same_from_wherever_they_are_asked_for() -> None:
    """The third day alone is the third day of all: registers, stuck values and frost included."""
    assert by_instant(days(60, date(2025, 3, 5))) == by_instant(days(60)[2:])


def test_points_read_together_send_what_each_would_send_alone() -> None:
    """Side by side or one by one: the same points, instants and numbers, to the last bit."""
    channels = {point.key: Channel(point, seed=3, cadence_s=60, faults=[]) for point in SITE.points}
    together = SideBySide()
    for made in SmallPort().days(BEGINS, LAST):
        for key, channel in channels.items():
            channel.open(made.day, made.outputs.get(key))
        found = together.readings(channels, made.day)
        assert len(found) > len(channels) // 2
        for key, readings in found.items():
            alone = channels[key].readings(channels)
            assert alone is not None
            for one, other in zip(readings, alone, strict=True):
                np.testing.assert_array_equal(one, other)
        for channel in channels.values():
            channel.close()


def test_a_sampler_goes_on_after_a_pickle() -> None:
    """Split anywhere, the columns are the same to the byte."""
    whole = days(60)
    sampler = Sampler(SITE, seed=3, cadence_s=60, faults=FAULTS)
    for made, expected in zip(SmallPort().days(BEGINS, LAST), whole, strict=True):
        sampler = pickle.loads(pickle.dumps(sampler))  # noqa: S301 – made one call ago
        found = sampler.read(made.day, made.outputs)
        for column, other in zip(found[1:], expected[1:], strict=True):
            assert np.asarray(column).tobytes() == np.asarray(other).tobytes()


def test_registers_are_the_sum_of_what_was_counted() -> None:
    """On the last minute a register shows its start and everything since, to its last digit."""
    counted = sum(float(made.outputs["b/meter/energy"].values.sum()) for made in SmallPort().days(BEGINS, LAST))
    found = by_instant(days(60, faults=[]))
    begin, end = midnight_s(BEGINS), midnight_s(LAST) + 86_340
    first, last = found["b/meter/energy", begin][1], found["b/meter/energy", end][1]
    last_step = list(SmallPort().days(LAST, LAST))[0].outputs["b/meter/energy"].values[-1]  # noqa: RUF015 – reads best
    assert last - first == pytest.approx(counted - last_step / 15, abs=0.011)
    first, last = found["b/meter/energy_2", begin][1], found["b/meter/energy_2", end][1]
    assert last - first == pytest.approx((2 * counted - 2 * last_step / 15) / 1000, abs=1.1e-5)


def test_gauges_are_the_truth_within_their_accuracy() -> None:
    """A sound sensor stays near what is; the step it lies in says what is."""
    found = by_instant(days(900, faults=[]))
    truth = [made.outputs["a/room/t"].values for made in SmallPort().days(BEGINS, LAST)]
    ends = np.concatenate(truth)[:-1]
    measured = [found["a/room/t", midnight_s(BEGINS) + 900 * number][1] for number in range(1, len(ends) + 1)]
    assert np.abs(np.array(measured) - ends).max() <= 0.9
    assert np.abs(np.array(measured) - ends).mean() <= 0.5


def test_columns_are_ready_for_an_import() -> None:
    """In order of time, then of the site's points; flagged as simulated; nothing twice."""
    for day in days(60, faults=[]):
        columns = day.columns()
        order = columns.ts_us * 100 + columns.key_index
        assert (np.diff(order) > 0).all()
        assert set(columns.quality.tolist()) == {int(Reason.SIMULATED)}
        assert columns.keys == tuple(point.key for point in SITE.points)
        assert [str(column.dtype) for column in columns[1:]] == ["int32", "int64", "float64", "int16"]
        assert not np.isnan(columns.value).any()


def test_states_are_sent_when_they_change_and_at_their_period() -> None:
    """However seldom a site is read, a door tells every opening and closing; events come as they come."""
    for cadence_s in (60, 900):
        found = by_instant(days(cadence_s, faults=[]))
        for made in SmallPort().days(BEGINS, LAST):
            door = made.outputs["a/room/door"].values
            for minute in np.flatnonzero(np.diff(door)).tolist():
                assert found["a/room/door", made.day.start_s + 60 * (minute + 1)][1] == door[minute + 1]
            assert found["a/room/pallets", made.day.start_s + 43_217] == ((made.day.start_s + 43_217) * 10**6, 7.0)
        regular = [instant for key, instant in found if key == "a/room/door" and instant % max(300, cadence_s) == 0]
        assert len(regular) == 4 * 86_400 // max(300, cadence_s)


def test_a_laboratory_answers_once_a_week() -> None:
    """Two weeks have two results, whatever the cadence."""
    seen = PortReadings(SmallPort(), SITE, begins=BEGINS, cadence_s=60)
    found = by_instant(list(seen.days(BEGINS, BEGINS + timedelta(days=13))))
    assert len([key for key, _ in found if key == "b/meter/coli"]) == 2


def test_points_without_a_model_are_silent() -> None:
    """What no plant makes is named, and sends nothing; its neighbours do not notice."""
    (made,) = SmallPort().days(BEGINS, BEGINS)
    outputs = {key: output for key, output in made.outputs.items() if key != "a/room/t"}
    sampler = Sampler(SITE, cadence_s=900)
    found = sampler.read(made.day, outputs)
    assert sampler.silent == {"a/room/t"}
    assert set(found.key_index.tolist()) == set(range(len(SITE.points))) - {0, found.keys.index("b/meter/coli")}
    silent = Sampler(SITE).read(made.day, {})
    assert len(silent.columns().value) == 0


def test_a_point_may_fall_silent_for_a_day() -> None:
    """Faults that began meanwhile know what they can: a register goes on from where it stood."""
    faults = [fault for fault in FAULTS if fault.kind is not FaultKind.DROPOUT]
    sampler = Sampler(SITE, seed=3, cadence_s=900, faults=faults)
    for number, made in enumerate(SmallPort().days(BEGINS, LAST)):
        found = sampler.read(made.day, {} if number == 1 else made.outputs)
        assert (len(found.value) == 0) == (number == 1)
        assert not np.isnan(found.value).any()


def test_unknown_physics_sends_nothing() -> None:
    """A NaN is no reading."""
    (made,) = SmallPort().days(BEGINS, BEGINS)
    broken = SmallDay(day=made.day, outputs=dict(made.outputs))
    broken.outputs["a/room/set"].values[:] = np.nan
    found = Sampler(SITE, cadence_s=900).read(broken.day, broken.outputs)
    assert found.keys.index("a/room/set") not in found.key_index.tolist()


def test_days_come_one_after_the_other() -> None:
    """A register that missed a day would be wrong for ever: it is refused."""
    sampler = Sampler(SITE)
    sampler.skip(Day(20_000, 900), {})
    with pytest.raises(ValueError, match="the next one is 20001"):
        sampler.skip(Day(20_002, 900), {})


def test_a_fault_of_no_point_of_the_site_is_refused() -> None:
    """A scenario of another site is noticed at once."""
    elsewhere = Fault(point="x/y/z", kind=FaultKind.STUCK, start=FAULTS[0].start, end=FAULTS[0].end)
    with pytest.raises(ConfigurationError, match='unknown point "x/y/z"'):
        Sampler(SITE, faults=[elsewhere])


def test_every_kind_of_point_is_in_the_small_port() -> None:
    """These tests speak for all kinds."""
    assert {point.kind for point in SITE.points} == set(Kind)
