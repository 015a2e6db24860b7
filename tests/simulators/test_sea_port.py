"""The seawater model of Capécure: every point of its assets is made, tables are checked, seeds and worlds hold."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.climate.weather import Climate
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site
from tests.simulators.sea_days import FIRST, run, shift, worlds

if TYPE_CHECKING:
    from simulators.day import Day
    from simulators.plant import Plant
    from simulators.worlds import Worlds
    from tests.simulators.sea_days import Series

ROOT = Path(__file__).parents[2]
TABLES = tomllib.loads((ROOT / "simulators/ports/capecure/seawater.toml").read_text(encoding="utf-8"))["plants"]
ORDER = (
    "seawater_loop", "exchanger", "chlorination", "clean_seawater", "clean_seawater_meter", "hot_water", "smoking",
)  # fmt: skip
RATES = {("variable_speed", "quay/intake"): [1.0, 0.0], ("heat_pump", "estran/hot_water"): [1.0, 0.0]}


def port(seed: int = 1) -> list[Plant]:
    """Return the seawater plants of Capécure in the order of a day."""
    return [
        import_module(f"simulators.plants.{kind}").build([each for each in TABLES if each["type"] == kind], seed)
        for kind in ORDER
    ]


def work(day: Day) -> Series:
    """Return the production that the plants need, and a user of clean seawater."""
    flows = {"clean_seawater_taken_m3:fillets/water": np.full((1, day.steps), 1.0)}
    for asset, kg_per_h in (("cannery/production", 1000.0), ("fillets/water", 2500.0), ("estran/gas", 300.0)):
        flows |= shift(day, asset, kg_per_h)
    return flows


def test_every_point_is_made_and_inside_its_range() -> None:
    """All points of the file's assets, in canonical units, counters never negative; `smoked` is made elsewhere."""
    site = load_site(ROOT / "sites" / "capecure.toml")
    assets = {table["asset"] for table in TABLES}
    made = run(port(), 40, 3600, around=Climate(2).weather, given=work)
    for point in site.points:
        if point.asset not in assets or point.key == "estran/gas/smoked":
            continue
        series = made[point.key]
        assert np.isfinite(series).all(), point.key
        low = 0.0 if point.valid_min is None else point.valid_min
        high = np.inf if point.valid_max is None else point.valid_max
        assert low <= series.min() <= series.max() <= high, point.key


def test_two_seeds_differ_and_one_seed_repeats() -> None:
    """The same seed gives the same bytes, another seed another port."""
    first, again, other = (run(port(seed), 8, 3600, given=work) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_the_world_without_measures_is_the_port_that_never_had_them() -> None:
    """Row 1 of a port with two measures is, in every point, the plain port."""
    measured = run(port(), 15, 3600, given=work, ruled=lambda day: worlds(day, RATES))
    plain = run(port(), 15, 3600, given=work)
    for name, series in plain.items():
        if not name.endswith("_on"):  # states are of the port as it is
            np.testing.assert_allclose(measured[name][-1], series[0], rtol=1e-12, err_msg=name)


def test_measures_and_happenings_may_come_and_go() -> None:
    """Worlds that differ for some days go on side by side afterwards, whatever each remembers."""
    shares = {
        **RATES,
        ("cleaning_policy", "quay/exchanger"): [1.0, 0.0],
        ("cleaning_policy", "quay/intake"): [1.0, 0.0],
    }

    def ruled(day: Day) -> Worlds:
        age = day.number - FIRST
        halted = {("out_of_service", "quay/intake"): 1.0} if age in (6, 9) else {}
        return worlds(day, shares if 4 <= age < 8 else {}, halted)

    def given(day: Day) -> Series:
        flows = work(day)
        if day.number - FIRST == 5:  # production differs between worlds for a day
            flows = {name: np.concatenate((flow, 0.5 * flow)) for name, flow in flows.items()}
        return flows

    made = run(port(), 12, 3600, given=given, ruled=ruled)
    assert all(np.isfinite(series).all() for series in made.values())
    tank = made["estran/hot_water/t_tank"]
    assert not np.array_equal(tank[0, 24 * 5 : 24 * 7], tank[1, 24 * 5 : 24 * 7])
    energy = made["quay/intake/energy"].reshape(2, 12, 24).sum(axis=2)
    assert (energy[:, [6, 9]] == 0).all()
    assert energy[0, 10] != energy[1, 10]  # their strainers remember


@pytest.mark.parametrize("kind", ORDER)
def test_a_wrong_parameter_is_refused_with_a_cure(kind: str) -> None:
    """A misspelt name names the plant and offers the right one; a wrong type is refused as well."""
    build = import_module(f"simulators.plants.{kind}").build
    table = next(each for each in TABLES if each["type"] == kind)
    with pytest.raises(ConfigurationError) as refused:
        build([{**table, "intakke": "quay/intake"}], 1)
    assert table["asset"] in refused.value.place
    assert "intakke" in str(refused.value)
    with pytest.raises(ConfigurationError):
        build([{**table, "asset": 5}], 1)


def test_parts_of_a_table_are_checked_too() -> None:
    """A misspelt property of the pump in the station's table is refused."""
    with pytest.raises(ConfigurationError, match="shutof"):
        import_module("simulators.plants.seawater_loop").build([{"asset": "a/b", "pump": {"shutof_head_m": 30.0}}], 1)


def test_several_plants_of_a_type_stand_side_by_side() -> None:
    """Two stations are both there, each with luck of its own."""
    build = import_module("simulators.plants.seawater_loop").build
    made = run([build([{"asset": "a/east"}, {"asset": "a/west"}], 1)], 3, first=FIRST + 1)
    assert not np.array_equal(made["a/east/dp_strainer"], made["a/west/dp_strainer"])
    np.testing.assert_array_equal(made["a/east/level_tide"], made["a/west/level_tide"])
