"""Boiler houses: balances that close, states that last, points that agree with each other."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.day import Day
from simulators.physics.steam import (
    ATMOSPHERE_BAR,
    liquid_enthalpy_kj_per_kg,
    saturation_pressure_bar,
    siegert_loss_percent,
    vapour_enthalpy_kj_per_kg,
)
from simulators.plants import boiler_points
from simulators.plants.boiler import BoilerHouse, HouseDay
from simulators.plants.boiler_laws import (
    Solids,
    blowdown_kg_per_h,
    carbon_monoxide_ppm,
    efficiency,
    oxygen_percent,
    water_side,
)
from simulators.plants.boiler_parameters import BoilerParameters
from telemetry.errors import ConfigurationError
from tests.simulators.boiler_world import FIRST, PLAIN, mild, nothing, one_by_one, plain_flows, tables
from tests.simulators.site_points import check, points_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ASSET = "works/boiler"
MONDAY = FIRST  # 1 July 2024 was one


def house(tank_c: float = 0.0) -> BoilerHouse:
    """Return a boiler house of the usual size."""
    return BoilerHouse(BoilerParameters(asset=ASSET, production="works/line", tank_c=tank_c), seed=5)


def days_of(one: BoilerHouse, count: int, step_s: int = 900) -> Iterator[HouseDay]:
    """Simulate days with plain drivers in all worlds."""
    for number in range(MONDAY, MONDAY + count):
        day = Day(number, step_s)
        yield one.advance(day, one_by_one(day, ASSET), mild(day), plain_flows(day))


def same(one: np.ndarray, other: np.ndarray, scale: float) -> None:
    """Require that two series agree to 1e-9 of a scale."""
    assert np.abs(one - other).max() < 1e-9 * scale


@pytest.mark.parametrize("tank_c", [0.0, 92.0])
@pytest.mark.parametrize("step_s", [60, 900, 3_600])
def test_water_in_is_water_out_in_every_step(tank_c: float, step_s: int) -> None:
    """Condensate, make-up and heating steam enter the tank; feed leaves it as steam and blowdown; so do solids."""
    for found in days_of(house(tank_c), 8, step_s):
        water, solids = found.water, BoilerParameters(asset=ASSET, production="").solids
        same(water.condensate + water.make_up + water.injected, water.feed, 1_000.0)
        same(water.feed, water.steam + water.blowdown, 1_000.0)
        network = found.network
        same(water.steam, network.uses.total + network.leak + network.line + water.injected, 1_000.0)
        brought = solids.make_up * water.make_up + solids.condensate * water.condensate
        same(brought, solids.boiler * water.blowdown, 100.0)


@pytest.mark.parametrize("tank_c", [0.0, 92.0])
@pytest.mark.parametrize("step_s", [60, 900, 3_600])
def test_heat_in_is_heat_out_in_every_step(tank_c: float, step_s: int) -> None:
    """Fire, condensate and make-up bring what steam, blowdown and casing carry away or boiler and tank store."""
    own = house(tank_c)
    for found in days_of(own, 8, step_s):
        water, network, fire = found.water, found.network, found.fire
        mean_c = 0.5 * (found.boiler_c[1:] + found.boiler_c[:-1])
        steam = vapour_enthalpy_kj_per_kg(mean_c)
        kept = own.parameters.heat_kwh_per_k * np.diff(found.boiler_c) / (step_s / 3_600)
        brought = water.condensate * liquid_enthalpy_kj_per_kg(network.condensate_c)
        brought = brought + water.make_up * liquid_enthalpy_kj_per_kg(found.make_up_c)
        carried = (water.steam - water.injected) * steam + water.blowdown * liquid_enthalpy_kj_per_kg(mean_c)
        kept = kept + found.tank_stored_kw
        same(fire.fired_kw + brought / 3_600.0, carried / 3_600.0 + fire.casing_kw + kept, 1_000.0)
        same(fire.gas_kw * fire.efficiency, fire.fired_kw, 1_000.0)
        assert (fire.gas_kw > 0.0).all()
        assert (fire.casing_kw > 0.0).all()


def test_a_year_of_heat_and_water_closes() -> None:
    """Over 365 days what the burner gave is what left with steam, blowdown and casing, to 1e-6; water likewise."""
    own = house(92.0)
    first_c = last_c = None
    given = taken = fed = steamed = 0.0
    for found in days_of(own, 365):
        first_c = found.boiler_c[0] if first_c is None else first_c
        last_c = found.boiler_c[-1]
        given += float(found.fire.fired_kw.sum()) * 0.25
        taken += float((found.fire.taken_kw + found.fire.casing_kw).sum()) * 0.25
        fed += float((found.water.make_up + found.water.condensate + found.water.injected).sum())
        steamed += float((found.water.steam + found.water.blowdown).sum())
    assert first_c is not None
    assert last_c is not None
    stored = 6 * own.parameters.heat_kwh_per_k * (last_c - first_c)
    assert given == pytest.approx(taken + stored, rel=1e-6)
    assert fed == pytest.approx(steamed, rel=1e-9)


def test_the_feed_tank_stores_what_it_says() -> None:
    """An unheated feed tank holds 2.5 t of water: its heat at the end is that at the beginning and what went in."""
    own = house()
    days = list(days_of(own, 5))
    held = np.concatenate([found.tank_kj_per_kg for found in days], axis=1)
    stored = np.concatenate([found.tank_stored_kw for found in days], axis=1)
    np.testing.assert_allclose(2_500.0 * np.diff(held, axis=1), 3_600.0 * 0.25 * stored[:, 1:], atol=1e-6)
    feed_c = held / 4.19
    assert 25.0 < feed_c[0, :].min() < feed_c[0, :].max() < 40.0
    assert (feed_c[2, 200:] > feed_c[0, 200:] + 10.0).all()  # more condensate, warmer feedwater


def test_the_step_changes_no_total() -> None:
    """A week in steps of a minute or a quarter uses the same gas and water to 1e-3, in steps of an hour to 3e-3."""
    gas, make_up = [], []
    for step_s in (60, 900, 3_600):
        found = list(days_of(house(92.0), 7, step_s))
        hours = step_s / 3_600
        gas.append(sum(float(each.fire.gas_kw[0].sum()) * hours for each in found))
        make_up.append(sum(float(each.water.make_up[0].sum()) * hours for each in found))
    for totals in (gas, make_up):
        assert totals[1] == pytest.approx(totals[0], rel=1e-3)
        assert totals[2] == pytest.approx(totals[0], rel=3e-3)


def test_a_measure_changes_no_luck_and_worlds_do_not_touch() -> None:
    """A world without a measure is the same to the last bit whether or not another world has it."""
    day = Day(MONDAY, 900)
    alone = house().advance(day, nothing(day), mild(day), plain_flows(day))
    beside = house().advance(day, one_by_one(day, ASSET), mild(day), plain_flows(day))
    np.testing.assert_array_equal(alone.fire.gas_kw[0], beside.fire.gas_kw[0])


def test_it_can_be_pickled_between_two_days() -> None:
    """A plant that was pickled goes on with the same bytes."""
    plant = boiler_points.build([PLAIN], 3)
    days = [Day(MONDAY + number, 900) for number in range(4)]
    for day in days[:2]:
        plant.advance(day, one_by_one(day, ASSET), mild(day), plain_flows(day))
    other = pickle.loads(pickle.dumps(plant))  # noqa: S301 – made here
    for day in days[2:]:
        arguments = day, one_by_one(day, ASSET), mild(day), plain_flows(day)
        made, again = plant.advance(*arguments), other.advance(*arguments)
        for key, output in made.outputs.items():
            np.testing.assert_array_equal(output.values, again.outputs[key].values)


def test_the_boiler_is_at_pressure_in_shift_and_cools_between() -> None:
    """In shift 8 bar, an hour before it already rising; after two days and a half off hardly any is left."""
    *_, friday, _, _, monday = [found.boiler_c for found in days_of(house(), 8)]
    shift = slice(4 * 4 + 1, 18 * 4)
    for boiler_c in (friday, monday):
        np.testing.assert_allclose(saturation_pressure_bar(boiler_c[shift]) - ATMOSPHERE_BAR, 8.0, atol=0.06)
    assert 0.0 < float(saturation_pressure_bar(monday[3 * 4])) - ATMOSPHERE_BAR < 0.5
    assert monday[3 * 4 + 2] > monday[3 * 4] + 25.0


def test_points_are_those_of_the_site_and_within_their_range() -> None:
    """Both boiler houses give every point that the site declares for them, in its range, also over a weekend."""
    plant = boiler_points.build(tables("steam", "boiler"), 7)
    points = points_of("cannery/boiler", "cannery/steam_network", "darse/boiler")
    for number in range(MONDAY, MONDAY + 8):
        day = Day(number, 900)
        flows = {**plain_flows(day, "cannery/production"), **plain_flows(day, "darse/production", 400.0)}
        check(points, plant.advance(day, nothing(day), mild(day), flows).outputs, day.steps)


def test_points_agree_with_each_other() -> None:
    """Steam is its flow times time, saturated at its pressure; flue gas tells the efficiency; burner and gas agree."""
    plant = boiler_points.build([PLAIN], 3)
    day = Day(MONDAY + 1, 900)
    made = plant.advance(day, nothing(day), mild(day), plain_flows(day)).outputs
    at = {key.rpartition("/")[2]: output.values for key, output in made.items()}
    np.testing.assert_allclose(at["steam"], at["steam_flow"] * 0.25)
    np.testing.assert_allclose(at["p_steam"], saturation_pressure_bar(at["t_steam"]) - ATMOSPHERE_BAR)
    used = at["cooker_flow"] + at["retort_flow"] + at["cleaning_flow"]
    assert (used <= at["steam_flow"] + 1e-9).all()
    full = slice(5 * 4, 17 * 4)
    loss = siegert_loss_percent(at["t_flue"], 25.0, at["o2"])[0, full]
    heat_kw = at["burner"][0, full] / 100.0 * 2_200.0
    gas_kw = at["gas"][0, full] * 10.0 / 0.25
    np.testing.assert_allclose(100.0 * (1.0 - heat_kw / gas_kw), loss, rtol=1e-9)
    assert (at["t_flue"][0, full] < at["t_steam"][0, full] + 70.0).all()
    assert at["burner_on"][5 * 60 : 17 * 60].all()
    assert 0.0 < at["burner_on"][:120].mean() < 0.1  # short fires keep it warm at night
    assert (at["cleaning_flow"][0, 18 * 4 : 19 * 4] > 0.0).all()
    assert at["cleaning_flow"][0, 4 * 4 : 18 * 4].sum() == 0.0


def test_condensate_of_product_is_dumped() -> None:
    """When product gets into the condensate, its conductivity passes 0.15 mS/cm and nothing comes back."""
    plant = boiler_points.build([{**PLAIN, "contaminations_per_year": 365.25}], 3)
    dumped = 0
    for number in range(MONDAY, MONDAY + 5):
        day = Day(number, 60)
        made = plant.advance(day, nothing(day), mild(day), plain_flows(day)).outputs
        high = made[f"{ASSET}/condensate_conductivity"].values > 0.15
        assert (made[f"{ASSET}/condensate_flow"].values[high] == 0.0).all()
        dumped += int(high.sum())
    assert dumped == 5 * 120


def test_efficiency_law_known_values() -> None:
    """The law of domain gives 0.905 at 3 % and full load, 0.008 less at 5 %; little load costs up to 0.012."""
    assert float(efficiency(np.array(3.0), np.array(1.0))) == pytest.approx(0.905, abs=1e-4)
    assert float(efficiency(np.array(5.0), np.array(1.0))) == pytest.approx(0.897, abs=1e-4)
    assert float(efficiency(np.array(3.0), np.array(0.0))) == pytest.approx(0.893)
    shares = efficiency(np.array([3.0, np.nan]), np.array([[0.2], [0.9]]))
    assert shares.shape == (2, 2)
    assert np.isnan(shares[:, 1]).all()
    assert float(oxygen_percent(np.array(3.0), np.array(1.0))) == pytest.approx(3.0, abs=1e-3)
    assert float(carbon_monoxide_ppm(np.array(5.0), np.array(0.6))) < 20.0
    assert float(carbon_monoxide_ppm(np.array(1.2), np.array(0.6))) > 100.0


def test_blowdown_is_the_usual_formula() -> None:
    """Without condensate the blowdown is TDS_feed / (TDS_boiler - TDS_feed) of the steam; of nothing it is nothing."""
    solids = Solids(boiler=3.0, make_up=0.12, condensate=0.02)
    used, none = np.array([0.0, 1_000.0, np.nan]), np.zeros(3)
    blown = blowdown_kg_per_h(used, none, solids)
    np.testing.assert_allclose(blown[:2], [0.0, 1_000.0 * 0.12 / 2.88])
    assert np.isnan(blown[2])


def test_feedwater_mixes_as_in_the_domain_brief() -> None:
    """35 % condensate at 85 °C less 12 % flash, the rest at 12 °C, mixes to about 34 °C."""
    used = np.array(1_000.0)
    back = 0.35 * 0.88 * used
    enthalpies = (np.array(2_773.0), liquid_enthalpy_kj_per_kg(85.0), liquid_enthalpy_kj_per_kg(12.0))
    mixed = water_side(used, back, np.array(0.0), enthalpies)
    assert float(mixed.feed_kj_per_kg) / 4.187 == pytest.approx(34.5, abs=0.3)
    heated = water_side(used, back, np.array(0.0), enthalpies, liquid_enthalpy_kj_per_kg(92.0))
    assert float(heated.feed_kj_per_kg) == pytest.approx(float(liquid_enthalpy_kj_per_kg(92.0)))
    assert float(heated.injected) == pytest.approx(1_000 * (385.4 - 144.3) / (2_773.0 - 385.4), rel=0.01)


@pytest.mark.parametrize(
    ("wrong", "cause", "cure"),
    [
        ({"trapz": 60}, "trapz", "traps"),
        ({"traps": "many"}, "int", "comments"),
        ({"trap_rates": {"blow": 0.1}}, "blow", "comments"),
    ],
)
def test_a_wrong_table_is_refused(wrong: dict[str, object], cause: str, cure: str) -> None:
    """An unknown or mistyped parameter names the plant, the cause and the cure."""
    with pytest.raises(ConfigurationError) as caught:
        boiler_points.build([{**PLAIN, **wrong}], 1)
    assert ASSET in caught.value.place
    assert cause in caught.value.cause
    assert cure in caught.value.cure
