"""Findings about the noise: that the baseline is too short to show how long it lasts, and that it has a season."""

from __future__ import annotations

import numpy as np
import pytest

from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import fit_baseline
from tests.savings.days import air_of, ar1, bent, daily

YEAR = 365


def saving_of(noise: float, method: str = "reml") -> AvoidedUse:
    """Return the saving of a year by a year before it, in noise that remembers so much; a random walk where 1."""
    rng = np.random.default_rng(6)
    day = np.arange(2.0 * YEAR)
    air = air_of(day, rng)
    slow = np.cumsum(rng.normal(0.0, 4.0, len(day))) if noise == 1.0 else ar1(len(day), noise, 20.0, rng)
    table = daily(1000.0 + 8.0 * np.maximum(15.0 - air, 0.0) + slow + rng.normal(0.0, 2.0, len(day)), bent("air", air))
    baseline = fit_baseline(table.take(slice(0, YEAR)))
    return avoided_use(baseline, table.take(slice(YEAR, 2 * YEAR)), method=method)


def codes(saving: AvoidedUse) -> set[str]:
    """Return the codes of the findings."""
    return {finding.code for finding in saving.findings}


def test_what_wanders_for_years_is_named() -> None:
    """A random walk that a year shows once is named, as a warning, with a cure."""
    found = {finding.code: finding for finding in saving_of(1.0).findings}["noise_outlasts_baseline"]
    assert found.severity == "warning"
    assert "two years" in found.cure


@pytest.mark.parametrize("memory", [0.0, 0.6, 0.9])
def test_what_is_forgotten_within_weeks_is_not(memory: float) -> None:
    """Noise that forgets within days or weeks leaves many independent samples."""
    assert "noise_outlasts_baseline" not in codes(saving_of(memory))


def test_methods_that_do_not_ask_say_nothing() -> None:
    """Guideline 14 takes noise as its lag says, and knows no such finding."""
    assert "noise_outlasts_baseline" not in codes(saving_of(1.0, "guideline14"))


def seasonal_saving(years: int) -> AvoidedUse:
    """Return the saving of half a year by so many years before it, in noise that is three times as large in July."""
    rng = np.random.default_rng(7)
    day = np.arange(2.5 * YEAR)
    air = air_of(day, rng)
    size = 25.0 * np.exp(-0.55 * np.cos(2.0 * np.pi / 365.2425 * day))
    table = daily(1000.0 + 8.0 * np.maximum(15.0 - air, 0.0) + rng.normal(size=len(day)) * size, bent("air", air))
    before = table.take(slice((2 - years) * YEAR, 2 * YEAR))
    return avoided_use(fit_baseline(before), table.take(slice(2 * YEAR, None)))


def test_a_season_of_the_noise_is_told() -> None:
    """With two years of baseline it is said when the noise is largest, and by how much; one year cannot tell."""
    found = {finding.code: finding for finding in seasonal_saving(2).findings}["noise_follows_season"]
    assert found.severity == "info"
    assert found.days[0][5:7] in {"06", "07"}
    assert 2.4 < float(found.message.split("day to day ")[1].split(" times")[0]) < 3.8
    assert "noise_follows_season" not in codes(seasonal_saving(1))
