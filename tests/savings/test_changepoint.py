"""The change-point family: forms, knots, parameters, derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.models.changepoint import fit_changepoint
from savings.models.forms import CHANGEPOINT_FORMS, plans
from telemetry.errors import ContractError
from tests.savings.days import air_of, bent, category, daily, monthly, sea_of, straight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.table import Table

DAYS = np.arange(365.0)


def above(x: NDArray[np.float64], knot: float) -> NDArray[np.float64]:
    """Return (x − knot)+, written apart from the product's."""
    return np.where(x > knot, x - knot, 0.0)


def noise_and_air(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], np.random.Generator]:
    """Return white noise of 5, air temperatures and the generator."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 5.0, 365), air_of(DAYS, rng), rng


def square_of(table: Table, form: str) -> float:
    """Return the sum of squares of a form's fit."""
    model = fit_changepoint(table, candidates=(form,))
    return float(((table.energy - model.predict(table)) ** 2).sum())


Law = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]
TRUTHS: dict[str, tuple[dict[str, float], Law]] = {
    "2P": ({"base": 100.0, "air.slope": 4.0}, lambda x: 100.0 + 4.0 * x),
    "3PC": ({"base": 100.0, "air.slope_above": 6.0, "air.knot_above": 14.0}, lambda x: 100.0 + 6.0 * above(x, 14.0)),
    "3PH": ({"base": 100.0, "air.slope_below": 6.0, "air.knot_below": 11.0}, lambda x: 100.0 + 6.0 * above(-x, -11.0)),
    "4P": (
        {"base": 100.0, "air.slope_below": -2.0, "air.slope_above": 9.0, "air.knot": 12.0},
        lambda x: 100.0 - 2.0 * above(-x, -12.0) + 9.0 * above(x, 12.0),
    ),
    "5P": (
        {
            "base": 100.0,
            "air.slope_below": 7.0,
            "air.slope_above": 9.0,
            "air.knot_below": 8.0,
            "air.knot_above": 16.0,
        },
        lambda x: 100.0 + 7.0 * above(-x, -8.0) + 9.0 * above(x, 16.0),
    ),
}


@pytest.mark.parametrize("form", TRUTHS)
def test_each_form_is_chosen_and_found_exactly_without_noise(form: str) -> None:
    """Every form that made the energy is the one chosen, with its parameters to seven digits."""
    expected, law = TRUTHS[form]
    _, air, _ = noise_and_air(3)
    # A trace of noise, without which richer forms fit as perfectly as the true one.
    energy = law(air) + 1e-7 * np.random.default_rng(4).normal(size=365)
    model = fit_changepoint(daily(energy, bent("air", air)))
    assert model.form == form
    assert {p.name: p.value for p in model.parameters} == pytest.approx(expected, abs=1e-6)
    assert model.p == int(form[0])


@pytest.mark.parametrize("form", TRUTHS)
def test_parameters_lie_within_their_standard_errors(form: str) -> None:
    """With noise, every parameter, knots included, is found within four of its standard errors."""
    expected, law = TRUTHS[form]
    noise, air, _ = noise_and_air(5)
    model = fit_changepoint(daily(law(air) + noise, bent("air", air)))
    assert model.form == form
    for parameter in model.parameters:
        assert abs(parameter.value - expected[parameter.name]) < 4.0 * parameter.standard_error


def test_standard_errors_are_those_of_repeated_samples() -> None:
    """Over 300 draws, the scatter of slope and knot is what one fit says, within 15 %."""
    _, air, rng = noise_and_air(6)
    draws, errors = [], []
    for _ in range(300):
        energy = 100.0 + 6.0 * above(air, 14.0) + rng.normal(0.0, 5.0, 365)
        model = fit_changepoint(daily(energy, bent("air", air)), candidates=("3PC",))
        draws.append([p.value for p in model.parameters])
        errors.append([p.standard_error for p in model.parameters])
    assert np.std(draws, axis=0) == pytest.approx(np.median(errors, axis=0), rel=0.15)


