"""Cost of the saved unit, payback and present value, with the cases that have none."""

from __future__ import annotations

import math

import pytest

from savings.economics import Case, annuity_factor, per_year, ranked, worthwhile
from savings.record import Figure
from telemetry.plan import Cost

COST = Cost(investment_eur=10_000.0, yearly_eur=36.577, life_years=15.0, discount_rate=0.05)
SAVING = Figure(value=20.0, low=16.0, high=25.0, unit="MW.h/a")


def test_annuity() -> None:
    """963.42 EUR a year repay 10 000 EUR at 5 % in 15 years: their present values add up to it."""
    payment = 10_000.0 / annuity_factor(0.05, 15.0)
    assert payment == pytest.approx(963.42, abs=0.005)
    assert sum(payment / 1.05**year for year in range(1, 16)) == pytest.approx(10_000.0)
    assert annuity_factor(1e-12, 15.0) == pytest.approx(15.0)


def test_cost_of_the_saved_unit() -> None:
    """1000 EUR a year for 20 MWh are 50 EUR each; the less may be saved, the dearer it may be."""
    found = worthwhile("seawater", COST, SAVING)
    assert found.case is Case.SOUND
    assert found.yearly_cost == pytest.approx(1000.0, abs=0.01)
    assert found.unit_cost is not None
    assert (found.unit_cost.low, found.unit_cost.value, found.unit_cost.high) == pytest.approx((40, 50, 62.5), abs=1e-3)
    assert found.unit_cost.unit == "EUR/MW.h"
    assert (found.payback_years, found.net_present_value) == (None, None)


def test_saving_that_may_be_nothing() -> None:
    """An interval that reaches zero leaves the cost without an upper end; no saving leaves no cost."""
    opened = worthwhile("doors", COST, Figure(value=20.0, low=-1.0, high=41.0, unit="MW.h/a"))
    assert opened.case is Case.OPEN
    assert opened.unit_cost is not None
    assert opened.unit_cost.high is None
    assert opened.unit_cost.low == pytest.approx(1000 / 41, abs=1e-3)
    for value in (0.0, -5.0):
        lost = worthwhile("defrost", COST, Figure(value=value, low=-9.0, high=9.0, unit="MW.h/a"))
        assert (lost.case, lost.unit_cost) == (Case.NO_SAVING, None)


def test_measure_that_costs_less_than_nothing() -> None:
    """A measure that spares upkeep has a negative cost, its interval in order."""
    spared = worthwhile("set point", Cost(yearly_eur=-100.0), SAVING).unit_cost
    assert spared is not None
    assert (spared.low, spared.value, spared.high) == (-6.25, -5.0, -4.0)


def test_payback_and_present_value() -> None:
    """2036.577 EUR a year less upkeep earn 10 000 back in 5 years; 15 years at 5 % are worth 10 759 more than that."""
    money = Figure(value=2036.577, low=1036.577, high=2536.577, unit="EUR/a")
    found = worthwhile("seawater", COST, SAVING, money)
    assert found.payback_years is not None
    assert (found.payback_years.low, found.payback_years.value, found.payback_years.high) == pytest.approx((4, 5, 10))
    assert found.net_present_value is not None
    assert found.net_present_value.value == pytest.approx(2000 * 10.37966 - 10_000, abs=0.01)
    assert found.net_present_value.low == pytest.approx(1000 * 10.37966 - 10_000, abs=0.01)


def test_never_paid_back() -> None:
    """A value below the upkeep never pays back; what may be below it has no upper end."""
    never = worthwhile("a", COST, SAVING, Figure(value=30.0, low=10.0, high=50.0, unit="EUR/a"))
    assert never.payback_years is None
    assert never.net_present_value is not None
    assert never.net_present_value.value < -10_000.0
    maybe = worthwhile("a", COST, SAVING, Figure(value=1036.577, low=30.0, high=2036.577, unit="EUR/a")).payback_years
    assert maybe is not None
    assert (maybe.low, maybe.value) == pytest.approx((5.0, 10.0))
    assert maybe.high is None


def test_per_year() -> None:
    """Half a year counts twice, ends and error included; a missing end stays missing."""
    half = Figure(value=10.0, low=8.0, high=None, unit="m3", standard_error=1.0)
    found = per_year(half, 365.25 / 2)
    assert (found.value, found.low, found.high, found.standard_error, found.unit) == (20.0, 16.0, None, 2.0, "m3/a")


def test_ranking() -> None:
    """The cheapest saved unit comes first, measures that save nothing last."""
    dear = worthwhile("dear", COST, Figure(value=10.0, low=9.0, high=11.0, unit="MW.h/a"))
    none = worthwhile("none", COST, Figure(value=-1.0, low=-2.0, high=1.0, unit="MW.h/a"))
    cheap = worthwhile("cheap", COST, SAVING)
    assert [each.name for each in ranked([dear, none, cheap])] == ["cheap", "dear", "none"]
    assert not any(math.isnan(each.yearly_cost) for each in (dear, none, cheap))
