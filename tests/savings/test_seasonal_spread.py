"""Noise that is larger in one season than in another: seen where it is so, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.uncertainty.interval import Totals
from savings.uncertainty.returning import YEAR_DAYS
from savings.uncertainty.seasonal_spread import EVEN, SeasonalSpread, seasonal_spread
from tests.savings.days import air_of, bent, daily, hourly

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


@pytest.mark.parametrize("noise", [even, slow, jumping, spiked, changed])
def test_what_has_no_season_is_even(noise: Callable[[np.random.Generator], NDArray[np.float64]]) -> None:
    """Even noise, slow noise, jumps, single spikes and a change between two years are taken for no season."""
    assert sum(each != EVEN for each in found(noise)) <= 2


@pytest.mark.parametrize("residual", [np.zeros(DAYS), np.ones(20), np.zeros(0)])
def test_what_tells_nothing_is_even(residual: NDArray[np.float64]) -> None:
    """A perfect fit, a few days and none at all raise nothing and have no season."""
    assert seasonal_spread(residual, np.arange(len(residual))) == EVEN


def three_years(seed: int, *, by_hour: bool = False) -> Table:
    """Return three years of a meter whose noise is large in summer."""
    rng = np.random.default_rng(seed)
    if by_hour:
        day = np.arange(3 * 365 * 24) / 24.0
        air = air_of(day, rng)
        size = np.exp(-0.4 * np.cos(2.0 * np.pi / YEAR_DAYS * day))
        noise = rng.normal(size=len(day)) * size
        return hourly(40.0 + 0.4 * np.maximum(15.0 - air, 0.0) + noise, bent("air", air), first="2023-01-01")
    day = np.arange(3 * 365.0)
    air = air_of(day, rng)
    noise = 25.0 * rng.normal(size=len(day)) * np.exp(-0.4 * np.cos(2.0 * np.pi / YEAR_DAYS * day))
    return daily(1000.0 + 8.0 * np.maximum(15.0 - air, 0.0) + noise, bent("air", air), first="2023-01-01")


@pytest.mark.parametrize("by_hour", [False, True], ids=["days", "hours"])
def test_a_calm_half_year_has_the_narrower_interval(*, by_hour: bool) -> None:
    """The total of the calm months has a narrower interval than that of as many noisy ones.

    With one year of baseline the season of the noise is not told, and both halves have the same.
    """
    table = three_years(5, by_hour=by_hour)
    rows = len(table) // 3
    reporting = table.take(slice(2 * rows, 3 * rows))
    place = np.arange(rows) * 365.0 / rows
    calm = (place < 91.0) | (place >= 274.0)
    halves = []
    for first in (0, rows):
        totals = Totals(fit_baseline(table.take(slice(first, 2 * rows))), reporting)
        widths = [each.high - each.low for each in totals.intervals(np.array([calm, ~calm]))]
        halves.append(widths[0] / widths[1])
    assert halves[0] < 0.75
    assert halves[1] > 0.85
