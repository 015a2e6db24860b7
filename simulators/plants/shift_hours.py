"""The hours around a shift: what must run before people come and what runs on after they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulators.day import Day


def at_work(flows: Mapping[str, NDArray[np.float64]], production: str) -> NDArray[np.float64]:
    """Return the share of each step in shift (n,) at a production asset; a shift in any world is a shift."""
    share: NDArray[np.float64] = flows[f"at_work:{production}"].max(axis=0)
    return share


def before_shift(work: NDArray[np.float64], hours: float, day: Day) -> NDArray[np.float64]:
    """Return the share of each step (n,) that lies within `hours` before a shift, or in it.

    A shift of the next day is not seen: what starts before it starts at midnight UTC at the earliest.
    """
    minutes = _by_minute(work)[::-1]
    return day.mean_of_minutes(_lately(minutes, np.zeros(round(60 * hours)))[::-1])


class AfterShift:
    """The hours from the end of a shift, over midnight as well."""

    def __init__(self, hours: float) -> None:
        self._tail = np.zeros(round(60 * hours))  # the last minutes of the day before

    def advance(self, work: NDArray[np.float64], day: Day) -> NDArray[np.float64]:
        """Return the share of each step (n,) that lies within `hours` after a shift, and not in one."""
        minutes = _by_minute(work)
        found = _lately(minutes, self._tail) * (1.0 - minutes)
        self._tail = np.concatenate((self._tail, minutes))[MINUTES:]
        return day.mean_of_minutes(found)


def _by_minute(work: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by the minute (1440,) whether anybody is at work: 0 or 1."""
    return np.repeat((work > 0.0).astype(np.float64), MINUTES // len(work))


def _lately(minutes: NDArray[np.float64], tail: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by the minute (1440,) whether there was a 1 in it or in as many minutes before it as the tail is long."""
    counted = np.cumsum(np.concatenate((np.zeros(1), tail, minutes)))
    window = len(tail) + 1
    return (counted[window:] - counted[:-window] > 0.5).astype(np.float64)
