"""The weather station of a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.outputs import Level
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds


class Stations:
    """The weather stations of a port; without memory."""

    def __init__(self, stations: Sequence[Parameters]) -> None:
        self._assets = tuple(station.asset for station in stations)

    def advance(
        self,
        day: Day,  # noqa: ARG002 the interface of all plants
        worlds: Worlds,  # noqa: ARG002 no measure touches the weather
        weather: Weather,
        flows: Mapping[str, NDArray[np.float64]],  # noqa: ARG002 nor does any plant
    ) -> Made:
        """Simulate one day."""
        outputs: dict[str, Output] = {}
        for asset in self._assets:
            outputs[f"{asset}/t_air"] = Level(ends(weather.air_c)[None])
            outputs[f"{asset}/humidity"] = Level(ends(weather.humidity)[None].clip(0.0, 100.0))
            outputs[f"{asset}/pressure"] = Level(ends(weather.pressure_bar)[None])
        return Made(outputs=outputs)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Stations:  # noqa: ARG001 the weather is luck enough
    """Build all weather stations of a port; raises ConfigurationError where a table is wrong."""
    return Stations(read(Parameters, tables))
