"""A wave of a year joins a model where there is one, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.models.columns import year_phase
from savings.season import knows_the_year
from tests.savings.days import air_of, ar1, bent, daily, hourly, straight

DAYS = 730
NUMBER = np.arange(float(DAYS))
SEASON = np.sin(2.0 * np.pi * NUMBER / 365.2425)


def names(energy: np.ndarray, *drivers: object) -> list[str]:
    """Return the names of the parameters fitted to the first year."""
    table = daily(energy, *drivers)  # type: ignore[arg-type]
    return [each.name for each in fit_baseline(table.take(slice(0, 365))).model.parameters]


def test_phase_is_the_place_in_the_year() -> None:
    """Noon of the first of January is half a day into the circle, and leap years move it by less than a day."""
    table = daily(np.ones(DAYS), first="2024-01-01")
    assert year_phase(table)[0] == pytest.approx(2.0 * np.pi * 0.5 / 365.2425)
    assert abs(year_phase(table)[366] - year_phase(table)[0]) < 1e-12


def test_a_wave_that_air_does_not_explain_is_found() -> None:
    """Energy with a season of its own gets two parameters for it, of the size that it has."""
    rng = np.random.default_rng(1)
    air = air_of(NUMBER, rng)
    energy = 500.0 + 20.0 * np.maximum(air - 14.0, 0.0) + 25.0 * SEASON + ar1(DAYS, 0.3, 20.0, rng)
    model = fit_baseline(daily(energy, bent("air", air)).take(slice(0, 365))).model
    found = {each.name: each for each in model.parameters}
    assert found["season.sine"].value == pytest.approx(25.0, abs=4.0 * found["season.sine"].standard_error)
    assert abs(found["season.cosine"].value) < 4.0 * found["season.cosine"].standard_error


def test_a_season_in_a_slope_is_found() -> None:
    """Water that enters colder in winter takes more heat a cubic metre: the wave goes with the slope."""
    rng = np.random.default_rng(2)
    water = rng.gamma(9.0, 5.0, DAYS)
    energy = 100.0 + water * (55.0 + 5.0 * SEASON) + rng.normal(0.0, 20.0, DAYS)
    assert names(energy, straight("water", water, "m3"))[-2:] == ["water.season.sine", "water.season.cosine"]


def test_a_driver_called_season_is_a_driver() -> None:
    """A column of that name neither hides the wave nor is taken for it."""
    rng = np.random.default_rng(6)
    named = rng.gamma(9.0, 5.0, DAYS)
    energy = 100.0 + 3.0 * named + 25.0 * SEASON + rng.normal(0.0, 10.0, DAYS)
    assert names(energy, straight("season", named)) == ["base", "season", "season.sine", "season.cosine"]


def test_half_a_year_is_no_longer_biased() -> None:
    """The winter half of a year is predicted without the season's error."""
    rng = np.random.default_rng(3)
    air = air_of(NUMBER, rng)
    energy = 500.0 + 40.0 * SEASON + rng.normal(0.0, 20.0, DAYS)
    table = daily(energy, bent("air", air))
    saved = avoided_use(fit_baseline(table.take(slice(0, 365))), table.take(slice(365, 547)))
    assert saved.low < 0.0 < saved.high
    assert abs(saved.percent) < 1.0


def test_noise_that_remembers_is_no_season() -> None:
    """Of forty flat meters in slow noise hardly one gets a wave."""
    waved = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        waved += "season.sine" in names(500.0 + ar1(DAYS, 0.9, 20.0, rng), bent("air", air_of(NUMBER, rng)))
    assert waved <= 2


def test_what_no_row_saw_has_no_wave() -> None:
    """A baseline that lacks a summer, or has months for rows, does not know the year; one without three weeks does."""
    table = daily(500.0 + 50.0 * SEASON[:365])
    assert knows_the_year(table)
    assert knows_the_year(table.take((NUMBER[:365] < 200) | (NUMBER[:365] > 220)))
    assert not knows_the_year(table.take((NUMBER[:365] < 180) | (NUMBER[:365] > 240)))
    assert not knows_the_year(table.take(slice(0, 300)))


@pytest.mark.parametrize("days", [(40, 220), (40, 130, 220, 310)])
def test_what_happens_on_few_days_has_no_slope_by_season(days: tuple[int, ...]) -> None:
    """Condensate that is drained twice or four times: one slope, as a wave of it would follow each of them."""
    rng = np.random.default_rng(4)
    drained = np.zeros(DAYS)
    drained[list(days)] = rng.uniform(5.0, 15.0, len(days))
    energy = 500.0 + 25.0 * SEASON + 2.0 * drained * rng.uniform(0.5, 1.5, DAYS) + ar1(DAYS, 0.9, 1.0, rng)
    model = fit_baseline(daily(energy, straight("drained", drained))).model
    assert [each.name for each in model.parameters] == ["base", "drained", "season.sine", "season.cosine"]


def test_hours_have_it_too() -> None:
    """TOWT takes a wave beside the hours of the week, and predicts with it."""
    rng = np.random.default_rng(5)
    hours = np.arange(8760.0)
    season = np.sin(2.0 * np.pi * hours / 8765.82)
    energy = 50.0 + 10.0 * (hours % 24 > 7) + 8.0 * season + rng.normal(0.0, 3.0, 8760)
    table = hourly(energy, bent("air", 12.0 + rng.normal(0.0, 3.0, 8760)))
    model = fit_baseline(table).model
    sine, cosine = model.parameters[-2:]
    assert [sine.name, cosine.name] == ["season.sine", "season.cosine"]
    turned = 2.0 * np.pi * 5.0 / 365.2425  # the hours begin on 6 January, the wave of the meter with them
    assert sine.value == pytest.approx(8.0 * np.cos(turned), abs=0.4)
    assert cosine.value == pytest.approx(-8.0 * np.sin(turned), abs=0.4)
    half = replace(table, start=table.start + np.timedelta64(26 * 7, "D"))  # the same hours of the week
    assert np.ptp(model.predict(half) - model.predict(table)) == pytest.approx(32.0, abs=3.0)
