"""Where the knots go: the least sum of squares over the whole grid, all knots and all meters at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.models.forms import Hinge, Plan
    from savings.models.pool import Pool, Products

_INDEPENDENT = 1e-7  # least share of a column that others must leave unexplained
_SWEEPS = 6  # over three and four knots, one after the other; they settle in two or three


@dataclass(frozen=True, kw_only=True, eq=False)
class Reduced:
    """Products after the plain columns were taken out: what hinges could still explain."""

    gram: NDArray[np.float64]  # (1 or m, c, c)
    moment: NDArray[np.float64]  # (m, c)
    square: NDArray[np.float64]  # (m,) sum of squares without any hinge


class Placed:
    """The best places of a plan's hinges."""

    def __init__(self, square: NDArray[np.float64], places: NDArray[np.intp]) -> None:
        """Keep the sum of squares (m,) and the columns of the pool (m, hinges)."""
        self.square = square
        self.places = places


def reduce_products(products: Products, plain: Sequence[int]) -> Reduced:
    """Take the plain columns out of all others, by elimination (Frisch, Waugh and Lovell)."""
    at = np.asarray(plain, np.intp)
    gram, moment = products.gram, products.moment
    inverse = np.linalg.pinv(gram[:, at[:, None], at], rcond=1e-10, hermitian=True)
    across = inverse @ gram[:, at, :]
    explained = (moment[:, None, at] @ inverse)[:, 0] if len(inverse) > 1 else moment[:, at] @ inverse[0]
    spread = (moment[:, None, at] @ across)[:, 0] if len(inverse) > 1 else moment[:, at] @ across[0]
    return Reduced(
        gram=gram - gram[:, :, at] @ across,
        moment=moment - spread,
        square=np.maximum(products.square - (explained * moment[:, at]).sum(axis=1), 0.0),
    )


def place_hinges(plan: Plan, pool: Pool, reduced: Reduced, products: Products) -> Placed:
    """Return the knots of least squares on the grid: exact up to two hinges, by turns beyond."""
    hinges = plan.hinges
    meters = len(reduced.square)
    if not hinges:
        return Placed(reduced.square, np.empty((meters, 0), np.intp))
    if len(hinges) == 1:
        places, gain = _one(pool.hinge(hinges[0]), reduced, products)
        return Placed(reduced.square - gain, places)
    places, gain = _two(hinges[0], hinges[1], pool, reduced, products)
    if len(hinges) > 2:
        places, gain = _by_turns(places, hinges, pool, reduced, products)
    return Placed(reduced.square - gain, places)


def _one(family: slice, reduced: Reduced, products: Products) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the best single hinge of a family."""
    own = _diagonal(reduced.gram)[:, family]
    free = own > _INDEPENDENT * _diagonal(products.gram)[:, family]
    gains = np.where(free, reduced.moment[:, family] ** 2 / np.where(free, own, 1.0), 0.0)
    best = gains.argmax(axis=1)
    return (family.start + best)[:, None], gains[np.arange(len(gains)), best]


def _two(
    first: Hinge, second: Hinge, pool: Pool, reduced: Reduced, products: Products
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the best pair of hinges among all pairs."""
    one, two = pool.hinge(first), pool.hinge(second)
    diagonal, raw = _diagonal(reduced.gram), _diagonal(products.gram)
    a, b = diagonal[:, one, None], diagonal[:, None, two]
    c = reduced.gram[:, one, two]
    u, v = reduced.moment[:, one, None], reduced.moment[:, None, two]
    determinant = a * b - c * c
    free = determinant > _INDEPENDENT * raw[:, one, None] * raw[:, None, two]
    if first.driver == second.driver:
        grid = pool.grids[first.driver]
        free = free & (grid[:, None] < grid[None, :])  # the lower knot of 5P stays below the upper
    gains = (u * u * b + v * v * a - 2.0 * u * v * c) / np.where(free, determinant, 1.0)
    gains = np.where(free, gains, 0.0).reshape(len(gains), -1)
    best = gains.argmax(axis=1)
    size = two.stop - two.start
    places = np.stack([one.start + best // size, two.start + best % size], axis=1)
    return places, gains[np.arange(len(gains)), best]


def _by_turns(
    places: NDArray[np.intp], hinges: Sequence[Hinge], pool: Pool, reduced: Reduced, products: Products
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Add the third and fourth hinge, then place each again with the others held, until nothing moves."""
    gain = np.zeros(len(places))
    for turn in range(2, len(hinges)):
        added, gain = _given(turn, np.arange(turn), places, hinges, pool, reduced, products)
        places = np.column_stack([places, added])
    for _ in range(_SWEEPS):
        before = places.copy()
        for turn in range(len(hinges)):
            others = np.delete(np.arange(len(hinges)), turn)
            places[:, turn], gain = _given(turn, others, places, hinges, pool, reduced, products)
        if np.array_equal(before, places):
            break
    return places, gain


def _given(
    turn: int,
    others: NDArray[np.intp],
    places: NDArray[np.intp],
    hinges: Sequence[Hinge],
    pool: Pool,
    reduced: Reduced,
    products: Products,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the best place (m,) of one hinge with others held where they are, and the gain of them all."""
    hinge, held = hinges[turn], places[:, others]
    family = pool.hinge(hinge)
    meter = np.arange(len(places)) if len(reduced.gram) > 1 else np.zeros(len(places), np.intp)
    among = np.arange(family.start, family.stop)
    inner = np.linalg.pinv(
        reduced.gram[meter[:, None, None], held[:, :, None], held[:, None, :]], rcond=1e-10, hermitian=True
    )
    cross = reduced.gram[meter[:, None, None], among[None, :, None], held[:, None, :]]
    moment = reduced.moment[np.arange(len(held))[:, None], held]
    weights = cross @ inner
    own = _diagonal(reduced.gram)[:, family] - (weights * cross).sum(axis=2)
    left = reduced.moment[:, family] - (weights @ moment[:, :, None])[:, :, 0]
    free = own > _INDEPENDENT * _diagonal(products.gram)[:, family]
    free &= _in_order(hinge, others, held, hinges, pool)
    gains = np.where(free, left**2 / np.where(free, own, 1.0), 0.0)
    best = gains.argmax(axis=1)
    base = (moment[:, None, :] @ inner @ moment[:, :, None])[:, 0, 0]
    return family.start + best, base + gains[np.arange(len(gains)), best]


def _in_order(
    hinge: Hinge, others: NDArray[np.intp], held: NDArray[np.intp], hinges: Sequence[Hinge], pool: Pool
) -> NDArray[np.bool_]:
    """Mask (m, k) of knots that keep the lower knot of a 5P below the upper."""
    grid = pool.grids[hinge.driver]
    free = np.ones((len(held), len(grid)), np.bool_)
    for column, other in enumerate(others):
        if hinges[other].driver == hinge.driver:
            knot = grid[held[:, column] - pool.hinge(hinges[other]).start][:, None]
            free &= grid > knot if hinge.kind is Kind.ABOVE else grid < knot
    return free


def _diagonal(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the diagonals (b, c) of matrices (b, c, c)."""
    return np.diagonal(gram, axis1=1, axis2=2)
