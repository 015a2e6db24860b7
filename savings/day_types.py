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
}
_MONDAY, _TUESDAY, _FRIDAY, _SUNDAY = 0, 1, 4, 6


def kinds_of_rows(
    day_types: DayTypes, frequency: Frequency, start: NDArray[np.datetime64], country: str
) -> tuple[Role, NDArray[np.float64]]:
    """Return the kind (n,) of each row by its first local instant (n,), and the role of a driver that tells it.

    Hours have an hour of the week in their model: theirs is the day of the week that they count as. `country` is whose
    public holidays are Sundays (ISO 3166), "" for none.

    Raises
    ------
    ContractError
        If nobody knows the public holidays of that country.
    """
    days = start.astype("datetime64[D]")
    today, yesterday = (on_public_holiday(each, country) for each in (days, days - 1))
    counted = counted_weekday(day_types, weekday(start), today, yesterday)
    if frequency is Frequency.HOURLY:
        return Role.WEEK, counted.astype(np.float64)
    return Role.CATEGORY, kinds_of_day(day_types, counted)


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
