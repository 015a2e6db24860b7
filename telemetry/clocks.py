"""Clocks that are off: a device whose times are steadily ahead of their arrival, or behind it by a fixed amount.

For each device the last lags (arrival minus newest time in the message) are kept. A clock is called off when the
median says so: ahead by more than 30 s, or behind by more than 30 s beyond the longest sampling period with hardly any
spread (a device that empties its buffer is behind too, but never steadily; a lag of more than a day is history).
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

KEPT = 16  # lags kept for each device
NEEDED = 8  # lags needed for a verdict
OFF_S = 30.0  # a clock is off from here [s]
STEADY_S = 2.0  # largest spread of a clock that is behind [s], between the quarters of the lags
HISTORY_S = 26 * 3600.0  # older than any mistake of time zone: told later, not told wrongly [s]


class ClockWatch:
    """Recent lags of every device."""

    def __init__(self, periods_s: Mapping[str, float]) -> None:
        """Watch devices; `periods_s` gives each device's longest sampling period [s]."""
        self.index = {device: number for number, device in enumerate(periods_s)}
        self._periods_s = np.array(list(periods_s.values()), np.float64)
        self._lags_s = np.full((len(periods_s), KEPT), np.nan)
        self._seen = np.zeros(len(periods_s), np.int64)
        self._off = np.zeros(len(periods_s), np.bool_)

    def keep(self, older: ClockWatch) -> None:
        """Take over what an older watch knows of the same devices."""
        for device, number in self.index.items():
            theirs = older.index.get(device)
            if theirs is not None:
                self._lags_s[number] = older._lags_s[theirs]
                self._seen[number] = older._seen[theirs]
                self._off[number] = older._off[theirs]

    def copied(self) -> ClockWatch:
        """Return a watch that knows the same and goes its own way."""
        made: ClockWatch = copy(self)
        made._lags_s, made._seen, made._off = self._lags_s.copy(), self._seen.copy(), self._off.copy()
        return made

    def observe(self, device: NDArray[np.int32], lag_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Take the lags [s] of messages (n,) and return for each whether its device's clock is off."""
        live = lag_s < HISTORY_S
        if live.any():
            self._keep(device[live], lag_s[live])
        return self._off[device]

    def off(self) -> dict[str, float]:
        """Return the devices whose clock is off, with their median lag [s] (negative: ahead)."""
        return {
            device: float(np.nanmedian(self._lags_s[number]))
            for device, number in self.index.items()
            if self._off[number]
        }

    def _keep(self, device: NDArray[np.int32], lag_s: NDArray[np.float64]) -> None:
        """Write the lags into the rings and judge the devices they belong to."""
        order = np.argsort(device, kind="stable")
        device, lag_s = device[order], lag_s[order]
        start = np.flatnonzero(np.r_[True, device[1:] != device[:-1]])
        count = np.diff(np.r_[start, len(device)])
        rank = np.arange(len(device)) - np.repeat(start, count)
        newest = rank >= np.repeat(count, count) - KEPT  # a ring takes no more than it holds
        place = (self._seen[device] + rank) % KEPT
        self._lags_s[device[newest], place[newest]] = lag_s[newest]
        touched = device[start]
        self._seen[touched] += count
        self._judge(touched)

    def _judge(self, touched: NDArray[np.int32]) -> None:
        """Decide anew about some devices."""
        ready = touched[self._seen[touched] >= NEEDED]
        if len(ready) == 0:
            return
        lags = np.sort(self._lags_s[ready], axis=1)  # NaN goes last
        known = np.minimum(self._seen[ready], KEPT)
        each = np.arange(len(ready))
        median, low, high = lags[each, known // 2], lags[each, known // 4], lags[each, (3 * known) // 4]
        ahead = median < -OFF_S
        behind = (median > OFF_S + self._periods_s[ready]) & (high - low < STEADY_S)
        self._off[ready] = ahead | behind
