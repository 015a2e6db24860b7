"""Statistics of fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from savings.statistics import effective_n, fit_statistics, lag_one_autocorrelation, net_determination_bias


def test_known_values() -> None:
    """Four pairs worked by hand: errors 1, −1, 1, 1 about a mean of 5 with two parameters."""
    found = fit_statistics([3.0, 3.0, 7.0, 7.0], [2.0, 4.0, 6.0, 6.0], p=2)
    assert found.rmse == pytest.approx(math.sqrt(4.0 / 2.0))
    assert found.cv_rmse == pytest.approx(math.sqrt(2.0) / 5.0)
    assert found.nmbe == pytest.approx(2.0 / (2 * 5.0))
    assert found.r2 == pytest.approx(1.0 - 4.0 / 16.0)
    assert found.r2_adj == pytest.approx(1.0 - 0.25 * 3.0 / 2.0)
    assert net_determination_bias([3.0, 3.0, 7.0, 7.0], [2.0, 4.0, 6.0, 6.0]) == pytest.approx(0.1)


def test_nan_leaves_its_pair_out() -> None:
    """A NaN on either side changes n, and nothing else."""
    whole = fit_statistics([3.0, 3.0, 7.0, 7.0], [2.0, 4.0, 6.0, 6.0], p=2)
    holed = fit_statistics([3.0, np.nan, 3.0, 7.0, 7.0, 9.0], [2.0, 1.0, 4.0, 6.0, 6.0, np.nan], p=2)
    assert whole == holed


def test_a_scalar_prediction_stands_for_every_row() -> None:
    """The mean as a number and as an array say the same, and explain nothing."""
    y = np.array([1.0, 2.0, 3.0])
    assert fit_statistics(y, 2.0, p=1) == fit_statistics(y, np.full(3, 2.0), p=1)
    assert fit_statistics(y, 2.0, p=1).r2 == 0.0


def test_as_many_parameters_as_rows_leave_nothing_to_say() -> None:
    """Without degrees of freedom the errors are NaN, not 0 and not infinite."""
    found = fit_statistics([1.0, 2.0], [1.0, 2.0], p=2)
    assert math.isnan(found.rmse)
    assert math.isnan(found.r2_adj)
    assert math.isnan(fit_statistics([5.0, 5.0, 5.0], [5.0, 5.0, 5.0], p=1).r2)


def test_effective_rows_follow_guideline_14() -> None:
    """365 days of ρ = 0.6 say as much as 91.25 independent ones; without correlation nothing changes."""
    assert effective_n(365, 0.6) == pytest.approx(91.25, abs=1e-12)
    assert effective_n(365, 0.0) == 365
    assert effective_n(365, -0.3) == 365


def test_autocorrelation_known_value_and_reference() -> None:
    """1, 2, 3, 4 give 1/3; long AR(1) noise gives its own ρ and what numpy's corrcoef gives."""
    assert lag_one_autocorrelation([1.0, 2.0, 3.0, 4.0]) == pytest.approx(1.0 / 3.0)
    rng = np.random.default_rng(1)
    noise = np.zeros(20000)
    for at in range(1, len(noise)):
        noise[at] = 0.6 * noise[at - 1] + rng.normal()
    found = lag_one_autocorrelation(noise)
    assert found == pytest.approx(np.corrcoef(noise[:-1], noise[1:])[0, 1], abs=1e-3)
    assert found == pytest.approx(0.6, abs=0.02)


def test_autocorrelation_skips_gaps() -> None:
    """Pairs across a gap, marked by NaN or by `follows`, do not count."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=50), rng.normal(size=50)
    joined = np.concatenate([a, b])
    holed = np.concatenate([a, [np.nan], b])
    follows = np.ones(99, np.bool_)
    follows[49] = False
    assert lag_one_autocorrelation(holed) == pytest.approx(lag_one_autocorrelation(joined, follows), abs=1e-12)
    assert lag_one_autocorrelation(holed) != lag_one_autocorrelation(joined)
    assert lag_one_autocorrelation([1.0, 2.0]) == 0.0
    assert lag_one_autocorrelation(np.full(9, 1e-17)) == 0.0