def test_coefficients_equal_numpy_at_the_same_knots() -> None:
    """Least squares by numpy on columns built here, at the knots found, give the same coefficients and errors."""
    noise, air, rng = noise_and_air(7)
    tonnes = rng.gamma(4.0, 10.0, 365)
    energy = 100.0 + 6.0 * above(air, 14.0) + 2.0 * tonnes + noise
    model = fit_changepoint(daily(energy, bent("air", air), straight("tonnes", tonnes)), candidates=("3PC",))
    knot, slope = model.parameters[-1].value, model.parameters[2].value
    columns = np.stack([np.ones(365), tonnes, above(air, knot)], axis=1)
    assert [p.value for p in model.parameters[:3]] == pytest.approx(np.linalg.lstsq(columns, energy)[0], rel=1e-9)
    jacobian = np.column_stack([columns, -slope * (air > knot)])
    left = energy - columns @ np.linalg.lstsq(columns, energy)[0]
    covariance = np.linalg.inv(jacobian.T @ jacobian) * (left @ left) / (365 - 4)
    assert [p.standard_error for p in model.parameters] == pytest.approx(np.sqrt(np.diagonal(covariance)), rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_no_knot_of_a_brute_force_search_is_better(seed: int) -> None:
    """A loop over 2,000 knots between the same limits finds no smaller sum of squares."""
    rng = np.random.default_rng(100 + seed)
    air = air_of(DAYS, rng)
    energy = 50.0 + rng.uniform(0.2, 2.0) * above(air, rng.uniform(6.0, 18.0)) + rng.normal(0.0, 5.0, 365)
    low, high = np.quantile(air, (0.05, 0.95))
    brute = np.inf
    for knot in np.linspace(low, high, 2000):
        columns = np.stack([np.ones(365), above(air, knot)], axis=1)
        left = energy - columns @ np.linalg.lstsq(columns, energy)[0]
        brute = min(brute, float(left @ left))
    model = fit_changepoint(daily(energy, bent("air", air)), candidates=("3PC",))
    assert model.form == "3PC"
    assert float(((energy - model.predict(daily(energy, bent("air", air)))) ** 2).sum()) <= brute * (1.0 + 1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_of_knots_of_a_brute_force_search_is_better(seed: int) -> None:
    """A loop over 70 × 70 pairs of knots of a 5P finds no smaller sum of squares."""
    rng = np.random.default_rng(200 + seed)
    air = air_of(DAYS, rng)
    energy = 50.0 + 3.0 * above(-air, -7.0) + 4.0 * above(air, 16.0) + rng.normal(0.0, 5.0, 365)
    grid = np.linspace(np.quantile(air, 0.05), np.quantile(air, 0.95), 70)
    brute = np.inf
    for lower in grid:
        for upper in grid[grid > lower]:
            columns = np.stack([np.ones(365), above(-air, -lower), above(air, upper)], axis=1)
            left = energy - columns @ np.linalg.lstsq(columns, energy)[0]
            brute = min(brute, float(left @ left))
    assert square_of(daily(energy, bent("air", air)), "5P") <= brute


def test_two_drivers_bend_each_at_its_own_knot() -> None:
    """Air above 15 and sea above 12 °C are told apart though they move together."""
    noise, air, rng = noise_and_air(8)
    sea = sea_of(DAYS, rng)
    energy = 200.0 + 8.0 * above(air, 15.0) + 12.0 * above(sea, 12.0) + noise
    model = fit_changepoint(daily(energy, bent("air", air), bent("sea", sea)))
    values = {p.name: p for p in model.parameters}
    assert model.form == "3PC+3PC"
    for name, truth in {"air.knot_above": 15.0, "sea.knot_above": 12.0, "sea.slope_above": 12.0}.items():
        assert abs(values[name].value - truth) < 4.0 * values[name].standard_error


def test_four_knots_on_two_drivers_are_found_by_turns() -> None:
    """A 5P on each of two independent drivers, searched by turns, comes near the noise that was put in."""
    noise, air, rng = noise_and_air(9)
    load = rng.uniform(0.0, 100.0, 365)
    energy = 100.0 + 9.0 * above(-air, -8.0) + 9.0 * above(air, 16.0)
    energy += 2.0 * above(-load, -30.0) + 3.0 * above(load, 70.0) + noise
    model = fit_changepoint(daily(energy, bent("air", air), bent("load", load, "%")))
    assert model.form == "5P+5P"
    left = energy - model.predict(daily(energy, bent("air", air), bent("load", load, "%")))
    assert float(left @ left) < float(noise @ noise)


@pytest.mark.parametrize("form", TRUTHS)
def test_gradient_is_the_derivative_of_the_prediction(form: str) -> None:
    """Moving each parameter by a little, knots included, moves predictions as the gradient says."""
    _, law = TRUTHS[form]
    noise, air, rng = noise_and_air(10)
    table = daily(
        law(air) + noise,
        bent("air", air),
        category("day", np.where(DAYS % 7 >= 5, 1.0, 0.0)),
        straight("t", rng.gamma(2, 5, 365)),
    )
    model = fit_changepoint(table, candidates=(form,))
    gradient, step = model.gradient(table), 1e-6
    for at in range(model.p):
        count = len(model.coefficients)
        moved = np.concatenate([model.coefficients, model.knots])
        moved[at] += step
        other = type(model)(**{**vars(model), "coefficients": moved[:count], "knots": moved[count:]})
        change = (other.predict(table) - model.predict(table)) / step
        far = np.all(np.abs(air[:, None] - model.knots) > 1e-5, axis=1) if len(model.knots) else np.ones(365, np.bool_)
        assert change[far] == pytest.approx(gradient[far, at], abs=1e-5)


def test_months_weigh_by_their_days() -> None:
    """Parameters of months are those of days, equal to numpy's least squares weighted by days."""
    rng = np.random.default_rng(11)
    air = 12.0 - 8.0 * np.cos(2.0 * np.pi * (np.arange(24) - 0.7) / 12.0)
    bare = monthly(np.ones(24))
    energy = bare.span * (100.0 + 4.0 * air + rng.normal(0.0, 2.0, 24))
    model = fit_changepoint(monthly(energy, bent("air", air)), candidates=("2P",))
    root = np.sqrt(bare.span)
    columns = np.stack([np.ones(24), air], axis=1) * root[:, None]
    expected = np.linalg.lstsq(columns, energy / bare.span * root)[0]
    assert [p.value for p in model.parameters] == pytest.approx(expected, rel=1e-9)


def test_totals_of_months_stay_totals() -> None:
    """Tonnes of a month at 3 kWh/t add 3 kWh for each, whatever the length of the month."""
    rng = np.random.default_rng(12)
    tonnes = rng.uniform(100.0, 900.0, 24)
    energy = 50.0 * monthly(np.ones(24)).span + 3.0 * tonnes
    model = fit_changepoint(monthly(energy, straight("tonnes", tonnes)))
    assert {p.name: p.value for p in model.parameters} == pytest.approx({"base": 50.0, "tonnes": 3.0})


def test_a_short_day_is_expected_to_use_less() -> None:
    """On the day that loses an hour the prediction is 23/24 of its neighbours'."""
    table = daily(np.full(60, 240.0) + np.random.default_rng(1).normal(0.0, 1.0, 60))
    hours = table.hours.copy()
    hours[30] = 23.0
    short = type(table)(**{**vars(table), "hours": hours})
    predicted = fit_changepoint(short).predict(short)
    assert predicted[30] == pytest.approx(predicted[29] * 23.0 / 24.0)


def test_an_unknown_category_or_missing_driver_has_no_prediction() -> None:
    """What the baseline never saw is NaN, not a guess, in that row only."""
    noise, air, _ = noise_and_air(13)
    table = daily(
        100.0 + 6.0 * above(air, 14.0) + 30.0 * (DAYS % 7 >= 5) + noise,
        bent("air", air),
        category("day", np.where(DAYS % 7 >= 5, 1.0, 0.0)),
    )
    model = fit_changepoint(table)
    strange = daily(np.ones(3), bent("air", np.array([20.0, 20.0, np.nan])), category("day", np.array([0.0, 7.0, 1.0])))
    assert np.isnan(model.predict(strange)).tolist() == [False, True, True]


def test_a_driver_that_does_not_vary_is_not_bent() -> None:
    """A constant change-point driver leaves the mean."""
    noise, _, _ = noise_and_air(14)
    assert fit_changepoint(daily(100.0 + noise, bent("air", np.full(365, 8.0)))).form == "mean"


def test_weights_of_zero_take_rows_out() -> None:
    """Rows of weight 0 change nothing: the fit is that of the others."""
    noise, air, _ = noise_and_air(15)
    energy = 100.0 + 6.0 * above(air, 14.0) + noise
    wrong = energy.copy()
    wrong[::50] = 5000.0
    weight = np.ones(365)
    weight[::50] = 0.0
    table = daily(energy, bent("air", air)).take(weight > 0.0)
    model = fit_changepoint(daily(wrong, bent("air", air)), candidates=("2P",), weight=weight)
    plain = fit_changepoint(table, candidates=("2P",))
    assert [p.value for p in model.parameters] == pytest.approx([p.value for p in plain.parameters], rel=1e-9)


def test_forms_and_drivers_that_do_not_exist_are_refused() -> None:
    """An unknown form and a third change-point driver are errors that name the cure."""
    with pytest.raises(ContractError, match="no such form: 6P"):
        plans(("6P",), 1)
    with pytest.raises(ContractError, match="make the others linear"):
        plans(CHANGEPOINT_FORMS, 3)
    assert len(plans(CHANGEPOINT_FORMS, 2)) == 36
