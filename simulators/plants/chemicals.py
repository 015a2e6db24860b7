"""Tanks of chemicals: drawn down by cleaning and by water to be treated, ordered when low, and filled again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.outputs import Level, Mean
from simulators.plant import Made
from simulators.plants.parameters import Parameters, read
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

_NEVER = 2**31  # a day that does not come
_DELIVERY_H = 8.0  # UTC, when tankers come
_DELIVERY_DAYS = 7  # within which an order comes, by luck


class Tank(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One chemical with its tank and its dosing pump. [J] marks judgement."""

    name: str  # of its points: {name}_level and {name}_flow
    capacity_l: float  # [L]
    cleaning_l_per_h: float = 0.0  # dosed while it cleans [L/h] [J]
    from_h: float = 0.0  # after the end of the shift it begins to clean [h]
    to_h: float = 0.0  # and ends [h]
    per_m3_l: float = 0.0  # dosed for each cubic metre of boiler make-up [L/m3] [J]
    order_percent: float = 28.0  # level at which it is ordered [%] [J]
    full_percent: float = 92.0  # level to which it is filled [%] [J]


class ChemicalsParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The chemicals of one plant."""

    production: str  # area/asset whose shift is cleaned up after
    tanks: tuple[Tank, ...]
    boilers: tuple[str, ...] = ()  # area/asset of boilers whose make-up is treated


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Chemicals:
    """Build the chemicals of all plants of a port; raises ConfigurationError where a table is wrong."""
    return Chemicals([_Store(each, seed) for each in read(ChemicalsParameters, tables)])


class Chemicals:
    """The chemicals of all plants of a port."""

    def __init__(self, stores: Sequence[_Store]) -> None:
        self._stores = tuple(stores)

    def advance(self, day: Day, worlds: Worlds, weather: Weather, flows: Mapping[str, Array]) -> Made:
        """Simulate one day of every store."""
        del worlds, weather
        outputs: dict[str, Output] = {}
        for store in self._stores:
            outputs.update(store.advance(day, flows))
        return Made(outputs=outputs)


class _Store:
    """The tanks of one plant."""

    def __init__(self, parameters: ChemicalsParameters, seed: int) -> None:
        self._parameters = parameters
        self._tanks = [_Filled(tank, Stream.of(seed, "tank", parameters.asset, tank.name)) for tank in parameters.tanks]

    def advance(self, day: Day, flows: Mapping[str, Array]) -> dict[str, Output]:
        """Simulate one day."""
        own = self._parameters
        work = at_work(flows, own.production)
        treated = sum((flows[f"make_up_m3:{boiler}"] / day.step_h for boiler in own.boilers), np.zeros((1, day.steps)))
        outputs: dict[str, Output] = {}
        for tank in self._tanks:
            dosed, level = tank.advance(day, work, treated)
            outputs[f"{own.asset}/{tank.tank.name}_flow"] = Mean(dosed / 1_000.0)
            outputs[f"{own.asset}/{tank.tank.name}_level"] = Level(level)
        return outputs


class _Filled:
    """One tank with its level."""

    def __init__(self, tank: Tank, luck: Stream) -> None:
        self.tank = tank
        self._luck = luck
        first = tank.order_percent + (tank.full_percent - tank.order_percent) * float(luck.uniform(-1))
        self._level = np.full(1, first)  # (W or 1,) [%]
        self._comes = np.full(1, _NEVER, np.int64)  # day of the next delivery (W or 1,) [days since 1970-01-01]
        self._until, self._from = AfterShift(tank.to_h), AfterShift(tank.from_h)

    def advance(self, day: Day, work: Array, treated: Array) -> tuple[Array, Array]:
        """Return dosing [L/h] and the level at the ends of the steps [%], both (W or 1, n)."""
        tank = self.tank
        cleaning = self._until.advance(work, day) - self._from.advance(work, day)
        dosed = tank.cleaning_l_per_h * cleaning + tank.per_m3_l * treated
        comes = (self._comes <= day.number) & bool(work.any())  # nobody opens the gate to a tanker on a day off
        drawn = self._level[:, np.newaxis] - 100.0 * np.cumsum(dosed * day.step_h, axis=1) / tank.capacity_l
        drawn = np.maximum(drawn, 0.0)
        came = np.arange(1, day.steps + 1) * day.step_h > _DELIVERY_H
        at_gate = drawn[:, [int(_DELIVERY_H / day.step_h) - 1]]
        level = drawn + (comes[:, np.newaxis] & came) * np.maximum(0.0, tank.full_percent - at_gate)
        self._level = level[:, -1]
        self._order(day, comes)
        return dosed, level

    def _order(self, day: Day, comes: NDArray[np.bool_]) -> None:
        """Order in the evening what is low and not ordered yet."""
        waits = np.where(comes, _NEVER, self._comes)
        waits = np.broadcast_to(waits, self._level.shape)
        due = day.number + 1 + int(_DELIVERY_DAYS * float(self._luck.uniform(day.number)))
        self._comes = np.where((waits == _NEVER) & (self._level < self.tank.order_percent), due, waits)
