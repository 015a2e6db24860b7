"""A central ammonia plant: one compressor a suction level, one condensing level, air or seawater to take the heat.

Reads `evaporator_kw:{room}` and `evaporating_c:{room}` of the rooms it serves, and of the seawater intake
`seawater_c:{intake}` and `seawater_available:{intake}` (the weather's sea, always there, where nobody makes them).
While there is no seawater the plant falls back to air. Measures: `seawater_condenser` and `floating_head` of the plant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES
from simulators.outputs import Flow, Mean, Switch
from simulators.physics.refrigerant import gauge_bar, saturation_pressure_bar
from simulators.plant import Made
from simulators.plants.condensing import (
    Condensing,
    air_cooled_c,
    condensed,
    cop_between,
    fouled_conductance,
    sea_cooled_c,
)
from simulators.plants.parameters import read
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.plants.condensing import Condensed
    from simulators.worlds import Worlds

_SEAWATER_KJ_PER_M3_K = 4098.9  # TEOS-10 at 12 °C, constant within 0.1 % in these waters
_RUNNING = 0.02  # of the nominal cold: below it a compressor stops
_SUPERHEAT_K = 5.0
_AMMONIA_PPM = 2.0  # in the machine room, nothing leaking


@dataclass(frozen=True, kw_only=True)
class Suction:
    """One compressor and the rooms whose evaporators it serves."""

    rooms: tuple[str, ...]
    nominal_kw: float = 120.0  # cold at full load


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One central plant; [J] marks engineering judgement."""

    asset: str
    suctions: tuple[Suction, ...]  # one compressor each, the lowest pressure first
    intake: str = ""  # asset that pumps the seawater; empty: none, the sea of the weather is taken
    condensing: Condensing = field(default_factory=Condensing)
    relative_efficiency: float = 1.0  # against the fit for ammonia, see physics.refrigerant
    cleaning_days: int = 60  # between two cleanings of the seawater condenser [J]
    fouling_loss: float = 0.35  # of its conductance, were it never cleaned
    fouling_days: float = 120.0  # time constant [J]


