"""Drinking water of a plant, use by use; where it is authorised and there is any, clean seawater takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.day import MINUTES
from simulators.outputs import Flow, Mean
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import recurrence
from simulators.plants.shift_hours import AfterShift, at_work
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds

    Array = NDArray[np.float64]

_LEAK_DAYS = 60  # longest time that nobody looks for a leak
_SEAWATER_MS_PER_CM = 1.53  # conductivity for each unit of practical salinity, at 25 °C: 53.5 at 35 (UNESCO 1983)
_UNEVEN = 0.35  # of a use from one five minutes to the next, standard deviation of its logarithm [1] [J]
_HOLDS = 5  # minutes for which a use stays as it is


class Use(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One use of water in production."""

    name: str
    m3_per_t: float  # for each tonne of product [m3/t]
    seawater_share: float = 0.0  # of it that clean seawater may replace, as authorised [1]


class WaterUseParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The water of one plant. [J] marks judgement."""

    production: str  # area/asset whose production and shift it serves
    uses: tuple[Use, ...]
    clean_seawater: str = ""  # area/asset that supplies clean seawater; none where empty
    boilers: tuple[str, ...] = ()  # area/asset of boilers whose make-up comes through this meter
    cleaning_m3_per_h: float = 6.0  # floors and machines after the shift [m3/h] [J]
    cleaning_h: float = 1.5  # [h] [J]
    cleaning_seawater_share: float = 0.0  # of it that clean seawater may replace, as authorised [1]
    base_m3_per_h: float = 0.12  # toilets, small leaks nobody mends, day and night [m3/h] [J]
    leaks_per_year: float = 1.5  # that begin and are found within two months [1/y] [J]
    leak_m3_per_h: float = 0.35  # of such a leak on average [m3/h] [J]
    retained_share: float = 0.05  # of what is used in production that does not reach the drain [1] [J]
    mains_ms_per_cm: float = 0.60  # conductivity of the drinking water [mS/cm] [J]
    salts_m3_ms_per_cm_per_t: float = 8.0  # salts washed off, as conductivity times volume, a tonne of product [J]
    pit_m3: float = 25.0  # in which the effluent mixes before it is measured [m3] [J]
    cod_kg_per_t: float = 12.0  # oxygen demand washed off a tonne of product [kg/t] [J]


def build(tables: Sequence[Mapping[str, object]], seed: int) -> WaterUses:
    """Build the water of all plants of a port; raises ConfigurationError where a table is wrong."""
    return WaterUses([WaterUse(each, seed) for each in read(WaterUseParameters, tables)])


class WaterUses:
    """The water of all plants of a port."""

    def __init__(self, uses: Sequence[WaterUse]) -> None:
        self.uses = tuple(uses)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day of every plant."""
        made = [use.advance(day, worlds, weather, flows) for use in self.uses]
        return Made(
            outputs={key: output for each in made for key, output in each.outputs.items()},
            flows={key: flow for each in made for key, flow in each.flows.items()},
        )


