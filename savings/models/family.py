"""The change-point family fitted to one meter or to many that share their drivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.choose import grid_knots, hold_contest, place_plan
from savings.models.columns import Kind
from savings.models.forms import plans
from savings.models.pool import knot_grid, make_pool, make_products
from savings.models.refine import Fitted, Problem, refine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from savings.models.choose import Contest
    from savings.models.columns import Column
    from savings.models.forms import Plan

_FINE = 17  # knots of the second grid, within one step of the first on either side


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
    Where moving them changes BIC by more than 1, energy is so clean that the grid may have favoured a form with knots
    to spare: there, simpler forms that come near are refined before they are compared again.
    """
    grids = {name: knot_grid(sample.rates[name], least_share=sample.least_share) for name in sample.bent}
    pool = make_pool(sample.rates, sample.fixed, grids, sample.root)
    weighted = energy * np.sqrt(sample.weight)
    products = make_products(pool, weighted, sample.root, np.isfinite(energy))
    contest = hold_contest(pool, products, plans(tuple(candidates), len(sample.bent)), weighted, sample.follows)
    search = _Search(sample=sample, energy=energy, grids=grids, contest=contest)
    winner = contest.winner(contest.squares)
    groups = search.groups(winner, np.arange(len(energy)))
    squares = search.rematch(groups)
    if squares is None:
        return groups
    changed = contest.winner(squares)
    kept = [_part(group, np.flatnonzero(changed[group.meters] == winner[group.meters])) for group in groups]
    again = search.groups(changed, np.flatnonzero(changed != winner))
    return (*(group for group in kept if len(group.meters)), *again)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """A contest and what its winners are refined with."""

    sample: Sample
    energy: NDArray[np.float64]
    grids: Mapping[str, NDArray[np.float64]]
    contest: Contest

    def groups(self, winner: NDArray[np.intp], meters: NDArray[np.intp]) -> tuple[Group, ...]:
        """Refine the winning plan (m,) of some meters, grouped by plan."""
        found = []
        for index in np.unique(winner[meters]):
            which = meters[winner[meters] == index]
            plan = self.contest.plans[index]
            columns = (*self.sample.fixed, *plan.columns(self.sample.bent))
            found.append(Group(plan=plan, meters=which, columns=columns, fitted=self.refined(int(index), which)))
        return tuple(found)

    def refined(self, index: int, which: NDArray[np.intp]) -> Fitted:
        """Return a plan's fit to some meters, knots moved off the grid."""
        plan = self.contest.plans[index]
        knots = grid_knots(plan, self.contest.pool, self.contest.placed[index].places[which])
        if len(self.energy) == 1 and plan.hinges:
            knots = _finer(self.sample, self.energy, plan, knots, self.grids)
        return refine(_problem(self.sample, self.energy[which], plan, self.grids), knots)

    def rematch(self, groups: Sequence[Group]) -> NDArray[np.float64] | None:
        """Return sums of squares (plans, m) with simpler rivals of clean meters refined, None where there are none."""
        contest = self.contest
        squares, found = contest.squares.copy(), False
        for group in groups:
            at = contest.plans.index(group.plan)
            squares[at, group.meters] = np.minimum(squares[at, group.meters], group.fitted.square)
        change = self._gain(contest.squares, squares).max(axis=0)
        for group in groups:
            own = contest.plans.index(group.plan)
            for rival, plan in enumerate(contest.plans):
                if rival == own or not plan.hinges or contest.parameters[rival] > contest.parameters[own]:
                    continue
                behind = self._gain(squares[rival], squares[own])
                near = (behind < 2.0 * change + 10.0) & (change > 1.0)
                which = group.meters[near[group.meters]]
                if len(which):
                    squares[rival, which], found = self.refined(rival, which).square, True
        return squares if found else None

    def _gain(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much BIC falls from one sum of squares to another (..., m)."""
        gain: NDArray[np.float64] = self.contest.counted * np.log(
            np.maximum(before, 1e-300) / np.maximum(after, 1e-300)
        )
        return gain


def _part(group: Group, which: NDArray[np.intp]) -> Group:
    """Return some meters of a group."""
    fitted = group.fitted
    part = Fitted(coefficients=fitted.coefficients[which], knots=fitted.knots[which], square=fitted.square[which])
    return Group(plan=group.plan, meters=group.meters[which], columns=group.columns, fitted=part)


def _finer(
    sample: Sample,
    energy: NDArray[np.float64],
    plan: Plan,
    knots: NDArray[np.float64],
    grids: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Search again, within one step of the grid around each knot of a single meter."""
    near: dict[str, NDArray[np.float64]] = {}
    for driver, name in enumerate(sample.bent):
        around = [knots[0, at] for at, hinge in enumerate(plan.hinges) if hinge.driver == driver]
        grid = grids[name]
        step = grid[1] - grid[0] if len(grid) else 0.0
        fine = [np.linspace(knot - step, knot + step, _FINE) for knot in around]
        # A driver without a knot keeps one node, which says that it varies.
        near[name] = np.unique(np.clip(np.concatenate(fine), grid[0], grid[-1])) if fine else grid[:1]
    pool = make_pool(sample.rates, sample.fixed, near, sample.root)
    products = make_products(pool, energy * np.sqrt(sample.weight), sample.root, np.isfinite(energy))
    return grid_knots(plan, pool, place_plan(pool, products, plan).places)


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
