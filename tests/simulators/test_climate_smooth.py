"""Curves through means, and anomalies that last."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.climate.smooth import Anomaly, clock, curve, monthly, months, ripple, season, series
from simulators.streams import Stream

DAY_S = 86_400.0
YEARS_S = np.arange(np.datetime64("2001-01-01"), np.datetime64("2005-01-01"), np.timedelta64(1, "h"))


def hours() -> np.ndarray:
    """Return four years of hours [s since 1970]."""
    return YEARS_S.astype("datetime64[s]").astype(np.float64)


def numbers(count: int, first: int = 10_000) -> np.ndarray:
    """Return day numbers."""
    return np.arange(first, first + count, dtype=np.int64)


def test_curve_has_the_means_of_its_cells() -> None:
    """Whatever the neighbours, the mean over a cell is the cell's value."""
    values = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0])
    position = np.arange(1.0, 6.0, 1e-4) + 0.5e-4
    means = curve(lambda cell: values[cell], position).reshape(5, -1).mean(axis=1)
    assert means == pytest.approx(values[1:6], abs=1e-6)


def test_curve_is_continuous() -> None:
    """At the edge between two cells both sides meet half way between the means."""
    values = np.array([3.0, -1.0, 4.0, 1.0])
    before, after = curve(lambda cell: values[cell], np.array([2.0 - 1e-9, 2.0]))
    assert before == pytest.approx(1.5, abs=1e-6)
    assert after == pytest.approx(1.5)


def test_curve_of_nothing_is_nothing() -> None:
    """No position, no value."""
    assert curve(lambda cell: cell.astype(np.float64), np.empty(0)).size == 0


def test_monthly_curve_has_the_means_of_its_months() -> None:
    """Months of all lengths keep their means."""
    values = np.array([7.5, 6.7, 7.2, 9.6, 12.7, 15.8, 18.4, 19.0, 18.0, 15.4, 12.0, 8.7])
    ts_s = hours() + 1_800.0
    made, month = monthly(values, ts_s), np.floor(months(ts_s)).astype(int) % 12
    assert [made[month == index].mean() for index in range(12)] == pytest.approx(values, abs=0.001)


def test_months_are_counted_from_1970() -> None:
    """Noon of 16 January 1970 is the middle of month 0, and February begins at 1."""
    assert months(np.array([15.5 * DAY_S, 31.0 * DAY_S])) == pytest.approx([0.5, 1.0])


def test_season_and_clock() -> None:
    """The season turns once a year from New Year; the clock's wave is highest at its hour."""
    turn = season(np.array([946_684_800.0, 946_684_800.0 + 365.25 * DAY_S]))
    assert turn == pytest.approx([0.0, 2 * np.pi])
    assert clock(np.array([14.0, 2.0, 8.0]) * 3_600.0, 14.0) == pytest.approx([1.0, -1.0, 0.0], abs=1e-12)


def test_series_is_the_sum_of_its_harmonics() -> None:
    """At New Year the cosines count, a quarter later the sines of the first."""
    quarter = 946_684_800.0 + np.array([0.0, 365.25 / 4]) * DAY_S
    assert series((10.0, 2.0, 3.0, 0.5, 0.25), quarter) == pytest.approx([12.5, 12.5])


def test_anomaly_persists_as_it_is_told() -> None:
    """Mean 0, variance 1 and the persistence from day to day, over eighty years."""
    days = Anomaly(Stream.of(4, "test"), 0.81).days(numbers(29_000, 0))
    assert days.mean() == pytest.approx(0.0, abs=0.06)
    assert days.std() == pytest.approx(1.0, abs=0.04)
    assert np.corrcoef(days[1:], days[:-1])[0, 1] == pytest.approx(0.81, abs=0.01)


def test_anomaly_does_not_know_what_was_asked_before() -> None:
    """Late days first or early days first: the same bytes."""
    late_first, early_first = (Anomaly(Stream.of(4, "test"), 0.98) for _ in range(2))
    late = late_first.days(numbers(10, 20_000))
    early_first.days(numbers(10, 100))
    assert early_first.days(numbers(10, 20_000)).tobytes() == late.tobytes()
    assert late_first.days(numbers(10, 100)).tobytes() == early_first.days(numbers(10, 100)).tobytes()


def test_partners_share_shocks() -> None:
    """The shocks of partners are correlated as told, those of strangers are not."""
    one = Anomaly(Stream.of(4, "one"), 0.8)
    partner = Anomaly(Stream.of(4, "two"), 0.9, one, 0.6)
    stranger = Anomaly(Stream.of(4, "three"), 0.9)
    shocks = [each.shocks(numbers(20_000, 0)) for each in (one, partner, stranger)]
    assert np.corrcoef(shocks[0], shocks[1])[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(shocks[0], shocks[2])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_anomaly_keeps_its_daily_means_within_the_days() -> None:
    """By the minute it is smooth, and the mean of each day is the day's."""
    anomaly = Anomaly(Stream.of(4, "test"), 0.8)
    minutes = anomaly.at((10_000 * 1440 + np.arange(5 * 1440) + 0.5) * 60.0)
    assert minutes.reshape(5, 1440).mean(axis=1) == pytest.approx(anomaly.days(numbers(5)), abs=1e-6)
    assert np.abs(np.diff(minutes)).max() < 0.01


def test_there_is_no_weather_before_1970() -> None:
    """A day before the series is refused, not made up."""
    with pytest.raises(ValueError, match="1970"):
        Anomaly(Stream.of(4, "test"), 0.8).days(np.array([-2]))


def test_ripple_is_noise_of_about_one() -> None:
    """Mean nought, variance about one, forgotten after two periods."""
    ts_s = np.arange(0.0, 3e7, 600.0)
    noise = ripple(Stream.of(4, "test"), 7_200.0, ts_s)
    assert noise.mean() == pytest.approx(0.0, abs=0.05)
    assert noise.std() == pytest.approx(1.0, abs=0.15)
    assert np.corrcoef(noise[24:], noise[:-24])[0, 1] == pytest.approx(0.0, abs=0.1)
