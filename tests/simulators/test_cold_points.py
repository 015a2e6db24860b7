"""What instruments of the cold show: every point of the site, in agreement with each other."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from simulators.day import Day
from simulators.outputs import Amounts, Flow, Level, Mean, Switch
from simulators.physics import humid_air
from simulators.plants import cold_room, condensing_unit, ice_plant, refrigeration
from simulators.plants.cold_points import minutes_of
from telemetry.formula import evaluate
from telemetry.site_file import load_site
from tests.simulators.cold_days import CHILL, FIRST, both_rooms, chores, plain_weather, ruled
from tests.simulators.site_points import SITE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.outputs import Output
    from simulators.plant import Plant

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "simulators" / "ports" / "capecure" / "cold.toml"
BUILDERS = {
    "cold_room": cold_room.build,
    "refrigeration": refrigeration.build,
    "condensing_unit": condensing_unit.build,
    "ice_plant": ice_plant.build,
}
UNIT = "fillets/chill_room"
OF_OPERATIONS = {"door", "pallets_in"}  # points of rooms that the work makes, not the cold


def plants() -> list[Plant]:
    """Return the cold of Capécure."""
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table in tomllib.loads(MODEL.read_text(encoding="utf-8"))["plants"]:
        tables[table["type"]].append(table)
    return [build(tables[kind], 7) for kind, build in BUILDERS.items()]


def work(day: Day, rooms: list[str]) -> dict[str, NDArray[np.float64]]:
    """Return doors and goods of all rooms on a busy day, and what the ice is for."""
    hour = day.middles_s % 86_400.0 / 3600.0
    shift = ((hour >= 5.0) & (hour < 17.0)).astype(np.float64)[None]
    flows = {"production_kg_per_h:fillets/water": 2500.0 * shift}
    for room in rooms:
        flows[f"door_open:{room}"] = 0.05 * shift
        flows[f"goods_in_kg_per_h:{room}"] = 1000.0 * shift
    return flows


@pytest.fixture(scope="module")
def capecure() -> dict[str, Output]:
    """Return all outputs of the cold of Capécure on its fourth day."""
    chain = plants()
    rooms = [room.asset for room in chain[0].rooms.each]  # type: ignore[attr-defined]  # the first one has them
    outputs: dict[str, Output] = {}
    for number in range(FIRST, FIRST + 4):
        day = Day(number, 900)
        flows, outputs = work(day, rooms), {}
        for plant in chain:
            made = plant.advance(day, ruled(day), plain_weather(day), flows)
            flows |= made.flows
            outputs |= made.outputs
    return outputs


def values(outputs: dict[str, Output], key: str) -> NDArray[np.float64]:
    """Return an output of the port as it is."""
    output = outputs[key]
    return output.values if isinstance(output, Switch | Amounts) else output.values[0]


def test_every_point_of_the_site_is_made_and_within_its_range(capecure: dict[str, Output]) -> None:
    """Each point of the rooms, the machine room and the ice plant has a finite value that its type allows."""
    made = {key.rpartition("/")[0] for key in capecure}
    points = [
        point
        for point in load_site(ROOT / "sites" / "capecure.toml").points
        if point.key.rpartition("/")[0] in made and point.key.rpartition("/")[2] not in OF_OPERATIONS
    ]
    derived = {"condenser_power", "cop", "specific_energy"}
    measured = [point for point in points if point.key.rpartition("/")[2] not in derived]
    assert len(measured) > 70
    for point in measured:
        found = values(capecure, point.key)
        assert np.all(np.isfinite(found)), point.key
        if not isinstance(capecure[point.key], Flow | Amounts):
            assert found.min() >= (-np.inf if point.valid_min is None else point.valid_min), point.key
            assert found.max() <= (np.inf if point.valid_max is None else point.valid_max), point.key


def test_meters_count_what_the_powers_say(capecure: dict[str, Output]) -> None:
    """Meters of a room, of its evaporators and of its unit alone count each their own powers."""
    room = "mole/frozen_2"
    unit, fans, heater = (
        values(capecure, f"{room}/{name}") for name in ("compressor_power", "fan_power", "defrost_power")
    )
    np.testing.assert_allclose(values(capecure, f"{room}/energy"), 0.25 * (unit + fans + heater))
    np.testing.assert_allclose(values(capecure, f"{room}/evaporator_energy"), 0.25 * (fans + heater))
    unit = values(capecure, "fillets/chill_room/compressor_power")
    np.testing.assert_allclose(values(capecure, "fillets/chill_room/energy"), 0.25 * unit)


def test_the_machine_rooms_meter_is_the_sum_of_its_powers(capecure: dict[str, Output]) -> None:
    """Compressors, condenser fans and seawater pump are all that the meter of the plant counts."""
    names = ("compressor_1_power", "compressor_2_power", "condenser_fan_power", "condenser_pump_power")
    total = sum(values(capecure, f"mole/refrigeration/{name}") for name in names)
    np.testing.assert_allclose(values(capecure, "mole/refrigeration/energy"), 0.25 * np.asarray(total))


def test_probes_of_a_room_agree_with_each_other(capecure: dict[str, Output]) -> None:
    """The door is warmer than the return, the HACCP probe calmer, and the coils blow colder air."""
    room = "mole/frozen_1"
    air, door, haccp = (values(capecure, f"{room}/{name}") for name in ("t_return", "t_door", "t_haccp"))
    assert np.all(door >= air)
    assert door.max() > air.max() + 0.2
    assert haccp.std() < 0.5 * air.std()
    cooling = values(capecure, f"{room}/defrost").reshape(96, 15).max(axis=1) == 0.0
    blown = values(capecure, f"{room}/t_evap_out")
    assert np.all(blown[cooling] < air[cooling])
    assert values(capecure, f"{room}/t_coil").max() > 0.0  # defrosting coils thaw
    assert np.median(values(capecure, f"{room}/t_coil")) < -28.0


def test_a_state_by_the_minute_is_on_first_then_off() -> None:
    """Two thirds of a quarter of an hour are its first ten minutes."""
    minutes = minutes_of(np.array([0.0, 1.0, 2.0 / 3.0] + 93 * [0.0]))
    assert minutes[:15].sum() == 0.0
    assert minutes[15:40].sum() == 25.0
    assert minutes[40:].sum() == 0.0


def test_levels_are_states_and_powers_are_means(capecure: dict[str, Output]) -> None:
    """Temperatures of matter are levels, powers and set points means, energies flows, running switches."""
    kinds = {"t_return": Level, "t_product": Level, "fan_power": Mean, "setpoint": Mean, "defrost": Switch}
    for name, kind in kinds.items():
        assert isinstance(capecure[f"mole/frozen_1/{name}"], kind)
    assert isinstance(capecure["mole/refrigeration/energy"], Flow)
    assert isinstance(capecure["fillets/ice_plant/ice"], Amounts)


def test_a_floating_head_moves_the_condensing_side_alone() -> None:
    """With the head floating a unit condenses colder and takes less; its evaporating temperature stays as it is."""
    chain, day = plants(), Day(FIRST + 180, 900)
    rooms = [room.asset for room in chain[0].rooms.each]  # type: ignore[attr-defined]  # the first one has them
    worlds, flows = ruled(day, {("floating_head", UNIT): [1.0, 0.0]}), work(day, rooms)
    outputs: dict[str, Output] = {}
    for plant in chain:
        made = plant.advance(day, worlds, plain_weather(day, 8.0), flows)
        flows |= made.flows
        outputs |= made.outputs
    condensing, energy, evaporating = (
        outputs[f"{UNIT}/{name}"].values for name in ("t_condensing", "energy", "t_evaporating")
    )
    assert np.all(condensing[0] < condensing[1])
    assert energy[0].sum() < energy[1].sum()
    assert len(evaporating) == 1  # the same in all worlds
    assert np.all(evaporating < -2.0)


@pytest.mark.parametrize(("room", "room_c", "humidity"), [("estran/cold_store", -22.0, 100.0), (UNIT, 0.5, 88.0)])
def test_the_door_load_goes_as_gosney_and_olamas_gain(room: str, room_c: float, humidity: float) -> None:
    """From frost to a heat wave a door's load is in proportion to its gain, below nothing where the air is colder."""
    derived = {point.key: point for point in SITE.derived_points}
    t = np.array([-4.0, 4.0, 8.0, 12.0, 17.0, 22.0, 28.0])
    weather = {"t": t, "rh": np.full(len(t), 80.0), "p": np.full(len(t), 1.013)}
    enthalpy = evaluate(derived["quay/weather/enthalpy"].formula, weather)
    opened = {"door": np.full(len(t), 0.04), "outside": enthalpy, "t": t}
    load = evaluate(derived[f"{room}/door_load"].formula, opened)
    inside, outside = humid_air.humidity_ratio(room_c, humidity), humid_air.humidity_ratio(t, 80.0)
    air = humid_air.door_exchange_kg_per_s(
        humid_air.density_kg_per_m3(room_c, inside), humid_air.density_kg_per_m3(t, outside), 2.0, 2.6
    )
    gain = air * (humid_air.enthalpy_kj_per_kg(t, outside) - humid_air.enthalpy_kj_per_kg(room_c, inside))
    np.testing.assert_allclose(load / load[3], gain / gain[3], rtol=0.04, atol=0.02)
    assert (load[0] < 0.0) == (room == UNIT)


def test_a_low_hardly_shows_in_the_humidity() -> None:
    """Room and dock are under the same pressure: a low changes the humidity by what thinner air brings, no more."""
    day, shown = Day(FIRST + 180, 900), []
    for pressure_bar in (1.013, 0.97):
        weather = replace(plain_weather(day), pressure_bar=np.full(day.steps, pressure_bar))
        made = both_rooms().advance(day, ruled(day), weather, chores(day, weather))
        shown.append(made.outputs[f"{CHILL}/humidity"].values)
    np.testing.assert_allclose(shown[1], shown[0], atol=0.5)
