"""One simulated UTC day: the unit in which everything is made, whatever stretch of time is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S = 86_400
UNIX = date(1970, 1, 1)
MINUTES = 1_440


@dataclass(frozen=True)
class Day:
    """A UTC day in equal steps; step k lasts from `starts_s[k]` to `starts_s[k] + step_s`."""

    number: int  # days since 1970-01-01
    step_s: int  # [s], 60 to 3600 and a divisor of an hour

    def __post_init__(self) -> None:
        """Refuse steps that would not fit minutes and hours."""
        if self.step_s % 60 or 3600 % self.step_s:
            raise ValueError(f"a step of {self.step_s} s is not a whole number of minutes that divides an hour")

    @property
    def start_s(self) -> int:
        """Midnight UTC [s since 1970-01-01]."""
        return self.number * DAY_S

    @property
    def steps(self) -> int:
        """Number of steps, n."""
        return DAY_S // self.step_s

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.step_s / 3600.0

    @cached_property
    def starts_s(self) -> NDArray[np.int64]:
        """First instants of the steps (n,) [s since 1970-01-01 UTC]."""
        return self.start_s + np.arange(self.steps, dtype=np.int64) * self.step_s

    @cached_property
    def middles_s(self) -> NDArray[np.float64]:
        """Middles of the steps (n,) [s since 1970-01-01 UTC]."""
        return self.starts_s.astype(np.float64) + 0.5 * self.step_s

    @cached_property
    def minutes_s(self) -> NDArray[np.int64]:
        """First instants of the day's minutes (1440,) [s since 1970-01-01 UTC], whatever the step."""
        return self.start_s + np.arange(MINUTES, dtype=np.int64) * 60

    def mean_of_minutes(self, minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average a series by minute (…, 1440) over the steps: (…, n)."""
        sums: NDArray[np.float64] = np.add.reduce(minutes.reshape(*minutes.shape[:-1], self.steps, -1), axis=-1)
        return sums / (MINUTES // self.steps)
