"""What drivers brought on the days before."""

from __future__ import annotations

import numpy as np
import pytest

from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.days_before import before, mean_of_days_before
from tests.savings.days import ar1, daily, hourly, straight

DAYS = np.arange(730)


def test_weights_fall_by_the_time_constant() -> None:
    """One day's load is seen the day after and then falls by exp(-1 / tau), for five time constants and no longer."""
    values = np.zeros(60)
    values[30] = 1.0
    found = mean_of_days_before(daily(np.ones(60)).start, values, 3.0)
    assert np.isnan(found[:2]).all()  # two of fifteen days hold less than half of the weights
    assert not found[3:31].any()
    assert found[32:46] / found[31:45] == pytest.approx(np.full(14, np.exp(-1.0 / 3.0)))
    assert not found[46:].any()
    assert np.nansum(found) == pytest.approx(1.0, abs=0.01)


def test_days_that_are_not_known_give_their_weight_to_the_others() -> None:
    """A missing day, as a value or as a row, leaves a mean of the rest; a fortnight without days leaves none."""
    start, values = daily(np.ones(60)).start, np.full(60, 7.0)
    holes = values.copy()
    holes[[20, 25]] = np.nan
    assert np.nan_to_num(mean_of_days_before(start, holes, 2.0)[3:], nan=-1.0).tolist() == pytest.approx([7.0] * 57)
    kept = np.r_[0:30, 45:60]
    found = mean_of_days_before(start[kept], values[kept], 2.0)
    assert np.isnan(found[30:31]).all()
    assert found[33:] == pytest.approx(np.full(12, 7.0))


def test_hours_have_the_days_before_their_own() -> None:
    """By the hour every hour of a day has the same, made of means of days; of what never was there is nothing."""
    table = hourly(np.ones(96))
    found = mean_of_days_before(table.start, np.repeat([4.0, 8.0, 0.0, 0.0], 24), 1.0)
    by_day = mean_of_days_before(table.start[::24], np.array([4.0, 8.0, 0.0, 0.0]), 1.0)
    assert found.reshape(4, 24)[1:] == pytest.approx(np.repeat(by_day[1:, None], 24, axis=1))
    assert len(mean_of_days_before(table.start[:0], np.ones(0), 1.0)) == 0


def test_a_store_that_answers_for_days_is_known_better() -> None:
    """A meter that takes out each day's heat over days: with the days before the interval is narrower, and holds."""
    rng = np.random.default_rng(31)
    goods = rng.gamma(4.0, 2.0, len(DAYS)) * (DAYS % 7 < 5)
    answer = np.convolve(goods, 0.3 * np.exp(-np.arange(20) / 3.0))[: len(DAYS)]
    energy = 50.0 + 5.0 * answer + ar1(len(DAYS), 0.2, 2.0, rng)
    energy[365:] -= 4.0
    plain = straight("goods", goods, is_total=False)
    lag = straight(before("goods"), mean_of_days_before(daily(energy).start, goods, 3.0), is_total=False)
    widths = []
    for drivers in ((plain,), (plain, lag)):
        table = daily(energy, *drivers)
        saving = avoided_use(fit_baseline(table.take(slice(5, 365))), table.take(slice(365, 730)))
        total = saving.totals.interval()
        assert total.low < 4.0 * 365 < total.high
        widths.append(total.high - total.low)
    assert widths[1] < 0.5 * widths[0]
