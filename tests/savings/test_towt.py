"""Time of week and temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.models.towt import fit_towt
from savings.models.towt_temperature import joining, occupied_hours, side_columns, temperature_components, towt_knots
from savings.table import hour_of_week
from tests.savings.days import bent, category, counted, hourly, straight

if TYPE_CHECKING:
    from numpy.typing import NDArray

KNOTS_F = np.array([30.0, 45.0, 55.0, 65.0, 75.0, 90.0])
HOURS = np.arange(8736)  # 52 whole weeks


def weather(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a year of hourly temperatures [Cel]."""
    season = -8.0 * np.cos(2.0 * np.pi * (HOURS / 24.0 - 20.0) / 365.0)
    daily: NDArray[np.float64] = 5.0 * np.sin(2.0 * np.pi * (HOURS - 8.0) / 24.0) + rng.normal(0.0, 2.0, len(HOURS))
    return 12.0 + season + daily


def office() -> NDArray[np.bool_]:
    """Return which hours are worked: 8 to 18 from Monday to Friday."""
    return (HOURS % 24 >= 8) & (HOURS % 24 < 18) & (HOURS % 168 < 120)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (40.0, [30, 10, 0, 0, 0, 0, 0]),
        (50.0, [30, 15, 5, 0, 0, 0, 0]),
        (60.0, [30, 15, 10, 5, 0, 0, 0]),
        (80.0, [30, 15, 10, 10, 10, 5, 0]),
        (100.0, [30, 15, 10, 10, 10, 15, 10]),
        (-5.0, [-5, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_components_are_those_of_caltrack(temperature: float, expected: list[float]) -> None:
    """The table of CalTRACK 3.9.2, to the last digit, and what lies below its lowest knot."""
    assert temperature_components(np.array([temperature]), KNOTS_F).tolist() == [expected]


def test_components_add_up_and_keep_nan() -> None:
    """The components of any temperature add up to it, row by row as alone; NaN stays NaN, no knots leave it whole."""
    values = np.array([-20.0, 31.0, 64.9, 120.0])
    parts = temperature_components(values, KNOTS_F)
    assert parts.sum(axis=1) == pytest.approx(values)
    assert [temperature_components(values[i : i + 1], KNOTS_F)[0].tolist() for i in range(4)] == parts.tolist()
    assert np.isnan(temperature_components(np.array([np.nan]), KNOTS_F)).all()
    assert temperature_components(values, np.empty(0)).tolist() == values[:, None].tolist()


def test_knots_stand_in_the_unit_of_the_driver() -> None:
    """Knots are CalTRACK's in °F or turned into °C, less end knots with under 20 values beyond; else equal parts."""
    wide = np.linspace(0.0, 110.0, 1000)
    assert towt_knots(wide, "[degF]").tolist() == KNOTS_F.tolist()
    assert towt_knots((wide - 32.0) / 1.8, "Cel") == pytest.approx((KNOTS_F - 32.0) / 1.8)
    mild = np.concatenate([np.linspace(50.0, 70.0, 500), np.full(19, 80.0)])
    assert towt_knots(mild, "[degF]").tolist() == [55.0, 65.0]
    assert towt_knots(np.linspace(0.0, 60.0, 1000), "m3/h") == pytest.approx([10, 20, 30, 40, 50])
    some, others = np.linspace(15.0, 60.0, 1000), np.linspace(0.0, 45.0, 1000)
    both = np.concatenate([some, others])
    assert towt_knots(some, "%", both) == pytest.approx([20, 30, 40, 50])
    assert towt_knots(others, "%", both) == pytest.approx([10, 20, 30, 40])


def test_occupied_hours_are_found() -> None:
    """Worked hours lie above a plain model of temperature, the others do not."""
    rng = np.random.default_rng(1)
    air = weather(rng)
    energy = 20.0 + 15.0 * office() + 0.5 * np.maximum(air - 18.0, 0.0) + rng.normal(0.0, 2.0, len(air))
    found = occupied_hours(energy, air, HOURS % 168, (10.0, 18.333))
    assert np.array_equal(found, office()[:168])


def dense_reference(
    energy: NDArray[np.float64], air: NDArray[np.float64], occupied: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return predictions of separate weighted regressions of worked and other hours, by numpy on full columns."""
    hour = HOURS % 168
    predicted = np.empty(len(energy))
    for side in (occupied[hour], ~occupied[hour]):
        knots = towt_knots(air[side], "Cel")
        columns = np.column_stack(
            [hour[side, None] == np.unique(hour[side]), temperature_components(air[side], knots)]
        ).astype(float)
        root = np.sqrt(weight[side])
        predicted[side] = columns @ np.linalg.lstsq(columns * root[:, None], energy[side] * root)[0]
    return predicted


@pytest.mark.parametrize("centre", [None, 4000.0])
def test_one_solve_equals_separate_regressions(centre: float | None) -> None:
    """Occupied and other hours fitted apart by numpy, evenly or weighted by time, give the same predictions."""
    rng = np.random.default_rng(2)
    air = weather(rng)
    energy = 20.0 + 15.0 * office() + np.where(office(), 1.5, 0.3) * np.maximum(air - 15.0, 0.0)
    energy += rng.normal(0.0, 2.0, len(air))
    table = hourly(energy, bent("air", air))
    # LBNL's weight by distance in days, time scale 14 days.
    weight: NDArray[np.float64] = np.ones(len(air))
    if centre is not None:
        weight = np.asarray(14.0**2 / (14.0**2 + ((HOURS - centre) / 24.0) ** 2), np.float64)
    model = fit_towt(table, weight=weight, every_segment=True)
    assert model.form == "TOWT"
    assert np.array_equal(model.occupied, office()[:168])
    expected = dense_reference(energy, air, model.occupied, weight)
    assert model.predict(table) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("knots", [([45.0, 65.0], [55.0]), ([], []), ([30.0, 55.0],), ([],)])
def test_segments_of_a_selection_are_sums_of_the_finest(knots: tuple[list[float], ...]) -> None:
    """Joined columns are those that the selection's own knots give, by occupancy or one set for all hours."""
    rng = np.random.default_rng(8)
    air, worked, beside = rng.uniform(20.0, 100.0, 50), rng.random(50) < 0.4, rng.normal(size=(50, 2))
    selection = tuple(np.array(own) for own in knots)
    finest = np.column_stack([side_columns(air, (KNOTS_F, KNOTS_F), worked), beside])
    expected = np.column_stack([side_columns(air, selection, worked), beside])
    assert finest @ joining(KNOTS_F, 2, selection, 2) == pytest.approx(expected)


def test_what_only_shapes_the_day_gets_no_segments() -> None:
    """Where warm days move use from night to day, one line is left; all segments would miss the sums of days."""
    rng = np.random.default_rng(9)
    air = np.repeat(weather(rng).reshape(-1, 24).mean(axis=1), 24)
    moved = np.where(office(), 14.0, -10.0) * np.tanh((air - 12.0) / 5.0) * (HOURS % 168 < 120)
    energy = 60.0 + 30.0 * office() + moved + rng.normal(0.0, 0.5, len(air))
    table = hourly(energy, bent("air", air))
    plain, full = fit_towt(table), fit_towt(table, every_segment=True)
    assert [own.tolist() for own in plain.knots] == [[]]
    assert len(full.knots) == 2
    missed = [(energy - each.predict(table)).reshape(-1, 24).sum(axis=1).std() for each in (plain, full)]
    assert missed[0] < 0.2 * missed[1]


def test_what_the_days_tell_of_the_temperature_stays() -> None:
    """A site that is cooled while it is worked keeps slopes by occupancy and the bend that its days show."""
    rng = np.random.default_rng(10)
    air = weather(rng)
    energy = 20.0 + 15.0 * office() + np.where(office(), 3.0, 0.2) * np.maximum(air - 18.3, 0.0)
    table = hourly(energy + rng.normal(0.0, 1.0, len(air)), bent("air", air))
    model = fit_towt(table)
    assert [own.round(1).tolist() for own in model.knots] == [[18.3], [18.3]]
    slopes = {p.name: p.value for p in model.parameters if "component_2" in p.name}
    assert slopes["air.occupied.component_2"] == pytest.approx(3.0, abs=0.1)
    assert slopes["air.unoccupied.component_2"] == pytest.approx(0.2, abs=0.1)


def test_standard_errors_equal_those_of_full_columns() -> None:
    """Levels and slopes have the errors that the full design matrix gives, linear driver and offsets included."""
    rng = np.random.default_rng(3)
    air, tonnes = weather(rng), rng.gamma(2.0, 3.0, len(HOURS))
    day = np.where(HOURS // 24 % 30 == 0, 1.0, 0.0)
    energy = 20.0 + 10.0 * office() + 2.0 * tonnes + 7.0 * day + rng.normal(0.0, 2.0, len(HOURS))
    table = hourly(energy, bent("air", air), straight("tonnes", tonnes), category("holiday", day))
    model = fit_towt(table)
    values = {p.name: p for p in model.parameters}
    assert abs(values["tonnes"].value - 2.0) < 4.0 * values["tonnes"].standard_error
    assert abs(values["holiday=1"].value - 7.0) < 4.0 * values["holiday=1"].standard_error
    columns = model.gradient(table)
    left = energy - model.predict(table)
    covariance = np.linalg.pinv(columns.T @ columns) * (left @ left) / (len(energy) - model.p)
    expected = np.sqrt(np.diagonal(covariance))
    assert [p.standard_error for p in model.parameters] == pytest.approx(expected, rel=1e-6)
    assert columns @ np.array([p.value for p in model.parameters]) == pytest.approx(model.predict(table))


def test_a_holiday_has_the_hours_of_a_sunday() -> None:
    """Holidays that count as Sundays are met hour by hour; as days like others they spoil their weekday."""
    rng = np.random.default_rng(6)
    rested = HOURS // 24 % 45 == 10
    energy = 20.0 + 10.0 * (office() & ~rested) + rng.normal(0.0, 0.5, len(HOURS))
    plain = hourly(energy)
    known = hourly(energy, counted(np.where(rested, 6, HOURS // 24 % 7)))
    errors = [float(np.abs(each.energy - fit_towt(each).predict(each))[rested].mean()) for each in (plain, known)]
    assert errors[1] < 0.5
    assert errors[0] > 2.0
    model = fit_towt(known)
    assert model.p == 168
    unknown = hourly(np.ones(48), counted(np.repeat([np.nan, 2.0], 24)))
    assert np.isnan(model.predict(unknown)).tolist() == [True] * 24 + [False] * 24
    assert model.gradient(known) @ np.array([p.value for p in model.parameters]) == pytest.approx(model.predict(known))


def test_hours_never_seen_have_no_prediction() -> None:
    """A baseline without Sundays predicts nothing for Sundays, and weather that is missing predicts nothing."""
    rng = np.random.default_rng(4)
    air = weather(rng)
    table = hourly(20.0 + rng.normal(0.0, 1.0, len(air)), bent("air", air))
    model = fit_towt(table.take(hour_of_week(table.start) < 144))
    air = air[:168].copy()
    air[5] = np.nan
    predicted = model.predict(hourly(np.ones(168), bent("air", air)))
    assert np.isnan(predicted).tolist() == [at == 5 or at >= 144 for at in range(168)]


def test_without_temperature_the_week_alone_is_fitted() -> None:
    """With no driver the levels are the means of each hour of the week."""
    rng = np.random.default_rng(5)
    energy = 20.0 + 10.0 * office() + rng.normal(0.0, 1.0, len(HOURS))
    model = fit_towt(hourly(energy))
    assert model.levels == pytest.approx(energy.reshape(52, 168).mean(axis=0))
    assert model.p == 168
