"""Days of cold rooms for tests: the frozen and the chill store of the design brief, their work, and plain weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.plant import Weather
from simulators.plants.cold_parameters import Room, Rooms
from simulators.plants.cold_room import ColdRooms
from simulators.worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulators.day import Day

FIRST = 20_454  # 2026-01-01, a Thursday
FROZEN, CHILL, DOCK = "port/frozen", "port/chill", "port/dock"

Key = tuple[str, str]


def frozen_room(asset: str = FROZEN, **changed: float) -> Room:
    """Return the frozen store of the design, with other parameters where a test wants them."""
    return Room(asset=asset, opens_to=DOCK, **changed)  # type: ignore[arg-type]  # keywords by name


def chill_room(asset: str = CHILL) -> Room:
    """Return the chill store of the design."""
    return Room(
        asset=asset,
        opens_to=DOCK,
        volume_m3=2000.0,
        set_point_c=1.0,
        band_k=1.0,
        envelope_kw_per_k=0.3,
        product_kj_per_kg_k=3.6,
        product_hours=6.0,
        stock_kg=60_000.0,
        evaporator_kw=60.0,
        internal_kw=2.0,
        humidity=88.0,
        full_frost_kg=80.0,
        fan_kw=7.0,
        fan_floor=0.7,
        defrost_kw=6.0,
        defrost_electric=False,
        defrost_trigger_kg=25.0,
    )


def both_rooms() -> ColdRooms:
    """Return the two stores of the design as one plant."""
    return ColdRooms(Rooms.of([frozen_room(), chill_room()]))


def plain_weather(day: Day, air_c: float | None = None) -> Weather:
    """Return the season of Boulogne with a daily wave of 1.5 K and nothing else, or air of one temperature."""
    th = 2.0 * np.pi * (day.middles_s / 86_400.0 % 365.25) / 365.25
    hour = day.middles_s % 86_400.0 / 3600.0
    season = 11.897 - 5.813 * np.cos(th) - 3.515 * np.sin(th) - 1.5 * np.cos(2.0 * np.pi * (hour - 2.0) / 24.0)
    ones = np.ones(day.steps)
    return Weather(
        sea_c=12.594 - 4.751 * np.cos(th) - 4.222 * np.sin(th),
        air_c=season if air_c is None else air_c * ones,
        humidity=80.0 * ones,
        pressure_bar=1.013 * ones,
        tide_m=5.0 * ones,
        salinity_psu=34.0 * ones,
        turbidity_ntu=8.0 * ones,
    )


def chores(day: Day, weather: Weather) -> dict[str, NDArray[np.float64]]:
    """Return the work of the design: doors open for 5 % of the shifts, 40 t a day at −15 °C and 30 t at +4 °C."""
    hour, weekday = day.middles_s % 86_400.0 / 3600.0, (day.number + 3) % 7
    last = 18.0 if weekday < 5 else 12.0 if weekday == 5 else 0.0
    work = ((hour >= 4.0) & (hour < last)).astype(np.float64)[None]
    above = weather.air_c - 6.0
    flows = {
        f"dock_c:{DOCK}": (6.0 + np.where(above > 0.0, 0.2, 0.6) * above)[None],
        f"dock_humidity:{DOCK}": np.full((1, day.steps), 80.0),
    }
    for room, tonnes, warm_c in ((FROZEN, 40.0, -15.0), (CHILL, 30.0, 4.0)):
        flows[f"door_open:{room}"] = 0.05 * work
        flows[f"goods_in_kg_per_h:{room}"] = tonnes * 1000.0 / 14.0 * work
        flows[f"goods_in_c:{room}"] = np.full((1, day.steps), warm_c)
    return flows


def ruled(
    day: Day,
    shares: Mapping[Key, float | list[float]] | None = None,
    happenings: Mapping[Key, float | list[float]] | None = None,
) -> Worlds:
    """Return worlds with shares and happenings that hold all day: one number, or one for each world."""
    profiles = [
        {
            key: np.repeat(np.atleast_1d(np.asarray(value, np.float64))[:, None], day.steps, axis=1)
            for key, value in given
        }
        for given in ((shares or {}).items(), (happenings or {}).items())
    ]
    count = max((len(row) for rows in profiles for row in rows.values()), default=1)
    return Worlds(count=count, steps=day.steps, shares=profiles[0], happenings=profiles[1])
