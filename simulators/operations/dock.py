"""Air of loading docks: kept cool, and warmed by the doors to the quay while people work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.air import saturation_bar
from simulators.outputs import Level
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import ends, recurrence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds


class DockParameters(Parameters, frozen=True, kw_only=True):
    """One dock; all judgement."""

    store: str = ""  # asset whose shifts open the dock's doors; its own where empty
    set_c: float = 6.0  # what its coolers keep when the quay is as cold [°C]
    idle: float = 0.10  # share of the quay's warmth that comes in at night [1]
    at_work: float = 0.22  # and in shifts [1]
    cold: float = 0.6  # share of the quay's cold that comes in, for nothing heats the dock [1]
    follow_h: float = 0.7  # time constant [h]
    most_humid: float = 85.0  # its coolers dry the air to this relative humidity [%]


class Docks:
    """The docks of a port; the state is their temperature [°C]."""

    def __init__(self, docks: Sequence[DockParameters]) -> None:
        self._docks = tuple(docks)
        self._dock_c = {dock.asset: dock.set_c for dock in docks}

    def advance(
        self,
        day: Day,
        worlds: Worlds,  # noqa: ARG002 the interface of all plants: no measure touches a dock
        weather: Weather,
        flows: Mapping[str, NDArray[np.float64]],
    ) -> Made:
        """Simulate one day."""
        outputs: dict[str, Output] = {}
        made: dict[str, NDArray[np.float64]] = {}
        for dock in self._docks:
            work = flows[f"at_work:{dock.store or dock.asset}"][0]
            drawn = _drawn_c(dock, weather.air_c, work)
            dock_ends, dock_means = _follow(drawn, self._dock_c[dock.asset], day.step_h / dock.follow_h)
            humidity = _humidity(dock, dock_means, weather)
            self._dock_c[dock.asset] = float(dock_ends[-1])
            made[f"dock_c:{dock.asset}"] = dock_means[None]
            made[f"dock_humidity:{dock.asset}"] = humidity[None]
            outputs[f"{dock.asset}/t_air"] = Level(dock_ends[None])
            outputs[f"{dock.asset}/humidity"] = Level(ends(humidity)[None])
        return Made(outputs=outputs, flows=made)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Docks:  # noqa: ARG001 a dock has no luck of its own
    """Build all docks of a port; raises ConfigurationError where a table is wrong."""
    return Docks(read(DockParameters, tables))


def _drawn_c(dock: DockParameters, air_c: NDArray[np.float64], work: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where coolers and quay draw the dock's temperature to (n,) [°C]."""
    above = air_c - dock.set_c
    warm = dock.idle + (dock.at_work - dock.idle) * work
    drawn: NDArray[np.float64] = dock.set_c + np.where(above > 0.0, warm, dock.cold) * above
    return drawn


def _follow(
    drawn_c: NDArray[np.float64], start_c: float, constants: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return temperatures at the ends of the steps and their means, each (n,) [°C], exact for a first-order lag.

    `constants` is the length of a step in time constants.
    """
    keep = float(np.exp(-constants))
    after = recurrence(np.full(drawn_c.shape, keep), (1.0 - keep) * drawn_c, np.asarray(start_c))
    before = np.concatenate([[start_c], after[:-1]])
    return after, drawn_c + (before - drawn_c) * ((1.0 - keep) / constants)


def _humidity(dock: DockParameters, dock_c: NDArray[np.float64], weather: Weather) -> NDArray[np.float64]:
    """Return the relative humidity (n,) [%]: the quay's vapour, as far as the coolers let it stay."""
    outside = weather.humidity * saturation_bar(weather.air_c) / saturation_bar(dock_c)
    return np.minimum(dock.most_humid, outside)
