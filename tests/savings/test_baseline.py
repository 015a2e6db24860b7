"""The baseline: rows chosen, form chosen, what is said about it."""

from __future__ import annotations

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.choice import huber_weights
from savings.findings import InsufficientDataError
from savings.models.ratio import fit_ratio, stipulated_ratio
from telemetry.errors import ContractError
from tests.savings.days import air_of, ar1, bent, category, daily, hourly, monthly, sea_of, straight
from tests.savings.open_samples import needs_samples, sample

DAYS = np.arange(365.0)


def codes(baseline: object) -> set[str]:
    """Return the codes of a baseline's findings."""
    return {finding.code for finding in getattr(baseline, "findings")}  # noqa: B009 - any carrier of findings


@needs_samples
@pytest.mark.parametrize(
    ("name", "form", "saving", "knots"),
    [
        ("electricity-cdd-hdd", "5P", 8.43, [53.0, 67.0]),
        ("electricity-cdd-only", "3PC", 4.53, [62.0]),
        ("gas-hdd-only", "3PH", 8.49, [60.0]),
        ("gas-intercept-only", "mean", 10.31, []),
    ],
)
def test_open_samples_give_what_others_found(name: str, form: str, saving: float, knots: list[float]) -> None:
    """Savings within 0.1 points and knots within 0.5 °F of a 1 °F grid search; the flat gas meter gets the mean.

    A choice by adjusted R² gave that meter five parameters at R² 0.012; its 10.31 % is OpenDSM's.
    """
    before, after = sample(name)
    baseline = fit_baseline(before)
    assert baseline.model.form == form
    adjusted = baseline.model.predict(after)
    assert 100.0 * (1.0 - after.energy.sum() / adjusted.sum()) == pytest.approx(saving, abs=0.1)
    assert [p.value for p in baseline.model.parameters if "knot" in p.name] == pytest.approx(knots, abs=0.5)


@needs_samples
def test_the_electricity_sample_has_the_statistics_of_the_grid_search() -> None:
    """CV(RMSE) 0.251 (0.252 with knots counted) and ρ −0.007, on local days: days of UTC would blur them."""
    statistics = fit_baseline(sample("electricity-cdd-hdd")[0]).statistics
    assert statistics.cv_rmse == pytest.approx(0.251, abs=1e-3)
    assert statistics.autocorrelation == pytest.approx(-0.007, abs=1e-3)
    assert statistics.p == 5
    assert abs(statistics.nmbe) < 1e-12


