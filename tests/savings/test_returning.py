"""Noise that comes back every year: told from slow noise by two years of baseline, and by no less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.table import Frequency, Table
from savings.uncertainty import reml, returning
from savings.uncertainty.case import Case, make_case
from savings.uncertainty.noise import Noises, whitened
from tests.savings.days import air_of, bent, daily

YEAR = 365
CHRISTMAS = 340  # a day of the year about which use is higher than any driver says


def three_years(seed: int, *, every: bool) -> Table:
    """Return three years of a meter that uses more every December, or only in the first, in white noise."""
    rng = np.random.default_rng(seed)
    day = np.arange(3.0 * YEAR)
    more = 90.0 * np.exp(-0.5 * ((day % YEAR - CHRISTMAS) / 14.0) ** 2) * (every | (day < YEAR))
    air = air_of(day, rng)
    energy = 1000.0 + 8.0 * np.maximum(15.0 - air, 0.0) + more + rng.normal(0.0, 25.0, len(day))
    return daily(energy, bent("air", air), first="2023-01-01")


def case_of(table: Table, years: int) -> Case:
    """Return the case of the third year by a baseline of so many before it."""
    start = (2 - years) * YEAR
    return make_case(fit_baseline(table.take(slice(start, 2 * YEAR))), table.take(slice(2 * YEAR, 3 * YEAR)))


def half_of(case: Case) -> float:
    """Return half the width of the interval of the year's total."""
    target = np.ones((1, len(case.reporting_position)))
    return float(reml.half_widths(case, reml.noise_posterior(case), target, 0.9)[0])


def share_of(case: Case) -> float:
    """Return the share of the noise that is found to come back."""
    noise = reml.noise_posterior(case)
    return float(noise.share @ (noise.returning / (1.0 + noise.returning)))


def test_two_years_tell_what_comes_back() -> None:
    """A December that comes back is found as such, and a whole year's interval is narrower than by memory alone."""
    cases = [case_of(three_years(seed, every=True), 2) for seed in (1, 2, 3)]
    assert np.median([share_of(case) for case in cases]) > 0.1
    assert all(half_of(case) < 0.9 * half_of(case.without_waves()) for case in cases)


def test_a_december_of_one_year_is_no_season() -> None:
    """What happened in one of two years is hardly taken for what comes back, and the interval stays as wide."""
    once, always = (case_of(three_years(1, every=every), 2) for every in (False, True))
    assert share_of(once) < 0.5 * share_of(always)
    assert half_of(once) > 0.85 * half_of(once.without_waves())


def test_half_a_year_keeps_the_season_in_its_interval() -> None:
    """Over the half of the year that has the December, what comes back does not cancel: it stays in the interval."""
    case = case_of(three_years(1, every=True), 2)
    noise, half = reml.noise_posterior(case), np.arange(YEAR) >= YEAR // 2
    targets = np.array([np.ones(YEAR), half])
    errors, less = (reml.standard_errors(each, noise, targets) for each in (case, case.without_waves()))
    added = errors**2 - less**2
    assert (added >= 0.0).all()
    assert added[1].max() > 10.0 * added[0].max()


@pytest.mark.parametrize("years", [1, 2])
def test_a_year_tells_nothing(years: int) -> None:
    """With one year of baseline there are no waves and nothing comes back; with two there are."""
    case = case_of(three_years(2, every=True), years)
    assert case.waves.shape[1] == (2 * returning.HARMONICS if years == 2 else 0)
    assert (reml.noise_posterior(case).returning > 0.0).any() == (years == 2)


def test_months_tell_nothing() -> None:
    """Bills are too few to tell what comes back."""
    table = three_years(3, every=True)
    assert returning.told_by(table)
    assert not returning.told_by(replace(table, frequency=Frequency.MONTHLY))
    assert not returning.told_by(table.take(slice(0, 0)))


def test_the_likelihood_is_that_of_the_dense_matrix() -> None:
    """Woodbury's identity gives the restricted likelihood of the whole covariance matrix, for every share."""
    rng = np.random.default_rng(4)
    position = np.arange(0, 900, 9)
    n, phi, white = len(position), np.array([0.9, 0.5]), np.array([0.2, 0.6])
    waves = returning.waves(position, told=True)
    basis, residual = rng.normal(size=(n, 3)), rng.normal(size=n)
    rows, log_det = whitened(
        np.column_stack([waves, basis, residual]), np.diff(position), Noises(phi, white, np.zeros(2))
    )
    rows = rows.transpose(1, 0, 2)
    said = returning.likelihoods(np.swapaxes(rows, 1, 2) @ rows, log_det, n, waves.shape[1])
    apart = np.abs(position[:, None] - position)
    for pair in range(2):
        noise = (1 - white[pair]) * phi[pair] ** apart + white[pair] * np.eye(n)
        for at, kappa in enumerate(said.ratio):
            dense = noise + kappa * waves @ waves.T
            inverse = np.linalg.inv(dense)
            design = basis.T @ inverse @ basis
            cross = basis.T @ inverse @ residual
            rest = residual @ inverse @ residual - cross @ np.linalg.solve(design, cross)
            log_dets = np.linalg.slogdet(dense)[1] + np.linalg.slogdet(design)[1]
            assert said.rest[at, pair] == pytest.approx(rest)
            assert said.log_likelihood[at, pair] == pytest.approx(-0.5 * (log_dets + (n - 3) * np.log(rest)))
