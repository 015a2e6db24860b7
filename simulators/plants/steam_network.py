"""What hangs on a boiler: cookers, retorts and cleaning, the header, the condensate's purity, three watched traps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES
from simulators.plants.series import recurrence
from simulators.plants.traps import BLOCKED, BLOWING
from simulators.streams import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plants.boiler_parameters import BoilerParameters

    Array = NDArray[np.float64]

_COME_UP = 0.2  # share of a retort's cycle in which it heats
_HEATING = 2.8  # steam while it heats, over its mean; 0.55 of the mean while it holds
_DUMP_MINUTES = 120  # for which contaminated condensate is dumped
_CONTAMINATED_MS_PER_CM = 0.32  # conductivity then [mS/cm] [J]
_HEADER_WARMS_H, _HEADER_COOLS_H = 0.15, 2.5  # time constants of the header [h] [J]
# State of a trap → temperature just before it, as a share of the way from the air to the header, and its sound [dB].
# A good one opens and shuts, a blowing one hisses and is as hot as the line, a blocked one is cold and silent [J].
_WARMTH = np.array([0.91, 0.985, 0.22])
_SOUND_DB = np.array([46.0, 79.0, 24.0])
_QUIET_DB = 21.0  # with no steam on the line [dB] [J]


@dataclass(frozen=True, kw_only=True, eq=False)
class Uses:
    """Steam that is used, by use [kg/h], each (W or 1, n)."""

    cooker: Array
    retort: Array
    cleaning: Array

    @property
    def condensing(self) -> Array:
        """Steam whose condensate can be caught; what is blown into cleaning water cannot."""
        return self.cooker + self.retort

    @property
    def total(self) -> Array:
        """All steam that is used."""
        return self.condensing + self.cleaning


def uses_of(own: BoilerParameters, production: Array, after: Array, day: Day, seed: int) -> Uses:
    """Return the steam used for a production [kg/h] (W or 1, n) and for cleaning after the shift (share, n)."""
    return Uses(
        cooker=own.cooker_kg_per_kg * production,
        retort=own.retort_kg_per_kg * production * _retorts(own, day, seed),
        cleaning=own.cleaning_kg_per_h * after[np.newaxis],
    )


def _retorts(own: BoilerParameters, day: Day, seed: int) -> Array:
    """Return how much the retorts draw over their mean (n,): one after the other, all day round."""
    phase = np.arange(own.retorts)[:, np.newaxis] / own.retorts
    phase = phase + Stream.of(seed, "retorts", own.asset).uniform(0)
    place = day.minutes_s / (3_600.0 * own.retort_cycle_h) + phase
    place -= np.floor(place)  # the same as the remainder, and sooner
    holding = (1.0 - _COME_UP * _HEATING) / (1.0 - _COME_UP)
    return day.mean_of_minutes(np.where(place < _COME_UP, _HEATING, holding).mean(axis=0))


def contaminated(own: BoilerParameters, day: Day, seed: int) -> Array:
    """Return the share of each step in which product is in the condensate, so that it is dumped (1, n)."""
    luck = Stream.of(seed, "contamination", own.asset)
    minutes = np.zeros(MINUTES)
    if luck.uniform(2 * day.number) < own.contaminations_per_year / 365.25:
        first = int(luck.uniform(2 * day.number + 1) * (MINUTES - _DUMP_MINUTES))
        minutes[first : first + _DUMP_MINUTES] = 1.0
    return day.mean_of_minutes(minutes)[np.newaxis]


def condensate_conductivity(own: BoilerParameters, dumped: Array, restless: Array) -> Array:
    """Return the conductivity of the condensate [mS/cm] (1, n), given when it is contaminated and a wandering (n,)."""
    clean = own.solids.condensate * (1.0 + 0.3 * restless)
    return clean + dumped * (_CONTAMINATED_MS_PER_CM - clean)


class Header:
    """The steam header: hot within minutes, cold within a night."""

    def __init__(self) -> None:
        self._now: float | None = None

    def advance(self, valve: Array, steam_c: Array, air_c: Array, day: Day) -> Array:
        """Return its temperature [°C] at the ends of the steps (n,)."""
        hours = np.where(valve > 0.0, _HEADER_WARMS_H, _HEADER_COOLS_H)
        keep = np.exp(-day.step_h / hours)
        target = np.where(valve > 0.0, steam_c - 1.5, air_c + 8.0)  # it hangs in the boiler house
        start = target[0] if self._now is None else self._now
        found = recurrence(keep, (1.0 - keep) * target, np.asarray(start))
        self._now = float(found[-1])
        return found


def trap_temperature(state: NDArray[np.int64], header_c: Array, air_c: Array, restless: Array) -> Array:
    """Return the temperature before a trap [°C] from its state (W or 1, n), the header's and a wandering (n,)."""
    found: Array = air_c + _WARMTH[state] * (header_c - air_c) + 1.5 * restless
    return found


def trap_sound(state: NDArray[np.int64], valve: Array, restless: Array) -> Array:
    """Return the level of sound at a trap [dB] from its state (W or 1, n); a good one is heard at work."""
    swing_db = np.where(state == BLOWING, 2.0, np.where(state == BLOCKED, 1.0, 7.0))
    heard = _SOUND_DB[state] + swing_db * restless
    found: Array = np.where(valve > 0.0, heard, _QUIET_DB)
    return found
