"""How much is going on at a place, day by day and minute by minute: shifts, weekdays, seasons, feasts and luck."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.smooth import monthly
from simulators.day import DAY_S, MINUTES
from simulators.operations.calendar import date_of, easter, is_holiday, local_minutes
from simulators.plants.parameters import Parameters
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

Hours = tuple[tuple[float, float], ...]  # of local time, each from and to [h]; a night shift is two pieces

_BLOCK = 20  # minutes over which the pace of work holds
_CHRISTMAS = (0, 1, 3, 15, 35)  # days before 25 December, and how far the peak is there
_EASTER = (0, 1, 3, 12, 24)  # days before Easter Sunday
_PEAK = (0.0, 0.0, 1.0, 1.0, 0.0)
_BLOCKS_A_DAY = MINUTES // _BLOCK


class ActivityParameters(Parameters, frozen=True, kw_only=True):
    """When a place works, and how its volume moves; all judgement unless a port knows better."""

    timezone: str = "Europe/Paris"
    country: str = "FR"  # whose public holidays are kept (ISO 3166)
    hours: Hours = ((4.0, 18.0),)  # Monday to Friday
    saturday_hours: Hours = ((4.0, 12.0),)
    sunday_hours: Hours = ()
    weekdays: tuple[float, float, float, float, float, float, float] = (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0)  # volumes
    months: tuple[float, ...] = (1.0,) * 12  # volumes, January first; means of the months of a smooth curve
    christmas: float = 0.0  # how much more in the weeks before Christmas [1]
    easter: float = 0.0  # how much more in the weeks before Easter [1]
    holiday: float = 0.0  # volume on public holidays [1]
    spread: float = 0.12  # standard deviation of the daily volume, lognormal [1]
    pace: float = 0.2  # spread of the pace within the shift, of its logarithm [1]
    start_up_min: float = 30.0  # until the full pace [min]
    pause_min: float = 30.0  # in the middle of each piece of more than six hours [min]
    follows: str = ""  # the asset whose luck is shared; its own where empty


class Activity:
    """The activity of one place under one seed: a volume relative to an ordinary day, laid over its shifts."""

    def __init__(self, parameters: ActivityParameters, seed: int, name: str = "") -> None:
        """Take the parameters; `name` tells several activities of one asset apart."""
        own = parameters
        whose = own.follows or name or own.asset
        self._own = own
        self._luck = Stream.of(seed, "operations", "volume", whose)
        self._paces = Stream.of(seed, "operations", "pace", name or own.asset)
        self._months = np.array(own.months, np.float64)
        self._sigma = float(np.sqrt(np.log1p(own.spread**2)))
        self._known: dict[int, float] = {}  # relative volumes that were asked before
        self._longest_min = max((_length_min(hours) for hours in self._all_hours()), default=0.0)

    def relative(self, local_day: int) -> float:
        """Return the volume of a local day over that of an ordinary one [1]: lognormal luck of mean 1."""
        if local_day not in self._known:
            self._known[local_day] = self._relative(local_day)
        return self._known[local_day]

    def weights(self, local_day: int) -> NDArray[np.float64]:
        """Return how a local day's volume lies over its minutes (1440,): the sum is 1, or 0 on a day without shift."""
        own, hours = self._own, self._hours(date_of(local_day))
        shape = _profile(hours, own.start_up_min, own.pause_min)
        if not shape.any():
            return shape
        paces = np.exp(own.pace * self._paces.normal(local_day * _BLOCKS_A_DAY + np.arange(_BLOCKS_A_DAY)))
        shape = shape * np.repeat(paces, _BLOCK)
        weights: NDArray[np.float64] = shape / shape.sum()
        return weights

    def at_work(self, number: int) -> NDArray[np.float64]:
        """Return the minutes of a UTC day (1440,) in which people are at work, 0 or 1."""
        return self.laid(number, lambda day: _on(self._hours(date_of(day))) * (self.relative(day) > 0.0))

    def shares(self, number: int) -> NDArray[np.float64]:
        """Return the volume in each minute of a UTC day (1440,) over that of a whole ordinary day."""
        return self.laid(number, lambda day: self.relative(day) * self.weights(day))

    def busy(self, number: int) -> NDArray[np.float64]:
        """Return how busy each minute of a UTC day is (1440,): about 1 in an ordinary shift, 0 outside shifts."""
        return self.laid(number, self._busy)

    def _relative(self, local_day: int) -> float:
        own, day = self._own, date_of(local_day)
        volume = own.weekdays[day.weekday()] * (own.holiday if is_holiday(local_day, own.country) else 1.0)
        if volume == 0.0 or not self._hours(day):
            return 0.0
        season = float(monthly(self._months, np.array([(local_day + 0.5) * DAY_S]))[0])
        feasts = (1.0 + own.christmas * _towards_christmas(day)) * (1.0 + own.easter * _towards_easter(day))
        luck = np.exp(self._sigma * float(self._luck.normal(local_day)) - 0.5 * self._sigma**2)
        return float(volume * season * feasts * luck)

    def _busy(self, local_day: int) -> NDArray[np.float64]:
        """Volume for each hour of shift, by the minute of a local day (1440,)."""
        hours = self._hours(date_of(local_day))
        length_min = _length_min(hours)
        if not length_min:
            return np.zeros(MINUTES)
        return _on(hours) * (self.relative(local_day) * self._longest_min / length_min)

    def laid(self, number: int, of_day: Callable[[int], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what is known by the minute of local days (1440,) for the minutes of a UTC day (1440,)."""
        local = local_minutes(number, self._own.timezone)
        made = np.zeros(MINUTES)
        for day in range(int(local.days[0]), int(local.days[-1]) + 1):
            here = local.days == day
            made[here] = of_day(day)[local.minutes[here]]
        return made

    def _hours(self, day: date) -> Hours:
        weekday, own = day.weekday(), self._own
        return (own.hours, own.saturday_hours, own.sunday_hours)[max(0, weekday - 4)]

    def _all_hours(self) -> tuple[Hours, ...]:
        return self._own.hours, self._own.saturday_hours, self._own.sunday_hours


@lru_cache(maxsize=64)
def _on(hours: Hours) -> NDArray[np.float64]:
    """Return the minutes of a local day (1440,) that lie in a shift, 0 or 1."""
    minute = np.arange(MINUTES)
    on = np.zeros(MINUTES)
    for begins, ends in hours:
        on[(minute >= begins * 60) & (minute < ends * 60)] = 1.0
    on.flags.writeable = False
    return on


@lru_cache(maxsize=64)
def _profile(hours: Hours, start_up_min: float, pause_min: float) -> NDArray[np.float64]:
    """Return the usual pace by the minute of a local day (1440,): a start-up, a pause, full pace otherwise."""
    minute = np.arange(MINUTES) + 0.5
    shape = np.array(_on(hours))
    for begins, ends in hours:
        since = minute - begins * 60
        rising = (since > 0) & (since < start_up_min)
        shape[rising] *= since[rising] / start_up_min
        if ends - begins > 6.0:
            shape[np.abs(minute - 30 * (begins + ends)) < 0.5 * pause_min] = 0.0
    shape.flags.writeable = False
    return shape


def _length_min(hours: Hours) -> float:
    return float(_on(hours).sum())


def _towards_christmas(day: date) -> float:
    """Return how far the peak before Christmas is in force, 0 to 1."""
    before = (day.replace(month=12, day=25) - day).days
    return float(np.interp(before, _CHRISTMAS, _PEAK))


def _towards_easter(day: date) -> float:
    """Return how far the peak before Easter is in force, 0 to 1."""
    before = (easter(day.year) - day).days
    return float(np.interp(before, _EASTER, _PEAK))
