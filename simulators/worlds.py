"""What is in force in which world, step by step, of one day: measures by their share, happenings by their value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Worlds:
    """Measures and happenings of one day.

    World 0 is the port as it is; world i is the same port under the same luck without demonstrator i. A profile has the
    shape (W, n), or (1, n) where it is the same in all worlds.
    """

    count: int  # W
    steps: int  # n
    shares: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)  # (kind, asset) → 0 to 1
    happenings: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)  # (kind, asset) → value

    def share(self, kind: str, asset: str) -> NDArray[np.float64]:
        """Return how far a measure is in force (W or 1, n): 0 not at all, 1 in full."""
        return self._profile(self.shares, kind, asset, 0.0)

    def happening(self, kind: str, asset: str, default: float = 0.0) -> NDArray[np.float64]:
        """Return the value of a happening (W or 1, n), `default` while there is none."""
        return self._profile(self.happenings, kind, asset, default)

    def _profile(
        self, profiles: Mapping[tuple[str, str], NDArray[np.float64]], kind: str, asset: str, default: float
    ) -> NDArray[np.float64]:
        found = profiles.get((kind, asset))
        return _constant(self.steps, default) if found is None else found


@lru_cache(maxsize=64)
def _constant(steps: int, value: float) -> NDArray[np.float64]:
    """Return the profile (1, n) of what does not happen: asked for some hundred times a day, so it is kept."""
    profile = np.full((1, steps), value)
    profile.flags.writeable = False
    return profile
