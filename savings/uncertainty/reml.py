"""The default interval: restricted likelihood over two-part noise, averaged over what that likelihood leaves open.

For every pair of memory φ and forgetful share λ on a grid (see `noise`) the residuals and the directions that the fit
has taken out of them are whitened, the restricted likelihood (Patterson & Thompson 1971; Harville 1974) and s² follow,
and the variance of the total's error is s² wᵀR w with the weights w of both periods: noise over the reporting rows,
parameters with knots, and what the end of one period tells of the start of the other. The variances are averaged by
the likelihood, so that not knowing φ and λ widens the interval; t has n' - p degrees of freedom.

Why λ: fitted to noise that is partly slow and partly new every day, an AR(1) takes φ too small; of nominal 90 %
intervals 36 to 60 % then hold the truth (docs/savings.md). With λ in the grid AR(1) itself covers as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.uncertainty.noise import inflation, whitened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.uncertainty.case import Case

_PHI = np.array([0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.99, 0.995])
_WHITE = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
LEAST_DOF = 2.0  # a year of drift tells at least of its size and its speed
NEGLIGIBLE = 1e-4  # pairs that share less than this of the likelihood are left out of the variances


class NoisePosterior(NamedTuple):
    """What the residuals say about their noise; all (K,), the likely pairs of the grid only."""

    phi: NDArray[np.float64]  # memory from one row to the next
    white: NDArray[np.float64]  # λ, share of the variance that is new in every row
    share: NDArray[np.float64]  # of the restricted likelihood, sum 1
    variance: NDArray[np.float64]  # s² of one row [u²]
    n_effective: float  # n' = n / (1 + 2 Σ ρ(k)), averaged
    dof: float  # n' - p, at least LEAST_DOF

    @property
    def correlation(self) -> float:
        """Correlation of neighbouring rows, averaged."""
        return float(self.share @ ((1.0 - self.white) * self.phi))


def noise_posterior(case: Case) -> NoisePosterior:
    """Return what the residuals of a case say about their noise.

    A case whose rows leave no degree of freedom says nothing: variances are NaN.
    """
    phi, white, prior = _grid()
    n, p = case.n, case.p
    if n <= p + 1:
        nothing = np.full(1, np.nan)
        return NoisePosterior(np.zeros(1), np.zeros(1), np.ones(1), nothing, float(n), 1.0)
    columns = np.column_stack([case.basis, case.residual / _size(case.residual)])
    rows, log_det = whitened(columns, np.diff(case.position), phi, white)
    rows = np.ascontiguousarray(rows.transpose(1, 0, 2))
    products = np.swapaxes(rows, 1, 2) @ rows
    design, cross = products[:, :p, :p], products[:, :p, p:]
    rest = (products[:, p:, p:] - np.swapaxes(cross, 1, 2) @ np.linalg.solve(design, cross))[:, 0, 0]
    rest = np.maximum(rest, np.finfo(float).tiny)
    log_likelihood = -0.5 * (log_det + np.linalg.slogdet(design)[1] + (n - p) * np.log(rest))
    share = prior * np.exp(log_likelihood - log_likelihood.max())
    likely = share > NEGLIGIBLE * share.sum()
    phi, white, share = phi[likely], white[likely], share[likely] / share[likely].sum()
    remembered = (1.0 - white) * phi / (1.0 - phi)
    n_effective = n / (1.0 + 2.0 * float(share @ remembered))
    variance = rest[likely] / (n - p) * _size(case.residual) ** 2
    return NoisePosterior(phi, white, share, variance, n_effective, max(n_effective - p, LEAST_DOF))


def standard_errors(
    case: Case, posterior: NoisePosterior, targets: NDArray[np.float64], *, process: bool = True
) -> NDArray[np.float64]:
    """Return the standard error (T,) of each total of `targets` (T, m) [unit of energy]; see `Case.weights`."""
    weights = case.weights(targets, process=process)
    spread = inflation(weights, case.places, posterior.phi, posterior.white)
    return np.sqrt(np.maximum(spread @ (posterior.share * posterior.variance), 0.0))


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return φ, λ and the area of the grid that each pair stands for, all (K,): a flat prior on both."""
    phi, white = np.meshgrid(_PHI, _WHITE, indexing="ij")
    return phi.ravel(), white.ravel(), np.outer(np.gradient(_PHI), np.gradient(_WHITE)).ravel()


def _size(residual: NDArray[np.float64]) -> float:
    """Return the root mean square, 1 for a perfect fit: likelihoods shall not depend on the unit."""
    return float(np.sqrt(np.mean(residual**2))) or 1.0
