"""Dosing, clean seawater and its meter: mass balances, quality, and when there is none to be had."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.climate.weather import Climate
from simulators.plants import chlorination, clean_seawater, clean_seawater_meter, seawater_loop
from simulators.plants.water_quality_laws import acidity, bloom, counted, filtered_ntu, oxygen_mg_per_l
from simulators.streams import Stream
from tests.simulators.sea_days import FIRST, pumped, run, weather, worlds

if TYPE_CHECKING:
    from simulators.day import Day
    from simulators.plant import Plant, Weather
    from tests.simulators.sea_days import Series

DOSING, WORKS, USER = "port/chlorination", "port/clean_seawater", "port/fillets"
AVAILABLE = f"clean_seawater_available:{WORKS}"


def dosing(**parameters: object) -> Plant:
    """Return a dosing station."""
    return chlorination.build([{"asset": DOSING, "intake": "port/intake", **parameters}], 1)


def works(seed: int = 1, **parameters: object) -> Plant:
    """Return a clean seawater plant."""
    table = {"asset": WORKS, "intake": "port/intake", "chlorination": DOSING, "lamp_failures_per_year": 0.0}
    return clean_seawater.build([{**table, **parameters}], seed)


def dosed(day: Day) -> Series:
    """Return pumped seawater with its residual chlorine."""
    return pumped(day) | {f"free_chlorine_mg_per_l:{DOSING}": np.full((1, day.steps), 0.3)}


def test_what_leaves_the_tank_was_dosed() -> None:
    """Over a hundred days the level falls by the dosed volume, and rises only by deliveries to 95 %."""
    made = run([dosing()], 100, given=pumped)
    level = made[f"{DOSING}/hypochlorite_level"][0]
    litres = made[f"{DOSING}/hypochlorite_flow"][0] * 0.25 * 1000.0
    change = np.diff(level, prepend=60.0) * 500.0 / 100.0
    delivered = change + litres
    times = np.flatnonzero(delivered > 1e-6)
    assert np.abs(np.delete(delivered, times)).max() < 1e-9
    assert len(times) >= 2
    np.testing.assert_allclose(level[times], 95.0, atol=0.1)
    assert ((FIRST + times // 96 + 3) % 7 < 5).all()
    assert level.min() > 15.0


def test_the_dose_covers_the_demand_and_the_residual() -> None:
    """100 m3/h at 12 °C and 10 NTU take 0.48 mg/L and 0.3 remain: 78 g/h, 0.52 L/h of 150 g/L."""
    made = run([dosing(control_mg_per_l=0.0)], 1, given=pumped)
    assert made[f"{DOSING}/hypochlorite_flow"] * 1000 == pytest.approx((0.48 + 0.3) * 100 / 150, rel=1e-9)
    assert made[f"free_chlorine_mg_per_l:{DOSING}"] == pytest.approx(0.3)


def test_warm_and_turbid_water_takes_more() -> None:
    """The dose rises with both."""
    plain, warm, turbid = (
        run([dosing()], 1, given=pumped, around=around)[f"{DOSING}/hypochlorite_flow"]
        for around in (weather, partial(weather, sea_c=19.0), partial(weather, turbidity_ntu=60.0))
    )
    assert (warm > plain).all()
    assert (turbid > plain).all()


def test_no_water_no_dose() -> None:
    """The dosing pump stands with the pumping station."""
    halted = {("out_of_service", "port/intake"): 1.0}
    station = seawater_loop.build([{"asset": "port/intake"}], 1)
    made = run([station, dosing()], 1, ruled=lambda day: worlds(day, happenings=halted))
    assert (made[f"{DOSING}/pump_on"] == 0).all()
    assert (made[f"{DOSING}/hypochlorite_flow"] == 0).all()
    assert (made[f"free_chlorine_mg_per_l:{DOSING}"] == 0).all()


def test_good_water_is_on_offer() -> None:
    """Pumps, lamps, counts and authorisation in order: it is there all the time."""
    made = run([works()], 21, given=dosed)
    assert (made[AVAILABLE] == 1).all()
    assert (made[f"{WORKS}/uv_on"] == 1).all()


def test_before_the_authorisation_there_is_none() -> None:
    """The day of the authorisation is the first with water (2024-10-06 is the third day here)."""
    made = run([works(authorised_from="2024-10-06")], 4, given=dosed)
    assert made[AVAILABLE][0].reshape(4, 96).mean(axis=1).tolist() == [0, 0, 1, 1]


def test_turbid_water_is_bypassed_with_a_dead_band() -> None:
    """Nothing above 150 NTU, nothing either until it has fallen below 130, over midnight too."""

    def rising_and_falling(day: Day) -> Weather:
        plain = weather(day)
        plain.turbidity_ntu[:] = 140.0
        if day.number == FIRST:
            plain.turbidity_ntu[40:60] = 160.0
        else:
            plain.turbidity_ntu[50:] = 120.0
        return plain

    made = run([works()], 2, given=dosed, around=rising_and_falling)
    available = made[AVAILABLE][0]
    assert (available[:40] == 1).all()
    assert (available[40 : 96 + 50] == 0).all()
    assert (available[96 + 50 :] == 1).all()


def test_failed_lamps_stop_the_supply() -> None:
    """Lamps fail about as often as they are said to; while they are dark there is no water."""
    made = run([works(lamp_failures_per_year=40.0)], 365, 3600, given=dosed)
    dark = made[AVAILABLE][0] == 0
    assert 25 * 2 < dark.sum() < 55 * 5
    assert (made[f"{WORKS}/uv_on"].reshape(-1, 60)[dark] == 0).all()


def test_a_bad_count_stops_the_supply_until_the_next() -> None:
    """Without disinfection the weekly counts exceed the limit: no water from the first sample on."""
    made = run([works(log_removal=0.0, raw_e_coli=5000.0)], 21, 3600, given=dosed)
    counts = made[f"{WORKS}/e_coli"][0]
    assert counts.max() > 10
    assert ((made[AVAILABLE][0] == 0) == (counts > 10)).all()
    assert len(np.flatnonzero(np.diff(counts))) <= 3


def test_counts_are_poisson() -> None:
    """Mean and variance of ten thousand counts are those of the law, and zero is as probable as it says."""
    luck = Stream.of(3, "poisson").uniform(np.arange(10_000))
    counts = np.array([counted(2.5, float(each)) for each in luck])
    assert counts.mean() == pytest.approx(2.5, rel=0.03)
    assert counts.var() == pytest.approx(2.5, rel=0.06)
    assert (counts == 0).mean() == pytest.approx(math.exp(-2.5), rel=0.1)
    assert counted(1.0, 0.5) == 1.0


def test_quality_laws_have_plausible_values() -> None:
    """Oxygen, pH and filtered turbidity at a known state; the bloom is in May and nowhere else."""
    salt, sea_c, none = np.array([34.0]), np.array([12.0]), np.array([0.0])
    assert oxygen_mg_per_l(salt, sea_c, none) == pytest.approx(0.96 * 8.70, abs=0.02)
    assert acidity(sea_c, none) == pytest.approx(8.05)
    assert filtered_ntu(np.array([10.0]), 0.04, 0.3, none) == pytest.approx(0.7)
    months = bloom(86_400.0 * (20_089 + np.array([0.0, 124.0, 300.0])))  # 1 January, 5 May and 28 October 2025
    assert months[1] == pytest.approx(1.0, abs=0.01)
    assert months[[0, 2]].max() < 0.01


def test_the_meter_counts_what_was_taken() -> None:
    """Volume is the sum of all users, step by step and in every world, without a litre lost."""
    meter = clean_seawater_meter.build([{"asset": WORKS, "users": ["a/b", "c/d"]}], 1)

    def taken(day: Day) -> Series:
        steps = np.arange(float(day.steps))
        return {
            "clean_seawater_taken_m3:a/b": np.stack((steps, 0 * steps)),
            "clean_seawater_taken_m3:c/d": 0.5 * steps[None],
            f"uv_on:{WORKS}": np.ones((1, day.steps)),
        }

    made = run([meter], 1, given=taken)
    steps = np.arange(96.0)
    np.testing.assert_array_equal(made[f"{WORKS}/volume"], np.stack((1.5 * steps, 0.5 * steps)))
    np.testing.assert_allclose(made[f"electric_kw:{WORKS}"][1], 2.4 + 0.18 * 0.5 * steps / 0.25)


def test_a_year_of_real_weather_stays_inside_the_instruments() -> None:
    """In the port's climate all stays in the ranges of the site file, and water is there most of the time."""
    station = seawater_loop.build([{"asset": "port/intake"}], 1)
    made = run([station, dosing(), works(lamp_failures_per_year=2.0)], 365, 3600, around=Climate(5).weather)
    for point, low, high in (
        ("conductivity", 20, 60), ("turbidity", 0, 500), ("turbidity_treated", 0, 25), ("chlorine", 0, 2),
        ("oxygen", 5, 15), ("ph", 7.5, 8.6), ("e_coli", 0, 100), ("enterococci", 0, 100),
    ):  # fmt: skip
        series = made[f"{WORKS}/{point}"]
        assert low <= series.min(), point
        assert series.max() <= high, point
    assert made[AVAILABLE].mean() > 0.97
