"""Whether the season belongs to a model: a wave of one year in its base, or in the slope of a linear driver.

Change-points on air leave a few percent of season behind (ice, sun, mains water, sea against air), which cancels over a
whole year but not over half of one. In a year of noise that remembers, a wave is also what chance leaves behind. So a
wave is added only where the evidence for it exceeds that for slow noise: the likelihood of the residuals, averaged over
the two-part noise of `uncertainty.noise`, with the wave against without, less ln n / 2 for each of its two parameters
(Schwarz 1978). A baseline that lacks more than a month of the year has none: there it would extrapolate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.models.columns import SEASON, driver_rates, year_phase
from savings.statistics import effective_n, lag_one_autocorrelation
from savings.table import Frequency, Role
from savings.uncertainty.case import by_place, directions, positions
from savings.uncertainty.noise import prior_grid, whitened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.choice import Chosen
    from savings.table import Table

LONGEST_UNSEEN = 31  # days of the year in a row that a baseline may lack and still know the season
_GRID = prior_grid((0.0, 0.3, 0.6, 0.8, 0.9, 0.96, 0.985, 0.995, 0.999), (0.0, 0.3, 0.6, 0.85, 0.95))


class _Rows(NamedTuple):
    """Residuals of days beside the directions of a fit and the waves that may join it."""

    residual: NDArray[np.float64]  # (n,)
    basis: NDArray[np.float64]  # (n, q)
    waves: NDArray[np.float64]  # (n, c, 2)
    position: NDArray[np.int64]  # (n,)


def knows_the_year(table: Table) -> bool:
    """Return whether days or hours tell of every season: no stretch of the year of more than a month without them."""
    if table.frequency is Frequency.MONTHLY or not len(table):
        return False
    return _of_every_season(year_phase(table))


def season_worth_adding(chosen: Chosen, already: Sequence[str]) -> str | None:
    """Return what a wave should go with beside those already there, SEASON or a linear driver; None for nothing."""
    table = chosen.table
    names = [SEASON, *(driver.name for driver in table.drivers if driver.role is Role.LINEAR)]
    phase = year_phase(table)
    names = [name for name in names if name not in already and (name == SEASON or _moves_all_year(table, name, phase))]
    if not names:
        return None
    rows = _rows(chosen, names)
    likely = np.flatnonzero(_seems_worth(rows))
    if not len(likely):
        return None
    gains = _gains(rows, likely)
    return names[likely[gains.argmax()]] if gains.max() > 0.0 else None


def _of_every_season(phase: NDArray[np.float64]) -> bool:
    """Return whether phases (n,) [rad] leave no stretch of the year of more than a month without any."""
    seen = np.unique((phase * (365.0 / (2.0 * np.pi))).astype(np.int64))
    return bool(len(seen) and np.diff(seen, append=seen[0] + 365).max() <= LONGEST_UNSEEN)


def _moves_all_year(table: Table, name: str, phase: NDArray[np.float64]) -> bool:
    """Return whether a driver leaves its usual value in every season: of a few days no slope by season is known."""
    values = table.driver(name).values
    return _of_every_season(phase[values != np.median(values)])


def _rows(chosen: Chosen, names: Sequence[str]) -> _Rows:
    """Return the rows of a fit, hours summed to days: a season is slow."""
    table, model = chosen.table, chosen.model
    rates = driver_rates(table, [name for name in names if name != SEASON])
    phase = rates[SEASON]
    each = [np.ones(len(table)) if name == SEASON else rates[name] for name in names]
    waves = [x * turn * table.span for x in each for turn in (np.sin(phase), np.cos(phase))]
    columns = np.column_stack([table.energy - model.predict(table), *waves, model.gradient(table)])
    columns = columns * np.sqrt(chosen.weights)[:, None]
    position, sums, _ = by_place(positions(table, table), columns)
    count = 1 + len(waves)
    size = np.sqrt(np.mean(sums[:, :count] ** 2, axis=0))
    scaled = sums[:, :count] / np.where(size > 0.0, size, 1.0)
    return _Rows(
        residual=scaled[:, 0],
        basis=directions(sums[:, count:]),
        waves=scaled[:, 1:].reshape(len(sums), len(names), 2),
        position=position,
    )


def _seems_worth(rows: _Rows) -> NDArray[np.bool_]:
    """Mask (c,) of waves that BIC would take with n' rows by lag-one autocorrelation: a sieve, cheap and wide."""
    follows = np.diff(rows.position) == 1
    rho = lag_one_autocorrelation(rows.residual, follows)
    counted = max(effective_n(len(rows.residual), rho), 4.0)
    found = np.zeros(rows.waves.shape[1], np.bool_)
    square = float(rows.residual @ rows.residual)
    for at in range(len(found)):
        inside = rows.waves[:, at] - rows.basis @ (rows.basis.T @ rows.waves[:, at])
        own, _ = np.linalg.qr(inside)
        explained = min(float(((own.T @ rows.residual) ** 2).sum()), (1.0 - 1e-12) * square)
        found[at] = square > 0.0 and -counted * np.log1p(-explained / square) > 2.0 * np.log(counted)
    return found


def _gains(rows: _Rows, which: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return by how much each wave (k,) raises the logarithm of the evidence, its parameters paid for."""
    n, q = rows.basis.shape
    waves = rows.waves[:, which].reshape(n, -1)
    columns, log_det = whitened(
        np.column_stack([rows.basis, waves, rows.residual]), np.diff(rows.position), _GRID.noises
    )
    columns = np.ascontiguousarray(columns.transpose(1, 0, 2))
    products = np.swapaxes(columns, 1, 2) @ columns
    plain = _evidence(products, [*range(q)], log_det, n)
    pairs = [[*range(q), q + 2 * at, q + 2 * at + 1] for at in range(len(which))]
    return np.array([_evidence(products, pair, log_det, n) - plain - np.log(n) for pair in pairs])


def _evidence(products: NDArray[np.float64], used: list[int], log_det: NDArray[np.float64], n: int) -> float:
    """Return the logarithm of the likelihood with some columns fitted, averaged over the grid of noises."""
    design = products[:, used][:, :, used]
    cross = products[:, used, -1:]
    left = products[:, -1, -1] - (np.swapaxes(cross, 1, 2) @ np.linalg.solve(design, cross))[:, 0, 0]
    log_likelihood = -0.5 * (log_det + n * np.log(np.maximum(left, np.finfo(float).tiny)))
    top = float(log_likelihood.max())
    return top + float(np.log(_GRID.prior @ np.exp(log_likelihood - top)))
