"""Electricity meters: they add up what hangs on them, and say the rest of what a meter says, consistently.

Reactive power is what motors draw less what a capacitor bank gives back in steps; voltage falls with both as through a
transformer; current follows from apparent power and voltage. Three balanced phases are assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Flow, Mean
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
from simulators.plants.shift_hours import at_work
from simulators.plants.wander import Wander
from simulators.streams import Stream
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds

    Array = NDArray[np.float64]

_SQRT3 = 3.0**0.5
_NO_LOAD_V = 408.0  # between phases with nothing connected [V] [J]
_RESISTANCE, _REACTANCE = 0.011, 0.055  # of transformer and cables, shares of its rating [1] [J]
_AIM = 0.25  # reactive over active power that the capacitor bank leaves at least [1] [J]


class MeterParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One meter. [J] marks judgement."""

    feeds: tuple[str, ...] = ()  # area/asset of the plants and meters that hang on it
    production: str = ""  # area/asset whose shift switches the shift load
    base_kw: float = 10.0  # lighting, offices, controls, day and night [kW] [J]
    shift_kw: float = 0.0  # machines and lighting that run with the shift [kW] [J]
    transformer_kva: float = 630.0  # [kV.A] [J]
    motor_tan_phi: float = 0.75  # reactive over active power of the load, before capacitors [1] [J]
    capacitor_kvar: float = 25.0  # one step of the capacitor bank [kvar] [J]
    capacitor_steps: int = 6


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Meters:
    """Build all electricity meters of a port, in the order of their tables; raises ConfigurationError."""
    return Meters([Meter(each, seed) for each in read(MeterParameters, tables)])


class Meters:
    """All electricity meters of a port; one may feed another that stands before it."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self.meters = tuple(meters)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day of every meter."""
        del worlds, weather
        outputs: dict[str, Output] = {}
        made: dict[str, Array] = {}
        for meter in self.meters:
            power = meter.power_kw(day, {**flows, **made})
            made[f"electric_kw:{meter.parameters.asset}"] = power
            outputs.update(meter.outputs(day, power))
        return Made(outputs=outputs, flows=made)


class Meter:
    """One electricity meter; it keeps no state."""

    def __init__(self, parameters: MeterParameters, seed: int) -> None:
        self.parameters = parameters
        asset = parameters.asset
        self._base = Wander(Stream.of(seed, "base load", asset), 3_600)
        self._shift = Wander(Stream.of(seed, "shift load", asset), 600)
        self._voltage = Wander(Stream.of(seed, "voltage", asset), 5_400)
        self._harmonics = Wander(Stream.of(seed, "harmonics", asset), 1_800)
        # One grid for all meters: its control wanders within minutes, and around the full hours.
        self._grid = Wander(Stream.of(seed, "grid frequency"), 180), Wander(Stream.of(seed, "grid hours"), 3_600)

    def power_kw(self, day: Day, flows: Mapping[str, Array]) -> Array:
        """Return the active power [kW] (W or 1, n): the sum of what it feeds and the loads of its own.

        Raises
        ------
        ConfigurationError
            If something it feeds says nothing about its electricity.
        """
        own = self.parameters
        power = (own.base_kw * (1.0 + 0.15 * self._base.at(day.middles_s)))[np.newaxis]
        if own.shift_kw:
            power = power + own.shift_kw * at_work(flows, own.production) * (1.0 + 0.2 * self._shift.at(day.middles_s))
        for asset in own.feeds:
            found = flows.get(f"electric_kw:{asset}")
            if found is None:
                known = [name.partition(":")[2] for name in flows if name.startswith("electric_kw:")]
                raise ConfigurationError(
                    f'"{asset}" says nothing about its electricity',
                    place=f"plant {own.asset}, feeds",
                    cure=f"{did_you_mean(asset, known)}known: {', '.join(sorted(known))}",
                )
            power = power + found
        return power

    def outputs(self, day: Day, power: Array) -> dict[str, Output]:
        """Return all that the meter says of its power [kW] (W or 1, n)."""
        own = self.parameters
        reactive = self._reactive_kvar(power)
        apparent = np.hypot(power, reactive)
        at_s = day.middles_s
        drop = (_RESISTANCE * power + _REACTANCE * reactive) / own.transformer_kva
        voltage = _NO_LOAD_V * (1.0 + 0.012 * self._voltage.at(at_s) - drop)
        distortion = 1.8 + 2.0 * power / own.transformer_kva + 0.5 * self._harmonics.at(at_s)
        frequency = 50.0 + 0.03 * self._grid[0].at(at_s) + 0.02 * self._grid[1].at(at_s)
        points: dict[str, Output] = {
            "energy": Flow(power * day.step_h),
            "energy_reactive": Flow(reactive * day.step_h),
            "power": Mean(power),
            "power_reactive": Mean(reactive),
            "voltage": Mean(voltage),
            "current": Mean(1_000.0 * apparent / (_SQRT3 * voltage)),
            "power_factor": Mean(power / apparent),
            "distortion": Mean(distortion),
            "frequency": Mean(frequency[np.newaxis]),
        }
        return {f"{own.asset}/{name}": output for name, output in points.items()}

    def _reactive_kvar(self, power: Array) -> Array:
        """Return the reactive power [kvar]: as much as the motors draw, less whole steps of the capacitor bank."""
        own = self.parameters
        wanted = (own.motor_tan_phi - _AIM) * power / own.capacitor_kvar
        steps = np.clip(np.floor(wanted), 0.0, own.capacitor_steps)
        reactive: Array = own.motor_tan_phi * power - own.capacitor_kvar * steps
        return reactive
