"""What every method of uncertainty starts from: a fitted baseline and a reporting period, as arrays of one clock.

The error of a total, adjusted baseline less measured, is a weighted sum of noise: that of the baseline's rows, which
moved the parameters, and that of the reporting rows, which no model foresees. A case holds both parts:

    θ̂ - θ = Hᵀ u (linear in the noise u of the baseline),   error = (Σ_r g_r)ᵀ (θ̂ - θ) - Σ_r e_r

with g the gradient of the model, knots included. Positions count days (months for monthly tables). Hourly tables are
summed to days: a total over weeks feels the slow part of the noise only, and that is what daily sums show.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from savings.table import Frequency
from savings.uncertainty import returning
from savings.uncertainty.seasonal_spread import EVEN, seasonal_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.baseline import Baseline
    from savings.models.model import Model
    from savings.table import Table
    from savings.uncertainty.seasonal_spread import SeasonalSpread

_RANK = 1e-12  # of the products of columns: directions below this share of the largest are none


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What a baseline tells of its noise, whatever is reported; noise u has the same variance in every row."""

    residual: NDArray[np.float64]  # (n,) of the rows that tell of the noise, in units of u
    basis: NDArray[np.float64]  # (n, q) orthonormal directions that the fit has taken out of them
    position: NDArray[np.int64]  # (n,)
    waves: NDArray[np.float64]  # (n, h) what of the noise may come back every year; h = 0 where that cannot be told
    influence: NDArray[np.float64]  # (b, p) H: how the noise of each place of the baseline moves each parameter
    influence_position: NDArray[np.int64]  # (b,)
    spread: SeasonalSpread = EVEN  # of the noise by u, beside the length of months

    @property
    def n(self) -> int:
        """Rows that tell of the noise."""
        return len(self.residual)

    @property
    def p(self) -> int:
        """Directions that the fit has used up."""
        return int(self.basis.shape[1])

    def without_waves(self) -> Self:
        """Return the same where what comes back every year is taken for memory."""
        return replace(self, waves=self.waves[:, :0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Case(Told):
    """A baseline and a reporting period, ready for any method."""

    gradient: NDArray[np.float64]  # (m, p) sums over the rows of each place of the reporting period
    scale: NDArray[np.float64]  # (m,) noise e of a reporting place by u
    reporting_position: NDArray[np.int64]  # (m,)
    place_waves: NDArray[np.float64]  # (b + m, h) waves at `places`

    def without_waves(self) -> Self:
        """Return the same where what comes back every year is taken for memory."""
        return replace(self, waves=self.waves[:, :0], place_waves=self.place_waves[:, :0])

    def of_one_size(self) -> Self:
        """Return the same for methods that know no season of the noise; of its directions only the number is right."""
        return replace(
            self,
            residual=self.residual * self.spread.at(self.position),
            influence=self.influence / self.spread.at(self.influence_position)[:, None],
            scale=self.scale / self.spread.at(self.reporting_position),
            spread=EVEN,
        )

    def weights(self, targets: NDArray[np.float64], *, process: bool = True) -> NDArray[np.float64]:
        """Return the weights (T, b + m) of the noise in the error of T totals.

        `targets` (T, m) says how much of each reporting place each total counts; without `process` only the
        parameters err: for totals under conditions that nobody measured.
        """
        moved = targets @ self.gradient @ self.influence.T
        own = -targets * self.scale if process else np.zeros_like(targets)
        return np.hstack([moved, own])

    @property
    def places(self) -> NDArray[np.int64]:
        """Positions (b + m,) that belong to the weights."""
        return np.concatenate([self.influence_position, self.reporting_position])


def told_by(table: Table, model: Model, residuals: NDArray[np.float64], weights: NDArray[np.float64]) -> Told:
    """Return what the rows of a baseline, fitted by a model, tell of their noise; hours are summed to days.

    Only the baseline tells of the noise: in the reporting period a measure that comes in stages, alternates or wears
    off looks like noise that remembers, and would widen its own interval many times (docs/savings.md).
    """
    gradient, at = model.gradient(table), positions(table, table)
    spread = _spread_of(table, at, residuals)
    scale = _noise_scale(table, table) * spread.at(at)
    columns = np.column_stack([residuals / scale, gradient / scale[:, None]])
    place, sums, count = by_place(at, columns)
    # The noise of a place is its sum, so θ is moved by the mean of its rows; hours are summed before they are turned
    # into parameters, which is the same and much less to do.
    pushed, inverse = by_place(at, gradient * (weights * scale)[:, None])[1], _bread(gradient, weights)
    told = _complete(count, _rows_of_a_place(table))
    return Told(
        residual=sums[told, 0],
        basis=directions(sums[told, 1:]),
        position=place[told],
        waves=returning.waves(place[told], told=returning.told_by(table)),
        influence=pushed @ inverse / count[:, None],
        influence_position=place,
        spread=spread,
    )


def make_case(baseline: Baseline, reporting: Table) -> Case:
    """Return the case of a fitted baseline and the valid rows of a reporting period, hours summed to days."""
    table, told = baseline.table, baseline.told
    at = positions(reporting, table)
    scale = _noise_scale(reporting, table) * told.spread.at(at)
    place, sums, _ = by_place(at, np.column_stack([baseline.model.gradient(reporting), scale]))
    both = np.concatenate([told.influence_position, place])
    return Case(
        **{each.name: getattr(told, each.name) for each in fields(told)},
        gradient=sums[:, :-1],
        scale=sums[:, -1] / _rows_of_a_place(table),
        reporting_position=place,
        place_waves=returning.waves(both, told=told.waves.shape[1] > 0),
    )


def _spread_of(table: Table, at: NDArray[np.int64], residuals: NDArray[np.float64]) -> SeasonalSpread:
    """Return how the noise of days goes with the season, where two years tell of it."""
    if not returning.told_by(table):
        return EVEN
    place, sums, count = by_place(at, residuals[:, None])
    whole = _complete(count, _rows_of_a_place(table))
    return seasonal_spread(sums[whole, 0], place[whole])


def _rows_of_a_place(table: Table) -> int:
    return 24 if table.frequency is Frequency.HOURLY else 1


def positions(table: Table, origin: Table) -> NDArray[np.int64]:
    """Return the place (n,) of every row: local days, or months, since the first row of `origin`."""
    if len(origin) == 0:
        return np.zeros(len(table), np.int64)
    if table.frequency is Frequency.MONTHLY:
        return np.asarray(_middle_month(table) - _middle_month(origin)[0])
    unit = "datetime64[D]"
    passed = table.start.astype(unit) - origin.start[0].astype(unit)
    return np.asarray(passed.astype(np.int64))


def _middle_month(table: Table) -> NDArray[np.int64]:
    """Return the month (n,) that the middle of each row lies in: a bill may begin on any day."""
    middle = table.start + (table.hours * 1800).astype("timedelta64[s]")
    return np.asarray(middle.astype("datetime64[M]").astype(np.int64))


def _noise_scale(table: Table, origin: Table) -> NDArray[np.float64]:
    """Return the noise (n,) of each row by that of an average row: months go by the root of their days."""
    if table.frequency is not Frequency.MONTHLY:
        return np.ones(len(table))
    return np.asarray(np.sqrt(table.span / origin.span.mean()))


def _bread(gradient: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (GᵀWG)⁺ (p, p) of H = W G (GᵀWG)⁺, columns scaled first so that tonnes and shares weigh the same."""
    size = np.linalg.norm(gradient, axis=0)
    size = np.where(size > 0, size, 1.0)
    scaled = gradient / size
    inverse = np.linalg.pinv(scaled.T @ (scaled * weights[:, None]), rcond=_RANK, hermitian=True)
    return np.asarray(inverse / size / size[:, None])


def directions(gradient: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an orthonormal basis (n, q) of what the columns span."""
    size = np.linalg.norm(gradient, axis=0)
    left, singular, _ = np.linalg.svd(gradient[:, size > 0] / size[size > 0], full_matrices=False)
    if len(singular) == 0:
        return np.zeros((len(gradient), 0))
    return np.asarray(left[:, singular > 1e-7 * singular[0]])


def by_place(
    position: NDArray[np.int64], columns: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the places that occur, the sums of the columns over each, and how many rows each has."""
    order = np.argsort(position, kind="stable")
    places, first, count = np.unique(position[order], return_index=True, return_counts=True)
    return places, np.add.reduceat(columns[order], first, axis=0), count


def _complete(count: NDArray[np.int64], rows: int) -> NDArray[np.bool_]:
    """Return the places that tell of the noise: the complete ones, or all where those are fewer than half.

    A place with rows missing sums up to less noise, and its hours of the week give the fit a direction of its own.
    """
    whole = count == rows
    return whole if 2 * int(whole.sum()) >= len(whole) else np.ones(len(count), np.bool_)
