"""Curves through means, and anomalies that last: what turns a figure a day or a month into weather by the minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.day import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from simulators.streams import Stream

ORIGIN = -1  # day number of the first anomaly, 1969-12-31: every scenario shares the same past, whenever it begins
SEASON_ORIGIN_S = 946_684_800  # 2000-01-01T00Z
YEAR_DAYS = 365.25
_GROWTH = 512  # days by which a series grows at a time


def curve(cells: Callable[[NDArray[np.int64]], NDArray[np.float64]], position: ArrayLike) -> NDArray[np.float64]:
    """Return a continuous curve whose mean over each cell is exactly the cell's value.

    A parabola in each cell, meeting its neighbours half way (the piecewise parabolic method of Colella and Woodward,
    J. Comput. Phys. 54, 1984, with plain averages at the edges).

    Parameters
    ----------
    cells
        Values (m,) of the cells with the numbers (m,).
    position
        Where to read the curve, in cells (n,): 3.25 is a quarter into cell 3.
    """
    position = np.asarray(position, np.float64)
    if position.size == 0:
        return np.zeros(position.shape)
    cell = np.floor(position).astype(np.int64)
    first = int(cell.min()) - 1
    values = cells(np.arange(first, int(cell.max()) + 2))
    index = cell - first
    mean, share = values[index], position - cell
    left, right = 0.5 * (values[index - 1] + mean), 0.5 * (mean + values[index + 1])
    bend = 6.0 * (mean - 0.5 * (left + right))
    made: NDArray[np.float64] = left + share * (right - left + bend * (1.0 - share))
    return made


def season(ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return the time of the year (n,) [rad]: 0 at the turn of the year."""
    since_s = np.asarray(ts_s, np.float64) - SEASON_ORIGIN_S
    return since_s * (2.0 * np.pi / (DAY_S * YEAR_DAYS))


def clock(ts_s: ArrayLike, peak_h: float) -> NDArray[np.float64]:
    """Return a daily wave (n,) between -1 and 1 that is highest at an hour of UTC."""
    wave: NDArray[np.float64] = np.cos(2.0 * np.pi * (np.asarray(ts_s, np.float64) / DAY_S - peak_h / 24.0))
    return wave


def months(ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return instants (n,) counted in months since 1970-01: 0.5 is the middle of January 1970."""
    instants = np.floor(np.asarray(ts_s, np.float64)).astype("datetime64[s]")
    month = instants.astype("datetime64[M]")
    start = month.astype("datetime64[s]").astype(np.float64)
    length = (month + 1).astype("datetime64[s]").astype(np.float64) - start
    counted: NDArray[np.float64] = month.astype(np.float64) + (np.asarray(ts_s, np.float64) - start) / length
    return counted


def monthly(values: NDArray[np.float64], ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return a smooth yearly curve at instants (n,) whose monthly means are the twelve values, January first."""
    return curve(lambda number: values[number % 12], months(ts_s))


def series(coefficients: tuple[float, ...], ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return a Fourier series of the year at instants (n,): mean, then cosine and sine of each harmonic."""
    angle = season(ts_s)
    total = np.full(angle.shape, coefficients[0])
    for harmonic, (cosine, sine) in enumerate(zip(coefficients[1::2], coefficients[2::2], strict=True), start=1):
        total += cosine * np.cos(harmonic * angle) + sine * np.sin(harmonic * angle)
    return total


class Anomaly:
    """How far something is from its season, day by day: a first-order autoregression of mean 0 and variance 1.

    x(d) = φ x(d-1) + √(1-φ²) e(d). The shocks e may be shared in part with a partner, so that two anomalies go
    together. The series is made from one fixed day on and kept, so a day is the same whichever was asked before.
    """

    def __init__(
        self, stream: Stream, persistence: float, partner: Anomaly | None = None, correlation: float = 0.0
    ) -> None:
        """Take φ [1] and the correlation of the daily shocks with the partner's [1]."""
        self._stream = stream
        self._persistence = persistence
        self._partner = partner
        self._correlation = correlation
        self._days = np.empty(0)  # from ORIGIN on

    def shocks(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the shocks (n,) of days (n,): standard normal, independent of each other."""
        own = self._stream.normal(numbers)
        if self._partner is None:
            return own
        shared = self._correlation
        mixed: NDArray[np.float64] = shared * self._partner.shocks(numbers) + np.sqrt(1.0 - shared**2) * own
        return mixed

    def days(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the daily means (n,) of days (n,) [standard deviations].

        Raises
        ------
        ValueError
            If a day lies before the series begins.
        """
        if numbers.min() < ORIGIN:
            raise ValueError(f"the weather begins in 1970; day {int(numbers.min())} lies before")
        last = int(numbers.max()) - ORIGIN
        if last >= self._days.size:
            self._grow(last + 1)
        found: NDArray[np.float64] = self._days[numbers - ORIGIN]
        return found

    def at(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the anomaly at instants (n,) [standard deviations]: smooth, with the daily means of `days`."""
        return curve(self.days, np.asarray(ts_s, np.float64) / DAY_S)

    def _grow(self, size: int) -> None:
        """Carry the recursion on to at least so many days; what was there stays."""
        before = self._days.size
        size = -(-size // _GROWTH) * _GROWTH
        shocks = self.shocks(np.arange(before, size, dtype=np.int64) + ORIGIN)
        fresh = (shocks * np.sqrt(1.0 - self._persistence**2)).tolist()
        made: list[float] = []
        value = float(self._days[-1]) if before else None
        for index, shock in enumerate(fresh):
            value = float(shocks[index]) if value is None else self._persistence * value + shock
            made.append(value)
        self._days = np.concatenate([self._days, made])


def ripple(stream: Stream, period_s: float, ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return smooth noise at instants (n,), of mean 0 and variance about 1, that forgets itself within two periods."""
    return curve(stream.normal, np.asarray(ts_s, np.float64) / period_s)
