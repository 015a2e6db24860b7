"""Activity: shifts on the wall clock, weekdays, feasts, seasons, luck of the size that was told."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from simulators.day import UNIX
from simulators.operations.activity import Activity, ActivityParameters


def number(year: int, month: int, day: int) -> int:
    """Return a day number."""
    return (date(year, month, day) - UNIX).days


def activity(**changes: Any) -> Activity:
    """Return the activity of a place that works as usual but for the changes."""
    return Activity(ActivityParameters(asset="mole/line", **changes), 3)


def volumes(of: Activity, first: int, count: int) -> np.ndarray:
    """Return relative volumes of days that follow each other."""
    return np.array([of.relative(day) for day in range(first, first + count)])


def test_daily_volume_is_lognormal_with_the_spread_told() -> None:
    """Over ordinary weekdays of thirty years: mean 1, standard deviation 12 %, logarithm without skew."""
    days = np.arange(number(1990, 1, 1), number(2020, 1, 1))
    of = activity(weekdays=(1.0,) * 7, saturday_hours=((4.0, 12.0),), sunday_hours=((4.0, 12.0),), holiday=1.0)
    made = np.array([of.relative(int(day)) for day in days])
    assert made.mean() == pytest.approx(1.0, abs=0.005)
    assert made.std() == pytest.approx(0.12, abs=0.004)
    logs = np.log(made)
    assert np.mean((logs - logs.mean()) ** 3) / logs.std() ** 3 == pytest.approx(0.0, abs=0.1)


def test_shift_follows_the_wall_clock() -> None:
    """A shift from 4 to 18 h local begins at 3 h UTC in winter and at 2 h in summer."""
    winter, summer = (activity().at_work(number(2025, month, 15)) for month in (1, 7))
    assert np.flatnonzero(winter)[[0, -1]].tolist() == [3 * 60, 17 * 60 - 1]
    assert np.flatnonzero(summer)[[0, -1]].tolist() == [2 * 60, 16 * 60 - 1]


def test_first_working_day_after_the_change_of_time() -> None:
    """Monday 31 March 2025 begins an hour earlier in UTC than Friday the 28th."""
    friday, monday = (np.flatnonzero(activity().at_work(number(2025, 3, day)))[0] for day in (28, 31))
    assert friday - monday == 60


def test_nobody_works_on_sundays_and_holidays() -> None:
    """A Sunday, 14 July and Christmas are empty, a Saturday is short."""
    of = activity()
    for day in (number(2025, 1, 12), number(2025, 7, 14), number(2025, 12, 25)):
        assert of.relative(day) == 0.0
        assert not of.at_work(day).any()
        assert not of.shares(day).any()
    assert of.at_work(number(2025, 1, 11)).sum() == 8 * 60


def test_a_site_that_keeps_no_holiday_works_through() -> None:
    """With a volume on holidays, 14 July is a day with a shift."""
    assert activity(holiday=0.5).relative(number(2025, 7, 14)) > 0.0


def test_volume_of_the_day_lies_in_its_shift() -> None:
    """The minutes add up to the relative volume, with a start-up and a pause, nothing outside the shift."""
    of, day = activity(), number(2025, 1, 15)
    shares = of.shares(day)
    assert shares.sum() == pytest.approx(of.relative(day), rel=1e-12)
    assert not shares[of.at_work(day) == 0.0].any()
    assert shares[180] < 0.1 * shares[230]
    assert not shares[10 * 60 - 14 : 10 * 60 + 14].any()


def test_night_shift_in_two_pieces_crosses_midnight() -> None:
    """A shift from 22 to 6 h keeps its minutes on both sides of both midnights, local and UTC."""
    of = activity(hours=((0.0, 6.0), (22.0, 24.0)))
    on = of.at_work(number(2025, 1, 15))
    assert on.sum() == 8 * 60
    assert on[: 5 * 60].all()
    assert on[21 * 60 :].all()


def test_peaks_before_christmas_and_easter() -> None:
    """Volumes rise before the feasts and are ordinary in between and after."""
    of = activity(christmas=0.5, easter=0.3, spread=0.0)
    assert of.relative(number(2025, 12, 17)) == pytest.approx(1.5, abs=0.01)
    assert of.relative(number(2025, 12, 30)) == pytest.approx(1.0, abs=0.01)
    assert of.relative(number(2025, 4, 14)) == pytest.approx(1.3, abs=0.01)
    assert of.relative(number(2025, 4, 22)) == pytest.approx(1.0, abs=0.01)
    assert of.relative(number(2025, 9, 17)) == pytest.approx(1.0, abs=0.01)


def test_months_and_weekdays_are_as_told() -> None:
    """A weak Monday and a strong October, means of the months over ten years."""
    of = activity(
        months=(1.0,) * 9 + (1.4, 1.0, 1.0), weekdays=(0.6, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0), spread=0.0, holiday=1.0
    )
    days = [day for day in range(number(2010, 1, 1), number(2020, 1, 1)) if (day + 3) % 7 == 2]  # Wednesdays
    october = [
        of.relative(day) for day in days if np.datetime64(day, "D").astype("datetime64[M]").astype(int) % 12 == 9
    ]
    assert np.mean(october) == pytest.approx(1.4, abs=0.02)
    monday = number(2025, 6, 2)
    assert of.relative(monday) / of.relative(monday + 1) == pytest.approx(0.6, rel=0.02)


def test_busy_says_how_thick_the_work_is() -> None:
    """Half the volume in 8 of 14 hours is 7/8 as busy an hour."""
    of = activity(spread=0.0)
    assert of.busy(number(2025, 1, 15)).max() == pytest.approx(1.0)
    assert of.busy(number(2025, 1, 11)).max() == pytest.approx(0.5 * 14 / 8)


def test_followers_share_the_luck() -> None:
    """Two places that follow the same asset have the same days; their own luck differs."""
    parameters = ActivityParameters(asset="mole/other", follows="mole/line")
    day = number(2025, 1, 15)
    assert Activity(parameters, 3).relative(day) == activity().relative(day)
    assert Activity(ActivityParameters(asset="mole/other"), 3).relative(day) != activity().relative(day)


def test_a_day_is_the_same_in_any_order() -> None:
    """Far days first or near days first, after many days in between: the same bytes."""
    straight, astray = activity(), activity()
    expected = straight.shares(number(2025, 1, 15)).tobytes()
    for day in range(number(2020, 1, 1), number(2020, 6, 1)):
        astray.shares(day)
    assert astray.shares(number(2025, 1, 15)).tobytes() == expected
