"""Doors of cold rooms: openings of some tens of seconds, most of them in shifts and with the volume of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES
from simulators.operations.activity import Activity, ActivityParameters
from simulators.outputs import Switch
from simulators.plant import Made
from simulators.plants.parameters import read
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds


_TOGETHER = 16  # UTC days that are made at once: faster, and the same in any order


class DoorParameters(ActivityParameters, frozen=True, kw_only=True):
    """One door. Defaults [judgement]: 1.8 openings an hour of 100 s each, open 5 % of the shift."""

    openings_per_h: float = 1.8  # in an ordinary shift [1/h]
    openings_off_per_h: float = 0.04  # outside shifts: a watchman, a delivery [1/h]
    shortest_s: float = 20.0  # an opening lasts from [s]
    longest_s: float = 180.0  # to [s], all lengths alike


class Doors:
    """The doors of a port's cold rooms; without memory."""

    def __init__(self, doors: Sequence[DoorParameters], seed: int) -> None:
        self._doors = tuple(doors)
        self._activities = [Activity(door, seed) for door in doors]
        self._known: list[tuple[int, NDArray[np.float64]]] = [(-1, np.empty((0, MINUTES)))] * len(doors)
        self._streams = [Stream.of(seed, "operations", "door", door.asset) for door in doors]

    def advance(
        self,
        day: Day,
        worlds: Worlds,
        weather: Weather,  # noqa: ARG002 the interface of all plants: doors have no weather
        flows: Mapping[str, NDArray[np.float64]],  # noqa: ARG002 they follow the calendar, not other plants
    ) -> Made:
        """Simulate one day."""
        outputs: dict[str, Output] = {}
        made: dict[str, NDArray[np.float64]] = {}
        for index, door in enumerate(self._doors):
            minutes = self._open(index, day.number)
            in_service = 1.0 - worlds.happening("out_of_service", door.asset)
            made[f"door_open:{door.asset}"] = day.mean_of_minutes(minutes)[None] * in_service
            seen = minutes * np.repeat(in_service[0], MINUTES // day.steps)
            outputs[f"{door.asset}/door"] = Switch((seen >= 0.5).astype(np.float64))
        return Made(outputs=outputs, flows=made)

    def _open(self, index: int, number: int) -> NDArray[np.float64]:
        """Return the share of each minute of a UTC day (1440,) that a door is open; made by blocks of days."""
        block, place = divmod(number, _TOGETHER)
        known, days = self._known[index]
        if known != block:
            days = self._opened(index, block * _TOGETHER)
            self._known[index] = block, days
        today: NDArray[np.float64] = days[place]
        return today

    def _opened(self, index: int, first_day: int) -> NDArray[np.float64]:
        """Return the share of each minute of a block of UTC days (days, 1440) that a door is open."""
        door, stream = self._doors[index], self._streams[index]
        reach = int(door.longest_s // 60) + 1  # an opening touches at most so many minutes after its first
        of_days = [self._activities[index].busy(first_day + later) for later in range(-1, _TOGETHER)]
        busy = np.concatenate(of_days)[MINUTES - reach :]
        rates = np.where(busy > 0.0, door.openings_per_h * busy, door.openings_off_per_h) / 60.0  # of one that begins
        minute = first_day * MINUTES - reach + np.arange(rates.size, dtype=np.int64)
        first = np.flatnonzero(stream.uniform(3 * minute) < rates)
        begins = stream.uniform(3 * minute[first] + 1)  # within its minute [min]
        lasts = door.shortest_s + (door.longest_s - door.shortest_s) * stream.uniform(3 * minute[first] + 2)
        ends = begins + lasts / 60.0
        share = np.zeros(rates.size + reach)
        for later in range(reach + 1):
            np.add.at(share, first + later, np.clip(ends - later, 0.0, 1.0) - np.clip(begins - later, 0.0, 1.0))
        return np.minimum(1.0, share[reach : rates.size]).reshape(_TOGETHER, MINUTES)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Doors:
    """Build all doors of a port; raises ConfigurationError where a table is wrong."""
    return Doors(read(DoorParameters, tables), seed)
