"""From the best knots of a grid to the least sum of squares: Gauss and Newton over knots and coefficients together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.columns import design, knot_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from savings.models.columns import Column

_STEPS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Energies of meters that share drivers and form; rows weighted by `root` and 0 where a meter has no energy."""

    rates: Mapping[str, NDArray[np.float64]]
    columns: tuple[Column, ...]
    weight: NDArray[np.float64]  # root of the weight times presence (m, n), or (1, n) for all meters
    energy: NDArray[np.float64]  # weighted (m, n)
    low: NDArray[np.float64]  # (k,) least value of each knot
    high: NDArray[np.float64]  # (k,)
    ordered: tuple[tuple[int, int], ...]  # pairs of knots of which the first stays below the second

    def matrix(self, knots: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted columns (m, n, c)."""
        return design(self.rates, self.columns, knots, self.weight.shape[1]) * self.weight[:, :, None]

    def jacobian(self, coefficients: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted derivatives (m, n, c + k) by coefficients and knots."""
        moved = knot_columns(self.rates, self.columns, coefficients, knots, self.weight.shape[1])
        return np.concatenate([self.matrix(knots), moved * self.weight[:, :, None]], axis=2)

    def allowed(self, knots: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return knots (m, k) brought back into their range and order."""
        inside = np.clip(knots, self.low, self.high)
        for lower, upper in self.ordered:
            inside[:, lower] = np.minimum(inside[:, lower], inside[:, upper])
        return inside


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Least squares of many meters."""

    coefficients: NDArray[np.float64]  # (m, c)
    knots: NDArray[np.float64]  # (m, k)
    square: NDArray[np.float64]  # weighted sum of squares (m,)


def solve(matrix: NDArray[np.float64], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients (m, c) of least squares for matrices (m, n, c) and energies (m, n).

    By QR of columns brought to unit length; the shortest solution where columns depend on each other.
    """
    length = np.sqrt((matrix**2).sum(axis=1))
    length = np.where(length > 0.0, length, 1.0)
    scaled = matrix / length[:, None, :]
    if scaled.shape[1] < scaled.shape[2]:
        return (np.linalg.pinv(scaled, rcond=1e-9) @ energy[:, :, None])[:, :, 0] / length
    q, r = np.linalg.qr(scaled)
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    if np.all(diagonal > 1e-9):
        found = np.linalg.solve(r, np.einsum("mnc,mn->mc", q, energy)[:, :, None])[:, :, 0]
    else:
        found = (np.linalg.pinv(scaled, rcond=1e-9) @ energy[:, :, None])[:, :, 0]
    solution: NDArray[np.float64] = found / length
    return solution


def fit_at(problem: Problem, knots: NDArray[np.float64]) -> Fitted:
    """Return least squares with the knots (m, k) held."""
    matrix = problem.matrix(knots)
    coefficients = solve(matrix, problem.energy)
    left = problem.energy - (matrix @ coefficients[:, :, None])[:, :, 0]
    return Fitted(coefficients=coefficients, knots=knots, square=(left**2).sum(axis=1))


def refine(problem: Problem, knots: NDArray[np.float64]) -> Fitted:
    """Move knots (m, k) downhill until they rest; a step that does not lower the sum of squares is shortened."""
    best = fit_at(problem, problem.allowed(knots))
    if not knots.shape[1]:
        return best
    share = np.ones(len(knots))
    step = _step(problem, best)
    reach = np.maximum(problem.high - problem.low, 1e-12)
    for _ in range(_STEPS):
        trial = fit_at(problem, problem.allowed(best.knots + share[:, None] * step))
        better = trial.square < best.square
        best = _merge(better, trial, best)
        share = np.where(better, 1.0, 0.25 * share)
        if np.all(np.abs(share[:, None] * step) < 1e-7 * reach):
            break
        if better.any():
            step = np.where(better[:, None], _step(problem, best), step)
    return best


def _step(problem: Problem, fitted: Fitted) -> NDArray[np.float64]:
    """Return the knots' part (m, k) of the step of Gauss and Newton."""
    jacobian = problem.jacobian(fitted.coefficients, fitted.knots)
    count = fitted.coefficients.shape[1]
    left = problem.energy - (jacobian[:, :, :count] @ fitted.coefficients[:, :, None])[:, :, 0]
    return solve(jacobian, left)[:, count:]


def _merge(better: NDArray[np.bool_], one: Fitted, other: Fitted) -> Fitted:
    """Return each meter's better fit."""
    return Fitted(
        coefficients=np.where(better[:, None], one.coefficients, other.coefficients),
        knots=np.where(better[:, None], one.knots, other.knots),
        square=np.where(better, one.square, other.square),
    )
