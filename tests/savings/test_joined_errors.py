"""Errors of a known kind beside the noise: meters that may be wrong by anything within their class."""

from __future__ import annotations

import numpy as np
import pytest

from savings.adjustments import Adjustment
from savings.avoided_use import AvoidedUse, adjusted_intervals, avoided_use
from savings.baseline import fit_baseline
from savings.uncertainty import reml
from savings.uncertainty.noise import Noises
from savings.uncertainty.reml import NoisePosterior, joined_half_widths, mixture_half_widths, uniform_sum
from tests.savings.made_up import made_up

YEAR = 365
CONFIDENCE = 0.9


@pytest.fixture(scope="module")
def saving() -> AvoidedUse:
    """Return the saving of a made-up meter of two years."""
    table = made_up(saved=0.08)
    return avoided_use(fit_baseline(table.take(slice(0, YEAR))), table.take(slice(YEAR, 2 * YEAR)))


def posterior_of(*dofs: float) -> NoisePosterior:
    """Return a mixture of equally likely t."""
    k = len(dofs)
    nothing = np.zeros(k)
    return NoisePosterior(
        Noises(nothing, nothing, nothing), np.full(k, 1.0 / k), np.ones(k), 100, np.array(dofs), nothing, np.ones(k)
    )


@pytest.mark.parametrize("limits", [(2.0,), (0.5,), (2.0, 1.0), (8.0, 0.1)])
def test_as_many_draws_lie_within_as_the_confidence_says(limits: tuple[float, ...]) -> None:
    """Draws of a mixture of t and of even errors together lie within the joined half width nine times in ten."""
    posterior, errors = posterior_of(5.0, 25.0), np.array([[0.4, 1.3]])
    plain = mixture_half_widths(errors, posterior, CONFIDENCE)
    half = joined_half_widths(errors, posterior, CONFIDENCE, np.array([limits]), plain)[0]
    rng = np.random.default_rng(5)
    which = rng.integers(0, 2, 400_000)
    drawn = errors[0][which] * rng.standard_t(posterior.dofs[which])
    drawn += (rng.uniform(-1.0, 1.0, (len(drawn), len(limits))) * np.array(limits)).sum(axis=1)
    assert np.mean(np.abs(drawn) <= half) == pytest.approx(CONFIDENCE, abs=0.003)
    assert plain[0] < half


def test_a_meter_alone_gives_nine_tenths_of_its_class() -> None:
    """Where the noise is nothing, the interval is nine tenths of the limit; in quadrature it would hold 95 %."""
    errors = np.full((1, 1), 1e-9)
    posterior = posterior_of(1000.0)
    plain = mixture_half_widths(errors, posterior, CONFIDENCE)
    half = joined_half_widths(errors, posterior, CONFIDENCE, np.array([[3.0]]), plain)[0]
    assert half == pytest.approx(2.7, rel=0.01)
    assert 1.645 * 3.0 / np.sqrt(3.0) > 1.05 * half


def test_no_limits_change_nothing(saving: AvoidedUse) -> None:
    """Without limits, or with limits of nothing, intervals are those of the noise to the last digit."""
    every = np.ones((1, YEAR), np.bool_)
    alone = saving.totals.intervals(every)
    assert saving.totals.intervals(every, limits=np.zeros((1, 0))) == alone
    assert saving.totals.intervals(every, limits=np.zeros((1, 2))) == alone


def test_an_adjustment_with_limits_is_joined_by_its_share(saving: AvoidedUse) -> None:
    """Half of the rows carry half of the limit; standard errors add in quadrature, for other methods all does."""
    limit = 0.05 * float(saving.adjusted.sum())
    days = (str(saving.start[0])[:10], str(saving.start[-1])[:10])
    meter = Adjustment(days=days, amount=0.0, standard_error=limit / np.sqrt(3.0), limits=(limit,))
    assert meter.unbounded_error == pytest.approx(0.0, abs=1e-6 * limit)
    masks = np.array([np.ones(YEAR, np.bool_), np.arange(YEAR) < YEAR // 2])
    plain = saving.totals.intervals(masks)
    whole, part = adjusted_intervals(saving.totals, masks, (meter,), CONFIDENCE, "reml")
    assert whole.standard_error == pytest.approx(np.hypot(plain[0].standard_error, limit / np.sqrt(3.0)))
    assert part.standard_error == pytest.approx(np.hypot(plain[1].standard_error, limit / np.sqrt(12.0)), rel=0.01)
    by_g14 = adjusted_intervals(saving.totals, masks, (meter,), CONFIDENCE, "guideline14")[0]
    alone = saving.totals.intervals(masks, method="guideline14")[0]
    assert by_g14.standard_error == pytest.approx(np.hypot(alone.standard_error, limit / np.sqrt(3.0)))


def test_an_error_with_and_without_limits() -> None:
    """What of an adjustment's error has no limit is what is left of its square."""
    both = Adjustment(days=("2025-01-01", "2025-01-31"), amount=1.0, standard_error=5.0, limits=(3.0 * np.sqrt(3.0),))
    assert both.unbounded_error == pytest.approx(4.0)


def test_sums_of_even_errors_are_alike_on_both_sides() -> None:
    """The values that stand for a sum of even errors have its variance, and one for each on the other side."""
    values = uniform_sum(np.array([3.0, 1.0, 0.0]))
    np.testing.assert_allclose(values, -values[::-1], atol=1e-12)
    assert values.var() == pytest.approx((9.0 + 1.0) / 3.0, rel=0.01)
    assert len(values) == reml.NODES
