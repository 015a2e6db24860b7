"""Trouble that comes back: once is an accident, again and again is a defect that somebody has to see."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 5
WITHIN_S = 300.0


class Recurrence:
    """Remembers when something last happened; `note` is called by one thread, `often` by any."""

    def __init__(self, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock_s` is a monotonic clock [s]."""
        self._clock_s = clock_s
        self._times_s: deque[float] = deque(maxlen=TIMES)

    def note(self) -> None:
        """Note that it happened just now."""
        self._times_s.append(self._clock_s())

    @property
    def often(self) -> bool:
        """Whether it happened `TIMES` times within the last `WITHIN_S` [s]."""
        times_s = tuple(self._times_s)
        return len(times_s) == TIMES and self._clock_s() - times_s[0] < WITHIN_S
