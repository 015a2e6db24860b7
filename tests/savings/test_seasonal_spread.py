"""Noise that is larger in one season than in another: seen where it is so, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.refit import refit
from savings.uncertainty.case import by_place, make_case, positions
from savings.uncertainty.interval import Totals
from savings.uncertainty.returning import YEAR_DAYS
from savings.uncertainty.seasonal_spread import EVEN, SeasonalSpread, seasonal_spread
from tests.savings.days import air_of, bent, daily, hourly, straight

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from savings.table import Table

DAYS = 730
DAY = np.arange(DAYS)
SUMMER = np.exp(-0.4 * np.cos(2.0 * np.pi / YEAR_DAYS * DAY))  # the noise's size: smallest on the first day of a year


def found(noise: Callable[[np.random.Generator], NDArray[np.float64]], draws: int = 20) -> list[SeasonalSpread]:
    """Return what is found in so many draws of two years of noise."""
    return [seasonal_spread(noise(np.random.default_rng(seed)), DAY) for seed in range(draws)]


def even(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise of one size."""
    return rng.normal(size=DAYS)


def slow(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that remembers for weeks and, by chance, is large for months."""
    noise = rng.normal(size=DAYS)
    for day in range(1, DAYS):
        noise[day] = 0.95 * noise[day - 1] + np.sqrt(1.0 - 0.95**2) * noise[day]
    return noise


def spiked(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return small noise with a large error on each public holiday of France."""
    noise = 0.1 * rng.normal(size=DAYS)
    holidays = np.array([0, 95, 120, 127, 133, 144, 194, 226, 304, 314, 358])
    noise[np.concatenate([holidays, holidays + 365])] += rng.normal(0.0, 2.0, 22)
    return noise


def jumping(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return rare jumps of a level, as of traps that fail and are found, under small news that are larger in summer."""
    jumps = np.cumsum(rng.normal(0.0, 1.0, DAYS) * (rng.random(DAYS) < 0.02))
    return np.asarray(jumps + 0.3 * rng.normal(size=DAYS) * SUMMER)


def growing(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that is three times as large at the end as in the beginning."""
    return np.asarray(rng.normal(size=DAYS) * 3.0 ** (DAY / DAYS))


def once(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that is large in the second summer only."""
    return np.asarray(rng.normal(size=DAYS) * np.where(DAY < 365, np.exp(-0.4), SUMMER**1.5))


def changed(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that is large in the first summer and in the second winter."""
    return np.asarray(rng.normal(size=DAYS) * np.where(DAY < 365, SUMMER, 1.0 / SUMMER))


def test_a_noisy_summer_is_seen() -> None:
    """The wave of the noise's size is found with its amplitude and its phase, and has a mean square of 1."""
    waves = found(lambda rng: rng.normal(size=DAYS) * SUMMER)
    assert np.mean([each.cosine for each in waves]) == pytest.approx(-0.4, abs=0.04)
    assert np.mean([each.sine for each in waves]) == pytest.approx(0.0, abs=0.04)
    assert all(np.mean(each.at(DAY) ** 2) == pytest.approx(1.0) for each in waves)


def test_a_noisy_summer_is_seen_under_memory() -> None:
    """Noise that remembers from day to day shows its season as well."""
    waves = found(lambda rng: SUMMER * np.convolve(rng.normal(size=DAYS + 4), 0.4 ** np.arange(5), "valid"))
    assert np.mean([each.cosine for each in waves]) == pytest.approx(-0.4, abs=0.06)


@pytest.mark.parametrize("first", [0, 46, 91, 200])
@pytest.mark.parametrize("steepness", [0.4, 1.1, 2.5])
def test_a_season_is_seen_wherever_a_baseline_begins(first: int, steepness: float) -> None:
    """Mild, steep and too steep seasons are found with any first day; what differs by more than 17 times, as by 17."""
    turn = 2.0 * np.pi / YEAR_DAYS * (DAY - first)
    waves = found(lambda rng: rng.normal(size=DAYS) * np.exp(steepness * np.cos(turn)))
    amplitudes = [np.hypot(each.sine, each.cosine) for each in waves]
    assert sum(each == EVEN for each in waves) <= 1
    assert np.median(amplitudes) == pytest.approx(min(steepness, 0.5 * np.log(17.0)), rel=0.1)


def test_a_summer_that_the_baseline_lacks_is_not_guessed() -> None:
    """Days of one half of the year tell of no wave."""
    noise = np.random.default_rng(1).normal(size=DAYS) * SUMMER
    half = (DAY % 365 < 150) | (DAY == DAYS - 1)
    assert seasonal_spread(noise[half], DAY[half]) == EVEN


@pytest.mark.parametrize("noise", [even, slow, jumping, spiked, growing, once, changed])
def test_what_has_no_season_is_even(noise: Callable[[np.random.Generator], NDArray[np.float64]]) -> None:
    """Even noise, slow noise, jumps, spikes, what grows, one large summer and a change between years are no season."""
    assert sum(each != EVEN for each in found(noise)) <= 2


@pytest.mark.parametrize("residual", [np.zeros(DAYS), np.ones(20), np.zeros(0)])
def test_what_tells_nothing_is_even(residual: NDArray[np.float64]) -> None:
    """A perfect fit, a few days and none at all raise nothing and have no season."""
    assert seasonal_spread(residual, np.arange(len(residual))) == EVEN


def three_years(seed: int, *, by_hour: bool = False, bends: bool = True) -> Table:
    """Return three years of a meter whose noise is large in summer; without `bends` it is a straight line."""
    rng = np.random.default_rng(seed)
    day = np.arange(3 * 365.0 * (24 if by_hour else 1)) / (24 if by_hour else 1)
    air = air_of(day, rng)
    noise = rng.normal(size=len(day)) * np.exp(-0.4 * np.cos(2.0 * np.pi / YEAR_DAYS * day))
    use = np.maximum(15.0 - air, 0.0) if bends else 40.0 - air
    driver = bent("air", air) if bends else straight("air", air, "Cel", is_total=False)
    if by_hour:
        return hourly(40.0 + 0.4 * use + noise, driver, first="2023-01-01")
    return daily(1000.0 + 8.0 * use + 25.0 * noise, driver, first="2023-01-01")


@pytest.mark.parametrize("by_hour", [False, True], ids=["days", "hours"])
def test_what_a_day_does_to_a_total_is_what_a_refit_says(*, by_hour: bool) -> None:
    """One day's noise, in units of its season's, moves the prediction by its influence."""
    table = three_years(5, by_hour=by_hour, bends=False)
    rows = len(table) // 3
    baseline, reporting = (
        fit_baseline(table.take(slice(0, 2 * rows))),
        table.take(slice(2 * rows, 2 * rows + rows // 2)),
    )
    case = make_case(baseline, reporting)
    assert case.spread != EVEN
    size = case.spread.at(positions(baseline.table, baseline.table))
    more = 1e-3 * size * (positions(baseline.table, baseline.table) == 200) / (24 if by_hour else 1)
    again = refit(baseline.model, baseline.table.with_energy(baseline.table.energy + more), weight=baseline.weights)
    moved = (again.predict(reporting) - baseline.model.predict(reporting)).sum()
    weights = case.weights(np.ones((1, len(case.scale))))[0]
    assert 1e-3 * weights[200] == pytest.approx(moved, rel=1e-6)
    np.testing.assert_allclose(
        case.scale[:-1], case.spread.at(case.reporting_position)[:-1]
    )  # the last may be half a day
    assert np.std(case.residual[:90]) == pytest.approx(np.std(case.residual[137:227]), rel=0.35)
    scaled = baseline.model.gradient(baseline.table) / size[:, None]
    sums = by_place(positions(baseline.table, baseline.table), scaled)[1]
    np.testing.assert_allclose(case.basis @ (case.basis.T @ sums), sums, atol=1e-6 * np.abs(sums).max())


def test_methods_of_one_size_know_no_season() -> None:
    """Independent residuals give the textbook's interval, whatever season the noise has."""
    table = three_years(6)
    baseline = fit_baseline(table.take(slice(0, 730)))
    reporting = table.take(slice(730, 912))
    design, ahead = baseline.model.gradient(baseline.table), baseline.model.gradient(reporting).sum(axis=0)
    variance = baseline.residuals @ baseline.residuals / (730 - design.shape[1])
    error = np.sqrt(variance * (len(reporting) + ahead @ np.linalg.inv(design.T @ design) @ ahead))
    assert Totals(baseline, reporting).interval(method="ols").standard_error == pytest.approx(error)
    assert baseline.told.spread != EVEN


@pytest.mark.parametrize("by_hour", [False, True], ids=["days", "hours"])
def test_a_calm_half_year_has_the_narrower_interval(*, by_hour: bool) -> None:
    """The total of the calm months has a narrower interval than that of as many noisy ones, in the mean of four draws.

    With one year of baseline the season of the noise is not told, and both halves have the same.
    """
    halves = np.zeros((4, 2))
    for draw in range(len(halves)):
        table = three_years(3 + draw, by_hour=by_hour)
        rows = len(table) // 3
        reporting = table.take(slice(2 * rows, 3 * rows))
        place = np.arange(rows) * 365.0 / rows
        calm = (place < 91.0) | (place >= 274.0)
        for years, first in enumerate((0, rows)):
            totals = Totals(fit_baseline(table.take(slice(first, 2 * rows))), reporting)
            widths = [each.high - each.low for each in totals.intervals(np.array([calm, ~calm]))]
            halves[draw, years] = widths[0] / widths[1]
    of_two, of_one = halves.mean(axis=0)
    assert of_two < 0.8
    assert of_one > 0.88
