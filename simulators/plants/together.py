"""Several plants of one type that know nothing of each other, as one plant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plant import Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds


class Together:
    """Advances each of its plants and puts together what they made."""

    def __init__(self, plants: Sequence[Plant]) -> None:
        self.plants = plants

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day of all."""
        made = [plant.advance(day, worlds, weather, flows) for plant in self.plants]
        if len(made) == 1:
            return made[0]
        return Made(
            outputs={key: output for one in made for key, output in one.outputs.items()},
            flows={name: flow for one in made for name, flow in one.flows.items()},
        )
