"""Student's t: distribution function and quantile, with numpy alone.

The distribution function is the regularised incomplete beta function, P(T > t) = I_x(n/2, 1/2)/2 with n degrees of
freedom and x = n/(n + t²) (Abramowitz & Stegun 26.7.1), by its continued fraction (26.5.8); the quantile is found by
bracketed Newton steps. Degrees of freedom need not be whole numbers: an effective number of points never is.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TINY = 1e-300
_ROUNDS = 200
_MANY = 1e6  # degrees of freedom from which on two terms about the normal distribution are exact to 1e-11


def t_cdf(t: ArrayLike, dof: float) -> NDArray[np.float64]:
    """Return P(T <= t) of Student's t with `dof` degrees of freedom; any shape, NaN where t is NaN.

    Raises
    ------
    ValueError
        If dof is not positive.

    Examples
    --------
    >>> round(float(t_cdf(2.228138851964939, 10)), 11)
    0.975
    """
    points = np.asarray(t, np.float64)
    upper = 0.5 * _two_tails(np.abs(points), dof)
    return np.where(points < 0, upper, 1.0 - upper)


@lru_cache(maxsize=512)
def t_quantile(probability: float, dof: float) -> float:
    """Return the t below which a share `probability` of Student's t with `dof` degrees of freedom lies.

    Raises
    ------
    ValueError
        If probability is not between 0 and 1, or dof not positive.

    Examples
    --------
    >>> round(t_quantile(0.95, 10), 9)
    1.812461123
    """
    _check_dof(dof)
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not {probability}")
    tail = min(probability, 1.0 - probability)
    if tail == 0.5:
        return 0.0
    sign = -1.0 if probability < 0.5 else 1.0
    if dof >= _MANY:  # Abramowitz & Stegun 26.7.5
        z = -NormalDist().inv_cdf(tail)
        return sign * (z + (z**3 + z) / (4 * dof))
    return sign * _upper_quantile(tail, dof)


def two_sided_t(confidence: float, dof: float) -> float:
    """Return the t that `confidence` (0 to 1) of the distribution lies within, on both sides of 0.

    >>> round(two_sided_t(0.9, 10), 9)
    1.812461123
    """
    return t_quantile(0.5 + confidence / 2, dof)


def _upper_quantile(tail: float, dof: float) -> float:
    """Return t > 0 with P(T > t) = tail, by Newton on the logarithm of the tail inside a bracket that shrinks."""
    low, high = 0.0, 1.0
    while _upper(high, dof) > tail:
        low, high = high, 2.0 * high
    point = 0.5 * (low + high)
    for _ in range(_ROUNDS):
        above = _upper(point, dof)
        low, high = (point, high) if above > tail else (low, point)
        step = math.log(above / tail) * above / _density(point, dof)
        following = point + step if low < point + step < high else 0.5 * (low + high)
        if abs(following - point) <= 1e-14 * point:
            return following
        point = following
    return point


def _upper(t: float, dof: float) -> float:
    return 0.5 * float(_two_tails(np.array(t), dof))


def _density(t: float, dof: float) -> float:
    scale = _log_gamma_half(dof / 2) - 0.5 * math.log(dof * math.pi)
    return math.exp(scale - 0.5 * (dof + 1) * math.log1p(t * t / dof))


def _two_tails(t: NDArray[np.float64], dof: float) -> NDArray[np.float64]:
    """Return P(|T| > t) for t >= 0: I_x(dof/2, 1/2), from whichever end its continued fraction converges fast."""
    _check_dof(dof)
    t = np.minimum(t, 1e100)  # an infinite t has no tail left, and no infinity over infinity
    if dof >= _MANY:  # 26.7.8
        normal = t * (1 - 1 / (4 * dof)) / np.sqrt(1 + t * t / (2 * dof))
        return np.asarray(np.vectorize(math.erfc, otypes=[np.float64])(normal / math.sqrt(2)))
    half = dof / 2
    share = 1.0 / (1.0 + dof / np.maximum(t * t, _TINY))  # 1 - x, without loss for small t
    front = np.exp(
        _log_gamma_half(half)
        - 0.5 * math.log(math.pi)
        - half * np.log1p(t * t / dof)
        + 0.5 * np.log(np.maximum(share, _TINY))
    )
    rest = 1.0 / (1.0 + t * t / dof)
    outer = rest < (half + 1) / (half + 2.5)
    far = front / half * _fraction(np.where(outer, rest, 0.5), half, 0.5)
    near = 1.0 - 2.0 * front * _fraction(np.where(outer, 0.5, share), 0.5, half)
    return np.asarray(np.where(np.isnan(t), np.nan, np.where(outer, far, near)))


def _fraction(x: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Return the continued fraction of the incomplete beta function by Lentz's method as Thompson & Barnett (1986)."""
    one = np.ones_like(x)
    c, d = one, 1.0 / _away(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _away(1.0 + even * d), _away(1.0 + even / c)
        value = value * d * c
        d, c = 1.0 / _away(1.0 + odd * d), _away(1.0 + odd / c)
        value = value * d * c
        if not np.any(np.abs(d * c - 1.0) > 1e-15):
            break
    return value


def _away(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(x) < _TINY, _TINY, x)


def _log_gamma_half(a: float) -> float:
    """Return ln Γ(a + 1/2) - ln Γ(a); by its asymptotic series where the difference would lose digits."""
    if a < 30:
        return math.lgamma(a + 0.5) - math.lgamma(a)
    inverse = 1.0 / a
    square = inverse * inverse
    series = inverse * (-1 / 8 + square * (1 / 192 + square * (-1 / 640 + square * (17 / 14336))))
    return 0.5 * math.log(a) + series


def _check_dof(dof: float) -> None:
    if not dof > 0:
        raise ValueError(f"degrees of freedom are more than 0, not {dof}")
