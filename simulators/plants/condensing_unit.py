"""Condensing units: a room's own compressor with an air-cooled condenser.

Reads `evaporator_kw:{room}`, `evaporating_c:{room}` and `auxiliaries_kw:{room}`; the asset is the room. Its meter
counts the unit alone or the whole room (`whole_room`). Measure: `floating_head` of the room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.outputs import Flow, Mean
from simulators.plant import Made
from simulators.plants.condensing import Condensing, air_cooled_c, condensed, cop_between
from simulators.plants.parameters import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One condensing unit; [J] marks engineering judgement."""

    asset: str  # the room it serves
    condensing: Condensing = field(default_factory=Condensing)
    relative_efficiency: float = 0.92  # small semi-hermetic compressors against the fit for ammonia [J]
    whole_room: bool = True  # `energy` counts fans and defrost of the room too


class CondensingUnits:
    """All condensing units of a port; they have no memory."""

    def __init__(self, units: Sequence[Parameters]) -> None:
        self.units = tuple(units)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day of all units."""
        points: dict[str, Output] = {}
        given: dict[str, NDArray[np.float64]] = {}
        for unit in self.units:
            cold_kw = flows[f"evaporator_kw:{unit.asset}"]
            auxiliaries_kw = flows[f"auxiliaries_kw:{unit.asset}"]
            condensing_c = air_cooled_c(unit.condensing, weather.air_c[None], worlds.share("floating_head", unit.asset))
            cop = cop_between(flows[f"evaporating_c:{unit.asset}"], condensing_c, unit.relative_efficiency)
            heat_kw = cold_kw + cold_kw / cop
            taken = condensed(unit.condensing, condensing_c=condensing_c, heat_kw=heat_kw, sea_share=0.0 * heat_kw)
            unit_kw = cold_kw / cop + taken.fan_kw
            metered_kw = unit_kw + auxiliaries_kw if unit.whole_room else unit_kw
            points |= {
                f"{unit.asset}/compressor_power": Mean(unit_kw),
                f"{unit.asset}/t_condensing": Mean(condensing_c),
                f"{unit.asset}/energy": Flow(metered_kw * day.step_h),
            }
            given[f"electric_kw:{unit.asset}"] = unit_kw + auxiliaries_kw
            given[f"heat_rejected_kw:{unit.asset}"] = heat_kw
        return Made(outputs=points, flows=given)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:  # noqa: ARG001 – units have no luck of their own
    """Return the units of a port's tables of type `condensing_unit`.

    Raises
    ------
    ConfigurationError
        If a table has a parameter that is unknown or of the wrong type.
    """
    return CondensingUnits(read(Parameters, tables))
