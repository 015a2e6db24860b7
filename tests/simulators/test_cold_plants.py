"""Condensing, the central plant, condensing units and the ice plant."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.day import Day
from simulators.outputs import Amounts, Flow, Mean, Switch
from simulators.physics.refrigerant import compressor_cop, saturation_temperature_c
from simulators.plants.condensing import Condensing, air_cooled_c, fouled_conductance, sea_cooled_c
from simulators.plants.condensing_unit import CondensingUnits
from simulators.plants.condensing_unit import Parameters as Unit
from simulators.plants.ice_plant import IcePlants, specific_kwh_per_t
from simulators.plants.ice_plant import Parameters as Ice
from simulators.plants.refrigeration import Parameters as Central
from simulators.plants.refrigeration import RefrigerationPlants, Suction, build
from telemetry.errors import ConfigurationError
from tests.simulators.cold_days import FIRST, plain_weather, ruled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.plant import Made

PLANT, INTAKE = "port/machine_room", "port/intake"
DAY = Day(FIRST, 900)
LAW = Condensing()


def served(changed: dict[str, float] | None = None) -> dict[str, NDArray[np.float64]]:
    """Return the cold of a frozen and a chill room and what an intake tells."""
    given = {
        "evaporator_kw:port/frozen": 45.0,
        "evaporating_c:port/frozen": -30.0,
        "evaporator_kw:port/chill": 20.0,
        "evaporating_c:port/chill": -8.0,
        "auxiliaries_kw:port/frozen": 10.0,
        f"seawater_c:{INTAKE}": 11.0,
        f"seawater_available:{INTAKE}": 1.0,
    }
    return {name: np.full((1, DAY.steps), value) for name, value in (given | (changed or {})).items()}


def central() -> RefrigerationPlants:
    """Return a plant with a compressor for each of the two rooms."""
    suctions = (Suction(rooms=("port/frozen",)), Suction(rooms=("port/chill",), nominal_kw=60.0))
    return RefrigerationPlants([Central(asset=PLANT, suctions=suctions, intake=INTAKE)], 7)


def at(made: Made, name: str, row: int = 0) -> NDArray[np.float64]:
    """Return a mean or flow of the plant in one world."""
    output = made.outputs[f"{PLANT}/{name}"]
    assert isinstance(output, Mean | Flow)
    found: NDArray[np.float64] = output.values[min(row, len(output.values) - 1)]
    return found


@pytest.mark.parametrize(
    ("air_c", "floating", "condensing_c"),
    [(5.0, 0.0, 30.0), (5.0, 1.0, 20.0), (5.0, 0.5, 25.0), (12.0, 1.0, 24.0), (25.0, 0.0, 37.0), (25.0, 1.0, 37.0)],
)
def test_air_condenses_at_its_approach_or_at_the_head(air_c: float, floating: float, condensing_c: float) -> None:
    """12 K above the air, never below 30 °C with fixed and 20 °C with floating head; a share lies between."""
    assert air_cooled_c(LAW, air_c, floating) == pytest.approx(condensing_c)


def test_fouling_lifts_the_condensing_temperature_as_known() -> None:
    """30 % of the conductance lost are 1.2 K more, 40 % are 1.8 K; below 16 °C no plant condenses."""
    clean, third, more = sea_cooled_c(LAW, 12.0, np.array([1.0, 0.7, 0.6]))
    assert clean == pytest.approx(18.9, abs=0.02)
    assert third - clean == pytest.approx(1.2, abs=0.07)
    assert more - clean == pytest.approx(1.8, abs=0.07)
    assert sea_cooled_c(LAW, 4.0) == 16.0
    assert np.isnan(sea_cooled_c(LAW, np.nan))


def test_fouling_grows_from_nothing_to_its_end() -> None:
    """A clean exchanger keeps all its conductance, an endlessly dirty one 65 %, and it only falls between."""
    kept = fouled_conductance(np.array([0.0, 30.0, 60.0, 120.0, 1e6]))
    assert kept[0] == 1.0
    assert kept[-1] == pytest.approx(0.65)
    assert np.all(np.diff(kept) < 0.0)
    assert float(fouled_conductance(30.0)) == kept[1]


def test_the_plant_works_out_what_a_hand_does() -> None:
    """At 5 °C, fixed head: both compressors by their COP at 30 °C, fans 18 W for each kW rejected, no pump."""
    made = central().advance(DAY, ruled(DAY), plain_weather(DAY, air_c=5.0), served())
    frozen, chill = 45.0 / compressor_cop(-30.0, 30.0), 20.0 / compressor_cop(-8.0, 30.0)
    np.testing.assert_allclose(at(made, "compressor_1_power"), frozen)
    np.testing.assert_allclose(at(made, "compressor_2_power"), chill)
    np.testing.assert_allclose(at(made, "condenser_fan_power"), 0.018 * (65.0 + frozen + chill))
    np.testing.assert_array_equal(at(made, "condenser_pump_power"), 0.0)
    np.testing.assert_array_equal(at(made, "condenser_flow"), 0.0)
    np.testing.assert_array_equal(at(made, "condenser_t_out"), at(made, "condenser_t_in"))
    np.testing.assert_allclose(saturation_temperature_c(at(made, "p_discharge") + 1.01325), 30.0, atol=0.01)
    np.testing.assert_allclose(saturation_temperature_c(at(made, "p_suction") + 1.01325), -30.0, atol=0.01)
    np.testing.assert_allclose(at(made, "t_suction") + 30.0, at(made, "superheat"))


def test_seawater_takes_the_heat_and_its_balance_closes() -> None:
    """With seawater in force, flow times rise is the heat that cold and compressors make, and the fans stand still."""
    made = central().advance(
        DAY, ruled(DAY, {("seawater_condenser", PLANT): [1.0, 0.5, 0.0]}), plain_weather(DAY), served()
    )
    for row, share in enumerate((1.0, 0.5, 0.0)):
        heat_kw = 65.0 + at(made, "compressor_1_power", row) + at(made, "compressor_2_power", row)
        to_sea = (
            4098.9
            * at(made, "condenser_flow", row)
            * (at(made, "condenser_t_out", row) - at(made, "condenser_t_in", row))
            / 3600.0
        )
        np.testing.assert_allclose(to_sea, share * heat_kw, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(at(made, "condenser_fan_power", row), 0.018 * (1.0 - share) * heat_kw, atol=1e-12)
        np.testing.assert_allclose(at(made, "condenser_pump_power", row), 0.012 * share * heat_kw, atol=1e-12)
    energy = [at(made, "energy", row).sum() for row in range(3)]
    assert energy[0] < energy[1] < energy[2]


def test_without_seawater_the_plant_falls_back_to_air() -> None:
    """An intake that stands still leaves the measure without effect, to the byte."""
    rule = ruled(DAY, {("seawater_condenser", PLANT): [1.0, 0.0]})
    dry = served({f"seawater_available:{INTAKE}": 0.0})
    made = central().advance(DAY, rule, plain_weather(DAY), dry)
    np.testing.assert_array_equal(at(made, "energy", 0), at(made, "energy", 1))


def test_without_an_intake_the_sea_of_the_weather_is_taken() -> None:
    """Where nobody tells of an intake, seawater is at hand at the temperature of the sea."""
    weather = plain_weather(DAY)
    flows = {name: value for name, value in served().items() if "seawater" not in name}
    made = central().advance(DAY, ruled(DAY, {("seawater_condenser", PLANT): 1.0}), weather, flows)
    np.testing.assert_array_equal(at(made, "condenser_t_in"), weather.sea_c)
    assert at(made, "condenser_flow").min() > 0.0


def test_starts_and_hours_follow_the_compressor() -> None:
    """A compressor that rests twice a day starts twice; the hours are those that it ran, also over midnight."""
    plant = central()
    flows = served()
    flows["evaporator_kw:port/frozen"][0, [0, 1, 40, 41, 42]] = 0.0
    made = [plant.advance(replace(DAY, number=FIRST + k), ruled(DAY), plain_weather(DAY), flows) for k in range(2)]
    for one, starts in zip(made, (2.0, 2.0), strict=True):
        assert at(one, "compressor_1_starts").sum() == starts
        assert at(one, "compressor_1_hours").sum() == 91 * 900.0
        assert at(one, "compressor_2_starts").sum() == 0.0
        on = one.outputs[f"{PLANT}/compressor_1_on"]
        assert isinstance(on, Switch)
        assert on.values.sum() == 91 * 15
        assert np.all((at(one, "compressor_1_power") > 0.0) == (on.values.reshape(96, 15)[:, 0] == 1.0))
    again = pickle.loads(pickle.dumps(plant))  # noqa: S301 – our own bytes
    after = [
        each.advance(replace(DAY, number=FIRST + 2), ruled(DAY), plain_weather(DAY), flows) for each in (plant, again)
    ]
    for name in ("compressor_1_starts", "superheat", "energy", "ammonia"):
        assert at(after[0], name).tobytes() == at(after[1], name).tobytes()


def test_a_misspelt_parameter_of_the_plant_is_refused() -> None:
    """A key that no plant knows is told with its place, also inside the condenser's table."""
    with pytest.raises(ConfigurationError, match="suction"):
        build([{"type": "refrigeration", "asset": PLANT, "suctons": []}], 0)
    with pytest.raises(ConfigurationError, match=PLANT):
        build([{"type": "refrigeration", "asset": PLANT, "suctions": "all"}], 0)


