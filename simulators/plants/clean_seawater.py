"""Clean seawater for the fish trade: filtered, chlorinated, under ultraviolet light, and offered only while it is good.

It is on offer when the pumps run, the raw water is not too turbid, the lamps burn, the last laboratory count complies
and the authorisation is in force. What users take is counted by `simulators.plants.clean_seawater_meter`, after them.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import UNIX
from simulators.outputs import Mean, Switch
from simulators.physics.seawater import conductivity_ms_per_cm
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.series import minutes_on, switched
from simulators.plants.together import Together
from simulators.plants.wander import Wander
from simulators.plants.water_quality_laws import acidity, bloom, counted, filtered_ntu, oxygen_mg_per_l
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_SPACING_S = 6 * 3600  # in which quality wanders [s]


class CleanSeawater(Parameters, frozen=True, kw_only=True):
    """The parameters of a clean seawater plant."""

    intake: str  # asset of the pumping station
    chlorination: str  # asset of the dosing station
    authorised_from: date = date(2020, 1, 1)  # first day of the prefect's authorisation [UTC]
    passing: float = 0.04  # share of the turbidity that passes the filter [1, J]
    floor_ntu: float = 0.3  # turbidity that no filter takes away [NTU, J]
    bypass_ntu: float = 150.0  # raw turbidity from which nothing is treated [NTU, domain brief]
    resume_ntu: float = 130.0  # raw turbidity below which it is again [NTU, J]
    lamp_failures_per_year: float = 2.0  # each for `lamp_failure_h` [1/y, J]
    lamp_failure_h: float = 4.0  # until somebody changed it [h, J]
    raw_e_coli: float = 40.0  # in raw water at 10 NTU, median [CFU/100 mL, J]
    raw_enterococci: float = 15.0  # the same [CFU/100 mL, J]
    log_removal: float = 3.0  # by filter, lamps and chlorine together [powers of ten, J]
    limit_cfu: float = 10.0  # either count above this: not compliant until the next sample [CFU/100 mL, J]
    sample_weekday: int = 1  # of the laboratory's sample, Monday is 0
    sample_hour: int = 8  # [h UTC]


class _Works:
    """One clean seawater plant from day to day."""

    def __init__(self, parameters: CleanSeawater, seed: int) -> None:
        self._own = parameters
        self._wander = {
            name: Wander(Stream.of(seed, name, parameters.asset), _SPACING_S) for name in ("filter", "oxygen", "ph")
        }
        self._lamp = Stream.of(seed, "lamp", parameters.asset)
        self._laboratory = {name: Stream.of(seed, name, parameters.asset) for name in ("e_coli", "enterococci")}
        self._counts = dict.fromkeys(self._laboratory, 0.0)  # the last results [CFU/100 mL]
        self._clear = True  # was the raw water clear enough

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs the pumping and the dosing station."""
        own, asset = self._own, self._own.asset
        lamps = self._lamps(day)
        counts = self._sample(day, weather)
        complies = np.ones(day.steps, np.bool_)
        for count in counts.values():
            complies &= count <= own.limit_cfu
        clear = self._is_clear(weather)
        runs = flows[f"seawater_available:{own.intake}"]
        runs = runs * (1.0 - np.clip(worlds.happening("out_of_service", asset), 0.0, 1.0))
        authorised = day.number >= (own.authorised_from - UNIX).days
        available = runs * (lamps & complies & clear) * float(authorised)
        chlorine = flows[f"free_chlorine_mg_per_l:{own.chlorination}"]
        outputs = self._quality(day, weather, chlorine)
        for name, count in counts.items():
            outputs[f"{asset}/{name}"] = Mean(count[None])
        outputs[f"{asset}/uv_on"] = Switch(minutes_on(runs[0] * lamps * clear))
        return Made(
            outputs=outputs,
            flows={
                f"clean_seawater_available:{asset}": available,
                f"uv_on:{asset}": runs * (lamps & clear),
            },
        )

    def _is_clear(self, weather: Weather) -> NDArray[np.bool_]:
        """Return whether the raw water is clear enough to be treated (n,)."""
        own = self._own
        turbid = switched(
            weather.turbidity_ntu, on_above=own.bypass_ntu, off_below=own.resume_ntu, before=not self._clear
        )
        self._clear = not bool(turbid[-1])
        return ~turbid

    def _lamps(self, day: Day) -> NDArray[np.bool_]:
        """Return whether the lamps can burn (n,); a failure ends with the day at the latest."""
        own, luck = self._own, self._lamp.uniform([2 * day.number, 2 * day.number + 1])
        if luck[0] >= own.lamp_failures_per_year / 365.25:
            return np.ones(day.steps, np.bool_)
        hours = (day.middles_s - day.start_s) / 3600.0 - 24.0 * luck[1]
        burning: NDArray[np.bool_] = (hours < 0.0) | (hours >= own.lamp_failure_h)
        return burning

    def _sample(self, day: Day, weather: Weather) -> dict[str, NDArray[np.float64]]:
        """Return the laboratory's last counts (n,) [CFU/100 mL]: a new one each week, more after rough weather."""
        own = self._own
        sampled = (day.number + 3) % 7 == own.sample_weekday  # 1970-01-01 was a Thursday
        counts = {}
        for name, raw in (("e_coli", own.raw_e_coli), ("enterococci", own.raw_enterococci)):
            series = np.full(day.steps, self._counts[name])
            if sampled:
                step = int(own.sample_hour / day.step_h)
                stream = self._laboratory[name]
                rough = max(float(weather.turbidity_ntu.mean()), 0.1) / 10.0
                expected = raw * rough * 10.0 ** (0.4 * float(stream.normal(day.number)) - own.log_removal)
                series[step:] = counted(expected, float(stream.uniform(-day.number - 1)))
                self._counts[name] = float(series[-1])
            counts[name] = series
        return counts

    def _quality(self, day: Day, weather: Weather, chlorine: NDArray[np.float64]) -> dict[str, Output]:
        """Return what the instruments of the plant see."""
        own = self._own
        wandering = {name: each.at(day.middles_s) for name, each in self._wander.items()}
        blooming = bloom(day.middles_s)
        treated = filtered_ntu(weather.turbidity_ntu, own.passing, own.floor_ntu, wandering["filter"])
        oxygen = oxygen_mg_per_l(weather.salinity_psu, weather.sea_c, blooming) * (1.0 + 0.02 * wandering["oxygen"])
        ph = acidity(weather.sea_c, blooming) + 0.03 * wandering["ph"]
        return {
            f"{own.asset}/conductivity": Mean(conductivity_ms_per_cm(weather.salinity_psu, weather.sea_c)[None]),
            f"{own.asset}/turbidity": Mean(weather.turbidity_ntu[None]),
            f"{own.asset}/turbidity_treated": Mean(treated[None]),
            f"{own.asset}/chlorine": Mean(chlorine),
            f"{own.asset}/oxygen": Mean(oxygen[None]),
            f"{own.asset}/ph": Mean(ph[None]),
        }


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the clean seawater plants of a port.

    Raises
    ------
    ConfigurationError
        If a table says something that a clean seawater plant has not.
    """
    return Together([_Works(own, seed) for own in read(CleanSeawater, tables)])
