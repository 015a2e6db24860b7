"""How much is going on at a place, day by day and minute by minute: shifts, weekdays, seasons, feasts and luck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.smooth import monthly
from simulators.day import DAY_S, MINUTES
from simulators.operations.calendar import date_of, easter, is_holiday, local_pieces
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
_TOGETHER = 16  # local days that are made at once
_NOTHING = np.zeros(MINUTES)
_NOTHING.flags.writeable = False


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


@dataclass(frozen=True, kw_only=True, eq=False)
class _LocalDay:
    """What is known of one local day."""

    relative: float  # volume over that of an ordinary day [1]
    on: NDArray[np.float64]  # whether its minutes lie in a shift (1440,), 0 or 1
    usual: NDArray[np.float64]  # usual pace by the minute (1440,)
    paces: NDArray[np.float64]  # pace over the usual one, by blocks of the day

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """How the volume lies over its minutes (1440,): the sum is 1, or 0 without a shift."""
        if not self.usual.any():
            return _NOTHING
        shape = self.usual * np.repeat(self.paces, _BLOCK)
        weights: NDArray[np.float64] = shape / shape.sum()
        return weights


class Activity:
    """The activity of one place under one seed: a volume relative to an ordinary day, laid over its shifts."""

    def __init__(self, parameters: ActivityParameters, seed: int, name: str = "") -> None:
        """Take the parameters; `name` tells several activities of one asset apart."""
        own = parameters
        self._own = own
        self._luck = Stream.of(seed, "operations", "volume", own.follows or name or own.asset)
        self._paces = Stream.of(seed, "operations", "pace", name or own.asset)
        self._months = np.array(own.months, np.float64)
        self._longest_min = max(_length_min(hours) for hours in (own.hours, own.saturday_hours, own.sunday_hours))
        self._known: dict[int, _LocalDay] = {}

    def relative(self, local_day: int) -> float:
        """Return the volume of a local day over that of an ordinary one [1]: lognormal luck of mean 1."""
        return self._day(local_day).relative

    def weights(self, local_day: int) -> NDArray[np.float64]:
        """Return how a local day's volume lies over its minutes (1440,): the sum is 1, or 0 on a day without shift."""
        return self._day(local_day).weights

    def at_work(self, number: int) -> NDArray[np.float64]:
        """Return the minutes of a UTC day (1440,) in which people are at work, 0 or 1."""
        return self.laid(number, lambda day: self._day(day).on if self._day(day).relative else _NOTHING)

    def shares(self, number: int) -> NDArray[np.float64]:
        """Return the volume in each minute of a UTC day (1440,) over that of a whole ordinary day."""
        return self.laid(number, lambda day: self._day(day).relative * self._day(day).weights)

    def busy(self, number: int) -> NDArray[np.float64]:
        """Return the volume for each hour of shift (1440,) of a UTC day: about 1 in an ordinary shift, 0 outside."""
        return self.laid(number, self._busy)

    def laid(self, number: int, of_day: Callable[[int], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what is known by the minute of local days (1440,) for the minutes of a UTC day (1440,)."""
        made = np.empty(MINUTES)
        for piece in local_pieces(number, self._own.timezone):
            made[piece.utc] = of_day(piece.day)[piece.local]
        return made

    def _busy(self, local_day: int) -> NDArray[np.float64]:
        day = self._day(local_day)
        length_min = float(day.on.sum())
        return day.on * (day.relative * self._longest_min / length_min) if length_min else _NOTHING

    def _day(self, local_day: int) -> _LocalDay:
        """Return a local day, made with its neighbours of one block: that is faster, and the same in any order."""
        if local_day not in self._known:
            first = local_day // _TOGETHER * _TOGETHER
            if len(self._known) > 3 * _TOGETHER:
                self._known.clear()
            self._known.update(self._made(np.arange(first, first + _TOGETHER, dtype=np.int64)))
        return self._known[local_day]

    def _made(self, local_days: NDArray[np.int64]) -> dict[int, _LocalDay]:
        own = self._own
        sigma = np.sqrt(np.log1p(own.spread**2))
        luck = np.exp(sigma * self._luck.normal(local_days) - 0.5 * sigma**2)
        volumes = luck * monthly(self._months, (local_days + 0.5) * DAY_S)
        blocks = local_days[:, None] * _BLOCKS_A_DAY + np.arange(_BLOCKS_A_DAY)
        paces = np.exp(own.pace * self._paces.normal(blocks))
        return {
            int(day): self._local_day(int(day), float(volume), of_day)
            for day, volume, of_day in zip(local_days, volumes, paces, strict=True)
        }

    def _local_day(self, number: int, volume: float, paces: NDArray[np.float64]) -> _LocalDay:
        own, day = self._own, date_of(number)
        hours = (own.hours, own.saturday_hours, own.sunday_hours)[max(0, day.weekday() - 4)]
        if not hours:
            return _LocalDay(relative=0.0, on=_NOTHING, usual=_NOTHING, paces=paces)
        usual = own.weekdays[day.weekday()] * (own.holiday if is_holiday(number, own.country) else 1.0)
        feasts = (1.0 + own.christmas * _towards_christmas(day)) * (1.0 + own.easter * _towards_easter(day))
        return _LocalDay(
            relative=volume * usual * feasts,
            on=_on(hours),
            usual=_profile(hours, own.start_up_min, own.pause_min),
            paces=paces,
        )


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


@lru_cache(maxsize=256)
def _towards_christmas(day: date) -> float:
    """Return how far the peak before Christmas is in force, 0 to 1."""
    before = (day.replace(month=12, day=25) - day).days
    return float(np.interp(before, _CHRISTMAS, _PEAK))


@lru_cache(maxsize=256)
def _towards_easter(day: date) -> float:
    """Return how far the peak before Easter is in force, 0 to 1."""
    before = (easter(day.year) - day).days
    return float(np.interp(before, _EASTER, _PEAK))
