"""How large the noise is in each season: what a door lets in on a summer's day varies more than what it does in winter.

A total over half a year feels the noise of its own months and not that of an average one. From two years of days on
the size of the noise may therefore follow a wave of one year,

    s(t) = exp(a sin ωt + b cos ωt) / norm,    ω = 2π a year, mean square 1 over the baseline

(multiplicative heteroscedasticity, Harvey 1976). a and b are found by quasi-likelihood from the size of what each day
brings that the day before did not tell: gamma with a logarithmic link (Wedderburn 1974; McCullagh & Nelder 1989), whose
dispersion, found from the same days, lets single spikes (holidays) prove nothing, and a straight line beside the wave
takes what grows or wanes. The wave is there only where the evidence exceeds Schwarz's 2 ln n, n the number of
independent news, each twelfth of the year has days, and it comes back: where the two halves of the baseline differ by
more than they agree, the noise changes with time and not with the season. And noise that is mostly drift has none: how
far it has drifted is not smaller in winter. Else s = 1.

Days tell of the news; a total feels what is slow, and weeks are too few to tell its season. All of the noise is taken
to follow the root of s: with s itself a calm half year was covered too seldom, with 1 too often (docs/decisions.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.statistics import effective_n, lag_one_autocorrelation
from savings.uncertainty.returning import YEAR_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLLOWED = 0.5  # exponent of s that all of the noise is taken to follow
_ROUNDS = 50
_SETTLED = 1e-10
_DRIFTING = 0.6  # correlation of neighbouring days from which on noise is mostly drift
_FARTHEST = 30.0  # of a logarithm of a size, while steps are still wild
_FEWEST = 5  # days in each twelfth of the year
_STEEPEST = 0.5 * math.log(17.0)  # of the wave: noise that differs by more than 17 times is taken to differ by 17


class SeasonalSpread(NamedTuple):
    """The wave of the logarithm of the news' size; all zero where there is none."""

    sine: float
    cosine: float
    level: float  # logarithm of the noise's size where the wave is 0

    @property
    def ratio(self) -> float:
        """The size of the news in the season that they are largest in by that half a year from it."""
        return math.exp(2.0 * math.hypot(self.sine, self.cosine))

    def at(self, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the size of the noise (n,) at days since the first of the baseline, 1 on average there."""
        phase = 2.0 * np.pi / YEAR_DAYS * position
        wave = self.sine * np.sin(phase) + self.cosine * np.cos(phase)
        return np.asarray(np.exp(self.level + FOLLOWED * wave))


EVEN = SeasonalSpread(0.0, 0.0, 0.0)


def seasonal_spread(residual: NDArray[np.float64], position: NDArray[np.int64]) -> SeasonalSpread:
    """Return how the size of each day's news goes with the season, EVEN where that is not shown.

    `residual` (n,) are of days at `position` (n,), in ascending order; that they tell of two years is the caller's to
    know.
    """
    follows = np.diff(position) == 1
    memory = lag_one_autocorrelation(residual, follows)
    size = np.abs(residual[1:] - memory * residual[:-1])[follows]
    day = position[1:][follows]
    if memory > _DRIFTING or not _in_all_seasons(day) or not size.mean() > 0.0:
        return EVEN
    size = size / size.mean()
    wave = _wave(day)
    columns = np.column_stack([*_plain(day), wave])
    found = _gamma(columns, size)
    if not _is_shown(columns, size, found) or not _comes_back(day, wave, size):
        return EVEN
    sine, cosine = (float(each) for each in _bounded(found[2:]))
    plain = SeasonalSpread(sine, cosine, 0.0).at(position)
    return SeasonalSpread(sine, cosine, -0.5 * float(np.log(np.mean(plain**2))))


def _in_all_seasons(day: NDArray[np.int64]) -> bool:
    """Return whether there are days in every twelfth of the year."""
    twelfth = (day / YEAR_DAYS % 1.0 * 12.0).astype(np.int64)
    return bool(np.bincount(twelfth, minlength=12).min() >= _FEWEST)


def _wave(day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return sine and cosine of the place in the year (n, 2)."""
    phase = 2.0 * np.pi / YEAR_DAYS * day
    return np.column_stack([np.sin(phase), np.cos(phase)])


def _plain(day: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return one and a straight line (n,) each, which have no season."""
    return np.ones(len(day)), (day - day.mean()) / YEAR_DAYS


def _bounded(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a wave (2,) no steeper than the steepest, of the same season."""
    return np.asarray(wave * min(1.0, _STEEPEST / max(float(np.hypot(*wave)), 1e-300)))


def _gamma(columns: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients (c,) of the logarithm of the mean size; where steps do not settle, the last."""
    found = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        expected = np.exp(np.clip(columns @ found, -_FARTHEST, _FARTHEST))
        step = np.linalg.lstsq(columns, size / expected - 1.0, rcond=None)[0]
        step = step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-300))
        found = found + step
        if np.abs(step).max() < _SETTLED:
            break
    return np.asarray(found)


def _is_shown(columns: NDArray[np.float64], size: NDArray[np.float64], found: NDArray[np.float64]) -> bool:
    """Return whether the wave, the last two columns, is worth its parameters; days that go together count as fewer."""
    n = len(size)
    relative = size / np.exp(np.clip(columns @ found, -_FARTHEST, _FARTHEST)) - 1.0
    dispersion = float(relative @ relative) / (n - columns.shape[1])
    counted = effective_n(n, max(lag_one_autocorrelation(relative), 0.0))
    own = np.linalg.inv(columns.T @ columns)[-2:, -2:] * dispersion * n / counted
    wald = float(found[-2:] @ np.linalg.solve(own, found[-2:]))
    return wald > 2.0 * math.log(counted)


def _comes_back(day: NDArray[np.int64], wave: NDArray[np.float64], size: NDArray[np.float64]) -> bool:
    """Return whether the waves of the two halves of the baseline differ by less than their mean."""
    half = np.where(day < 0.5 * (day[0] + day[-1]), -0.5, 0.5)[:, None]
    found = _gamma(np.column_stack([*_plain(day), half, half * wave, wave]), size)
    return bool(np.hypot(*found[3:5]) < np.hypot(*found[5:]))
