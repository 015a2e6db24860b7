"""Least squares with a level for each group, without a column for each group.

Frisch and Waugh 1933, Lovell 1963: slopes are the same whether groups have columns of their own or energies and columns
are taken less their group's mean. 8,760 hours in 168 groups then need products of a dozen columns, not of 180.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Within:
    """Slopes beside group levels, and how sure they are for residuals of variance 1."""

    slopes: NDArray[np.float64]  # (q,)
    covariance: NDArray[np.float64]  # (q, q)
    level_variance: NDArray[np.float64]  # (groups,) NaN where a group is empty


def group_means(
    values: NDArray[np.float64], group: NDArray[np.int64], weight: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Return the weighted mean of values (n,) by group (groups,), NaN where a group is empty."""
    sums, weights = np.bincount(group, values * weight, minlength=groups), np.bincount(group, weight, minlength=groups)
    means: NDArray[np.float64] = np.where(weights > 0.0, sums / np.where(weights > 0.0, weights, 1.0), np.nan)
    return means


def less_group_means(
    columns: NDArray[np.float64], group: NDArray[np.int64], weight: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Return columns (n, q) less the weighted mean of each row's group (n,)."""
    return np.asarray(columns - _column_means(columns, group, weight, groups)[group])


def _column_means(
    columns: NDArray[np.float64], group: NDArray[np.int64], weight: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Return the weighted mean of each column (n, q) by group, (groups, q)."""
    means = np.empty((groups, columns.shape[1]))
    for at in range(columns.shape[1]):
        means[:, at] = group_means(columns[:, at], group, weight, groups)
    return means


def within_solve(
    columns: NDArray[np.float64],
    values: NDArray[np.float64],
    group: NDArray[np.int64],
    weight: NDArray[np.float64],
    groups: int,
) -> Within:
    """Return the slopes of columns (n, q) on values (n,), a free level for each group.

    By products of columns brought to unit length; the shortest solution where columns depend on each other.
    """
    means = _column_means(columns, group, weight, groups)
    root = np.sqrt(weight)
    inside = (columns - means[group]) * root[:, None]
    left = (values - group_means(values, group, weight, groups)[group]) * root
    length = np.sqrt((inside**2).sum(axis=0))
    scale = np.where(length > 1e-9 * np.sqrt((columns**2 * weight[:, None]).sum(axis=0)), length, np.inf)
    inside = inside / scale
    inverse = np.linalg.pinv(inside.T @ inside, rcond=1e-12, hermitian=True)
    slopes = (inverse @ (inside.T @ left)) / scale
    covariance = inverse / scale / scale[:, None]
    weights = np.bincount(group, weight, minlength=groups)
    with_weight = np.where(weights > 0.0, weights, np.nan)
    spread = np.einsum("gq,qr,gr->g", means, covariance, means)
    return Within(slopes=slopes, covariance=covariance, level_variance=1.0 / with_weight + spread)
