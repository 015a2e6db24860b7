"""Where the heat of refrigeration goes: condensing temperatures and what it costs to get rid of the heat.

Air-cooled condensers keep an approach above the air, and a head pressure below which valves and oil would suffer:
fixed head holds it high all year, floating head lets it fall with the air. A seawater condenser has a small approach
that grows as it fouls. Measures move a plant between the three by share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.refrigerant import compressor_cop

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class Condensing:
    """How a plant condenses; [J] marks engineering judgement."""

    air_approach_k: float = 12.0  # dry air: 10 to 15 K
    fixed_head_c: float = 30.0  # lowest condensing temperature, head pressure fixed
    floating_head_c: float = 20.0  # the same, head pressure floating
    fan_w_per_kw: float = 18.0  # condenser fans a kW of heat rejected [J]
    sea_rise_k: float = 4.0  # of the seawater through the condenser; the pump follows the heat [J]
    sea_transfer_units: float = 1.35  # of the clean condenser: with the rise, 5.4 K above the seawater
    sea_margin_k: float = 1.5  # of the refrigerant over the exchanger's wall: oil, pressure drop [J]
    sea_lowest_c: float = 16.0  # oil and expansion valves: 15 to 18 °C
    sea_pump_w_per_kw: float = 12.0  # a kW of heat rejected [J]


@dataclass(frozen=True, kw_only=True, eq=False)
class Condensed:
    """What condensing takes, (W or 1, n)."""

    condensing_c: NDArray[np.float64]
    heat_kw: NDArray[np.float64]  # rejected
    sea_kw: NDArray[np.float64]  # of it to the sea
    fan_kw: NDArray[np.float64]  # electricity of condenser fans
    pump_kw: NDArray[np.float64]  # electricity of the seawater pump


def air_cooled_c(law: Condensing, air_c: ArrayLike, floating: ArrayLike) -> NDArray[np.float64]:
    """Return the condensing temperature [°C] in air of so many °C, from fixed (0) to floating head (1)."""
    fixed = np.maximum(np.asarray(air_c, np.float64) + law.air_approach_k, law.fixed_head_c)
    lowest = np.maximum(np.asarray(air_c, np.float64) + law.air_approach_k, law.floating_head_c)
    return np.asarray(fixed + floating * (lowest - fixed), np.float64)


def sea_cooled_c(law: Condensing, sea_c: ArrayLike, conductance: ArrayLike = 1.0) -> NDArray[np.float64]:
    """Return the condensing temperature [°C] above seawater, the exchanger keeping a share of its clean conductance.

    12 °C give 18.9 °C clean; 30 % of the conductance lost add 1.2 K.
    """
    effectiveness = -np.expm1(-law.sea_transfer_units * np.asarray(conductance, np.float64))
    tended = np.asarray(sea_c, np.float64) + law.sea_rise_k / effectiveness + law.sea_margin_k
    return np.maximum(tended, law.sea_lowest_c)


def fouled_conductance(age_days: ArrayLike, *, loss: float = 0.35, time_days: float = 120.0) -> NDArray[np.float64]:
    """Return the share of its clean conductance that an exchanger keeps so long after cleaning [1].

    Kern and Seaton (1959): the resistance tends to what would take `loss` of the conductance; 0.75 after 120 days.
    """
    final = loss / (1.0 - loss)
    return 1.0 / (1.0 - final * np.expm1(-np.asarray(age_days, np.float64) / time_days))


def cop_between(
    evaporating_c: ArrayLike, condensing_c: ArrayLike, relative_efficiency: float = 1.0
) -> NDArray[np.float64]:
    """Return cold per electricity of the compressor [1], of a machine so good relative to the ammonia plant."""
    return relative_efficiency * compressor_cop(evaporating_c, condensing_c)


def condensed(
    law: Condensing, *, condensing_c: NDArray[np.float64], heat_kw: NDArray[np.float64], sea_share: NDArray[np.float64]
) -> Condensed:
    """Return what it takes to reject heat, a share of it to the sea."""
    sea_kw = sea_share * heat_kw
    return Condensed(
        condensing_c=condensing_c,
        heat_kw=heat_kw,
        sea_kw=sea_kw,
        fan_kw=1e-3 * law.fan_w_per_kw * (heat_kw - sea_kw),
        pump_kw=1e-3 * law.sea_pump_w_per_kw * sea_kw,
    )
