"""The model form without a month, and fitted to other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.baseline import Baseline, fit_baseline
from savings.out_of_sample import out_of_sample
from savings.refit import refit
from telemetry.errors import ContractError
from tests.savings.days import air_of, bent, category, daily, hourly, monthly, sea_of, straight
from tests.savings.made_up import made_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from savings.table import Table


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """Return a year's model."""
    return fit_baseline(made_up(365), candidates=("3PC",))


def test_each_month_is_asked_of_the_others(baseline: Baseline) -> None:
    """A month's error is its use less what the form gives that was fitted to the other eleven."""
    found = out_of_sample(baseline)
    assert found is not None
    assert found.months == tuple(f"2025-{month:02d}" for month in range(1, 13))
    march = baseline.table.start.astype("datetime64[M]") == np.datetime64("2025-03")
    by_hand = refit(baseline.model, baseline.table.take(~march)).predict(baseline.table.take(march))
    assert found.errors[2] == pytest.approx(float((baseline.table.energy[march] - by_hand).sum()))
    assert found.nmbe == pytest.approx(sum(found.errors) / baseline.table.energy.sum())
    assert found.cv_rmse is not None
    assert 0.0 < found.cv_rmse < 0.03


def test_unknown_driver_shows_out_of_sample(baseline: Baseline) -> None:
    """A plant that runs more every third month than any driver says errs more by month than one that does not."""
    month = made_up(365).start.astype("datetime64[M]").astype(np.int64)
    runs = 200.0 * (month % 3 == 1)
    hidden = fit_baseline(made_up(365).with_energy(baseline.table.energy + runs), candidates=("3PC",))
    worse, better = out_of_sample(hidden), out_of_sample(baseline)
    assert worse is not None
    assert better is not None
    assert worse.cv_rmse is not None
    assert better.cv_rmse is not None
    assert worse.cv_rmse > 3.0 * better.cv_rmse


def test_short_baselines_are_not_asked() -> None:
    """Of five months none is left out; a month of ten days is no month."""
    short = fit_baseline(made_up(150), candidates=("2P",))
    assert out_of_sample(short) is None
    stub = fit_baseline(made_up(191), candidates=("2P",))
    found = out_of_sample(stub)
    assert found is not None
    assert found.months[-1] == "2025-06"


def _bills(rng: np.random.Generator) -> Table:
    air = air_of(30.4 * np.arange(24.0), rng)
    return monthly(20_000 + 900 * air + rng.normal(0, 300, 24), bent("air", air))


def _hours(rng: np.random.Generator) -> Table:
    at = np.arange(24.0 * 210)
    air = air_of(at / 24, rng)
    return hourly(40 + 20 * (at % 24 > 7) + np.maximum(air - 12, 0) + rng.normal(0, 2, len(at)), bent("air", air))


def _ratio(rng: np.random.Generator) -> Table:
    tonnes = rng.uniform(10, 20, 300)
    return daily(tonnes * 30 + rng.normal(0, 5, 300), straight("tonnes", tonnes))


def _two_bends(rng: np.random.Generator) -> Table:
    at = np.arange(365.0)
    air, sea, kind = air_of(at, rng), sea_of(at, rng), np.where(at % 7 < 5, 0.0, 1.0)
    use = 900 + 20 * np.maximum(air - 12, 0) + 15 * np.maximum(sea - 10, 0) - 90 * kind + rng.normal(0, 9, 365)
    return daily(use, bent("air", air), bent("sea", sea), category("kind", kind))


@pytest.mark.parametrize(("make", "form"), [(_bills, "2P"), (_hours, "TOWT"), (_ratio, "ratio"), (_two_bends, "3PC")])
def test_every_form_is_refitted(make: Callable[[np.random.Generator], Table], form: str) -> None:
    """Bills, hours, ratios and two bends: the same form on the same rows is the same model."""
    table = make(np.random.default_rng(3))
    baseline = fit_baseline(table, candidates=(form,))
    again = refit(baseline.model, baseline.table, weight=baseline.weights)
    assert again.form == baseline.model.form
    assert again.predict(baseline.table) == pytest.approx(baseline.model.predict(baseline.table), rel=1e-6)
    found = out_of_sample(baseline)
    assert found is not None
    assert found.nmbe is not None
    assert abs(found.nmbe) < 0.02


def test_kind_that_only_one_month_has() -> None:
    """Days of a kind that no other month has cannot be asked for; the rest of their month is."""
    at = np.arange(365)
    kind = np.where((at >= 40) & (at < 50), 1.0, 0.0)
    rng = np.random.default_rng(1)
    table = daily(500 - 400 * kind + rng.normal(0, 5, 365), category("kind", kind))
    found = out_of_sample(fit_baseline(table))
    assert found is not None
    assert "2025-02" in found.months
    assert max(abs(error) for error in found.errors) < 100.0


def test_refit_needs_the_drivers(baseline: Baseline) -> None:
    """Rows without a driver of the model are refused by its name."""
    with pytest.raises(ContractError, match="air"):
        refit(baseline.model, made_up(365).keep_drivers(("tonnes",)))