def test_drivers_without_effect_are_dropped_and_named() -> None:
    """Day types and tonnes that explain nothing leave the model; those that do stay."""
    rng = np.random.default_rng(1)
    air, tonnes, idle = air_of(DAYS, rng), rng.gamma(4.0, 10.0, 365), rng.normal(50.0, 10.0, 365)
    energy = 100.0 + 6.0 * np.maximum(air - 14.0, 0.0) + 2.0 * tonnes + rng.normal(0.0, 10.0, 365)
    table = daily(
        energy, bent("air", air), straight("tonnes", tonnes), straight("idle", idle), category("day", DAYS % 7 // 5)
    )
    baseline = fit_baseline(table)
    assert baseline.model.form == "3PC"
    assert baseline.model.terms == ("air", "tonnes")
    dropped = {name for f in baseline.findings if f.code == "driver_without_effect" for name in f.days}
    assert dropped == {"idle", "day"}
    assert baseline.statistics.p == 4


def test_day_types_that_matter_stay() -> None:
    """A weekend that uses less is an offset of its own."""
    rng = np.random.default_rng(2)
    weekend = np.where(DAYS % 7 >= 5, 1.0, 0.0)
    baseline = fit_baseline(daily(100.0 - 20.0 * weekend + rng.normal(0.0, 5.0, 365), category("weekend", weekend)))
    offset = baseline.model.parameters[1]
    assert offset.name == "weekend=1"
    assert abs(offset.value + 20.0) < 4.0 * offset.standard_error


@pytest.mark.parametrize(("rho", "most"), [(0.0, 0.05), (0.8, 0.08)])
def test_slow_drivers_seldom_pass_for_effects(rho: float, most: float) -> None:
    """Of 150 flat meters with noise that follows itself, few keep a linear driver that moves as slowly."""
    kept = 0
    rng = np.random.default_rng(3)
    for _ in range(150):
        slow = straight("slow", ar1(365, rho, 10.0, rng), "1", is_total=False)
        baseline = fit_baseline(daily(100.0 + ar1(365, rho, 10.0, rng), slow))
        kept += baseline.model.p > 1
    assert kept / 150 <= most


def test_collinear_sea_and_air_are_reported_and_predict_well() -> None:
    """With r = 0.9 the pair is named, the condition number given, and the prediction good whatever the coefficients."""
    rng = np.random.default_rng(4)
    air = 12.0 - 8.0 * np.cos(2.0 * np.pi * (DAYS - 20.0) / 365.0) + rng.normal(0.0, 1.5, 365)
    sea = sea_of(DAYS, rng)
    truth = 100.0 + 5.0 * air + 5.0 * sea
    baseline = fit_baseline(daily(truth + rng.normal(0.0, 10.0, 365), bent("air", air), bent("sea", sea)))
    assert "drivers_collinear" in codes(baseline)
    assert baseline.statistics.condition_number > 3.0
    assert baseline.model.predict(baseline.table).sum() == pytest.approx(truth.sum(), rel=0.01)


def test_identical_drivers_do_not_break_the_fit() -> None:
    """A driver given twice is named; the prediction is that of the one."""
    rng = np.random.default_rng(5)
    tonnes = rng.gamma(4.0, 10.0, 365)
    energy = 100.0 + 2.0 * tonnes + rng.normal(0.0, 5.0, 365)
    once = fit_baseline(daily(energy, straight("tonnes", tonnes)))
    twice = fit_baseline(daily(energy, straight("tonnes", tonnes), straight("again", 2.0 * tonnes)))
    assert "drivers_collinear" in codes(twice)
    assert twice.model.predict(twice.table) == pytest.approx(once.model.predict(once.table))


def test_a_slope_against_physics_is_reported_not_forced() -> None:
    """Use that falls with heat above a knot is fitted as it is, and named."""
    rng = np.random.default_rng(6)
    air = air_of(DAYS, rng)
    energy = 200.0 - 6.0 * np.maximum(air - 12.0, 0.0) + rng.normal(0.0, 5.0, 365)
    baseline = fit_baseline(daily(energy, bent("air", air)))
    assert baseline.model.form == "3PC"
    assert baseline.model.parameters[1].value < 0.0
    assert "sign_unexpected" in codes(baseline)


def test_robust_fits_resist_outliers() -> None:
    """Ten days at five times the use pull the plain fit away, and the robust one hardly."""
    rng = np.random.default_rng(7)
    air = air_of(DAYS, rng)
    energy = 100.0 + 6.0 * np.maximum(air - 14.0, 0.0) + rng.normal(0.0, 5.0, 365)
    energy[rng.choice(365, 10, replace=False)] *= 5.0
    truth = 100.0 + 6.0 * np.maximum(air - 14.0, 0.0)
    table = daily(energy, bent("air", air))
    plain, robust = fit_baseline(table), fit_baseline(table, robust=True)
    assert robust.model.form == "3PC"
    assert np.abs(robust.model.predict(table) - truth).mean() < 0.25 * np.abs(plain.model.predict(table) - truth).mean()
    assert robust.weights.min() < 0.1
    assert "extremes" in codes(plain)


def test_huber_weights_known_values() -> None:
    """Within 1.345 deviations a row weighs 1; at twice that, one half; residuals of no size weigh 1."""
    residuals = np.array([-1.0, 0.0, 1.0, -0.6745, 0.6745, 2.69])
    weights = huber_weights(residuals)
    scale = np.median(np.abs(residuals - np.median(residuals))) / 0.6745
    assert weights[1] == 1.0
    assert weights[5] == pytest.approx(1.345 * scale / (2.69 - np.median(residuals)))
    assert huber_weights(np.zeros(4)).tolist() == [1.0] * 4


def test_hours_get_towt_and_a_flat_meter_the_mean() -> None:
    """A week with a pattern is TOWT; noise about a level is the mean, which 168 parameters do not improve."""
    rng = np.random.default_rng(8)
    hours = np.arange(8736)
    worked = (hours % 24 >= 8) & (hours % 24 < 18)
    noise = rng.normal(0.0, 2.0, len(hours))
    air = bent("air", 12.0 + 8.0 * np.sin(2.0 * np.pi * hours / 8736.0) + rng.normal(0.0, 2.0, len(hours)))
    assert fit_baseline(hourly(20.0 + 10.0 * worked + noise, air)).model.form == "TOWT"
    flat = fit_baseline(hourly(20.0 + noise, air))
    assert flat.model.form == "mean"
    assert flat.model.p == 1


def test_months_of_a_year_are_enough_for_a_knot() -> None:
    """Twelve months with a heating season give 3PH, never more parameters than half their number."""
    rng = np.random.default_rng(9)
    air = 12.0 - 8.0 * np.cos(2.0 * np.pi * (np.arange(12) - 0.7) / 12.0)
    span = monthly(np.ones(12)).span
    energy = span * (100.0 + 12.0 * np.maximum(13.0 - air, 0.0) + rng.normal(0.0, 2.0, 12))
    baseline = fit_baseline(monthly(energy, bent("air", air)))
    assert baseline.model.form == "3PH"
    assert baseline.weights == pytest.approx((1.0 / span) / (1.0 / span).mean())


def test_more_parameters_than_rows_can_carry_are_refused() -> None:
    """Seven months with a level for each, and days with 200 levels, do without that category and say so."""
    rng = np.random.default_rng(14)
    months = monthly(rng.normal(3000.0, 100.0, 7), category("month", np.arange(7.0)), straight("t", rng.random(7)))
    many = daily(rng.normal(100.0, 5.0, 365), category("code", DAYS % 200))
    for table, name in ((months, "month"), (many, "code")):
        baseline = fit_baseline(table)
        dropped = [finding.days for finding in baseline.findings if finding.code == "too_few_rows_for_driver"]
        assert dropped == [(name,)]
        assert baseline.model.p <= 2


def test_a_switch_as_change_point_driver_is_a_step() -> None:
    """A driver of two values cannot be bent, and what it explains is predicted all the same."""
    rng = np.random.default_rng(15)
    on = DAYS % 2
    baseline = fit_baseline(daily(100.0 + 20.0 * on + rng.normal(0.0, 5.0, 365), bent("on", on, "1")))
    predicted = baseline.model.predict(baseline.table)
    assert predicted[1] - predicted[0] == pytest.approx(20.0, abs=2.0)


def test_energy_without_variation_is_a_mean_without_error() -> None:
    """A meter that always shows the same gets the mean and statistics that are NaN; one that shows nothing stops."""
    air = bent("air", air_of(DAYS, np.random.default_rng(16)))
    baseline = fit_baseline(daily(np.full(365, 5.0), air))
    assert baseline.model.form == "mean"
    assert baseline.model.parameters[0].value == pytest.approx(5.0)
    assert np.isnan(baseline.statistics.r2)
    with pytest.raises(InsufficientDataError, match="zero all through the baseline"):
        fit_baseline(daily(np.zeros(365), air))


def test_robust_towt_resists_outliers() -> None:
    """Every hundredth hour at ten times the use moves the plain levels, and hardly the robust ones."""
    rng = np.random.default_rng(17)
    hours = np.arange(8736)
    truth = 20.0 + 10.0 * ((hours % 24 >= 8) & (hours % 24 < 18))
    energy = truth + rng.normal(0.0, 1.0, len(hours))
    energy[::100] *= 10.0
    plain, robust = (fit_baseline(hourly(energy), candidates=("TOWT",), robust=on) for on in (False, True))
    assert np.abs(robust.residuals + truth - energy).mean() < 0.3 * np.abs(plain.residuals + truth - energy).mean()


def test_rows_left_out_have_a_reason() -> None:
    """Missing energy, a missing driver, an error code and low coverage are each excluded with their reason."""
    rng = np.random.default_rng(10)
    air, energy = air_of(DAYS, rng), 100.0 + rng.normal(0.0, 5.0, 365)
    energy[3], energy[4], air[5] = np.nan, -9999.0, np.nan
    table = daily(energy, bent("air", air))
    table.coverage[6] = 0.2
    baseline = fit_baseline(table)
    assert [reason for _, reason in baseline.excluded] == [
        "energy_missing",
        "error_code",
        "driver_missing: air",
        "coverage_low",
    ]
    assert baseline.excluded[0][0] == "2025-01-04T00:00:00"
    assert len(baseline.table) == 361 == baseline.statistics.n


def test_ratio_of_totals_and_its_error() -> None:
    """100 kWh over 4 t is 25 kWh/t; the error is that of repeated samples; without tonnes there is no ratio."""
    small = daily(np.array([60.0, 40.0, np.nan]), straight("tonnes", np.array([3.0, 1.0, 5.0])))
    assert fit_ratio(small, "tonnes").parameters[0].value == 25.0
    assert fit_ratio(small, "tonnes").parameters[0].unit == "kW.h/t"
    rng = np.random.default_rng(11)
    tonnes = rng.gamma(9.0, 1.0, 200)
    draws = []
    for _ in range(500):
        table = daily(25.0 * tonnes + rng.normal(0.0, 10.0, 200), straight("tonnes", tonnes))
        draws.append(fit_ratio(table, "tonnes").parameters[0].value)
    assert np.std(draws) == pytest.approx(fit_ratio(table, "tonnes").parameters[0].standard_error, rel=0.15)
    with pytest.raises(ContractError, match="adds up to 0"):
        fit_ratio(daily(np.ones(3), straight("tonnes", np.zeros(3))), "tonnes")


def test_a_ratio_is_asked_for_or_stipulated() -> None:
    """As a baseline it speaks of the first linear driver; agreed by parties it predicts what they agreed on."""
    rng = np.random.default_rng(12)
    tonnes = rng.gamma(9.0, 1.0, 365)
    table = daily(25.0 * tonnes + rng.normal(0.0, 5.0, 365), straight("tonnes", tonnes))
    baseline = fit_baseline(table, candidates=("ratio",))
    assert baseline.model.form == "ratio"
    assert baseline.statistics.p == 1
    agreed = stipulated_ratio("tonnes", 24.0, standard_error=1.0, unit="kW.h/t")
    assert agreed.predict(table) == pytest.approx(24.0 * tonnes)
    assert agreed.gradient(table)[:, 0] == pytest.approx(tonnes)


def test_forms_that_do_not_go_together_are_refused() -> None:
    """Each refusal names what to ask for instead."""
    table = daily(np.ones(365) + DAYS % 3)
    for candidates, cause in {("6P",): "no such form", ("ratio", "2P"): "competes", ("TOWT",): "needs hours"}.items():
        with pytest.raises(ContractError, match=cause):
            fit_baseline(table, candidates=candidates)
    with pytest.raises(ContractError, match="needs a linear driver"):
        fit_baseline(table, candidates=("ratio",))


def test_too_little_data_is_no_number() -> None:
    """Three weeks raise an error that carries the findings and says what to do."""
    rng = np.random.default_rng(13)
    with pytest.raises(InsufficientDataError, match=r"baseline_too_short: .*21 usable") as caught:
        fit_baseline(daily(rng.normal(100.0, 5.0, 21)))
    assert caught.value.cure == "take a longer baseline, best twelve months"
    assert "baseline_too_short" in codes(caught.value)
