"""Rooms that go the same way in several worlds are simulated once.

A measure touches a room or two; in all other worlds that room does the same as in the port as it is. A lane is one room
in one world, or in all that agree with world 0 in what drives the room and in what it remembers: bit for bit, so that
what is spread over the worlds again is what each of them would have found alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from simulators.plants.cold_parameters import Rooms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_points import Probes
    from simulators.plants.cold_steps import State, Trace

Memory = TypeVar("Memory", "State", "Probes")
Record = TypeVar("Record", "Drivers", "Exchange", "State", "Probes", "Trace")


@dataclass(frozen=True, kw_only=True, eq=False)
class Lanes:
    """Which lane each room takes in each world; the first R lanes are the rooms of world 0."""

    rooms: Rooms  # of each lane, L of them
    of: NDArray[np.int64]  # lane by world and room (W, R)
    worlds: NDArray[np.int64]  # of each lane (L,)
    places: NDArray[np.int64]  # of its room among the rooms (L,)

    @classmethod
    def apart(cls, rooms: Rooms, drivers: Drivers, memories: Iterable[State | Probes]) -> Lanes:
        """Return the lanes of a day, from its drivers and from what is remembered, each (W, R)."""
        states = [state for memory in memories for state in _arrays(memory).values()]
        differs = np.logical_or.reduce([state != state[0] for state in states])
        for driver in _arrays(drivers).values():
            if driver.shape[1] > 1:
                differs |= (driver != driver[:, :1]).any(axis=0)
        extra, place = np.nonzero(differs)
        own = np.arange(len(rooms))
        of = np.tile(own, (len(differs), 1))
        of[extra, place] = len(rooms) + np.arange(len(extra))
        places = np.concatenate((own, place))
        return cls(
            rooms=_chosen(rooms, tuple(places.tolist())),
            of=of,
            worlds=np.concatenate((np.zeros_like(own), extra)),
            places=places,
        )

    def narrowed(self, drivers: Drivers) -> Drivers:
        """Return drivers (n, W or 1, R) by lane: (n, 1, L)."""
        return replace(
            drivers,
            **{
                name: array[:, self.worlds if array.shape[1] > 1 else 0, self.places][:, None]
                for name, array in _arrays(drivers).items()
            },
        )

    def remembered(self, memory: Memory) -> Memory:
        """Return what is remembered (W, R) by lane: (1, L)."""
        by_lane = {name: array[self.worlds, self.places][None] for name, array in _arrays(memory).items()}
        return replace(memory, **by_lane)

    def spread(self, record: Record) -> Record:
        """Return a record whose arrays are (…, 1, L) for all worlds: (…, W, R)."""
        changed: dict[str, Any] = {
            name: value[..., 0, :][..., self.of] if isinstance(value, np.ndarray) else self.spread(value)
            for name, value in vars(record).items()
        }
        return replace(record, **changed)

    def rows(self, place: int) -> list[int]:
        """Return the lanes of a room (W or 1): one where all worlds agree."""
        lanes: list[int] = self.of[:, place].tolist()
        return lanes if any(lane != place for lane in lanes) else [place]


@lru_cache(maxsize=8)
def _chosen(rooms: Rooms, places: tuple[int, ...]) -> Rooms:
    """Return some of the rooms side by side, a room once for each lane; kept, as most days ask for the same."""
    return Rooms.of([rooms.each[place] for place in places])


def _arrays(record: object) -> dict[str, NDArray[np.float64]]:
    return {name: value for name, value in vars(record).items() if isinstance(value, np.ndarray)}
