"""Sampling instants and what a day's outputs are at them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.day import DAY_S, Day
from simulators.outputs import Amounts, Flow, Level, Mean, Output, Switch
from simulators.sensors.grid import grid_at, regular_grid, sampling_period_s
from simulators.sensors.trace import Before, after, changes, check_fits, merged, totals_at, values_at
from telemetry.errors import ConfigurationError
from telemetry.site import Kind

DAY = Day(20_150, 3600)
RAMP = Level(np.arange(1.0, 25.0))  # 1 at one o'clock, 24 at midnight


def seconds(*hours: float) -> np.ndarray:
    """Return instants of the day [s]."""
    return np.array([DAY.start_s + round(3600 * hour) for hour in hours], np.int64)


@pytest.mark.parametrize(("period_s", "count"), [(10, 8640), (60, 1440), (900, 96), (86_400, 1), (7, 12_342)])
def test_instants_are_multiples_of_the_period(period_s: int, count: int) -> None:
    """A day has those of its multiples that lie from its midnight to before the next."""
    ts_s = regular_grid(DAY, period_s).ts_s
    assert len(ts_s) in (count, count + 1)
    assert (ts_s % period_s == 0).all()
    assert DAY.start_s <= ts_s[0] < DAY.start_s + period_s
    assert DAY.start_s + DAY_S - period_s <= ts_s[-1] < DAY.start_s + DAY_S


def test_a_week_has_one_weekly_sample() -> None:
    """Weekly points are read on one day of the week, whichever week it is."""
    counts = [len(regular_grid(Day(20_150 + number, 900), 604_800).ts_s) for number in range(14)]
    assert sum(counts) == 2
    assert counts[:7] == counts[7:]


def test_a_point_is_read_as_often_as_it_can_and_shall_be() -> None:
    """The longer of its period and the cadence decides."""
    assert [sampling_period_s(10, cadence) for cadence in (1, 60, 900)] == [10, 60, 900]
    assert sampling_period_s(0.1, 0) == 1


def test_a_level_is_a_straight_line_between_ends_of_steps() -> None:
    """A quarter past one lies a quarter of the way from the value at one to that at two."""
    values = values_at(RAMP, Before(value=0.0), grid_at(DAY, seconds(0.0, 0.5, 1.0, 1.25, 23.5, 24.0)))
    assert values.tolist() == [0.0, 0.5, 1.0, 1.25, 23.5, 24.0]


def test_before_the_first_day_a_level_is_held() -> None:
    """Nothing is known of the day before the first: its first step shows the value at its end."""
    assert values_at(RAMP, Before(), grid_at(DAY, seconds(0.0, 0.9, 1.5))).tolist() == [1.0, 1.0, 1.5]


def test_means_switches_and_amounts_are_read_where_they_are() -> None:
    """A mean holds for its step, a switch for its minute, an amount at its instant and nowhere else."""
    grid = grid_at(DAY, seconds(0.0, 1.0, 1.999, 2.0))
    assert values_at(Mean(np.arange(24.0)), Before(), grid).tolist() == [0.0, 1.0, 1.0, 2.0]
    assert values_at(Switch(np.arange(1440.0)), Before(), grid).tolist() == [0.0, 60.0, 119.0, 120.0]
    told = values_at(Amounts(seconds(1.0, 2.0), np.array([5.0, 6.0])), Before(), grid).tolist()
    assert math.isnan(told[0])
    assert math.isnan(told[2])
    assert (told[1], told[3]) == (5.0, 6.0)


def test_a_flow_is_summed_to_a_total() -> None:
    """Ten an hour are 5 after half of one, and go on from what was counted before."""
    grid = grid_at(DAY, seconds(0.0, 0.5, 1.0, 23.75, 24.0))
    totals = totals_at(Flow(np.full(24, 10.0)), Before(total=1000.0), grid)
    assert totals.tolist() == [1000.0, 1005.0, 1010.0, 1237.5, 1240.0]
    assert after(Flow(np.full(24, 10.0)), Before(total=1000.0)).total == 1240.0


def test_amounts_count_from_their_instant_on() -> None:
    """A counter of starts shows one more at the very second of a start."""
    starts = Amounts(seconds(1.0, 2.0), np.array([1.0, 1.0]))
    grid = grid_at(DAY, seconds(0.999, 1.0, 1.5, 2.0, 24.0))
    assert totals_at(starts, Before(total=7.0), grid).tolist() == [7.0, 8.0, 8.0, 9.0, 9.0]


@pytest.mark.parametrize("output", [RAMP, Mean(np.arange(24.0)), Flow(np.arange(24.0))])
def test_one_instant_alone_gives_what_many_give(output: Output) -> None:
    """Reading often and reading seldom agree to the last bit."""
    ts_s = regular_grid(DAY, 60).ts_s
    read = totals_at if isinstance(output, Flow) else values_at
    together = read(output, Before(value=0.0), grid_at(DAY, ts_s))
    alone = [read(output, Before(value=0.0), grid_at(DAY, ts_s[place : place + 1]))[0] for place in range(0, 1440, 37)]
    assert alone == together[::37].tolist()


def test_what_is_not_known_stays_unknown() -> None:
    """A NaN of the physics is seen in the steps that it touches, and no others."""
    values = np.arange(1.0, 25.0)
    values[5] = math.nan
    read = values_at(Level(values), Before(value=0.0), grid_at(DAY, seconds(4.9, 5.5, 6.5, 7.5)))
    assert np.isnan(read).tolist() == [False, True, True, False]


def test_a_state_switches_at_the_minute_it_does() -> None:
    """Changes are told within a day, and at midnight where the day before ended otherwise."""
    values = np.zeros(1440)
    values[100:130] = 1.0
    expected = [DAY.start_s + 6000, DAY.start_s + 7800]
    assert changes(Switch(values), DAY, Before()).tolist() == expected
    assert changes(Switch(values), DAY, Before(value=1.0)).tolist() == [DAY.start_s, *expected]
    assert after(Switch(values), Before()).value == 0.0


def test_amounts_of_one_second_were_weighed_together() -> None:
    """A point has one reading an instant."""
    joined = merged(Amounts(np.array([5, 5, 9]), np.array([1.0, 2.0, 4.0])))
    assert (joined.ts_s.tolist(), joined.values.tolist()) == ([5, 9], [3.0, 4.0])


def test_an_output_that_a_point_cannot_show_is_refused() -> None:
    """Who writes a port model reads which point, what is wrong, and what would be right."""
    with pytest.raises(
        ConfigurationError, match=r"a/b/c: the port model gives a Level to a point of kind counter.*Flow"
    ):
        check_fits("a/b/c", Kind.COUNTER, RAMP)
