"""Avoided use, its interval, its months and what joins it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.adjustments import Adjustment
from savings.avoided_use import AvoidedUse, avoided_use, percent_interval, percent_of_adjusted
from savings.baseline import Baseline, fit_baseline
from savings.findings import InsufficientDataError
from savings.normalised import backcast, normalised_savings
from savings.uncertainty import interval
from savings.uncertainty.interval import Method, total_interval
from telemetry.errors import ContractError
from tests.savings.made_up import made_up

if TYPE_CHECKING:
    from savings.table import Table


@pytest.fixture(scope="module")
def meter() -> Table:
    """Return two years, of which the second saves 8 %."""
    return made_up(saved=0.08)


@pytest.fixture(scope="module")
def baseline(meter: Table) -> Baseline:
    """Return the first year's model."""
    return fit_baseline(meter.take(slice(0, 365)))


@pytest.fixture(scope="module")
def reporting(meter: Table) -> Table:
    """Return the second year."""
    return meter.take(slice(365, None))


@pytest.fixture(scope="module")
def saving(baseline: Baseline, reporting: Table) -> AvoidedUse:
    """Return what the second year saved."""
    return avoided_use(baseline, reporting)


def test_total_is_the_sum_of_its_rows(saving: AvoidedUse, baseline: Baseline, reporting: Table) -> None:
    """Savings are adjusted less measured, row by row, by month and in the end of the cumulative curve."""
    adjusted = baseline.model.predict(reporting)
    assert saving.savings == pytest.approx(float((adjusted - reporting.energy).sum()))
    assert saving.cumulative[-1] == pytest.approx(saving.savings)
    assert sum(month.saving.value for month in saving.by_month) == pytest.approx(saving.savings)
    assert len(saving.by_month) == 12
    low, high = saving.cumulative_band()
    assert (low[-1], high[-1]) == pytest.approx((saving.low, saving.high))


def test_interval_holds_the_truth(saving: AvoidedUse, reporting: Table) -> None:
    """The designed 8 % of what would have been used lies within the interval, and no saving does not."""
    truth = float(reporting.energy.sum()) * 0.08 / 0.92
    assert saving.low < truth < saving.high
    assert saving.low > 0
    assert saving.percent_low < 8.0 < saving.percent_high


def test_percent_knows_what_was_measured() -> None:
    """Each end of the interval has its own adjusted baseline; without a positive one there is no percent."""
    assert percent_of_adjusted(20.0, 80.0) == 20.0
    assert np.isnan(percent_of_adjusted(-80.0, 80.0))


def test_percent_ends_stand_upright() -> None:
    """The lower end comes first, also of a meter that feeds in; an end without a positive baseline leaves none."""
    assert percent_interval(0.0, 20.0, 80.0) == (0.0, 20.0)
    low, high = percent_interval(150.0, 300.0, -100.0)
    assert (low, high) == (150.0, 300.0)
    assert np.isnan(percent_interval(-90.0, 20.0, 80.0)).all()
    assert np.isnan(percent_interval(50.0, 150.0, -100.0)).all()


def test_months_are_wider_than_their_share(saving: AvoidedUse) -> None:
    """Months are not independent of each other, yet errors cancel: between the year's width and twelve of them."""
    widths = sum(month.saving.high - month.saving.low for month in saving.by_month)
    year = saving.high - saving.low
    assert year < widths < 12 * year


