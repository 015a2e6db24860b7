"""A seawater pumping station: two pumps, one at work, that lift the tide through a strainer to the port's consumers.

At fixed speed the flow swings with the tide; with a drive (measure `variable_speed`) it is held at what is asked for.
The strainer clogs with what the water carries and is cleaned by the calendar, or earlier when its pressure drop says so
(measure `cleaning_policy` lowers the drop at which that happens). When the tide leaves the sump too low, pumping stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Flow, Level, Mean, Switch
from simulators.physics.seawater import GRAVITY_M_PER_S2, density
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.pump import Pump
from simulators.plants.series import ends, minutes_on, switched
from simulators.plants.strainer import Strainer
from simulators.plants.together import Together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.worlds import Worlds

_PA_PER_BAR = 1e5
_MINIMUM_SPEED = 0.3  # a drive goes no slower [1, J]


class SeawaterLoop(Parameters, frozen=True, kw_only=True):
    """The parameters of a pumping station; heights are above chart datum."""

    pump: Pump = Pump()
    plant_m: float = 10.0  # where the water is lifted to [domain brief]
    pump_m: float = 0.0  # axis of the pumps [J]
    sump_floor_m: float = -0.8  # the level of the sump is counted from here [J]
    sump_depth_m: float = 10.9  # up to its cover: water stands no higher [m, J]
    sump_stop_m: float = 0.6  # still level below which pumping stops: the suction would draw air [J]
    sump_restart_m: float = 0.8  # still level above which it starts again [J]
    intake_resistance: float = 1.0e-5  # screen and culvert [m/(m3/h)²; 0.1 m at 100 m3/h, J]
    strainer_resistance: float = 5.0e-5  # clean strainer [m/(m3/h)²; 0.05 bar at 100 m3/h, J]
    pipe_resistance: float = 7.9e-4  # pipes and consumers [m/(m3/h)²; all three make the design's check run]
    asked_m3_per_h: float = 100.0  # what a variable-speed pump holds [domain brief]
    alternation_days: int = 7  # each pump is at work for so long
    rated_hz: float = 50.0  # at rated speed
    strainer: Strainer = Strainer()


class _Station:
    """One pumping station from day to day."""

    def __init__(self, parameters: SeawaterLoop, seed: int) -> None:
        self._own = parameters
        self._seed = seed
        self._clogging = np.zeros((1,))  # resistance added to the strainer's at the end of the day before (W,)
        self._worst_bar = np.zeros((1,))  # highest pressure drop of the day before (W,)
        self._wet = True  # was the sump deep enough

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, NDArray[np.float64]]) -> Made:
        """Simulate one day; needs nothing of other plants."""
        del flows
        own, asset = self._own, self._own.asset
        still_m = weather.tide_m - own.sump_floor_m
        runs = self._runs(still_m) * (1.0 - np.clip(worlds.happening("out_of_service", asset), 0.0, 1.0))
        salt_water = density(weather.salinity_psu, weather.sea_c)
        clogging = self._clog(day, worlds, weather, runs)
        speed, flow = self._operate(worlds, weather, clogging)
        power_kw = runs * own.pump.power_kw(speed, flow, salt_water)
        bar_per_m = salt_water * GRAVITY_M_PER_S2 / _PA_PER_BAR
        strainer_bar = runs * bar_per_m * (own.strainer_resistance + clogging) * flow**2
        self._worst_bar = strainer_bar.max(axis=-1)
        mean_flow = runs * flow
        outputs: dict[str, Output] = {
            f"{asset}/t_sea_in": Mean(weather.sea_c[None]),
            f"{asset}/level_tide": Level(ends(weather.tide_m[None])),
            f"{asset}/level_sump": Level(self._sump_m(still_m, runs * flow)),
            f"{asset}/dp_strainer": Mean(strainer_bar),
            f"{asset}/flow": Mean(mean_flow),
            f"{asset}/volume": Flow(mean_flow * day.step_h),
            f"{asset}/energy": Flow(power_kw * day.step_h),
        }
        outputs |= self._pressures(weather, bar_per_m, runs, speed, flow)
        outputs |= self._pumps(day, runs, speed, power_kw)
        return Made(
            outputs=outputs,
            flows={
                f"seawater_available:{asset}": runs,
                f"seawater_c:{asset}": weather.sea_c[None],
                f"seawater_flow_m3_per_h:{asset}": mean_flow,
                f"electric_kw:{asset}": power_kw,
            },
        )

    def _runs(self, still_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return whether the sump is deep enough (1, n), as 0 or 1."""
        own = self._own
        wet = switched(still_m, on_above=own.sump_restart_m, off_below=own.sump_stop_m, before=self._wet)
        self._wet = bool(wet[-1])
        return wet.astype(np.float64)[None]

    def _sump_m(self, still_m: NDArray[np.float64], flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the level in the sump at the ends of the steps (W or 1, n) [m]: pumping draws it down."""
        own = self._own
        return np.minimum(ends(still_m - own.intake_resistance * flow**2), own.sump_depth_m)

    def _clog(self, day: Day, worlds: Worlds, weather: Weather, runs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what dirt adds to the strainer's resistance (W or 1, n) [m/(m3/h)²]."""
        own = self._own
        _, flow = self._operate(worlds, weather, self._clogging[:, None])
        cleans = own.strainer.cleans(day, worlds.share("cleaning_policy", own.asset), self._worst_bar)
        pace = own.strainer.pace(day, self._seed, own.asset, weather.turbidity_ntu)
        after, within = own.strainer.clog(day, self._clogging, pace * runs * flow, cleans)
        self._clogging = after
        return within

    def _operate(
        self, worlds: Worlds, weather: Weather, clogging: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the speed [1] and the flow [m3/h] of a pump at work (W or 1, n)."""
        own = self._own
        static_m = (own.plant_m - weather.tide_m)[None]
        resistance = own.intake_resistance + own.strainer_resistance + own.pipe_resistance + clogging
        wanted = np.clip(own.pump.speed(own.asked_m3_per_h, static_m, resistance), _MINIMUM_SPEED, 1.0)
        speed = 1.0 - worlds.share("variable_speed", own.asset) * (1.0 - wanted)
        return speed, own.pump.flow(speed, static_m, resistance)

    def _pressures(
        self, weather: Weather, bar_per_m: NDArray[np.float64], runs: NDArray[np.float64],
        speed: NDArray[np.float64], flow: NDArray[np.float64],
    ) -> dict[str, Output]:  # fmt: skip
        """Return the gauge pressures at the pumps' axis; at rest a check valve holds the column up to the plant."""
        own = self._own
        suction = bar_per_m * (weather.tide_m - own.pump_m - runs * own.intake_resistance * flow**2)
        working = suction + bar_per_m * own.pump.head_m(speed, flow)
        resting = bar_per_m * (own.plant_m - own.pump_m)
        return {
            f"{own.asset}/p_suction": Mean(suction),
            f"{own.asset}/p_discharge": Mean(runs * working + (1.0 - runs) * resting),
        }

    def _pumps(
        self, day: Day, runs: NDArray[np.float64], speed: NDArray[np.float64], power_kw: NDArray[np.float64]
    ) -> dict[str, Output]:
        """Return power, frequency and state of both pumps: they change over at 06 h UTC."""
        own = self._own
        turn = (day.starts_s - 6 * 3600) // (own.alternation_days * 86_400) % 2
        outputs: dict[str, Output] = {}
        for pump in (1, 2):
            at_work = runs * (turn == pump - 1)
            outputs[f"{own.asset}/pump_{pump}_power"] = Mean(power_kw * (turn == pump - 1))
            outputs[f"{own.asset}/pump_{pump}_speed"] = Mean(at_work * speed * own.rated_hz)
            outputs[f"{own.asset}/pump_{pump}_on"] = Switch(minutes_on(at_work[0]))
        return outputs


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Plant:
    """Return the pumping stations of a port.

    Raises
    ------
    ConfigurationError
        If a table says something that a pumping station has not.
    """
    return Together([_Station(own, seed) for own in read(SeawaterLoop, tables)])
