"""Hot water and smoking kilns: balances that close, the heat pump's law, gas against electricity."""

from __future__ import annotations

import pickle
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.climate.weather import Climate
from simulators.day import Day
from simulators.physics.seawater import heat_per_volume
from simulators.physics.steam import GAS_LHV_KWH_PER_M3
from simulators.plants import hot_water, seawater_loop, smoking
from simulators.plants.cold_water import cold_water_c
from simulators.plants.hot_water_laws import WATER_KWH_PER_M3_K, Tank, coefficient_of_performance
from tests.simulators.sea_days import FIRST, pumped, run, shift, worlds

if TYPE_CHECKING:
    from simulators.plant import Plant
    from tests.simulators.sea_days import Series

ASSET, LINE = "port/hot_water", "port/kilns"
PUMP = ("heat_pump", ASSET)


def plant(seed: int = 1, **parameters: object) -> Plant:
    """Return a hot-water plant."""
    table = {"asset": ASSET, "production": LINE, "gas": LINE, "intake": "port/intake"}
    return hot_water.build([{**table, **parameters}], seed)


def at_work(day: Day) -> Series:
    """Return pumped seawater and a line at work."""
    return pumped(day) | shift(day, LINE, 300.0)


def test_heat_pump_follows_the_quoted_law() -> None:
    """2.87 at 7 °C and 3.62 at 19 °C, 2.9 to 3.6 over the year; half of Carnot between 60 °C and 5 K below the sea."""
    assert coefficient_of_performance(7.0) == pytest.approx(2.87, abs=0.005)
    assert coefficient_of_performance(19.0) == pytest.approx(3.62, abs=0.005)
    assert coefficient_of_performance(12.0) == pytest.approx(0.5 * 333 / (60 - 7), rel=1e-9)
    whole = coefficient_of_performance(np.array([7.0, np.nan, 19.0]))
    assert whole[[0, 2]].tolist() == [float(coefficient_of_performance(7.0)), float(coefficient_of_performance(19.0))]
    assert np.isnan(whole[1])


@given(st.floats(20, 75), st.floats(50, 72), st.floats(0, 30), st.floats(5, 18), st.sampled_from([1 / 60, 0.25, 1.0]))
def test_a_step_of_the_tank_closes(tank_c: float, top_c: float, draw: float, cold_c: float, step_h: float) -> None:
    """Heat made is heat stored, lost and drawn, in every regime of the heater; and it gives what its band says."""
    tank = Tank(heat_kwh_per_k=9.0, loss_kw_per_k=0.15, room_c=20.0, heater_kw=200.0, band_k=4.0)
    after, heat = tank.step(tank_c, top_c, draw, cold_c, step_h)
    stored, lost, drawn = 9.0 * (after - tank_c), 0.15 * step_h * (after - 20), draw * (after - cold_c)
    assert heat == pytest.approx(stored + lost + drawn, abs=1e-9)
    assert heat == pytest.approx(200 * step_h * min(max((top_c - after) / 4, 0), 1), abs=1e-9)


@pytest.mark.parametrize("step_s", [60, 900])
def test_the_balance_closes_step_by_step_and_over_weeks(step_s: int) -> None:
    """From the points alone: gas and heat pump give what is drawn, lost and stored, to 1e-9 of the heater a step."""
    made = run([plant()], 28, step_s, given=at_work, ruled=lambda day: worlds(day, {PUMP: 0.5}))
    step_h = step_s / 3600
    tank = made[f"{ASSET}/t_tank"]
    boiler = made[f"{LINE}/volume"] * GAS_LHV_KWH_PER_M3 * 0.90
    given_kwh = boiler + made[f"{ASSET}/heat"]
    cold = np.concatenate([cold_water_c(Day(FIRST + day, step_s).middles_s) for day in range(28)])
    drawn = made[f"{ASSET}/volume"] * WATER_KWH_PER_M3_K * (tank - cold)
    lost = 0.15 * (tank - 20.0) * step_h
    stored = 8.0 * WATER_KWH_PER_M3_K * np.diff(tank, prepend=61.0)
    assert np.abs(given_kwh - drawn - lost - stored).max() < 1e-9 * 200 * step_h
    assert given_kwh.sum() == pytest.approx((drawn + lost + stored).sum(), rel=1e-9)


