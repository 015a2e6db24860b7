"""A strainer that clogs with what the seawater carries, and is cleaned: by the calendar, or when it is dirty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.plants.cleaning import since_cleaning
from simulators.streams import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day


class Strainer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a strainer clogs and when it is cleaned."""

    growth: float = 4.5e-9  # resistance added per m3 at 10 NTU [m/(m3/h)² per m3; 0.15 bar in 14 days at 100 m3/h, J]
    luck: float = 0.4  # standard deviation of the logarithm of a day's weed and sand [1, J]
    interval_days: int = 14  # cleaned at least so often [J]
    limit_bar: float = 0.45  # cleaned the morning after the pressure drop passed this: operators wait for the alarm [J]
    policy_limit_bar: float = 0.20  # the same with the cleaning policy in force [J]
    hour: int = 9  # of the day at which it is cleaned [h UTC]; a duplex strainer: the flow goes on

    def cleans(self, day: Day, policy: NDArray[np.float64], worst_bar: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether it is cleaned today (W or 1,), given yesterday's highest pressure drop (W or 1,) [bar]."""
        limit_bar = self.limit_bar + policy[:, 0] * (self.policy_limit_bar - self.limit_bar)
        due: NDArray[np.bool_] = (worst_bar > limit_bar) | (day.number % self.interval_days == 0)
        return due

    def pace(self, day: Day, seed: int, asset: str, turbidity_ntu: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how each m3 clogs it (1, n) [m/(m3/h)² per m3]: by the root of turbidity, and luck by day."""
        luck = np.exp(self.luck * Stream.of(seed, "strainer", asset).normal(day.number))
        pace: NDArray[np.float64] = self.growth * luck * np.sqrt(np.maximum(turbidity_ntu, 0.0) / 10.0)[None]
        return pace

    def clog(
        self, day: Day, before: NDArray[np.float64], pace_per_h: NDArray[np.float64], cleans: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the added resistance after the day (W,) and its means over the steps (W, n) [m/(m3/h)²]."""
        grown = pace_per_h * day.step_h
        at_end = since_cleaning(day, self.hour, before, grown, cleans)
        return at_end[:, -1], at_end - 0.5 * grown