def test_floating_head_lowers_a_unit_in_cool_air_only() -> None:
    """At 5 °C the unit with floating head condenses at 20 instead of 30 °C and uses less; at 30 °C nothing changes."""
    units = CondensingUnits([Unit(asset="port/frozen")])
    rule = ruled(DAY, {("floating_head", "port/frozen"): [1.0, 0.0]})
    energy = {}
    for air_c in (5.0, 30.0):
        made = units.advance(DAY, rule, plain_weather(DAY, air_c=air_c), served())
        counted = made.outputs["port/frozen/energy"]
        assert isinstance(counted, Flow)
        np.testing.assert_allclose(counted.values, 0.25 * made.flows["electric_kw:port/frozen"])
        energy[air_c] = counted.values.sum(axis=1)
    assert energy[5.0][0] < 0.9 * energy[5.0][1]
    assert energy[30.0][0] == energy[30.0][1]


def test_a_unit_meters_its_room_or_itself() -> None:
    """The meter counts 10 kW of fans and heaters only where it is the whole room's."""
    both = CondensingUnits([Unit(asset="port/frozen"), Unit(asset="port/chill", whole_room=False)])
    flows = served({"auxiliaries_kw:port/chill": 3.0})
    made = both.advance(DAY, ruled(DAY), plain_weather(DAY, air_c=10.0), flows)
    for room, more_kw in (("port/frozen", 10.0), ("port/chill", 0.0)):
        unit, counted = made.outputs[f"{room}/compressor_power"], made.outputs[f"{room}/energy"]
        assert isinstance(unit, Mean)
        assert isinstance(counted, Flow)
        np.testing.assert_allclose(counted.values, 0.25 * (unit.values + more_kw))


