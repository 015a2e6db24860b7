"""What a plant says of a day about its points, before any sensor touches it.

Values are in the canonical unit of the point's quantity (telemetry.quantities). The first axis is the world: row 0 is
the port as it is, row i the same port without demonstrator i; a single row means that no measure changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Level:
    """A state of matter: values at the ends of the steps (W or 1, n); between them it changes in a straight line."""

    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mean:
    """A rate or power that is constant within a step: its means over the steps (W or 1, n)."""

    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """What a counter counts: amounts per step (W or 1, n), never negative."""

    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Switch:
    """A state by the minute of the port as it is: (1440,) of 0 and 1 (or the number of a mode)."""

    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Amounts:
    """Events of the port as it is: instants (k,) [s since 1970-01-01 UTC], ascending, and amounts (k,)."""

    ts_s: NDArray[np.int64]
    values: NDArray[np.float64]


Output = Level | Mean | Flow | Switch | Amounts
