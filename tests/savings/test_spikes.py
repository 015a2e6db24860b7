"""Spikes hide slow noise from its likelihood; beneath them it is told again."""

from __future__ import annotations

import numpy as np
import pytest

from savings.uncertainty import reml, returning, spikes
from savings.uncertainty.case import Case
from savings.uncertainty.spikes import beside, weighed, without_spikes
from tests.savings.made_up import remembering

DAYS = 730
FAR_OUT = 100.0  # of a spike, beside noise of variance 1


def told(noise: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Case:
    """Return two years of days of a meter, whose mean was fitted, and a year to be reported."""
    day, year = np.arange(DAYS), DAYS + np.arange(365)
    waves, even = returning.waves(np.concatenate([day, year]), told=True), np.full((DAYS, 1), 1.0 / DAYS)
    return Case(
        residual=noise - noise.mean(), basis=even * DAYS**0.5, position=day, influence=even, influence_position=day,
        gradient=np.ones((365, 1)), scale=np.ones(365), reporting_position=year, waves=waves[:DAYS], place_waves=waves,
    )  # fmt: skip


def with_spikes(seed: int, *, slow: float) -> Case:
    """Return a meter of whose noise a share lasts for weeks, the rest a day, with twelve days that stand far out."""
    rng = np.random.default_rng(seed)
    noise = np.sqrt(slow) * remembering(rng, 0.95, (DAYS,)) + np.sqrt(1.0 - slow) * rng.normal(size=DAYS)
    noise[rng.choice(DAYS, 12, replace=False)] += FAR_OUT
    return told(noise)


def test_noise_without_spikes_is_told_once() -> None:
    """Normal noise, and noise of even tails, has no second opinion."""
    rng = np.random.default_rng(1)
    assert without_spikes(rng.normal(size=DAYS)) is None
    assert without_spikes(rng.laplace(size=DAYS)) is None


def test_rows_that_are_mostly_right_have_no_size_of_their_own() -> None:
    """A fit that is exact on most days has a median size of 0, beneath which there is nothing to tell."""
    residual = np.zeros(DAYS)
    residual[::50] = 1.0
    assert without_spikes(residual) is None


def test_spikes_are_clipped_and_stay_in_their_place() -> None:
    """Days far out come down to the limit with their sign, all others stay as they are."""
    residual = with_spikes(0, slow=0.5).residual
    clipped = without_spikes(residual)
    assert clipped is not None
    far = residual != clipped
    assert far.sum() == 12
    assert np.ptp(np.abs(clipped[far])) == pytest.approx(0.0)
    assert (np.sign(clipped[far]) == np.sign(residual[far])).all()


def test_what_was_clipped_joins_what_is_new_every_day() -> None:
    """All that remembers has the variance it had; what is new every day has more by that of the spikes."""
    beneath = reml.noise_posterior(told(np.clip(with_spikes(0, slow=0.5).residual, -5.0, 5.0)))
    both = beside(beneath, 3.0)
    np.testing.assert_allclose(both.noises.slow * both.variance, beneath.noises.slow * beneath.variance)
    np.testing.assert_allclose(both.noises.brief * both.variance, beneath.noises.brief * beneath.variance)
    np.testing.assert_allclose(both.returning * both.variance, beneath.returning * beneath.variance)
    np.testing.assert_allclose(both.noises.white * both.variance, beneath.noises.white * beneath.variance + 3.0)


def test_the_second_opinion_has_its_share() -> None:
    """Of both opinions the one of clipped rows has a fixed share, as likelihoods of other rows cannot be compared."""
    plain, hidden = (reml.noise_posterior(told(each)) for each in np.random.default_rng(2).normal(size=(2, DAYS)))
    one = weighed(plain, hidden)
    assert one.share.sum() == pytest.approx(1.0)
    assert one.share[len(plain.share) :].sum() == pytest.approx(spikes.BELIEVED)
    assert one.n == DAYS


def test_slow_noise_beneath_spikes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With spikes noise that lasts for weeks and noise of a day have intervals alike; beneath them they have not."""

    def slow_by_new(believed: float) -> float:
        monkeypatch.setattr(spikes, "BELIEVED", believed)
        lasting, new = (sum(half_width(seed, slow) for seed in range(6)) for slow in (0.5, 0.0))
        return lasting / new

    def half_width(seed: int, slow: float) -> float:
        case = with_spikes(seed, slow=slow)
        return float(reml.half_widths(case, reml.noise_posterior(case), np.ones((1, 365)), 0.9)[0])

    assert slow_by_new(0.0) < 1.1
    assert slow_by_new(1.0) > 1.2
