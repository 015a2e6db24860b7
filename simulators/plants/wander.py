"""Things that are never quite steady: bounded, smooth and addressed by time, so that the step does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.streams import Stream


def wander(stream: Stream, at_s: NDArray[np.number], spacing_s: int) -> NDArray[np.float64]:
    """Return a wandering between -1 and 1 at times [s], in their shape: straight lines between lucky nodes."""
    place = np.asarray(at_s, np.float64) / spacing_s
    node = np.floor(place).astype(np.int64)
    first = int(node.min())
    nodes = 2.0 * stream.uniform(np.arange(first, int(node.max()) + 2)) - 1.0
    wandering: NDArray[np.float64] = np.interp(place - first, np.arange(len(nodes)), nodes)
    return wandering
