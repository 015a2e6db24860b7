"""The default interval: restricted likelihood over noise in parts, averaged over what that likelihood leaves open.

For every memory φ and forgetful share λ on a grid (see `noise`) the residuals and the directions that the fit has taken
out of them are whitened, the restricted likelihood (Patterson & Thompson 1971; Harville 1974) and s² follow,
and the variance of the total's error is s² wᵀR w with the weights w of both periods: noise over the reporting rows,
parameters with knots, and what the end of one period tells of the start of the other. Given φ and λ the error by its
standard error is a t of n' - p degrees of freedom, n' the independent rows that this noise leaves of n: slow noise
tells little of its own size, and so do rows of which few are large. The interval is that of the mixture of these t by
likelihood times prior, so that not knowing φ and λ widens it as far as, and no further than, the residuals leave them
open. From two years of baseline on a part of λ may be brief, and a last part is weighed with them, noise that comes
back every year (see `returning`). Where few rows make most of the variance, noise is told beneath them as well (see
`spikes`).

Why λ: fitted to noise that is partly slow and partly new every day, an AR(1) takes φ too small; of nominal 90 %
intervals 36 to 60 % then hold the truth (docs/savings.md). With λ in the grid AR(1) itself covers as before. Why the
brief part: where it is there and not foreseen, φ and λ follow it, and what is slow is missed (docs/decisions.md).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.uncertainty import returning
from savings.uncertainty.noise import Noises, inflation, prior_grid, whitened, with_brief
from savings.uncertainty.spikes import beside, weighed, without_spikes
from savings.uncertainty.student import t_cdf, two_sided_t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.uncertainty.case import Case, Told

_PAIRS = prior_grid(
    (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.99, 0.995, 0.998, 0.9995),
    (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.992, 0.998),
)
_GRID = with_brief(_PAIRS)
LEAST_DOF = 2.0  # a year of drift tells at least of its size and its speed
NEGLIGIBLE = 1e-4  # noises that share less than this of the likelihood are left out of the mixture
_DOFS = np.array([1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0, 50.0, 100.0, 1000.0])  # t is kept for these
_HALVINGS = 24  # to 1e-7 of the bracket
NODES, _STEPS = 64, 257  # of the sum of even errors, and of the mixture's distribution


class NoisePosterior(NamedTuple):
    """What the residuals say about their noise; all (K,), the likely ones of the grid only."""

    noises: Noises
    share: NDArray[np.float64]  # of likelihood times prior, sum 1
    variance: NDArray[np.float64]  # s² of one row [u²]
    n: int  # rows that told it
    dofs: NDArray[np.float64]  # n' - p of each, fewer by excess kurtosis, at least LEAST_DOF
    returning: NDArray[np.float64]  # κ: variance of what comes back every year, by s²
    reference: NDArray[np.float64]  # reference prior of each by that of the interval

    @property
    def correlation(self) -> float:
        """Correlation of neighbouring rows, averaged."""
        return float(self.share @ self.noises.correlation(np.ones(1, np.int64))[0])

    def likely_below(self, independent: float) -> float:
        """Return the share of the likelihood of noises that leave fewer independent rows than so many.

        Under the reference prior: that of the interval leans to long memories and to none, which is no evidence.
        """
        level = self.share * self.reference
        return float(level[self.n / self.noises.inflated < independent].sum() / level.sum())

    @property
    def dof(self) -> float:
        """Degrees of freedom, averaged over the noises."""
        return float(self.share @ self.dofs)


def noise_posterior(case: Told) -> NoisePosterior:
    """Return what the residuals of a baseline say about their noise.

    One whose rows leave no degree of freedom says nothing: variances are NaN.
    """
    n, p = case.n, case.p
    if n <= p + 1:
        nothing = np.full(1, np.nan)
        one, none = np.ones(1), np.zeros(1)
        return NoisePosterior(Noises(none, none, none), one, nothing, n, one, none, one)
    plain, clipped = _told(case), without_spikes(case.residual)
    if clipped is None:
        return _with_rare_rows(plain, case.residual)
    spikes = float(case.residual @ case.residual - clipped @ clipped) / (n - p)
    hidden = beside(_told(replace(case, residual=clipped)), spikes)
    return _with_rare_rows(weighed(plain, hidden), case.residual)


def _told(case: Told) -> NoisePosterior:
    """Return what residuals say about their noise, each row taken for what it is."""
    n, p = case.n, case.p
    grid = _GRID if case.waves.shape[1] else _PAIRS  # one year cannot tell what is brief beside what is slow
    columns = np.column_stack([case.waves, case.basis, case.residual / _size(case.residual)])
    rows, log_det = whitened(columns, np.diff(case.position), grid.noises)
    rows = np.ascontiguousarray(rows.transpose(1, 0, 2))
    said = returning.likelihoods(np.swapaxes(rows, 1, 2) @ rows, log_det, n, case.waves.shape[1])
    share = said.prior[:, None] * grid.prior * np.exp(said.log_likelihood - said.log_likelihood.max())
    which, noise = np.nonzero(share > NEGLIGIBLE * share.sum())
    noises, share = grid.noises.take(noise), share[which, noise] / share[which, noise].sum()
    variance = said.rest[which, noise] / (n - p) * _size(case.residual) ** 2
    dofs = np.maximum(n / noises.inflated - p, LEAST_DOF)
    return NoisePosterior(noises, share, variance, n, dofs, said.ratio[which], grid.reference[noise])


def _with_rare_rows(noise: NoisePosterior, residual: NDArray[np.float64]) -> NoisePosterior:
    """Return a noise with fewer degrees of freedom where few rows are large: they tell less of its size."""
    fewer = 1.0 / (1.0 / noise.dofs + _excess(residual) / (2.0 * len(residual)))
    return noise._replace(dofs=np.maximum(fewer, LEAST_DOF))


def standard_errors(
    case: Case, posterior: NoisePosterior, targets: NDArray[np.float64], *, process: bool = True
) -> NDArray[np.float64]:
    """Return the standard error (T, K) of each total of `targets` (T, m) by noise [unit]; see `Case.weights`."""
    weights = case.weights(targets, process=process)
    noises, which = np.unique(np.column_stack(posterior.noises), axis=0, return_inverse=True)
    spread = inflation(weights, case.places, Noises(*noises.T))[:, which.ravel()]
    spread = spread + ((weights @ case.place_waves) ** 2).sum(axis=1)[:, None] * posterior.returning
    return np.asarray(np.sqrt(np.maximum(spread * posterior.variance, 0.0)))


def half_widths(
    case: Case, posterior: NoisePosterior, targets: NDArray[np.float64], confidence: float, *, process: bool = True
) -> NDArray[np.float64]:
    """Return half the width (T,) of the interval of each total of `targets` (T, m) [unit]."""
    return mixture_half_widths(standard_errors(case, posterior, targets, process=process), posterior, confidence)


def mixture_half_widths(
    errors: NDArray[np.float64], posterior: NoisePosterior, confidence: float
) -> NDArray[np.float64]:
    """Return what a share `confidence` of a mixture of t lies within (T,); `errors` (T, K) scale them."""
    kept = np.abs(np.log(posterior.dofs[:, None] / _DOFS)).argmin(axis=1)
    groups = [(kept == each, *_within(float(_DOFS[each]))) for each in np.unique(kept)]
    widest = errors * np.array([1.001 * two_sided_t(confidence, float(_DOFS[each])) for each in kept])
    low, high = 0.99 * widest.min(axis=1), widest.max(axis=1)
    scale = np.where(errors > 0.0, errors, 1.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        ratio = middle[:, None] / scale
        held = sum(np.interp(ratio[:, own], t, share) @ posterior.share[own] for own, t, share in groups)
        low, high = np.where(held < confidence, middle, low), np.where(held < confidence, high, middle)
    return np.where(np.isnan(errors).any(axis=1), np.nan, 0.5 * (low + high))


def joined_half_widths(
    errors: NDArray[np.float64],
    posterior: NoisePosterior,
    confidence: float,
    limits: NDArray[np.float64],
    plain: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what a share `confidence` of the mixture and of errors even within ± `limits` (T, L) together lies within.

    Distributions are propagated, not variances (JCGM 101): in quadrature a meter's class alone would be given an
    interval that holds 95 % where 90 % is asked for. `plain` (T,) is the half width of the mixture alone.
    """
    kept = np.abs(np.log(posterior.dofs[:, None] / _DOFS)).argmin(axis=1)
    groups = [(kept == each, *_within(float(_DOFS[each]))) for each in np.unique(kept)]
    found = plain.copy()
    for at in np.flatnonzero(np.isfinite(plain) & (limits > 0.0).any(axis=1)):
        offsets = uniform_sum(limits[at])
        reach = np.linspace(0.0, plain[at] + 2.0 * offsets[-1], _STEPS)  # beyond, the mixture alone holds enough
        ratio = reach[:, None] / np.where(errors[at] > 0.0, errors[at], np.finfo(float).tiny ** 0.5)
        held = sum(np.interp(ratio[:, own], t, share) @ posterior.share[own] for own, t, share in groups)
        low, high = 0.0, float(plain[at] + offsets[-1])
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            away = middle - offsets
            inside = float((np.sign(away) * np.interp(np.abs(away), reach, np.asarray(held))).mean())
            low, high = (middle, high) if inside < confidence else (low, middle)
        found[at] = 0.5 * (low + high)
    return found