class RefrigerationPlants:
    """All central plants of a port; their compressors' running at the last minute of a day is all they remember."""

    def __init__(self, plants: Sequence[Parameters], seed: int) -> None:
        self.plants = tuple(plants)
        self._luck = {plant.asset: Stream.of(seed, "refrigeration", plant.asset) for plant in plants}
        self._running: dict[str, bool] = {}  # by point, at the last minute

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day of all plants."""
        points: dict[str, Output] = {}
        given: dict[str, NDArray[np.float64]] = {}
        for plant in self.plants:
            site = _Day(plant, day, worlds, weather, flows)
            points |= {f"{plant.asset}/{name}": output for name, output in self._points(site).items()}
            given |= {
                f"electric_kw:{plant.asset}": site.electric_kw,
                f"heat_rejected_kw:{plant.asset}": site.taken.heat_kw,
                f"seawater_demand_m3_per_h:{plant.asset}": site.flow_m3_per_h,
            }
        return Made(outputs=points, flows=given)

    def _points(self, site: _Day) -> dict[str, Output]:
        """Return the points of one plant by their short names."""
        superheat_k = _SUPERHEAT_K + 0.4 * self._luck[site.plant.asset].normal(_hours(site.day))[None]
        points: dict[str, Output] = {
            "p_suction": Mean(gauge_bar(saturation_pressure_bar(site.evaporating_c[0]))),
            "t_suction": Mean(site.evaporating_c[0] + superheat_k),
            "superheat": Mean(superheat_k),
            "p_discharge": Mean(gauge_bar(saturation_pressure_bar(site.taken.condensing_c))),
            "t_condensing": Mean(site.taken.condensing_c),
            "condenser_fan_power": Mean(site.taken.fan_kw),
            "condenser_pump_power": Mean(site.taken.pump_kw),
            "condenser_t_in": Mean(site.sea_c),
            "condenser_t_out": Mean(site.sea_c + site.sea_rise_k),
            "condenser_flow": Mean(site.flow_m3_per_h),
            "ammonia": Mean(_AMMONIA_PPM + 0.5 * self._luck[site.plant.asset].uniform(_hours(site.day) + 2**40)[None]),
            "energy": Flow(site.electric_kw * site.day.step_h),
        }
        for place, power_kw in enumerate(site.compressor_kw):
            points |= self._compressor(site, f"compressor_{place + 1}", power_kw, site.running[place])
        return points

    def _compressor(
        self, site: _Day, name: str, power_kw: NDArray[np.float64], running: NDArray[np.bool_]
    ) -> dict[str, Output]:
        """Return the points of one compressor; hours count in all worlds, starts in the port as it is."""
        on = running[0]
        key = f"{site.plant.asset}/{name}"
        before = np.concatenate(([self._running.get(key, bool(on[0]))], on[:-1]))
        self._running[key] = bool(on[-1])
        return {
            f"{name}_power": Mean(power_kw),
            f"{name}_on": Switch(np.repeat(on.astype(np.float64), MINUTES // site.day.steps)),
            f"{name}_hours": Flow(np.where(running, float(site.day.step_s), 0.0)),
            f"{name}_starts": Flow((on & ~before)[None].astype(np.float64)),
        }


class _Day:
    """One plant on one day: everything (W or 1, n) or, by compressor, a list of that."""

    def __init__(
        self,
        plant: Parameters,
        day: Day,
        worlds: Worlds,
        weather: Weather,
        flows: Mapping[str, NDArray[np.float64]],
    ) -> None:
        self.plant, self.day = plant, day
        law = plant.condensing
        self.sea_c = flows.get(f"seawater_c:{plant.intake}", weather.sea_c[None])
        available = flows.get(f"seawater_available:{plant.intake}", np.ones((1, day.steps)))
        share = worlds.share("seawater_condenser", plant.asset) * available
        air_c = air_cooled_c(law, weather.air_c[None], worlds.share("floating_head", plant.asset))
        age = day.number % plant.cleaning_days + (np.arange(day.steps) + 0.5) / day.steps
        kept = fouled_conductance(age, loss=plant.fouling_loss, time_days=plant.fouling_days)
        condensing_c = air_c + share * (sea_cooled_c(law, self.sea_c, kept) - air_c)
        cold = [_served(suction, flows) for suction in plant.suctions]
        self.evaporating_c = [evaporating for _, evaporating in cold]
        self.running = [
            kw > _RUNNING * suction.nominal_kw for (kw, _), suction in zip(cold, plant.suctions, strict=True)
        ]
        self.compressor_kw = [
            kw / cop_between(evaporating, condensing_c, plant.relative_efficiency) for kw, evaporating in cold
        ]
        heat_kw = np.asarray(sum(kw for kw, _ in cold) + sum(self.compressor_kw))
        self.taken: Condensed = condensed(law, condensing_c=condensing_c, heat_kw=heat_kw, sea_share=share)
        self.electric_kw = np.asarray(sum(self.compressor_kw)) + self.taken.fan_kw + self.taken.pump_kw
        self.sea_rise_k = law.sea_rise_k * (self.taken.sea_kw > 0.0)
        self.flow_m3_per_h = 3600.0 * self.taken.sea_kw / (_SEAWATER_KJ_PER_M3_K * law.sea_rise_k)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the central plants of a port's tables of type `refrigeration`.

    Raises
    ------
    ConfigurationError
        If a table has a parameter that is unknown or of the wrong type.
    """
    return RefrigerationPlants(read(Parameters, tables), seed)


def _served(
    suction: Suction, flows: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cold that a suction's rooms take [kW] and its evaporating temperature [°C]: the coldest asks."""
    cold = np.asarray(sum(flows[f"evaporator_kw:{room}"] for room in suction.rooms))
    evaporating = np.minimum.reduce([flows[f"evaporating_c:{room}"] for room in suction.rooms])
    return cold, evaporating


def _hours(day: Day) -> NDArray[np.int64]:
    """Return the number of the hour of each step (n,): slow luck holds for an hour."""
    return day.starts_s // 3600
