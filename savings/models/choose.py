"""Which form: parsimony first, by slopes that are significant, then by the Bayesian information criterion.

Residuals of energy follow each other, so that n rows say less than n independent ones. Both tests therefore count
n' = n (1 − ρ) / (1 + ρ) rows, ρ from the residuals of the richest form: BIC = n' ln(SSE / n) + p ln n', and t is
shortened by the root of n' / n. Knots count as parameters. Adjusted R² has no say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.knots import Placed, place_hinges, reduce_products

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from savings.models.forms import Plan
    from savings.models.knots import Reduced
    from savings.models.pool import Pool, Products

SIGNIFICANT_T = 2.0  # IPMVP: 95 %
_FEWEST_EFFECTIVE = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest:
    """Every form tried on every meter."""

    pool: Pool
    products: Products
    plans: tuple[Plan, ...]
    placed: tuple[Placed, ...]
    squares: NDArray[np.float64]  # (plans, m) least sums of squares on the grid
    parameters: NDArray[np.int64]  # (plans,) knots, base and offsets counted
    enough: NDArray[np.bool_]  # (plans, m) whether a meter has rows for so many parameters
    counted: NDArray[np.float64]  # (m,) n', from the residuals of the richest form

    def winner(self, squares: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the plan (m,) of least BIC among those whose slopes are all significant, by squares (plans, m)."""
        n = self.products.rows.astype(np.float64)
        squares = np.maximum(squares, _floor(self.products))
        bic = self.counted * np.log(squares / n) + self.parameters[:, None] * np.log(self.counted)
        shortened = np.sqrt(self.counted / n)

        def weakest(index: int, which: NDArray[np.intp]) -> NDArray[np.float64]:
            sigma2 = squares[index, which] / np.maximum(n[which] - self.parameters[index], 1.0)
            plan, placed = self.plans[index], self.placed[index]
            return shortened[which] * _weakest_t(plan, placed, self.pool, self.products, sigma2, which)

        return _least_significant(np.where(self.enough, bic, np.inf), weakest)


def hold_contest(
    pool: Pool,
    products: Products,
    plans: Sequence[Plan],
    energy: NDArray[np.float64],
    follows: NDArray[np.bool_],
) -> Contest:
    """Try every plan; `energy` (m, n) is weighted, NaN where missing, `follows` (n − 1,) says which rows adjoin."""
    tried, placed = _try_all(pool, products, plans)
    squares = np.array([one.square for one in placed])
    parameters = np.array([pool.fixed + plan.p for plan in tried])
    enough = products.rows >= 2 * parameters[:, None] + 2
    enough[0] = True
    rho = _richest_autocorrelation(tried, placed, np.where(enough, squares, np.inf), pool, products, energy, follows)
    n = products.rows.astype(np.float64)
    return Contest(
        pool=pool,
        products=products,
        plans=tuple(tried),
        placed=tuple(placed),
        squares=squares,
        parameters=parameters,
        enough=enough,
        counted=np.clip(n * (1.0 - rho) / (1.0 + rho), np.minimum(n, _FEWEST_EFFECTIVE), n),
    )


def place_plan(pool: Pool, products: Products, plan: Plan) -> Placed:
    """Return the best knots on the grid for one plan."""
    return place_hinges(plan, pool, reduce_products(products, _plain(plan, pool)), products)


def _try_all(pool: Pool, products: Products, plans: Sequence[Plan]) -> tuple[list[Plan], list[Placed]]:
    """Place the hinges of every plan whose drivers vary, fewest hinges first; many only where two of them pay."""
    usable = [plan for plan in plans if _fits(plan, pool)]
    reduced: dict[tuple[int, ...], Reduced] = {}
    tried: list[Plan] = []
    placed: list[Placed] = []
    for plan in sorted(usable, key=lambda plan: len(plan.hinges)):
        if len(plan.hinges) > 2 and not _bends_pay(tried, placed, products, pool):
            break
        if plan.straight not in reduced:
            reduced[plan.straight] = reduce_products(products, _plain(plan, pool))
        tried.append(plan)
        placed.append(place_hinges(plan, pool, reduced[plan.straight], products))
    return tried, placed


def _plain(plan: Plan, pool: Pool) -> list[int]:
    """Return the columns of a plan that have no knot."""
    return [*range(pool.fixed), *(pool.straight(driver) for driver in plan.straight)]


def _floor(products: Products) -> NDArray[np.float64]:
    """Return the sum of squares (m,) below which there is rounding only."""
    return 1e-20 * products.square + 1e-300


def _least_significant(
    bic: NDArray[np.float64], weakest: Callable[[int, NDArray[np.intp]], NDArray[np.float64]]
) -> NDArray[np.intp]:
    """Return the plan (m,) of least BIC whose weakest slope is significant; t is worked out only where it decides."""
    left = bic.copy()
    winner: NDArray[np.intp] = left.argmin(axis=0)
    open_meters = np.arange(bic.shape[1])
    while len(open_meters):
        winner[open_meters] = left[:, open_meters].argmin(axis=0)
        failed = []
        for index in np.unique(winner[open_meters]):
            which = open_meters[winner[open_meters] == index]
            weak = which[weakest(int(index), which) < SIGNIFICANT_T]
            left[index, weak] = np.inf
            failed.append(weak)
        open_meters = np.concatenate(failed)
    return winner


