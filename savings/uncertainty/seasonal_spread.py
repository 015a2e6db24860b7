"""How large the noise is in each season: what a door lets in on a summer's day varies more than what it does in winter.

A total over half a year feels the noise of its own months and not that of an average one. From two years of days on
the size of the noise may therefore follow a wave of one year,

    s(t) = exp(a sin ωt + b cos ωt) / norm,    ω = 2π a year, mean square 1 over the baseline

(multiplicative heteroscedasticity, Harvey 1976), and every part of the noise, slow or new, goes with it. a and b are
found by quasi-likelihood from the size of what each day brings that the day before did not tell: gamma with a
logarithmic link (Wedderburn 1974; McCullagh & Nelder 1989), whose dispersion, found from the same days, lets single
spikes (holidays) prove nothing. The wave is there only where the evidence exceeds Schwarz's 2 ln n and it comes back:
where the two halves of the baseline differ by more than they agree, the noise changes with time and not with the
season. And noise that is mostly drift has none: how far it has drifted is not smaller in winter. Else s = 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.statistics import effective_n, lag_one_autocorrelation
from savings.uncertainty.returning import YEAR_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS = 50
_SETTLED = 1e-10
_DRIFTING = 0.6  # correlation of neighbouring days from which on noise is mostly drift
_FEWEST = 30  # days that tell of a wave of three parameters
_STEEPEST = 1.0  # of |a| and |b|: a size of noise that differs by more than 17 times is no season


class SeasonalSpread(NamedTuple):
    """The wave of the logarithm of the noise's size; all zero where there is none."""

    sine: float
    cosine: float
    level: float  # logarithm of s where the wave is 0

    def at(self, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the size of the noise (n,) at days since the first of the baseline, 1 on average there."""
        phase = 2.0 * np.pi / YEAR_DAYS * position
        return np.asarray(np.exp(self.level + self.sine * np.sin(phase) + self.cosine * np.cos(phase)))


EVEN = SeasonalSpread(0.0, 0.0, 0.0)


def seasonal_spread(residual: NDArray[np.float64], position: NDArray[np.int64]) -> SeasonalSpread:
    """Return how the size of each day's news goes with the season, EVEN where that is not shown.

    `residual` (n,) are of days at `position` (n,), in ascending order; that they tell of two years is the caller's to
    know.
    """
    follows = np.diff(position) == 1
    memory = lag_one_autocorrelation(residual, follows)
    size = np.abs(residual[1:] - memory * residual[:-1])[follows]
    if memory > _DRIFTING or len(size) < _FEWEST or not size.mean() > 0.0:
        return EVEN
    day, size = position[1:][follows], size / size.mean()
    columns = _columns(day)
    found = _gamma(columns, size)
    if found is None or not _is_shown(columns, size, found) or not _comes_back(day, size, found):
        return EVEN
    sine, cosine = (float(each) for each in found[1:])
    plain = SeasonalSpread(sine, cosine, 0.0).at(position)
    return SeasonalSpread(sine, cosine, -0.5 * float(np.log(np.mean(plain**2))))


def _columns(day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return one and the wave (n, 3)."""
    phase = 2.0 * np.pi / YEAR_DAYS * day
    return np.column_stack([np.ones(len(day)), np.sin(phase), np.cos(phase)])


def _gamma(columns: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the coefficients (3,) of the logarithm of the mean size, None where the steps do not settle."""
    found = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        expected = np.exp(columns @ found)
        step = np.linalg.lstsq(columns, size / expected - 1.0, rcond=None)[0]
        found = found + step
        if np.abs(found[1:]).max() > _STEEPEST:
            return None
        if np.abs(step).max() < _SETTLED:
            return np.asarray(found)
    return None


def _is_shown(columns: NDArray[np.float64], size: NDArray[np.float64], found: NDArray[np.float64]) -> bool:
    """Return whether the wave is worth its two parameters, days that go together counted as fewer."""
    n = len(size)
    relative = size / np.exp(columns @ found) - 1.0
    dispersion = float(relative @ relative) / (n - columns.shape[1])
    counted = effective_n(n, max(lag_one_autocorrelation(relative), 0.0))
    own = np.linalg.inv(columns.T @ columns)[1:, 1:] * dispersion * n / counted
    wald = float(found[1:] @ np.linalg.solve(own, found[1:]))
    return wald > 2.0 * math.log(counted)


def _comes_back(day: NDArray[np.int64], size: NDArray[np.float64], found: NDArray[np.float64]) -> bool:
    """Return whether the waves of the two halves of the baseline differ by less than the wave of both."""
    early = day < 0.5 * (day[0] + day[-1])
    halves = [_gamma(_columns(day[half]), size[half]) for half in (early, ~early)]
    if halves[0] is None or halves[1] is None:
        return False
    apart = (halves[1] - halves[0])[1:]
    return float(apart @ apart) < float(found[1:] @ found[1:])
