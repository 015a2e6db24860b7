"""The operations of Capécure as data: every point of the site is made, and a year looks like a fishing port's."""

from __future__ import annotations

import pickle
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from simulators.climate.weather import Climate
from simulators.day import UNIX, Day
from simulators.operations import dock, doors, goods, production, station
from simulators.operations.tariff import read_tariffs
from simulators.outputs import Amounts, Level, Switch
from simulators.worlds import Worlds
from telemetry.quantities import QUANTITIES
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from simulators.outputs import Output
    from simulators.plant import Plant

ROOT = Path(__file__).parents[2]
SITE = load_site(ROOT / "sites" / "capecure.toml")
TABLES = tomllib.loads((ROOT / "simulators" / "ports" / "capecure" / "operations.toml").read_text(encoding="utf-8"))
MODULES: dict[str, Any] = {
    "production": production,
    "goods": goods,
    "door": doors,
    "dock": dock,
    "weather_station": station,
}
NEW_YEAR = (date(2025, 1, 1) - UNIX).days
OURS = ("door", "pallets_in", "pallets_out", "cooked", "canned", "landed", "smoked", "shift_on")
ROOMS = ("mole/frozen_1", "mole/frozen_2", "mole/chill_1", "fillets/chill_room", "estran/cold_store")
LINES = ("cannery/production", "darse/production", "fillets/water", "estran/gas")


def plants() -> list[Plant]:
    """Build all plants of the operations, in the order of a day."""
    return [
        module.build([table for table in TABLES["plants"] if table["type"] == kind], 1)
        for kind, module in MODULES.items()
    ]


def advance(each: list[Plant], climate: Climate, number: int) -> tuple[dict[str, Output], dict[str, np.ndarray]]:
    """Simulate one day of all."""
    day = Day(number, 900)
    weather = climate.weather(day)
    flows: dict[str, np.ndarray] = {}
    outputs: dict[str, Output] = {}
    for plant in each:
        made = plant.advance(day, Worlds(count=1, steps=day.steps), weather, flows)
        flows.update(made.flows)
        outputs.update(made.outputs)
    return outputs, flows


@lru_cache(maxsize=1)
def year() -> list[tuple[dict[str, Output], dict[str, np.ndarray]]]:
    """Return the year 2025."""
    each, climate = plants(), Climate(1)
    return [advance(each, climate, NEW_YEAR + index) for index in range(365)]


def of_days(flow: str) -> np.ndarray:
    """Return the daily means of a flow over the year (365,)."""
    return np.array([flows[flow].mean() for _, flows in year()])


def weekdays() -> np.ndarray:
    """Return the weekdays of the year (365,), Monday 0."""
    return (NEW_YEAR + np.arange(365) + 3) % 7


def test_every_point_of_the_operations_is_made() -> None:
    """The dock, the weather station and both productions whole, and all doors, pallets and scales elsewhere."""
    whole = {"quay/weather", "mole/dock", "cannery/production", "darse/production"}
    wanted = {
        point.key
        for point in SITE.points
        if point.key.rpartition("/")[0] in whole or point.key.rpartition("/")[2] in OURS
    }
    assert len(wanted) > 20
    assert wanted <= set(year()[0][0])


def test_every_plant_finds_its_flows() -> None:
    """Production, shifts, doors and goods of every line and room, and the air of the dock."""
    names = set(year()[0][1])
    assert {f"{what}:{line}" for what in ("production_kg_per_h", "at_work") for line in LINES} <= names
    of_rooms = ("door_open", "goods_in_kg_per_h", "goods_in_c", "stock_kg")
    assert {f"{what}:{room}" for what in of_rooms for room in ROOMS} <= names
    assert {"dock_c:mole/dock", "dock_humidity:mole/dock", "at_work:mole/dock"} <= names