@pytest.mark.parametrize("method", list(Method))
def test_every_method_gives_an_interval(
    method: Method, baseline: Baseline, reporting: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All methods agree on the value and give an interval around it that says by which method."""
    monkeypatch.setattr(interval, "DRAWS", 30)  # enough to see a spread
    part = reporting.take(slice(0, 60))
    found = total_interval(baseline, part, method=method)
    assert found.method == method
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(total_interval(baseline, part).value)
    if method is not Method.BOOTSTRAP:
        assert found.high - found.value == pytest.approx(found.value - found.low)


def test_more_confidence_is_wider(baseline: Baseline, reporting: Table) -> None:
    """95 % is wider than 68 %, and what is no confidence is refused."""
    wide, narrow = (avoided_use(baseline, reporting, confidence=each) for each in (0.95, 0.68))
    assert wide.low < narrow.low < narrow.high < wide.high
    with pytest.raises(ValueError, match="confidence"):
        avoided_use(baseline, reporting, confidence=90)


def test_adjustment_joins(saving: AvoidedUse, baseline: Baseline, reporting: Table) -> None:
    """An event moves the saving by its amount, its months by their days, and widens the interval in quadrature."""
    event = Adjustment(days=("2026-03-22", "2026-04-10"), amount=-2000.0, standard_error=5000.0)
    moved = avoided_use(baseline, reporting, adjustments=[event])
    assert moved.savings == pytest.approx(saving.savings - 2000)
    assert moved.standard_error == pytest.approx(np.hypot(saving.standard_error, 5000.0))
    assert [round(month.adjustments) for month in moved.by_month[2:4]] == [-1000, -1000]
    assert moved.adjusted.sum() - saving.adjusted.sum() == pytest.approx(-2000)
    assert sum(month.saving.value for month in moved.by_month) == pytest.approx(moved.savings)


@pytest.mark.parametrize(
    ("days", "error"), [(("2020-01-01", "2020-01-02"), 1.0), (("2026-03-01", "2026-03-02"), float("nan"))]
)
def test_adjustment_that_cannot_be(days: tuple[str, str], error: float, baseline: Baseline, reporting: Table) -> None:
    """An event outside the period, or of unknown error, is refused with its days."""
    with pytest.raises(ContractError, match=days[0]):
        avoided_use(baseline, reporting, adjustments=[Adjustment(days=days, amount=1.0, standard_error=error)])


def test_missing_rows_lower_the_coverage(baseline: Baseline, reporting: Table) -> None:
    """Rows without energy or driver do not count, and are said."""
    energy = reporting.energy.copy()
    energy[:73] = np.nan
    found = avoided_use(baseline, reporting.with_energy(energy))
    assert found.coverage == pytest.approx(0.8)
    assert len(found.saving) == 292


def test_error_codes_are_not_measured(baseline: Baseline, reporting: Table) -> None:
    """Rows with a code as energy or driver are in no sum: the rest saves as without them, the coverage falls."""
    energy = reporting.energy.copy()
    air = reporting.driver("air").values.copy()
    energy[::40], air[5] = -9999.0, -9999.0
    drivers = (replace(reporting.driver("air"), values=air), reporting.drivers[1])
    coded = replace(reporting, energy=energy, drivers=drivers)
    found = avoided_use(baseline, coded)
    honest = np.ones(365, np.bool_)
    honest[::40], honest[5] = False, False
    assert found.savings == pytest.approx(avoided_use(baseline, reporting.take(honest)).savings)
    assert found.coverage == pytest.approx(354 / 365)
    beyond = [finding.days for finding in found.findings if finding.code == "extrapolation"]
    assert "2026-01-06" not in beyond[0]


def test_findings_come_along(baseline: Baseline, reporting: Table) -> None:
    """Days hotter than any baseline are said; a whole period of them, or one without a driver, gives no number."""
    hotter = [
        tuple(replace(each, values=each.values + 30.0 * (np.arange(365) < days)) for each in reporting.drivers)
        for days in (90, 365)
    ]
    some = avoided_use(baseline, replace(reporting, drivers=hotter[0]))
    assert "extrapolation" in {finding.code for finding in some.findings}
    with pytest.raises(InsufficientDataError, match="extrapolation"):
        avoided_use(baseline, replace(reporting, drivers=hotter[1]))
    with pytest.raises(InsufficientDataError):
        avoided_use(baseline, replace(reporting, drivers=()))


def test_other_ways_round(meter: Table, baseline: Baseline, saving: AvoidedUse) -> None:
    """Backcast and normalised savings see the same 8 %, each within its own interval."""
    after = fit_baseline(meter.take(slice(365, None)))
    before = meter.take(slice(0, 365))
    truth = 0.08 * float(before.energy.sum())
    for found in (backcast(after, before), normalised_savings(baseline, after, before)):
        assert found.low < truth < found.high
        assert found.value == pytest.approx(saving.savings, rel=0.3)