class WaterUse:
    """The water of one plant, with what its drain remembers."""

    def __init__(self, parameters: WaterUseParameters, seed: int) -> None:
        self.parameters = parameters
        asset = parameters.asset
        self._uneven = [Stream.of(seed, "water use", asset, use.name) for use in parameters.uses]
        self._leaks = Stream.of(seed, "leak", asset)
        self._laboratory = Stream.of(seed, "laboratory", asset)
        self._cleaning = AfterShift(parameters.cleaning_h)
        self._pit: Array | None = None  # conductivity (W or 1,) [mS/cm]
        self._cod: Array = np.full(1, 1_500.0)  # of the last day with production (W or 1,) [mg/L]

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day."""
        own = self.parameters
        product = flows[f"production_kg_per_h:{own.production}"] / 1_000.0  # [t/h]
        production, replaceable = self._wanted(product, at_work(flows, own.production), day)
        seawater = replaceable * self._replaced(worlds, flows)  # [m3/h]
        idle = own.base_m3_per_h + self._leak(day) + worlds.happening("leak", own.asset)
        make_up = sum((flows[f"make_up_m3:{boiler}"] / day.step_h for boiler in own.boilers), np.zeros((1, 1)))
        mains = production - seawater + idle + make_up
        drained = production * (1.0 - own.retained_share) + idle
        salts = own.mains_ms_per_cm * (drained - seawater) + own.salts_m3_ms_per_cm_per_t * product
        salts = salts + _SEAWATER_MS_PER_CM * weather.salinity_psu * seawater
        points: dict[str, Output] = {
            "volume": Flow(mains * day.step_h),
            "flow": Mean(mains),
            "seawater": Flow(seawater * day.step_h),
            "effluent": Flow(drained * day.step_h),
            "effluent_conductivity": Mean(self._conductivity(drained * day.step_h, salts / drained)),
            "effluent_cod": Mean(self._oxygen_demand(product, drained, day)),
        }
        return Made(
            outputs={f"{own.asset}/{name}": output for name, output in points.items()},
            flows={f"clean_seawater_taken_m3:{own.asset}": seawater * day.step_h},
        )

    def _wanted(self, product: Array, work: Array, day: Day) -> tuple[Array, Array]:
        """Return all water for production and cleaning, and what of it seawater may replace [m3/h] (W or 1, n)."""
        own = self.parameters
        after = self._cleaning.advance(work, day)[np.newaxis]
        wanted = own.cleaning_m3_per_h * after
        replaceable = own.cleaning_seawater_share * wanted
        blocks = day.number * MINUTES // _HOLDS + np.arange(MINUTES // _HOLDS)
        for use, luck in zip(own.uses, self._uneven, strict=True):
            uneven = np.exp(_UNEVEN * luck.normal(blocks) - 0.5 * _UNEVEN**2)
            uneven = day.mean_of_minutes(np.repeat(uneven, _HOLDS))
            water = use.m3_per_t * product * uneven
            wanted = wanted + water
            replaceable = replaceable + use.seawater_share * water
        return wanted, replaceable

    def _replaced(self, worlds: Worlds, flows: Mapping[str, Array]) -> Array:
        """Return how much of what may be replaced is replaced (W or 1, n): the rest falls back to the mains."""
        own = self.parameters
        if not own.clean_seawater:
            return np.zeros((1, worlds.steps))
        share = worlds.share("seawater_substitution", own.asset)
        return share * flows[f"clean_seawater_available:{own.clean_seawater}"]

    def _leak(self, day: Day) -> float:
        """Return the leaks of a day [m3/h]: each begins, runs for weeks and is mended."""
        own = self.parameters
        began = day.number - np.arange(_LEAK_DAYS)
        leaks = self._leaks.uniform(3 * began) < own.leaks_per_year / 365.25
        lasts = np.arange(_LEAK_DAYS) < 10 + (_LEAK_DAYS - 10) * self._leaks.uniform(3 * began + 1)
        size = 2.0 * own.leak_m3_per_h * self._leaks.uniform(3 * began + 2)
        return float((leaks * lasts * size).sum())

    def _conductivity(self, drained_m3: Array, entering: Array) -> Array:
        """Return the conductivity of the effluent as it leaves the pit [mS/cm]."""
        keep, entering = np.broadcast_arrays(np.exp(-drained_m3 / self.parameters.pit_m3), entering)
        start = entering[:, 0] if self._pit is None else np.broadcast_to(self._pit, keep.shape[:1])
        found = recurrence(keep, (1.0 - keep) * entering, start)
        self._pit = found[:, -1]
        return found

    def _oxygen_demand(self, product: Array, drained: Array, day: Day) -> Array:
        """Return what the laboratory says all day [mg/L]: of the day before, or of the last that had production."""
        said = np.repeat(self._cod[:, np.newaxis], day.steps, axis=1)
        amount = product.sum(axis=1)
        if amount.any():
            careful = np.exp(0.15 * self._laboratory.normal(day.number))
            self._cod = careful * 1_000.0 * self.parameters.cod_kg_per_t * amount / drained.sum(axis=1)
        return said
