"""What a cold room is made of, and all rooms of a port side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_AIR_KJ_PER_M3_K = 1.4  # a cubic metre of cold air: 1.4 kg/m3 times 1.006 kJ/(kg·K)


@dataclass(frozen=True, kw_only=True)
class Room:
    """One cold room. Defaults: the frozen store of the design brief; [J] marks engineering judgement."""

    asset: str  # whose points these are
    opens_to: str = ""  # dock that the door leads to; empty: the open air
    own_unit: bool = False  # a condensing unit of its own counts its electricity
    volume_m3: float = 8000.0
    set_point_c: float = -22.0  # of the air
    envelope_kw_per_k: float = 0.608  # U 0.20 W/(m2·K) over 3 040 m2
    air_mass_factor: float = 3.5  # racks and surfaces that follow the air, as a multiple of the air [J]
    product_kj_per_kg_k: float = 2.0  # fish below −15 °C
    product_hours: float = 100.0  # time in which the stock follows the air [J]
    stock_kg: float = 1_200_000.0  # the usual one; in force where operations do not tell
    door_width_m: float = 3.0
    door_height_m: float = 3.5
    door_flow: float = 0.8  # share of the full flow that a door in use reaches, D_f
    curtain_effectiveness: float = 0.85  # of strip doors where they are fitted, E
    internal_kw: float = 1.5  # lights and people, mean [J]
    handling_kj_per_kg: float = 2.2  # trucks: 0.6 kWh a tonne moved [J]
    humidity: float = 85.0  # of the air with the doors shut [%] [J]
    evaporator_kw: float = 120.0  # cold that clean coils give
    band_k: float = 1.5  # of the air, from no cold to all of it; the set point lies in the middle [J]
    coil_difference_k: float = 8.0  # set point less evaporating temperature, clean coils
    frost_penalty: float = 0.25  # share of the coils' conductance that full frost takes
    full_frost_kg: float = 150.0
    fan_kw: float = 15.0
    fan_floor: float = 0.5  # fans turn at least so much of the time, and more with the cold asked for [J]
    ec_fan_kw: float = 9.0  # after ec_fans
    ec_fan_floor: float = 0.4  # after ec_fans: they also stop when no cold is asked for [J]
    air_m3_per_h: float = 70_000.0  # through the evaporators, all fans on
    defrost_kw: float = 40.0  # heat given to the coils
    defrost_electric: bool = True  # else hot gas of the plant, which costs no electricity
    defrost_minutes: float = 25.0  # on the timer [J]
    defrosts_per_day: int = 4  # hours of the timer, evenly over the day; a measure may skip them
    defrost_first_h: float = 3.0  # first of them [h UTC]
    defrost_trigger_kg: float = 60.0  # frost below which demand_defrost skips a turn
    defrost_to_room: float = 0.6  # share of the heat that ends in the room; the rest melts and drains [J]

    @property
    def air_kj_per_k(self) -> float:
        """Heat that warms the air and what follows it by 1 K [kJ/K]."""
        return self.volume_m3 * _AIR_KJ_PER_M3_K * self.air_mass_factor

    @property
    def air_kw_per_k(self) -> float:
        """Heat that warms the air through the evaporators by 1 K, all fans on [kW/K]."""
        return self.air_m3_per_h * _AIR_KJ_PER_M3_K / 3600.0


@dataclass(frozen=True)
class Rooms:
    """The rooms that are stepped together, R of them."""

    each: tuple[Room, ...]

    @classmethod
    def of(cls, rooms: Sequence[Room]) -> Rooms:
        """Return rooms in the order given."""
        return cls(tuple(rooms))

    def __len__(self) -> int:
        return len(self.each)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one parameter of all rooms (R,)."""
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        names = [name for name, value in vars(Room).items() if isinstance(value, int | float | property)]
        return {name: np.array([float(getattr(room, name)) for room in self.each]) for name in names}
