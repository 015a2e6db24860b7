"""Kinds of day: which days a model takes for alike, public holidays among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.table import Frequency, Role, weekday
from telemetry.plan import DayTypes
from telemetry.public_holidays import on_public_holiday

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = {  # by day of the week from Monday
    DayTypes.NONE: np.zeros(7),
    DayTypes.WEEK: np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]),
    DayTypes.WEEKDAY: np.arange(7.0),
    DayTypes.REST: np.arange(7.0),
}
_MONDAY, _TUESDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 1, 4, 5, 6
_LONGEST = 3  # days of rest that are told apart
# By days of rest before: a Monday, a Saturday and a Sunday without holidays keep the numbers that they have in a week.
_AFTER_REST = np.array([1, 2, 0, 3])  # working days
_OF_REST = np.array([5, 6, 4, 4])


def kinds_of_rows(
    day_types: DayTypes, frequency: Frequency, start: NDArray[np.datetime64], country: str
) -> tuple[Role, NDArray[np.float64]]:
    """Return the kind (n,) of each row by its first local instant (n,), and the role of a driver that tells it.

    Hours have an hour of the week in their model: theirs is that of the day that they count as, or its kind by rest.
    `country` is whose public holidays are days of rest (ISO 3166), "" for none.

    Raises
    ------
    ContractError
        If nobody knows the public holidays of that country.
    """
    days = start.astype("datetime64[D]")
    if day_types is DayTypes.REST:
        counted = counted_by_rest(np.stack([_rests(days - before, country) for before in range(_LONGEST + 1)]))
    else:
        today, yesterday = (on_public_holiday(each, country) for each in (days, days - 1))
        counted = counted_weekday(day_types, weekday(start), today, yesterday)
    if frequency is Frequency.HOURLY:
        return Role.WEEK, counted.astype(np.float64)
    return Role.CATEGORY, kinds_of_day(day_types, counted)


def hours_alike(day_types: DayTypes, counted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the day (n,) whose hours each row takes, of the day that it counts as (n,): what is alike shares them.

    With three kinds of day Monday to Friday are one, by the hour too: seven would ask the sums of days for four levels
    more than the plan knows, and what they take out of the noise is what tells how long it lasts (docs/decisions.md).

    >>> hours_alike(DayTypes.WEEK, np.array([0.0, 4.0, 5.0, 6.0])).tolist()
    [0.0, 0.0, 5.0, 6.0]
    """
    alike = (day_types is DayTypes.WEEK) & (counted <= _FRIDAY)
    return np.asarray(np.where(alike, _MONDAY, counted), np.float64)


def kinds_of_day(day_types: DayTypes, counted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the kind (n,) of days that count as a day of the week (n,), 0 for Monday to 6 for Sunday.

    >>> kinds_of_day(DayTypes.WEEK, np.array([4, 5, 6])).tolist()
    [0.0, 1.0, 2.0]
    """
    kinds: NDArray[np.float64] = _KINDS[day_types][counted]
    return kinds


def counted_weekday(
    day_types: DayTypes,
    weekday: NDArray[np.int64],
    is_holiday: NDArray[np.bool_],
    was_holiday_yesterday: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the day of the week (n,) that each day of the week (n,) counts as: a public holiday as a Sunday.

    Where each day of the week is a kind of its own, a Tuesday to Friday after a public holiday is a Monday: what rested
    on the holiday starts cold. A Saturday after one stays a Saturday, on which less is done than on a Monday.

    >>> tuesday = np.array([1])
    >>> int(counted_weekday(DayTypes.WEEKDAY, tuesday, np.array([False]), np.array([True]))[0])
    0
    """
    counted = weekday
    if day_types is DayTypes.WEEKDAY:
        starts_cold = was_holiday_yesterday & (weekday >= _TUESDAY) & (weekday <= _FRIDAY)
        counted = np.where(starts_cold, _MONDAY, counted)
    return np.where(is_holiday, _SUNDAY, counted)


def counted_by_rest(rests: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the kind (n,) of days by how long a plant that works from Monday to Friday has rested.

    0 to 3 are working days after two days of rest (a Monday), none, one, and three or more; 5, 6 and 4 are the first
    day of rest, the second, and later ones. What cools while it rests is cold by that and not by the day of the week:
    a holiday on a Thursday cools as a Saturday does, and the Friday after it starts less cold than a Monday.

    Parameters
    ----------
    rests
        Whether each day rests, and the days one, two and three before it: (4, n).

    >>> thursday_off = np.array([[True, False], [False, True], [False, False], [False, False]])
    >>> counted_by_rest(thursday_off).tolist()  # the Thursday and the Friday
    [5, 2]
    """
    rested = np.cumprod(rests[1:], axis=0).sum(axis=0)
    return np.asarray(np.where(rests[0], _OF_REST[rested], _AFTER_REST[rested]))


def _rests(days: NDArray[np.datetime64], country: str) -> NDArray[np.bool_]:
    """Return which days (n,) are Saturdays, Sundays or public holidays."""
    return np.asarray((weekday(days.astype("datetime64[s]")) >= _SATURDAY) | on_public_holiday(days, country))
