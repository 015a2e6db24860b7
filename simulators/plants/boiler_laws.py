"""What holds in every boiler house: water, solids and heat in are water, solids and heat out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KJ_PER_KWH = 3600.0


@dataclass(frozen=True, kw_only=True, eq=False)
class WaterSide:
    """Mass flows [kg/h] around the feed tank and the boiler, and the enthalpy of the feedwater [kJ/kg]; (W or 1, n)."""

    steam: Array  # made by the boiler
    injected: Array  # of that, blown into the feed tank to heat it
    condensate: Array  # that comes back
    make_up: Array
    blowdown: Array
    feed: Array  # steam + blowdown
    feed_kj_per_kg: Array


class Solids(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dissolved solids, told by conductivity [mS/cm]."""

    boiler: float  # at which the blowdown holds the boiler water
    make_up: float
    condensate: float


def blowdown_kg_per_h(used: Array, condensate: Array, solids: Solids) -> Array:
    """Return the blowdown [kg/h] that keeps the solids in the boiler constant; shapes as given.

    What comes in with make-up (used + blowdown - condensate) and condensate leaves with the blowdown only. With a
    share x of make-up in the feed this is the usual TDS_feed / (TDS_boiler - TDS_feed).

    >>> float(blowdown_kg_per_h(np.array(1000.0), np.array(0.0), Solids(boiler=3.1, make_up=0.1, condensate=0.0)))
    33.333333333333336
    """
    brought = solids.make_up * (used - condensate) + solids.condensate * condensate
    return brought / (solids.boiler - solids.make_up)


def water_side(
    used: Array, condensate: Array, blowdown: Array, enthalpies: tuple[Array, Array, Array], tank: Array | None = None
) -> WaterSide:
    """Return all flows around the feed tank.

    Parameters
    ----------
    used
        Steam that leaves for the network [kg/h].
    condensate, blowdown
        Water back from the network, and drained from the boiler [kg/h].
    enthalpies
        Of steam, condensate and make-up [kJ/kg].
    tank
        Enthalpy at which steam holds the feed tank [kJ/kg]; None where nothing heats it.
    """
    of_steam, of_condensate, of_make_up = enthalpies
    make_up = used + blowdown - condensate
    entering = used + blowdown  # what enters the tank as water
    heat = condensate * of_condensate + make_up * of_make_up
    injected = 0.0 * entering
    if tank is not None:
        injected = np.maximum(0.0, entering * tank - heat) / (of_steam - tank)
    feed = entering + injected
    return WaterSide(
        steam=used + injected,
        injected=injected,
        condensate=condensate,
        make_up=make_up,
        blowdown=blowdown,
        feed=feed,
        feed_kj_per_kg=(heat + injected * of_steam) / np.maximum(feed, 1e-9),
    )


def heat_taken_kw(water: WaterSide, of_steam: Array, of_boiler_water: Array) -> Array:
    """Return the heat that steam and blowdown carry away beyond what the feedwater brought [kW]."""
    out = water.steam * of_steam + water.blowdown * of_boiler_water
    heat: Array = (out - water.feed * water.feed_kj_per_kg) / KJ_PER_KWH
    return heat


def oxygen_percent(set_point: Array, load: Array) -> Array:
    """Return the oxygen in the dry flue gas of a burner that fires [%]: more air than asked for at low load."""
    oxygen: Array = set_point + 2.0 * np.exp(-8.0 * load)
    return oxygen


def efficiency(oxygen: Array, load: Array) -> Array:
    """Return the share of the lower heating value that the boiler water gets, casing aside, at a load 0 to 1.

    >>> round(float(efficiency(np.array(3.0), np.array(1.0))), 4)
    0.905
    """
    share: Array = 0.905 - 0.004 * (oxygen - 3.0) - 0.012 * np.exp(-6.0 * load)
    return share


def carbon_monoxide_ppm(oxygen: Array, load: Array) -> Array:
    """Return carbon monoxide in the flue gas [ppm]: little, more with too little air and at low fire [J]."""
    ppm: Array = 12.0 + 60.0 * np.exp(-2.0 * (oxygen - 1.5)) + 15.0 * np.exp(-8.0 * load)
    return ppm
