"""Kinds of day: which days a model takes for alike, public holidays among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from telemetry.plan import DayTypes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = {  # by day of the week from Monday
    DayTypes.NONE: np.zeros(7),
    DayTypes.WEEK: np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0]),
    DayTypes.WEEKDAY: np.arange(7.0),
}
_MONDAY, _TUESDAY, _FRIDAY, _SUNDAY = 0, 1, 4, 6


def kinds_of_day(
    day_types: DayTypes,
    weekday: NDArray[np.int64],
    is_holiday: NDArray[np.bool_],
    was_holiday_yesterday: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the kind (n,) of each day of the week (n,), 0 for Monday to 6 for Sunday: a public holiday is a Sunday.

    Where each day of the week is a kind of its own, a Tuesday to Friday after a public holiday is a Monday: what rested
    on the holiday starts cold. A Saturday after one stays a Saturday, on which less is done than on a Monday.

    >>> tuesday = np.array([1])
    >>> float(kinds_of_day(DayTypes.WEEKDAY, tuesday, np.array([False]), np.array([True]))[0])
    0.0
    """
    counted = counted_weekday(day_types, weekday, is_holiday, was_holiday_yesterday)
    kinds: NDArray[np.float64] = _KINDS[day_types][counted]
    return kinds


def counted_weekday(
    day_types: DayTypes,
    weekday: NDArray[np.int64],
    is_holiday: NDArray[np.bool_],
    was_holiday_yesterday: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the day of the week (n,) that each counts as, as `kinds_of_day` takes it: what hours of the week go by.

    >>> thursday = np.array([3])
    >>> int(counted_weekday(DayTypes.WEEK, thursday, np.array([True]), np.array([False]))[0])
    6
    """
    counted = weekday
    if day_types is DayTypes.WEEKDAY:
        starts_cold = was_holiday_yesterday & (weekday >= _TUESDAY) & (weekday <= _FRIDAY)
        counted = np.where(starts_cold, _MONDAY, counted)
    return np.where(is_holiday, _SUNDAY, counted)
