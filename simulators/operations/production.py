"""Production by shifts: what flows through a plant by the minute, and what its scales report by the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.day import MINUTES
from simulators.operations.activity import Activity, ActivityParameters
from simulators.operations.events import hourly
from simulators.outputs import Switch
from simulators.plant import Made
from simulators.plants.parameters import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds


class ProductionParameters(ActivityParameters, frozen=True, kw_only=True):
    """One line of production."""

    kg_per_day: float  # on an ordinary day [kg]
    products: dict[str, float] = msgspec.field(
        default_factory=dict
    )  # short name of a point → kg of it for each kg of production
    delays_h: dict[str, float] = msgspec.field(default_factory=dict)  # short name → hours from production to the scale


class Production:
    """The lines of production of a port."""

    def __init__(self, lines: Sequence[ProductionParameters], seed: int) -> None:
        self._lines = tuple(lines)
        self._activities = [Activity(line, seed) for line in lines]
        # What is on its way from production to the scale, by minute [kg].
        self._waiting = {
            (line.asset, product): np.zeros(round(60 * line.delays_h.get(product, 0.0)))
            for line in lines
            for product in line.products
        }

    def advance(
        self,
        day: Day,
        worlds: Worlds,
        weather: Weather,  # noqa: ARG002 the interface of all plants: production has no weather
        flows: Mapping[str, NDArray[np.float64]],  # noqa: ARG002 production stands at the head of the port
    ) -> Made:
        """Simulate one day."""
        outputs: dict[str, Output] = {}
        made: dict[str, NDArray[np.float64]] = {}
        for line, activity in zip(self._lines, self._activities, strict=True):
            kg, work = line.kg_per_day * activity.shares(day.number), activity.at_work(day.number)
            factor = _factor(worlds, line.asset)
            running = (factor > 0.0).astype(np.float64)
            made[f"production_kg_per_h:{line.asset}"] = day.mean_of_minutes(60.0 * kg)[None] * factor
            made[f"at_work:{line.asset}"] = day.mean_of_minutes(work)[None] * running
            outputs[f"{line.asset}/shift_on"] = Switch(work * _by_minute(running))
            for product, share in line.products.items():
                weighed = self._weighed((line.asset, product), share * kg * _by_minute(factor))
                outputs[f"{line.asset}/{product}"] = hourly(day, weighed)
        return Made(outputs=outputs, flows=made)

    def _weighed(self, product: tuple[str, str], kg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what reaches the scale by minute (1440,) [kg], and keep the rest for tomorrow."""
        all_kg = np.concatenate([self._waiting[product], kg])
        self._waiting[product] = all_kg[MINUTES:]
        return all_kg[:MINUTES]


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Production:
    """Build all production of a port; raises ConfigurationError where a table is wrong."""
    return Production(read(ProductionParameters, tables), seed)


def _factor(worlds: Worlds, asset: str) -> NDArray[np.float64]:
    """Return the volume over what it would have been (W or 1, n)."""
    in_service = 1.0 - worlds.happening("out_of_service", asset)
    factor: NDArray[np.float64] = worlds.happening("production_factor", asset, 1.0) * in_service
    return factor


def _by_minute(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a profile of the port as it is by the minute (1440,), from its steps (W or 1, n)."""
    return np.repeat(profile[0], MINUTES // profile.shape[1])
