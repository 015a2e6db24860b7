"""A model along its drivers, and what they ranged over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from savings.baseline import Baseline, fit_baseline
from savings.curves import curve_points, driver_ranges, partial
from tests.savings.days import category, daily, hourly, straight
from tests.savings.made_up import made_up


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """Return a year's model on air and tonnes."""
    return fit_baseline(made_up(365), candidates=("3PC",))


def test_curve_is_the_model_at_the_other_means(baseline: Baseline) -> None:
    """Along tonnes the curve is a straight line of the fitted slope, through the model at mean air."""
    air, tonnes = curve_points(baseline)
    slope = next(each.value for each in baseline.model.parameters if each.name == "tonnes")
    assert (air.driver, tonnes.driver) == ("air", "tonnes")
    assert np.diff(tonnes.y) / np.diff(tonnes.x) == pytest.approx(np.full(39, slope))
    assert (tonnes.x[0], tonnes.x[-1]) == pytest.approx((20.0, 40.0), abs=0.3)


def test_partial_scatters_around_the_curve(baseline: Baseline) -> None:
    """Use with the other drivers at their mean is the curve plus the residuals."""
    left = partial(baseline, "tonnes") - baseline.residuals
    slope = next(each.value for each in baseline.model.parameters if each.name == "tonnes")
    tonnes = baseline.table.driver("tonnes").values
    assert np.polyfit(tonnes, left, 1)[0] == pytest.approx(slope)


def test_hours_and_kinds_have_no_curve() -> None:
    """An hourly model depends on the hour of the week as well; a kind of day is no axis."""
    rng = np.random.default_rng(2)
    hours = hourly(rng.normal(50, 2, 24 * 200), straight("load", rng.uniform(0, 9, 24 * 200), is_total=False))
    assert curve_points(fit_baseline(hours)) == ()
    kind = np.array([0.0, 0, 0, 0, 0, 1, 1] * 43)[:300]
    days = daily(500 - 90 * kind + rng.normal(0, 5, 300), category("kind", kind))
    assert curve_points(fit_baseline(days)) == ()


def test_ranges_count_what_lies_beyond(baseline: Baseline) -> None:
    """Rows beyond the baseline's range by more than a tenth of it are counted; missing values are not looked at."""
    table = baseline.table
    air = table.driver("air").values.copy()
    width = air.max() - air.min()
    air[:3] = air.max() + np.array([0.09, 0.2, 0.3]) * width
    air[3] = np.nan
    later = replace(table, drivers=(replace(table.driver("air"), values=air),))
    seen, missing = driver_ranges(table, later, {"air": {"en": "Air", "fr": "Air"}})
    assert seen.rows_beyond == 2
    assert seen.reporting_high == pytest.approx(np.nanmax(air))
    assert seen.baseline_high == pytest.approx(table.driver("air").values.max())
    assert (missing.driver, missing.reporting_low, missing.rows_beyond) == ("tonnes", None, 0)
    assert missing.label == {"en": "tonnes", "fr": "tonnes"}


def test_ranges_of_kinds_are_none() -> None:
    """A kind of day has no range."""
    table = daily(np.ones(9), category("kind", np.ones(9)))
    assert driver_ranges(table, table, {}) == ()
