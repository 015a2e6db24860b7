"""Things that are never quite steady: bounded, smooth and addressed by time, so that the step does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.streams import Stream

_KEPT = 4_096  # nodes drawn at once


class Wander:
    """A wandering between -1 and 1: straight lines between lucky nodes, `spacing_s` [s] apart.

    Asked day after day it draws its nodes in large blocks; what it says depends on the time alone.
    """

    def __init__(self, stream: Stream, spacing_s: int) -> None:
        self._stream = stream
        self._spacing_s = spacing_s
        self._first = 0
        self._nodes: NDArray[np.float64] = np.zeros(0)

    def at(self, at_s: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the wandering at ascending times (n,) [s since 1970-01-01]."""
        first = int(at_s[0] // self._spacing_s)
        last = int(at_s[-1] // self._spacing_s) + 1
        if first < self._first or last >= self._first + len(self._nodes):
            self._first = first
            drawn = self._stream.uniform(np.arange(first, max(last + 1, first + _KEPT)))
            self._nodes = 2.0 * drawn - 1.0
        nodes = self._nodes[first - self._first : last + 1 - self._first]
        wandering: NDArray[np.float64] = np.interp(at_s / self._spacing_s - first, np.arange(len(nodes)), nodes)
        return wandering
