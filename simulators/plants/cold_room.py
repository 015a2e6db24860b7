"""Cold rooms: all of a port's as one plant, stepped together.

Parameters: `simulators.plants.cold_parameters.Room`. A room makes its points and the flows `evaporator_kw:{room}` and
`evaporating_c:{room}` for whoever makes the cold. Its own electricity (fans, heaters) is `electric_kw:{room}`, or
`auxiliaries_kw:{room}` where a condensing unit of its own adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plant import Made
from simulators.plants.cold_drivers import exchange, gather
from simulators.plants.cold_lanes import Lanes
from simulators.plants.cold_parameters import Room, Rooms
from simulators.plants.cold_points import first_probes, room_points, show
from simulators.plants.cold_steps import begin, step_through
from simulators.plants.parameters import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.plants.cold_drivers import Drivers, Exchange
    from simulators.plants.cold_points import Probes, Shown
    from simulators.plants.cold_steps import State, Trace
    from simulators.worlds import Worlds


class ColdRooms:
    """All cold rooms of a port; begins at its first day with every room at its set point."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self._state: State | None = None
        self._probes: Probes | None = None

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day of all rooms."""
        lanes, drivers, doors, trace = self._stepped(day, worlds, weather, flows)
        before = trace.before
        probes = lanes.remembered(self._probes) if self._probes else first_probes(before.air_c, before.stock_c)
        shown = show(lanes.rooms, drivers, doors, trace, probes, day.step_s)
        self._probes = lanes.spread(shown.probes)
        points: dict[str, Output] = {}
        given: dict[str, NDArray[np.float64]] = {}
        for place, room in enumerate(self.rooms.each):
            points |= room_points(room.asset, lanes.rows(place), shown, day.step_h)
            given |= _flows(room, lanes.rows(place), shown)
        return Made(outputs=points, flows=given)

    def run(
        self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]
    ) -> tuple[Drivers, Exchange, Trace]:
        """Step through a day and keep the state; what drove it and what came of it is what a balance needs."""
        lanes, drivers, doors, trace = self._stepped(day, worlds, weather, flows)
        return lanes.spread(drivers), lanes.spread(doors), lanes.spread(trace)

    def _stepped(
        self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]
    ) -> tuple[Lanes, Drivers, Exchange, Trace]:
        """Step through a day by lane and keep the state of all worlds."""
        drivers = gather(self.rooms, worlds, weather, flows)
        state = self._state or begin(self.rooms, drivers, worlds.count)
        lanes = Lanes.apart(self.rooms, drivers, (state, self._probes) if self._probes else (state,))
        drivers, state = lanes.narrowed(drivers), lanes.remembered(state)
        doors = exchange(lanes.rooms, drivers, state.air_c)
        trace = step_through(lanes.rooms, state, drivers, doors, day.step_s)
        self._state = lanes.spread(trace.after)
        return lanes, drivers, doors, trace


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:  # noqa: ARG001 – rooms have no luck of their own
    """Return the rooms of a port's tables of type `cold_room`.

    Raises
    ------
    ConfigurationError
        If a table has a parameter that is unknown or of the wrong type.
    """
    return ColdRooms(Rooms.of(read(Room, tables)))


def _flows(room: Room, rows: list[int], shown: Shown) -> dict[str, NDArray[np.float64]]:
    """Return what a room in its lanes, W or 1 of them, tells other plants."""
    auxiliaries = "auxiliaries_kw" if room.own_unit else "electric_kw"
    return {
        f"evaporator_kw:{room.asset}": shown.evaporator_kw[rows],
        f"evaporating_c:{room.asset}": shown.evaporating_c[rows],
        f"{auxiliaries}:{room.asset}": shown.fan_kw[rows] + shown.heater_kw[rows],
    }