def uniform_sum(limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (NODES,) in ascending order, equally likely and alike on both sides of 0, of a sum of even errors.

    >>> bool(np.isclose(uniform_sum(np.array([3.0])).std(), 3.0 / np.sqrt(3.0), rtol=1e-3))
    True
    """
    middles = (np.arange(NODES) + 0.5) / NODES * 2.0 - 1.0
    total = np.zeros(NODES)
    for limit in limits[limits > 0.0]:
        every = (
            np.sort((total[:, None] + limit * middles).ravel()) if total.any() else np.repeat(limit * middles, NODES)
        )
        total = every.reshape(NODES, -1).mean(axis=1)
    return total


@lru_cache(maxsize=len(_DOFS))
def _within(dof: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return t from 0 up (k,) and the share of Student's t that lies within ± each."""
    t = np.sinh(np.linspace(0.0, np.arcsinh(1e4), 3000))
    return t, 2.0 * t_cdf(t, dof) - 1.0


def _excess(residual: NDArray[np.float64]) -> float:
    """Return the excess kurtosis, 0 where it is below.

    The variance of ln s² of n independent rows is (2 + excess) / n (Cramér 1946, ch. 27): where few rows make most of
    it, as days on which condensate is drained, s² is known as badly as that of few rows.
    """
    square = residual**2
    return max(float(np.mean(square**2) / (np.mean(square) ** 2 or 1.0)) - 3.0, 0.0)


def _size(residual: NDArray[np.float64]) -> float:
    """Return the root mean square, 1 for a perfect fit: likelihoods shall not depend on the unit."""
    return float(np.sqrt(np.mean(residual**2))) or 1.0