def test_the_sea_gives_what_the_compressor_does_not() -> None:
    """Heat from the sea, by flow and fall, and the compressor's work make the heat pump's heat."""
    made = run([plant()], 7, given=at_work, ruled=lambda day: worlds(day, {PUMP: 1.0}))
    heat_kw = made[f"{ASSET}/heat"] / 0.25
    electric = made[f"{ASSET}/energy"] / 0.25
    compressor = electric - 1.1 * heat_kw / 90.0
    fall = made[f"{ASSET}/t_source_in"] - made[f"{ASSET}/t_source_out"]
    source = 16.0 * heat_per_volume(34.0, 12.0) * fall / 3600.0
    np.testing.assert_allclose(source + compressor, heat_kw, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(heat_kw, compressor * coefficient_of_performance(12.0), rtol=1e-9, atol=1e-9)


def test_worlds_share_tank_and_use() -> None:
    """The measure moves heat from gas to electricity and nothing else; its share blends in proportion."""
    made = run([plant()], 14, given=at_work, ruled=lambda day: worlds(day, {PUMP: [1.0, 0.5, 0.0]}))
    assert made[f"{ASSET}/t_tank"].shape[0] == made[f"{ASSET}/volume"].shape[0] == 1
    gas, energy = made[f"{LINE}/volume"], made[f"{ASSET}/energy"]
    np.testing.assert_allclose(gas[1], 0.5 * (gas[0] + gas[2]), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(energy[1], 0.5 * energy[0], rtol=1e-9)
    assert (energy[2] == 0).all()


def test_without_seawater_gas_takes_over() -> None:
    """With the pumping station down, or the sea near freezing, the boiler makes all of it and the water stays hot."""
    station = seawater_loop.build([{"asset": "port/intake"}], 1)
    halted = {("out_of_service", "port/intake"): 1.0}
    down = run(
        [station, plant()], 3, given=lambda day: shift(day, LINE, 300.0),
        ruled=lambda day: worlds(day, {PUMP: 1.0}, halted),
    )  # fmt: skip
    icy = run(
        [plant()], 3, ruled=lambda day: worlds(day, {PUMP: 1.0}),
        given=lambda day: pumped(day, sea_c=1.0) | shift(day, LINE, 300.0),
    )  # fmt: skip
    for made in (down, icy):
        assert (made[f"{ASSET}/energy"] == 0).all()
        assert made[f"{LINE}/volume"].sum() > 100
        assert made[f"{ASSET}/t_tank"].min() > 55


def test_the_weekly_hygiene_run_is_gas() -> None:
    """Once a week the tank passes 65 °C, and the boiler does it."""
    made = run([plant()], 28, given=at_work, ruled=lambda day: worlds(day, {PUMP: 1.0}))
    hot = made[f"{ASSET}/t_tank"][0].reshape(28, 96).max(axis=1) > 65
    assert np.flatnonzero(hot).tolist() == [2, 9, 16, 23]  # Sundays
    assert (made[f"{LINE}/volume"][0].reshape(28, 96).sum(axis=1)[hot] > 1).all()


def test_it_saves_sixty_to_seventy_percent_of_final_energy() -> None:
    """A year of weather and shifts: gas as its lower heating value against electricity with what gas remains."""
    climate = Climate(5)
    station = seawater_loop.build([{"asset": "port/intake"}], 1)
    made = run(
        [station, plant()], 365, 3600, around=climate.weather, ruled=lambda day: worlds(day, {PUMP: [1.0, 0.0]}),
        given=lambda day: shift(day, LINE, 300.0),
    )  # fmt: skip
    energy = made[f"{LINE}/volume"].sum(axis=1) * GAS_LHV_KWH_PER_M3 + made[f"{ASSET}/energy"].sum(axis=1)
    assert 0.60 < 1 - energy[0] / energy[1] < 0.70


def test_steps_of_a_minute_and_a_quarter_hour_agree() -> None:
    """Volume exactly, gas within half a percent over two weeks."""
    coarse, fine = (run([plant()], 14, step_s, given=at_work) for step_s in (900, 60))
    assert coarse[f"{ASSET}/volume"].sum() == pytest.approx(fine[f"{ASSET}/volume"].sum(), rel=1e-9)
    assert coarse[f"{LINE}/volume"].sum() == pytest.approx(fine[f"{LINE}/volume"].sum(), rel=5e-3)


def test_it_can_be_pickled_between_days() -> None:
    """A plant that was put aside in the middle goes on with the same bytes."""
    whole = run([plant()], 6, given=at_work)
    other = plant()
    before = run([other], 3, given=at_work)
    after = run([pickle.loads(pickle.dumps(other))], 3, first=FIRST + 3, given=at_work)  # noqa: S301 – our own bytes
    for name, series in whole.items():
        np.testing.assert_array_equal(np.concatenate((before[name], after[name]), axis=1), series, err_msg=name)


def kilns() -> Plant:
    """Return smoking kilns."""
    return smoking.build([{"asset": LINE}], 1)


@pytest.mark.parametrize("step_s", [60, 900])
def test_kiln_gas_is_what_heats_dries_and_is_lost(step_s: int) -> None:
    """While the burner is on, its heat is stored, lost and in the fish, from the points alone."""
    made = run([kilns()], 3, step_s, given=lambda day: shift(day, LINE, 300.0))
    step_h = step_s / 3600
    kiln, work = (
        made[f"{LINE}/t_kiln"],
        np.concatenate([shift(Day(FIRST, step_s), LINE, 1.0)[f"at_work:{LINE}"]] * 3, 1),
    )
    burner = made[f"{LINE}/kiln_volume"] * GAS_LHV_KWH_PER_M3 * 0.88
    stored = 0.8 * np.diff(kiln, prepend=18.0)
    lost = (0.25 + 0.55 * work) * (kiln - 18.0) * step_h
    fish = 300.0 * work * (0.00095 * 60 + 0.12 * 0.68) * step_h
    need = stored + lost + fish
    np.testing.assert_allclose(burner, np.maximum(need, 0.0), rtol=1e-9, atol=1e-9)
    assert (burner[work > 0] > 0).all()
    assert kiln.max() == pytest.approx(72.0, abs=0.01)
    assert kiln.min() == pytest.approx(18.0, abs=0.01)


def test_kiln_gas_follows_the_product() -> None:
    """A tonne more costs its warming and drying, over the burner's efficiency."""
    little, much = (
        run([kilns()], 2, given=partial(shift, asset=LINE, kg_per_h=kg))[f"{LINE}/kiln_volume"].sum()
        for kg in (100, 200)
    )
    tonnes = 2 * 14 * 0.1
    assert (much - little) / tonnes == pytest.approx((57 + 81.6) / 0.88 / GAS_LHV_KWH_PER_M3, rel=1e-6)