def test_values_are_ones_that_the_contract_allows() -> None:
    """Within the bounds of the quantity and the range of the point, all year; switches are 0 or 1."""
    points = {point.key: point for point in SITE.points}
    for outputs, _ in year()[::7]:
        for key, output in outputs.items():
            if key not in points:
                continue
            values = output.values
            assert np.isfinite(values).all()
            assert (values >= QUANTITIES[points[key].quantity].minimum).all()
            assert (values <= QUANTITIES[points[key].quantity].maximum).all()
            if isinstance(output, Switch):
                assert set(np.unique(values)) <= {0.0, 1.0}
            elif isinstance(output, Level):
                assert values.shape == (1, 96)


@pytest.mark.parametrize(
    ("line", "low_t", "high_t"),
    [
        ("cannery/production", 3_000, 4_500),
        ("darse/production", 1_100, 1_600),
        ("fillets/water", 7_500, 10_000),
        ("estran/gas", 1_000, 1_400),
    ],
)
def test_yearly_production_is_that_of_middling_plants(line: str, low_t: float, high_t: float) -> None:
    """Tonnes a year, from the volumes of an ordinary day and the days worked."""
    assert low_t < of_days(f"production_kg_per_h:{line}").mean() * 8.76 < high_t


def test_landings_are_weak_on_mondays_and_strong_before_christmas() -> None:
    """A Monday brings two thirds of a Thursday or less; December's weeks before the feast beat August's."""
    landed = of_days("production_kg_per_h:fillets/water")
    assert landed[weekdays() == 0].mean() < 0.67 * landed[weekdays() == 3].mean()
    smoked = of_days("production_kg_per_h:estran/gas")
    assert smoked[337:355].mean() > 1.5 * smoked[212:243].mean()
    assert not landed[weekdays() == 6].any()


def test_doors_follow_the_pallets() -> None:
    """Days with more pallets are days with more open doors: what savings models rely on."""
    shares, pallets = of_days("door_open:estran/cold_store"), of_days("goods_in_kg_per_h:estran/cold_store")
    assert np.corrcoef(shares, pallets)[0, 1] > 0.6
    assert 0.02 < shares.mean() < 0.05


def test_stocks_stay_near_their_size_all_year() -> None:
    """Frozen stores within 10 % of the usual stock."""
    for room, usual_kg in (("mole/frozen_1", 1_200_000.0), ("mole/frozen_2", 900_000.0)):
        assert np.abs(of_days(f"stock_kg:{room}") / usual_kg - 1.0).max() < 0.10


def test_dock_is_cool_all_year() -> None:
    """Between freezing and the alarm at 10 °C but for hot hours."""
    air = np.concatenate([flows["dock_c:mole/dock"][0] for _, flows in year()])
    assert air.min() > -5.0
    assert (air > 10.0).mean() < 0.02


def test_going_on_from_a_pickle_changes_nothing() -> None:
    """Plants that were put away after ten days make the same eleventh day."""
    each, climate = plants(), Climate(1)
    for index in range(10):
        advance(each, climate, NEW_YEAR + index)
    expected, _ = year()[10]
    found, _ = advance(pickle.loads(pickle.dumps(each)), Climate(1), NEW_YEAR + 10)  # noqa: S301 our own bytes
    for key, output in expected.items():
        assert found[key].values.tobytes() == output.values.tobytes(), key
        same = found[key]
        if isinstance(output, Amounts) and isinstance(same, Amounts):
            assert same.ts_s.tobytes() == output.ts_s.tobytes()


def test_tariffs_are_read() -> None:
    """Electricity is dearest on a winter's day and cheapest in a summer's night."""
    (electricity,) = read_tariffs(TABLES["tariffs"])
    noon_winter, night_summer = NEW_YEAR * 86_400 + 43_200, (NEW_YEAR + 190) * 86_400 + 3_600
    assert electricity.price_eur([noon_winter])[0] == electricity.winter_peak_eur
    assert electricity.price_eur([night_summer])[0] == electricity.summer_off_peak_eur
