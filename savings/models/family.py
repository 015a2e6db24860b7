"""The change-point family fitted to one meter or to many that share their drivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.choose import grid_knots, hold_contest
from savings.models.columns import Kind
from savings.models.forms import plans
from savings.models.pool import knot_grid, make_pool, make_products
from savings.models.refine import Problem, refine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from savings.models.choose import Contest
    from savings.models.columns import Column
    from savings.models.forms import Plan
    from savings.models.pool import Pool
    from savings.models.refine import Fitted

_FINE = 41  # knots of the second grid, within one step of the first on either side


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Rows that all meters share, every driver present; rates as in `columns`."""

    rates: Mapping[str, NDArray[np.float64]]
    fixed: tuple[Column, ...]
    bent: tuple[str, ...]  # change-point drivers
    span: NDArray[np.float64]  # (n,) length of the rows
    weight: NDArray[np.float64]  # (n,) of the squared residual of each row's energy
    follows: NDArray[np.bool_]  # (n − 1,) whether a row and the next are neighbours
    least_share: float  # of the rows, on either side of a knot

    @property
    def root(self) -> NDArray[np.float64]:
        """What every column is multiplied by (n,)."""
        return self.span * np.sqrt(self.weight)


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Meters for which the same form was chosen."""

    plan: Plan
    meters: NDArray[np.intp]  # (g,)
    columns: tuple[Column, ...]
    fitted: Fitted


def fit_family(sample: Sample, energy: NDArray[np.float64], candidates: Sequence[str]) -> tuple[Group, ...]:
    """Choose a form for every meter and fit it; `energy` (m, n), NaN where it is missing.

    The grid is searched whole; the knots then move between its nodes. A single meter has a second, finer grid between.
    """
    grids = {name: knot_grid(sample.rates[name], least_share=sample.least_share) for name in sample.bent}
    pool, contest = _contest(sample, energy, plans(tuple(candidates), len(sample.bent)), grids)
    groups = []
    for index in np.unique(contest.winner):
        plan, which = contest.plans[index], np.flatnonzero(contest.winner == index)
        knots = grid_knots(plan, pool, contest.placed[index].places[which])
        if len(energy) == 1 and plan.hinges:
            knots = _finer(sample, energy, plan, knots, grids)
        problem = _problem(sample, energy[which], plan, grids)
        groups.append(Group(plan=plan, meters=which, columns=problem.columns, fitted=refine(problem, knots)))
    return tuple(groups)


def _contest(
    sample: Sample, energy: NDArray[np.float64], wanted: Sequence[Plan], grids: Mapping[str, NDArray[np.float64]]
) -> tuple[Pool, Contest]:
    """Try the wanted plans on grids of knots."""
    pool = make_pool(sample.rates, sample.fixed, grids, sample.root)
    weighted = energy * np.sqrt(sample.weight)
    products = make_products(pool, weighted, sample.root, np.isfinite(energy))
    return pool, hold_contest(pool, products, wanted, weighted, sample.follows)


def _finer(
    sample: Sample,
    energy: NDArray[np.float64],
    plan: Plan,
    knots: NDArray[np.float64],
    grids: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Search again, within one step of the grid around each knot."""
    near: dict[str, NDArray[np.float64]] = {}
    for driver, name in enumerate(sample.bent):
        around = [knots[0, at] for at, hinge in enumerate(plan.hinges) if hinge.driver == driver]
        grid = grids[name]
        step = grid[1] - grid[0] if len(grid) else 0.0
        fine = [np.linspace(knot - step, knot + step, _FINE) for knot in around]
        # A driver without a knot keeps the ends of its grid, which say that it varies.
        near[name] = np.unique(np.clip(np.concatenate(fine), grid[0], grid[-1])) if fine else grid[:1]
    pool, contest = _contest(sample, energy, (plan,), near)
    return grid_knots(plan, pool, contest.placed[0].places)


def _problem(
    sample: Sample, energy: NDArray[np.float64], plan: Plan, grids: Mapping[str, NDArray[np.float64]]
) -> Problem:
    """Return the least-squares problem of a plan for some meters."""
    present = np.isfinite(energy)
    root = sample.root[None] if present.all() else sample.root * present
    bounds = np.array([(grids[sample.bent[h.driver]][0], grids[sample.bent[h.driver]][-1]) for h in plan.hinges])
    pairs = [
        (at, at + 1)
        for at, hinge in enumerate(plan.hinges)
        if hinge.kind is Kind.BELOW and plan.forms[hinge.driver] == "5P"
    ]
    return Problem(
        rates=sample.rates,
        columns=(*sample.fixed, *plan.columns(sample.bent)),
        weight=root,
        energy=np.where(present, energy, 0.0) * np.sqrt(sample.weight),
        low=bounds.reshape(-1, 2)[:, 0],
        high=bounds.reshape(-1, 2)[:, 1],
        ordered=tuple(pairs),
    )
