"""The default interval: its algebra against matrices, and that it covers where others do not."""

from __future__ import annotations

import numpy as np
import pytest

from savings.uncertainty import hac, noise, ols, reml, returning
from savings.uncertainty.case import Case
from savings.uncertainty.noise import Noises, inflation, whitened
from savings.uncertainty.student import two_sided_t
from tests.savings.made_up import remembering

DAYS = 365


def design(days: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return an intercept, a season and tonnes (days, 3)."""
    rng = np.random.default_rng(seed)
    number = np.arange(days)
    return np.column_stack([np.ones(days), np.cos(2 * np.pi * number / 365), rng.uniform(0, 1, days)])


def case_of(
    residual: np.ndarray[tuple[int], np.dtype[np.float64]], columns: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> Case:
    """Return a year of baseline and what follows it as a case."""
    before, after = columns[:DAYS], columns[DAYS:]
    basis, _ = np.linalg.qr(before)
    return Case(
        residual=residual, basis=basis, position=np.arange(DAYS), influence=before @ np.linalg.inv(before.T @ before),
        influence_position=np.arange(DAYS), gradient=after, scale=np.ones(len(after)),
        reporting_position=DAYS + np.arange(len(after)), waves=np.zeros((DAYS, 0)),
        place_waves=np.zeros((DAYS + len(after), 0)),
    )  # fmt: skip


def test_whitening_is_cholesky() -> None:
    """Whitened products and ln|R| over gaps are those of the dense correlation matrix."""
    position = np.array([0, 1, 2, 5, 6, 20, 21])
    columns = np.random.default_rng(3).normal(size=(7, 2))
    phi, white = np.array([0.7, 0.0, 0.95]), np.array([0.3, 0.0, 0.0])
    brief = np.array([0.2, 0.0, 0.6])
    rows, log_det = whitened(columns, np.diff(position), Noises(phi, white, brief))
    apart = np.abs(position[:, None] - position)
    for k in range(3):
        dense = (1 - white[k] - brief[k]) * phi[k] ** apart + brief[k] * 0.5**apart + white[k] * np.eye(7)
        np.testing.assert_allclose(rows[:, k].T @ rows[:, k], columns.T @ np.linalg.solve(dense, columns), atol=1e-10)
        assert log_det[k] == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-10)


def test_inflation_is_the_quadratic_form() -> None:
    """The variance of a weighted sum is wᵀRw, the end of one period and the start of the other included."""
    weights = np.random.default_rng(4).normal(size=(3, 9))
    places = np.array([0, 1, 2, 3, 4, 5, 6, 9, 30])
    noises = Noises(np.array([0.9]), np.array([0.25]), np.array([0.1]))
    apart = np.abs(places[:, None] - places)
    dense = 0.65 * 0.9**apart + 0.1 * 0.5**apart + 0.25 * np.eye(9)
    expected = [[each @ dense @ each] for each in weights]
    np.testing.assert_allclose(inflation(weights, places, noises), expected, rtol=1e-9)


def test_unit_does_not_matter() -> None:
    """Residuals in watt-hours give the interval in watt-hours, and many totals are those one by one."""
    columns = design(2 * DAYS)
    noise = remembering(np.random.default_rng(5), 0.6, (DAYS,))
    targets = np.tri(DAYS)[[30, 200, 364]]
    one, thousand = case_of(noise, columns), case_of(1000 * noise, columns)
    errors = [reml.half_widths(each, reml.noise_posterior(each), targets, 0.9) for each in (one, thousand)]
    np.testing.assert_allclose(errors[1], 1000 * errors[0], rtol=1e-9)
    alone = [reml.half_widths(one, reml.noise_posterior(one), row[None], 0.9)[0] for row in targets]
    np.testing.assert_allclose(errors[0], alone, rtol=1e-12)


def test_no_degree_of_freedom() -> None:
    """Fewer rows than parameters give no number instead of a wrong one."""
    case = case_of(np.ones(DAYS), design(2 * DAYS))
    told = {name: getattr(case, name)[:4] for name in ("residual", "basis", "position", "waves")}
    few = Case(**{**vars(case), **told})
    assert np.isnan(reml.half_widths(few, reml.noise_posterior(few), np.ones((1, DAYS)), 0.9)).all()


def test_the_interval_is_that_of_the_mixture() -> None:
    """As many draws of the mixture of t as the confidence says lie within the half width; one t alone gives its own."""
    rng = np.random.default_rng(7)
    case = case_of(remembering(rng, 0.97, (DAYS,)), design(2 * DAYS))
    posterior, target = reml.noise_posterior(case), np.ones((1, DAYS))
    spread = inflation(case.weights(target), case.places, posterior.noises)[0]
    errors = np.sqrt(spread * posterior.variance)
    which = rng.choice(len(errors), 200_000, p=posterior.share)
    drawn = errors[which] * rng.standard_t(posterior.dofs[which])
    half = reml.half_widths(case, posterior, target, 0.9)[0]
    assert np.mean(np.abs(drawn) <= half) == pytest.approx(0.9, abs=0.01)
    first = posterior._replace(
        noises=posterior.noises.take(np.arange(1)), share=np.ones(1), variance=posterior.variance[:1],
        dofs=np.array([5.0]), returning=posterior.returning[:1], reference=posterior.reference[:1],
    )  # fmt: skip
    alone = reml.half_widths(case, first, target, 0.9)[0]
    assert alone == pytest.approx(two_sided_t(0.9, 5.0) * errors[0], rel=1e-3)


def test_the_prior_of_the_grid() -> None:
    """It sums to 1 with a share of its own for no memory; times `reference` it is flat in arcsin φ."""
    phi = np.array([0.0, 0.5, 0.9, 0.99])
    grid = noise.prior_grid(phi.tolist(), (0.0, 0.5, 0.95))
    edges = np.arcsin(phi)
    cells = np.diff([0.0, *(0.5 * (edges[1:] + edges[:-1])), np.pi / 2])
    leaning = cells * (1.0 - phi) ** -noise.LEANING
    memory = (1.0 - noise.FORGETFUL) * leaning / leaning.sum() + noise.FORGETFUL * (phi == 0.0)
    np.testing.assert_allclose(grid.prior.reshape(4, 3).sum(axis=1), memory)
    np.testing.assert_allclose((grid.prior * grid.reference).reshape(4, 3).sum(axis=1), cells / (np.pi / 2))


def test_days_that_are_new_every_day_have_a_narrow_interval() -> None:
    """Without memory a year's half width is below 1.4 of what it were if that were known; it was 1.6 of it before."""
    rng = np.random.default_rng(21)
    columns, target, wide = design(2 * DAYS), np.ones((1, DAYS)), []
    for _ in range(12):
        fresh = rng.normal(size=DAYS)
        case = case_of(fresh - columns[:DAYS] @ np.linalg.lstsq(columns[:DAYS], fresh, rcond=None)[0], columns)
        known = 1.645 * np.linalg.norm(case.weights(target)[0])
        wide.append(reml.half_widths(case, reml.noise_posterior(case), target, 0.9)[0] / known)
    assert np.mean(wide) < 1.4


def test_rare_days_leave_the_size_less_known() -> None:
    """Where four days make most of the variance it is as badly known as by few rows; even rows change nothing."""
    rng = np.random.default_rng(22)
    even, columns = rng.normal(size=DAYS), design(2 * DAYS)
    rare = even + 15.0 * np.isin(np.arange(DAYS), (40, 130, 220, 310))
    excess = np.mean(rare**4) / np.mean(rare**2) ** 2 - 3.0
    posterior = reml.noise_posterior(case_of(rare, columns))
    fresh = posterior.noises.inflated == 1.0
    assert posterior.dofs[fresh] == pytest.approx(1.0 / (1.0 / (DAYS - 3) + excess / (2 * DAYS)))
    assert posterior.dof < 20.0
    flat = reml.noise_posterior(case_of(np.sign(even), columns))
    assert flat.dofs.max() == DAYS - 3


def test_a_brief_part_is_weighed_beside_what_it_may_hide() -> None:
    """Its share of the prior lies on long and small slow parts, a quarter of what is new made brief; all sums to 1."""
    pairs = noise.prior_grid((0.0, 0.5, 0.9, 0.99), (0.0, 0.5, 0.9, 0.98))
    grid = noise.with_brief(pairs)
    brief = grid.noises.brief > 0.0
    assert int(brief.sum()) == 4
    assert grid.prior.sum() == pytest.approx(1.0)
    assert grid.prior[brief].sum() == pytest.approx(noise.BRIEF)
    assert grid.noises.phi[brief].min() == 0.9
    np.testing.assert_allclose(grid.noises.slow[brief], [0.1, 0.02, 0.1, 0.02])
    np.testing.assert_allclose(grid.noises.brief[brief], 0.25 * np.array([0.9, 0.98, 0.9, 0.98]))
    by_reference = grid.prior * grid.reference
    assert by_reference[brief].sum() / by_reference.sum() == pytest.approx(noise.BRIEF)


def hidden_half_widths(brief: float, slow: float, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return half widths of a year's total from two years of noise, a brief part weighed, by those without (draws,)."""
    rng, days = np.random.default_rng(12), 3 * DAYS
    columns, target, ratio = design(days), np.ones((1, DAYS)), []
    before, after, position = columns[: 2 * DAYS], columns[2 * DAYS :], np.arange(2 * DAYS)
    waves = returning.waves(np.arange(days), told=True)
    for _ in range(4):
        parts = (np.sqrt(brief) * remembering(rng, 0.5, (days,)), np.sqrt(slow) * remembering(rng, 0.97, (days,)))
        made = (sum(parts) + np.sqrt(1.0 - brief - slow) * rng.normal(size=days))[: 2 * DAYS]
        case = Case(
            residual=made - before @ np.linalg.lstsq(before, made, rcond=None)[0], basis=np.linalg.qr(before)[0],
            position=position, influence=before @ np.linalg.inv(before.T @ before), influence_position=position,
            gradient=after, scale=np.ones(DAYS), reporting_position=2 * DAYS + np.arange(DAYS),
            waves=waves[: 2 * DAYS], place_waves=waves,
        )  # fmt: skip
        half = reml.half_widths(case, reml.noise_posterior(case), target, 0.9)[0]
        with monkeypatch.context() as patched:
            patched.setattr(reml, "_GRID", reml._PAIRS)
            ratio.append(half / reml.half_widths(case, reml.noise_posterior(case), target, 0.9)[0])
    return ratio


def test_a_brief_part_does_not_hide_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of noise that lasts for days and, a little, for weeks the interval is wider with it; of new noise it is not."""
    assert np.mean(hidden_half_widths(0.2, 0.05, monkeypatch)) > 1.05
    assert np.mean(hidden_half_widths(0.0, 0.0, monkeypatch)) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("phi", [0.0, 0.97, 0.998])
def test_what_the_prior_leans_to_is_no_evidence(phi: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """How likely few independent rows are is what the reference prior says, whatever that of the interval leans to."""
    case = case_of(remembering(np.random.default_rng(9), phi, (DAYS,)), design(2 * DAYS))
    leaning = reml.noise_posterior(case)
    nodes = [np.unique(each).tolist() for each in (reml._PAIRS.noises.phi, reml._PAIRS.noises.white)]
    monkeypatch.setattr(noise, "LEANING", 0.0)
    monkeypatch.setattr(noise, "FORGETFUL", 0.0)
    monkeypatch.setattr(reml, "_GRID", noise.with_brief(noise.prior_grid(*nodes)))
    plain = reml.noise_posterior(case)
    for rows in (3.0, 10.0, 40.0):
        assert leaning.likely_below(rows) == pytest.approx(plain.likely_below(rows), abs=2e-3)


@pytest.mark.parametrize(("phi", "white", "draws", "ols_below"), [(0.85, 0.0, 200, 0.5), (0.9, 0.6, 100, 0.6)])
def test_coverage(phi: float, white: float, draws: int, ols_below: float) -> None:
    """In noise that remembers the default covers about 90 % of the draws; independence and the taper do not."""
    rng = np.random.default_rng(11)
    columns = design(2 * DAYS)
    noise = np.sqrt(1 - white) * remembering(rng, phi, (2 * DAYS, draws))
    noise += np.sqrt(white) * rng.normal(size=noise.shape)
    moved = np.linalg.lstsq(columns[:DAYS], noise[:DAYS], rcond=None)[0]
    error = (columns[DAYS:] @ moved - noise[DAYS:]).sum(axis=0)
    target = np.ones((1, DAYS))
    held = np.zeros(3)
    for draw in range(draws):
        case = case_of(noise[:DAYS, draw] - columns[:DAYS] @ moved[:, draw], columns)
        half = reml.half_widths(case, reml.noise_posterior(case), target, 0.9)[0]
        others = [method.standard_errors(case, target) for method in (ols, hac)]
        halves = [half, *(two_sided_t(0.9, dof) * each[0] for each, dof in others)]
        held += [abs(error[draw]) < each for each in halves]
    assert 0.84 <= held[0] / draws <= 0.96
    assert held[1] / draws < ols_below
    assert held[2] < held[0]
