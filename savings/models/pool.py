"""Every column that a search may use, side by side, and the products that decide between them.

With the products C'WC and C'Wy of all candidate columns at hand, the sum of squares of any choice of knots follows by
elimination, for all knots and all meters at once, without forming a design matrix for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.columns import Kind, design

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from savings.models.columns import Column
    from savings.models.forms import Hinge

GRID = 32  # knots tried along each driver's range before refinement


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Candidate columns (n, c): fixed ones, the drivers themselves, and their hinges at every knot of a grid."""

    columns: NDArray[np.float64]  # standardised, times the square root of each row's weight
    fixed: int  # base, linear drivers, offsets come first
    grids: tuple[NDArray[np.float64], ...]  # (k,) knots by driver; empty where a driver does not vary enough

    @property
    def usable(self) -> tuple[bool, ...]:
        """Which drivers vary enough to be bent or even straight."""
        return tuple(len(grid) > 0 for grid in self.grids)

    def straight(self, driver: int) -> int:
        """Return the place of a driver's own column."""
        return self.fixed + driver

    def hinge(self, hinge: Hinge) -> slice:
        """Return the places of a hinge at every knot of its grid."""
        begin = self.fixed + len(self.grids) + 2 * sum(len(grid) for grid in self.grids[: hinge.driver])
        size = len(self.grids[hinge.driver])
        begin += 0 if hinge.kind is Kind.ABOVE else size
        return slice(begin, begin + size)


@dataclass(frozen=True, kw_only=True, eq=False)
class Products:
    """Sums over the rows; the first axis of `gram` is 1 where all meters have the same rows, else the meters."""

    gram: NDArray[np.float64]  # (1 or m, c, c)
    moment: NDArray[np.float64]  # (m, c)
    square: NDArray[np.float64]  # (m,)
    rows: NDArray[np.int64]  # (m,) rows with energy


def knot_grid(x: NDArray[np.float64], *, least_share: float, size: int = GRID) -> NDArray[np.float64]:
    """Return knots (k,) that leave at least `least_share` of the values (n,) on either side, or none."""
    low, high = np.quantile(x, (least_share, 1.0 - least_share))
    if not high - low > 1e-9 * max(1.0, abs(low), abs(high)):
        return np.empty(0)
    grid: NDArray[np.float64] = np.linspace(low, high, size)
    return grid


def make_pool(
    rates: Mapping[str, NDArray[np.float64]],
    fixed: Sequence[Column],
    grids: Mapping[str, NDArray[np.float64]],
    root: NDArray[np.float64],
) -> Pool:
    """Return the pool of fixed columns and of hinges at the knots by driver; `root` (n,) is the root of the weights."""
    rows = len(root)
    plain = design(rates, fixed, np.empty((1, 0)), rows)[0]
    # Standardised, the products keep their digits: the base spans whatever the centring takes away.
    plain[:, 1:] = _standard(plain[:, 1:])
    parts, hinges = [plain], []
    for name, grid in grids.items():
        x = rates[name]
        scale = float(x.std()) if len(grid) else 1.0
        from_knot = (x[:, None] - grid) / scale
        parts.append((x - x.mean())[:, None] / scale)
        hinges += [np.maximum(from_knot, 0.0), np.maximum(-from_knot, 0.0)]
    columns = np.concatenate([*parts, *hinges], axis=1) * root[:, None]
    return Pool(columns=columns, fixed=len(fixed), grids=tuple(grids.values()))


def make_products(
    pool: Pool, energy: NDArray[np.float64], root: NDArray[np.float64], present: NDArray[np.bool_]
) -> Products:
    """Return the sums for weighted energies (m, n) of many meters; `present` (m, n) masks what is missing."""
    columns = pool.columns
    counts = present.sum(axis=1)
    # The base spans a constant rate: without it the squares keep their digits.
    weight = np.where(present, root**2, 0.0)
    filled = np.where(present, energy, 0.0)
    mean = (filled * root).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    centred = np.where(present, filled - mean[:, None] * root, 0.0)
    gram = (columns.T @ columns)[None] if present.all() else (columns.T * present[:, None, :]) @ columns
    return Products(gram=gram, moment=centred @ columns, square=(centred**2).sum(axis=1), rows=counts)


def _standard(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns (n, c) less their mean, by their standard deviation; constant ones become 0."""
    deviation = columns.std(axis=0)
    centred = columns - columns.mean(axis=0)
    scaled: NDArray[np.float64] = centred / np.where(deviation > 0.0, deviation, 1.0)
    return scaled
