"""Many meters at once: one saving whose interval does not pretend that the meters err independently of each other.

Two stores on one quay feel the same weather that no model has; their errors go together. With h the half widths of the
meters' own intervals and R the correlation of their errors,

    h_total² = hᵀ R h

R comes from the baselines' residuals on common stretches of four weeks (bills: months), because a total feels the slow
part of the noise:
pairwise correlations, shrunk towards their mean (Ledoit & Wolf 2004, Honey, I shrunk the sample covariance matrix) by
as much as chance makes them differ (Schäfer & Strimmer 2005), then made positive semidefinite by dropping negative
eigenvalues. Towards their mean and not towards none, because shrinking to none would pretend independence. The
result lies between two bounds that are shown beside it: all independent, sqrt(Σ h²), and all as one, Σ |h|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.record import Figure
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.record import MeterRun

FEWEST_BLOCKS = 8  # common stretches from which a correlation of two meters says anything
_BLOCK_S, _MONDAY_S = 28 * 86400, 4 * 86400  # 1970-01-01 was a Thursday
_BILL = np.timedelta64(15, "D")  # rows further apart than this are bills


@dataclass(frozen=True, kw_only=True, eq=False)
class MeterTotal:
    """One meter's saving, and the residuals that tell how its error goes with those of others."""

    name: str
    saving: Figure  # with an interval of the confidence that all meters share
    start: NDArray[np.datetime64]  # (n,) local, of the baseline's rows
    residual: NDArray[np.float64]  # (n,) measured less predicted

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        if self.saving.low is None or self.saving.high is None:
            raise ContractError("its saving has no interval", place=f"meter {self.name}", cure="leave it out")
        return (self.saving.high - self.saving.low) / 2.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Portfolio:
    """A saving of many meters."""

    saving: Figure  # the one to speak of
    independent: Figure  # if no two meters erred together
    dependent: Figure  # if all erred as one
    names: tuple[str, ...]
    correlation: NDArray[np.float64]  # (M, M) of the meters' errors
    told: bool  # whether any two meters had enough time in common; if not, `saving` is `dependent`


class _Pairs(NamedTuple):
    correlation: NDArray[np.float64]  # (M, M) NaN where two meters have too few blocks in common
    blocks: NDArray[np.float64]  # (M, M)


def meter_total(name: str, saving: AvoidedUse) -> MeterTotal:
    """Return a meter of a portfolio from its saving."""
    table = saving.baseline.table
    figure = Figure(
        value=saving.savings, low=saving.low, high=saving.high, unit=table.unit, standard_error=saving.standard_error
    )
    return MeterTotal(name=name, saving=figure, start=table.start, residual=saving.baseline.residuals)


def recorded_total(name: str, run: MeterRun, kind: str = "saving") -> MeterTotal | None:
    """Return a meter of a portfolio from its record; `kind` is saving, money or carbon. None where it has no figure."""
    figure: Figure | None = {"saving": run.saving, "money": run.money, "carbon": run.carbon}[kind]
    if figure is None or figure.low is None or figure.high is None or run.fit is None:
        return None
    start = np.array(run.fit.start, "datetime64[s]")
    return MeterTotal(name=name, saving=figure, start=start, residual=np.array(run.fit.residual))


def combine(meters: Sequence[MeterTotal]) -> Portfolio:
    """Return the saving of all meters with its interval and the two bounds of it.

    Raises
    ------
    ContractError
        If there is no meter, one has no interval, or units differ: m3 and kW.h do not add up, euros do.
    """
    units = {each.saving.unit for each in meters}
    if len(units) != 1:
        raise ContractError(
            f"meters in {', '.join(sorted(units)) or 'nothing'}", place="portfolio",
            cure="combine meters of one unit, or their EUR or t of CO2",
        )  # fmt: skip
    half = np.array([each.half for each in meters])
    pairs = _correlations(_blocks(meters))
    told = bool(np.isfinite(pairs.correlation[~np.eye(len(meters), dtype=np.bool_)]).any()) or len(meters) == 1
    matrix = shrunk(pairs.correlation, pairs.blocks) if told else np.ones_like(pairs.correlation)
    apart, as_one = float(np.sqrt(half @ half)), float(half.sum())
    # By chance meters seem to make up for each other: never narrower than independence.
    together = max(float(np.sqrt(max(half @ matrix @ half, 0.0))), apart)
    value, unit = sum(each.saving.value for each in meters), units.pop()
    return Portfolio(
        saving=_around(value, together, unit),
        independent=_around(value, apart, unit),
        dependent=_around(value, as_one, unit),
        names=tuple(each.name for each in meters),
        correlation=matrix,
        told=told,
    )


