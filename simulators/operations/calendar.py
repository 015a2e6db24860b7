"""Local calendars: what hour it is in the port, which days are holidays, when Easter is.

Shifts and tariffs are local time, daylight saving included; everything else in the simulation is UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from simulators.day import DAY_S, MINUTES, UNIX

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_QUARTER_S = 900  # zones change their offset at whole quarters of an hour


class LocalMinutes(NamedTuple):
    """The minutes of a day of UTC on the port's wall clock, each (1440,)."""

    days: NDArray[np.int64]  # local days since 1970-01-01
    minutes: NDArray[np.int64]  # minutes since local midnight


class Piece(NamedTuple):
    """Minutes of a day of UTC that follow each other on the wall clock of one local day."""

    day: int  # local days since 1970-01-01
    utc: slice  # of the minutes of the UTC day
    local: slice  # of the minutes of the local day


@lru_cache(maxsize=16)
def local_minutes(number: int, timezone: str) -> LocalMinutes:
    """Return the wall clock of each minute of the UTC day with this number."""
    starts_s = number * DAY_S + 60 * np.arange(MINUTES, dtype=np.int64)
    first_s, last_s = offsets_s(starts_s[[0, -1]], timezone)
    ahead_s = first_s if first_s == last_s else offsets_s(starts_s, timezone)  # nobody changes a clock twice a day
    days, minutes = np.divmod((starts_s + ahead_s) // 60, MINUTES)
    days.flags.writeable = minutes.flags.writeable = False
    return LocalMinutes(days, minutes)


@lru_cache(maxsize=128)
def local_pieces(number: int, timezone: str) -> tuple[Piece, ...]:
    """Return the pieces of the UTC day with this number: two on most days, three when the clock is changed."""
    days, minutes = local_minutes(number, timezone)
    breaks = np.flatnonzero((np.diff(minutes) != 1) | (np.diff(days) != 0)) + 1
    found = []
    for first, last in pairwise((0, *breaks.tolist(), MINUTES)):
        begins = int(minutes[first])
        found.append(Piece(int(days[first]), slice(first, last), slice(begins, begins + last - first)))
    return tuple(found)


def offsets_s(ts_s: ArrayLike, timezone: str) -> NDArray[np.int64]:
    """Return what local time is ahead of UTC (n,) [s] at instants (n,) [s since 1970-01-01 UTC]."""
    quarters, index = np.unique(np.asarray(ts_s, np.int64) // _QUARTER_S, return_inverse=True)
    zone = ZoneInfo(timezone)
    found = [_offset_s(datetime.fromtimestamp(int(quarter) * _QUARTER_S, UTC), zone) for quarter in quarters]
    return np.array(found, np.int64)[index]


def _offset_s(instant: datetime, zone: ZoneInfo) -> int:
    offset = instant.astimezone(zone).utcoffset() or timedelta()
    return round(offset.total_seconds())


def date_of(number: int) -> date:
    """Return the date of a day number (days since 1970-01-01)."""
    return UNIX + timedelta(days=number)


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


def is_holiday(number: int, country: str) -> bool:
    """Return whether a local day is a public holiday of a country (ISO 3166 code)."""
    day = date_of(number)
    return day in _holidays(country, day.year)


@lru_cache(maxsize=256)
def easter(year: int) -> date:
    """Return Easter Sunday of a year of the Gregorian calendar (J. Meeus, Astronomical Algorithms, 1998, ch. 8)."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap, rest = divmod(century, 4)
    lunar = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - lunar + 15) % 30
    weekday = (32 + 2 * rest + 2 * (in_century // 4) - epact - in_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
