"""The days of a simulated port read out second by second: a day is made whole, then told as time passes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.day import DAY_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.sensors.port_readings import PortReadings
    from simulators.sensors.sampler import DayReadings

LOOK_BACK = timedelta(days=8)  # laboratories answer once a week


class Sent(NamedTuple):
    """One reading on its way."""

    key: str
    due_s: int  # when it is sent [s since 1970-01-01 UTC]
    ts_ms: int  # when it was, by the device's clock [ms since 1970-01-01 UTC]
    value: float  # declared unit


class LiveDays:
    """Readings by the time they are due; time is asked for in order, from wherever it begins."""

    def __init__(self, readings: PortReadings) -> None:
        self._readings = readings
        self._days: Iterator[DayReadings] = iter(())
        self._from = date.max  # days from here on are made …
        self._ahead = date.min  # … up to before this one
        self._made: dict[date, DayReadings] = {}

    def rows(self, after_s: int, until_s: int) -> list[Sent]:
        """Return what is due with after < time ≤ until [s], in order."""
        first, last = _day_of(after_s + 1), _day_of(until_s)
        self._make(first, last)
        self._forget_before(first)
        return [row for day in sorted(self._made) if day <= last for row in _between(self._made[day], after_s, until_s)]

    def latest(self, until_s: int) -> list[Sent]:
        """Return the latest reading of every point at or before an instant [s], none where it is long ago."""
        first, last = _day_of(until_s) - LOOK_BACK, _day_of(until_s)
        self._make(first, last)
        newest: dict[int, tuple[DayReadings, int]] = {}
        for day in sorted(self._made):
            made = self._made[day]
            end = int(np.searchsorted(made.due_s, until_s, side="right"))
            keys, backwards = np.unique(made.key_index[:end][::-1], return_index=True)
            newest |= {key: (made, end - 1 - back) for key, back in zip(keys.tolist(), backwards.tolist(), strict=True)}
        return [_rows(made, slice(row, row + 1))[0] for made, row in newest.values()]

    def _forget_before(self, first: date) -> None:
        self._from = first
        for past in [day for day in self._made if day < first]:
            del self._made[past]

    def _make(self, first: date, last: date) -> None:
        """Make the days up to the last one, beginning anew where time went back or a stretch is passed over."""
        if not self._from <= first <= self._ahead:
            self._days, self._made = self._readings.days(first, date.max), {}
            self._from = self._ahead = first
        while self._ahead <= last:
            made = next(self._days, None)
            if made is None:
                return
            day = _day_of(int(made.due_s[0])) if len(made.due_s) else self._ahead
            self._made[day] = made
            self._ahead = day + timedelta(days=1)


def _between(made: DayReadings, after_s: int, until_s: int) -> list[Sent]:
    start, end = np.searchsorted(made.due_s, (after_s, until_s), side="right")
    return _rows(made, slice(int(start), int(end)))


def _rows(made: DayReadings, part: slice) -> list[Sent]:
    return [
        Sent(made.keys[key], due_s, ts_us // 1000, value)
        for key, due_s, ts_us, value in zip(
            made.key_index[part].tolist(),
            made.due_s[part].tolist(),
            made.ts_us[part].tolist(),
            made.value[part].tolist(),
            strict=True,
        )
    ]


def _day_of(ts_s: int) -> date:
    return datetime.fromtimestamp(ts_s // DAY_S * DAY_S, UTC).date()