def shrunk(correlation: NDArray[np.float64], blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return correlations (M, M) shrunk towards their mean and made positive semidefinite.

    The share of the mean is the sampling variance of the correlations, (1 - r²)² / (n - 1) each, by their scatter
    around it; pairs that are not known (NaN) are given the mean. `blocks` (M, M) says how many each rests on.
    """
    off = np.isfinite(correlation) & ~np.eye(len(correlation), dtype=np.bool_)
    if not off.any():
        return np.eye(len(correlation))
    r = correlation[off]
    mean = float(r.mean())
    chance = float(((1.0 - r**2) ** 2 / (blocks[off] - 1.0)).sum())
    scatter = float(((r - mean) ** 2).sum())
    share = min(1.0, chance / scatter) if scatter > 0.0 else 1.0
    matrix = np.where(off, share * mean + (1.0 - share) * np.nan_to_num(correlation), mean)
    np.fill_diagonal(matrix, 1.0)
    return _semidefinite(matrix)


def _semidefinite(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a correlation matrix without negative eigenvalues, its diagonal 1 again."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0.0:
        return matrix
    lifted = (vectors * np.maximum(values, 0.0)) @ vectors.T
    size = np.sqrt(np.diagonal(lifted))
    return np.asarray(lifted / np.outer(size, size))


def _blocks(meters: Sequence[MeterTotal]) -> NDArray[np.float64]:
    """Return the mean residual (B, M) of every four weeks, of months where a meter has bills; NaN without rows."""
    bills = any(len(each.start) > 1 and np.median(np.diff(each.start)) > _BILL for each in meters)
    numbers = [_block_of(each.start, bills=bills) for each in meters]
    known = np.unique(np.concatenate(numbers))
    means = np.full((len(known), len(meters)), np.nan)
    for column, (meter, number) in enumerate(zip(meters, numbers, strict=True)):
        at = np.searchsorted(known, number)
        count = np.bincount(at, minlength=len(known))
        sums = np.bincount(at, meter.residual, len(known))
        means[count > 0, column] = sums[count > 0] / count[count > 0]
    return means


def _block_of(start: NDArray[np.datetime64], *, bills: bool) -> NDArray[np.int64]:
    """Return the number (n,) of each row's four weeks, from a Monday on, or of its month."""
    if bills:
        return start.astype("datetime64[M]").astype(np.int64)
    block: NDArray[np.int64] = (start.astype("datetime64[s]").astype(np.int64) - _MONDAY_S) // _BLOCK_S
    return block


def _correlations(blocks: NDArray[np.float64]) -> _Pairs:
    """Return the correlation of every two columns of (B, M) on the blocks that both have.

    Residuals of a fit have no mean to take out.
    """
    there = np.isfinite(blocks)
    filled, mask = np.where(there, blocks, 0.0), there.astype(np.float64)
    common = mask.T @ mask
    own = (filled**2).T @ mask  # Σ of the row's meter over the blocks of both
    size = np.sqrt(own * own.T)
    known = (common >= FEWEST_BLOCKS) & (size > 0.0)
    r = np.full(size.shape, np.nan)
    r[known] = (filled.T @ filled)[known] / size[known]
    return _Pairs(np.clip(r, -1.0, 1.0), common)


def _around(value: float, half: float, unit: str) -> Figure:
    return Figure(value=value, low=value - half, high=value + half, unit=unit)