def grid_knots(plan: Plan, pool: Pool, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the knots (m, k) that stand behind places in the pool."""
    knots = np.empty(places.shape)
    for column, hinge in enumerate(plan.hinges):
        knots[:, column] = pool.grids[hinge.driver][places[:, column] - pool.hinge(hinge).start]
    return knots


def _fits(plan: Plan, pool: Pool) -> bool:
    """Return whether every driver that a plan uses varies."""
    return all(form == "mean" or usable for form, usable in zip(plan.forms, pool.usable, strict=True))


def _bends_pay(tried: Sequence[Plan], placed: Sequence[Placed], products: Products, pool: Pool) -> bool:
    """Return whether, for any meter, two hinges beat fewer: three and four are tried only then."""
    n = products.rows
    squares = np.maximum([one.square for one in placed], 1e-300)
    bic = n * np.log(squares / n) + np.array([pool.fixed + plan.p for plan in tried])[:, None] * np.log(n)
    bends = np.array([len(plan.hinges) for plan in tried])
    return bool(np.any(bends[bic.argmin(axis=0)] >= 2))


def _places(plan: Plan, where: Placed, pool: Pool) -> NDArray[np.intp]:
    """Return the columns (m, c) of the pool that a plan uses, by meter."""
    plain = _plain(plan, pool)
    shared = np.broadcast_to(np.asarray(plain, np.intp), (len(where.square), len(plain)))
    return np.concatenate([shared, where.places], axis=1)


def _solution(
    at: NDArray[np.intp], products: Products, which: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients (g, c) of the columns `at` (g, c) of meters `which`, and the inverse of their products."""
    meter = which if len(products.gram) > 1 else np.zeros(len(which), np.intp)
    gram = products.gram[meter[:, None, None], at[:, :, None], at[:, None, :]]
    inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True).astype(np.float64, copy=False)
    return (inverse @ products.moment[which[:, None], at, None])[:, :, 0], inverse


def _weakest_t(
    plan: Plan,
    where: Placed,
    pool: Pool,
    products: Products,
    sigma2: NDArray[np.float64],
    which: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the least |t| (g,) of some meters among a plan's slopes, and the changes of slope of its 4P forms."""
    slopes = _slopes(plan, pool.fixed)
    if not len(slopes):
        return np.full(len(which), np.inf)
    coefficients, inverse = _solution(_places(plan, where, pool)[which], products, which)
    values = coefficients @ slopes.T
    variances = np.einsum("sc,mcd,sd->ms", slopes, inverse, slopes) * sigma2[:, None]
    t: NDArray[np.float64] = (np.abs(values) / np.sqrt(np.maximum(variances, 1e-300))).min(axis=1)
    return t


def _slopes(plan: Plan, fixed: int) -> NDArray[np.float64]:
    """Return the combinations (s, c) of a plan's columns that have to be significant."""
    straight = {driver: fixed + at for at, driver in enumerate(plan.straight)}
    first = fixed + len(straight)
    width = first + len(plan.hinges)
    rows = [np.eye(width)[at] for at in range(fixed, width)]
    # The slope above a 4P's knot is the slope below it and the change at it.
    rows += [
        np.eye(width)[straight[hinge.driver]] + np.eye(width)[first + at]
        for at, hinge in enumerate(plan.hinges)
        if hinge.driver in straight
    ]
    return np.array(rows).reshape(-1, width)


def _richest_autocorrelation(
    plans: Sequence[Plan],
    placed: Sequence[Placed],
    squares: NDArray[np.float64],
    pool: Pool,
    products: Products,
    energy: NDArray[np.float64],
    follows: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return each meter's lag-one autocorrelation (m,), of the form with the least sum of squares."""
    present = np.isfinite(energy)
    residuals = np.where(present, energy, 0.0)
    residuals -= (
        pool.columns[:, 0]
        * ((residuals @ pool.columns[:, 0]) / np.maximum((present * pool.columns[:, 0] ** 2).sum(axis=1), 1e-300))[
            :, None
        ]
    )
    richest = squares.argmin(axis=0)
    for index in np.unique(richest):
        which = np.flatnonzero(richest == index)
        at = _places(plans[index], placed[index], pool)[which]
        coefficients, _ = _solution(at, products, which)
        full = np.zeros((len(which), pool.columns.shape[1]))
        full[np.arange(len(which))[:, None], at] = coefficients
        residuals[which] -= full @ pool.columns.T
    residuals = np.where(present, residuals, 0.0)
    pairs = present[:, 1:] & present[:, :-1] & follows
    products_of_pairs = (residuals[:, 1:] * residuals[:, :-1] * pairs).sum(axis=1) / np.maximum(pairs.sum(axis=1), 1)
    variance = (residuals**2).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    rho = np.where(variance > 0.0, products_of_pairs / np.where(variance > 0.0, variance, 1.0), 0.0)
    return np.clip(rho, -0.99, 0.99)