def test_ice_is_made_from_water_and_balances() -> None:
    """In 20 days the ice made is the ice used less what the silo lacks more; water is ice and bleed."""
    plant = Ice(asset="port/ice", follows="port/fillets")
    plants, used, made_kg, water_m3 = IcePlants([plant]), 0.0, 0.0, 0.0
    hour = DAY.middles_s % 86_400.0 / 3600.0
    flows = {"production_kg_per_h:port/fillets": np.where((hour > 4.0) & (hour < 16.0), 2500.0, 0.0)[None]}
    lacked = plant.idle_kg_per_h * plant.fill_hours
    for number in range(FIRST, FIRST + 20):
        day = Day(number, 900)
        outputs = plants.advance(day, ruled(day), plain_weather(day), flows).outputs
        ice, water = outputs["port/ice/ice"], outputs["port/ice/water"]
        assert isinstance(ice, Amounts)
        assert isinstance(water, Flow)
        used += float((0.5 * flows["production_kg_per_h:port/fillets"] + 20.0).sum() * 0.25)
        made_kg += float(ice.values.sum())
        water_m3 += float(water.values.sum())
        assert ice.ts_s[0] == day.start_s + 3600
        assert ice.ts_s[-1] == day.start_s + 86_400
    lacking = float(plants.deficit_kg["port/ice"][0])
    assert made_kg == pytest.approx(used - (lacking - lacked), rel=1e-9)
    assert water_m3 == pytest.approx(1.06e-3 * made_kg, rel=1e-9)


def test_a_tonne_of_ice_takes_what_the_trade_knows() -> None:
    """From water of 12 °C in air of 12 °C a tonne takes 50 to 70 kWh, more in a heat wave; 80 is the alarm."""
    plant = Ice(asset="port/ice")
    usual, hot = specific_kwh_per_t(plant, 12.0, np.array([12.0, 32.0]))
    assert 50.0 < usual < 70.0
    assert usual < hot < 90.0
    assert float(specific_kwh_per_t(plant, 12.0, 12.0)) == usual
    assert np.isnan(specific_kwh_per_t(plant, np.nan, 12.0))


def test_ice_does_not_depend_on_the_step() -> None:
    """A day's ice differs by less than 1 % between steps of a minute and of an hour."""
    total = []
    for step_s in (60, 3600):
        day = Day(FIRST, step_s)
        hour = day.middles_s % 86_400.0 / 3600.0
        flows = {"production_kg_per_h:a/b": np.where((hour > 4.0) & (hour < 16.0), 2500.0, 0.0)[None]}
        made = IcePlants([Ice(asset="port/ice", follows="a/b")]).advance(day, ruled(day), plain_weather(day), flows)
        ice = made.outputs["port/ice/ice"]
        assert isinstance(ice, Amounts)
        total.append(ice.values.sum())
    assert total[0] == pytest.approx(total[1], rel=0.01)
