"""The pumping station: energy and pressures fit the laws, pumps take turns, dirt comes and goes, low water stops it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.climate.weather import Climate
from simulators.day import Day
from simulators.physics.seawater import density
from simulators.plants import seawater_loop
from simulators.plants.pump import Pump
from tests.simulators.sea_days import FIRST, run, weather, worlds

if TYPE_CHECKING:
    from simulators.plant import Plant, Weather

ASSET = "port/intake"
DRIVE = ("variable_speed", ASSET)
POLICY = ("cleaning_policy", ASSET)


def station(seed: int = 1, **parameters: object) -> Plant:
    """Return a pumping station."""
    return seawater_loop.build([{"type": "seawater_loop", "asset": ASSET, **parameters}], seed)


def test_power_is_hydraulic_power_over_efficiency() -> None:
    """Energy, flow, pressures and the pump's efficiency tell one story at every step."""
    made = run([station()], 2)
    flow, head_bar = made[f"{ASSET}/flow"], made[f"{ASSET}/p_discharge"] - made[f"{ASSET}/p_suction"]
    speed = (made[f"{ASSET}/pump_1_speed"] + made[f"{ASSET}/pump_2_speed"]) / 50.0
    power = made[f"{ASSET}/energy"] / 0.25
    hydraulic = head_bar * 100.0 * flow / 3600.0
    efficiency = Pump().efficiency(speed, flow) * 0.93
    np.testing.assert_allclose(power, hydraulic / efficiency, rtol=1e-9)
    np.testing.assert_allclose(power, made[f"{ASSET}/pump_1_power"] + made[f"{ASSET}/pump_2_power"], rtol=1e-12)
    np.testing.assert_allclose(made[f"{ASSET}/volume"], flow * 0.25, rtol=1e-12)
    np.testing.assert_allclose(made[f"electric_kw:{ASSET}"], power, rtol=1e-12)


def test_pressures_carry_the_water_up_to_the_plant() -> None:
    """Discharge carries the column to the plant, pipes and strainer; suction is the tide's column."""
    made = run([station()], 1)
    bar_per_m = float(density(34.0, 12.0)) * 9.81 / 1e5
    flow = made[f"{ASSET}/flow"]
    behind = made[f"{ASSET}/p_discharge"] - made[f"{ASSET}/dp_strainer"]
    np.testing.assert_allclose(behind, bar_per_m * (10.0 + 7.9e-4 * flow**2), rtol=1e-9)
    tide = weather(Day(FIRST, 900)).tide_m
    np.testing.assert_allclose(made[f"{ASSET}/p_suction"][0], bar_per_m * (tide - 1e-5 * flow[0] ** 2), rtol=1e-9)


def test_one_pump_at_a_time_and_turns_by_the_week() -> None:
    """In two weeks each pump works for about one, never both."""
    made = run([station()], 14)
    first, second = made[f"{ASSET}/pump_1_on"], made[f"{ASSET}/pump_2_on"]
    assert (first + second == 1.0).all()
    assert first.mean() == pytest.approx(0.5, abs=0.01)
    off = made[f"{ASSET}/pump_1_power"] == 0
    assert ((made[f"{ASSET}/pump_1_speed"] == 0) == off).all()


def test_a_drive_holds_the_flow_and_its_share_blends() -> None:
    """Full share: 100 m3/h whatever the tide; half share: half way in speed; no share: 50 Hz."""
    made = run([station()], 2, ruled=lambda day: worlds(day, {DRIVE: [1.0, 0.5, 0.0]}))
    np.testing.assert_allclose(made[f"{ASSET}/flow"][0], 100.0, rtol=1e-9)
    speed = made[f"{ASSET}/pump_1_speed"] + made[f"{ASSET}/pump_2_speed"]
    np.testing.assert_allclose(speed[2], 50.0, rtol=1e-12)
    np.testing.assert_allclose(speed[1], 0.5 * (speed[0] + speed[2]), rtol=2e-3)  # their strainers differ a little


def test_the_drive_changes_no_luck() -> None:
    """A world without the drive is the very same as a port that never heard of it."""
    with_drive = run([station()], 20, ruled=lambda day: worlds(day, {DRIVE: [1.0, 0.0]}))
    without = run([station()], 20)
    for name, series in without.items():
        np.testing.assert_array_equal(with_drive[name][-1], series[0], err_msg=name)


def test_a_drive_saves_a_quarter_to_a_third_over_twenty_seeds() -> None:
    """25 to 35 % for each m3 with tides and dirt as they come; four weeks of another season for each seed."""
    for seed in range(20):
        climate = Climate(seed)
        made = run(
            [station(seed)], 28, 3600, first=FIRST + 18 * seed, around=climate.weather,
            ruled=lambda day: worlds(day, {DRIVE: [1.0, 0.0]}),
        )  # fmt: skip
        specific = made[f"{ASSET}/energy"].sum(axis=1) / made[f"{ASSET}/volume"].sum(axis=1)
        assert 0.25 < 1.0 - specific[0] / specific[1] < 0.35, seed


def test_the_strainer_clogs_and_is_cleaned_by_the_calendar() -> None:
    """Its drop at constant flow only rises but for the cleanings, a fortnight apart, that bring back the clean one."""
    made = run([station()], 60, ruled=lambda day: worlds(day, {DRIVE: 1.0}))
    drop = made[f"{ASSET}/dp_strainer"][0]
    falls = np.flatnonzero(np.diff(drop) < 0)
    assert np.diff(falls).tolist() == [14 * 96] * (len(falls) - 1)
    assert len(falls) == 4
    clean = float(density(34.0, 12.0)) * 9.81 / 1e5 * 5e-5 * 1e4
    np.testing.assert_allclose(drop[falls + 1], clean, rtol=0.01)
    assert 0.15 < drop.max() < 0.35


def test_a_cleaning_policy_cleans_earlier() -> None:
    """In dirty water the policy keeps the drop near its limit; without it dirt waits for the calendar."""
    made = run(
        [station()], 42, around=lambda day: weather(day, turbidity_ntu=30.0),
        ruled=lambda day: worlds(day, {DRIVE: [1.0, 1.0], POLICY: [1.0, 0.0]}),
    )  # fmt: skip
    drop = made[f"{ASSET}/dp_strainer"]
    assert drop[0].max() < 0.27
    assert drop[1].max() > 0.3
    assert (np.diff(drop[0]) < 0).sum() > (np.diff(drop[1]) < 0).sum()


def falling(day: Day) -> Weather:
    """Return a day on which the sea falls to 0.5 m below chart datum and comes back."""
    plain = weather(day)
    plain.tide_m[:] = 2.0 + 2.5 * np.cos((day.middles_s - day.start_s) / 43_200.0 * np.pi)
    return plain


def test_low_water_stops_the_pumps() -> None:
    """No flow, no power, no water for others while the sump is too low; the check valve holds the column."""
    made = run([station()], 1, around=falling)
    dry = made[f"seawater_available:{ASSET}"][0] == 0
    assert 0 < dry.mean() < 0.3
    for point in ("flow", "volume", "energy", "dp_strainer", "pump_1_power", "pump_2_power"):
        assert (made[f"{ASSET}/{point}"][0, dry] == 0).all(), point
    still = falling(Day(FIRST, 900)).tide_m + 0.8
    assert (still[dry] <= 0.8).all()
    assert (still[~dry] >= 0.6).all()
    held = float(density(34.0, 12.0)) * 9.81 / 1e5 * 10.0
    np.testing.assert_allclose(made[f"{ASSET}/p_discharge"][0, dry], held, rtol=1e-9)


def test_out_of_service_stops_it_too() -> None:
    """A station out of service pumps nothing."""
    made = run([station()], 1, ruled=lambda day: worlds(day, happenings={("out_of_service", ASSET): 1.0}))
    assert (made[f"{ASSET}/volume"] == 0).all()
    assert (made[f"seawater_available:{ASSET}"] == 0).all()


def test_steps_of_a_minute_and_a_quarter_hour_agree() -> None:
    """Volume and energy of a week within a thousandth."""
    coarse, fine = run([station()], 7), run([station()], 7, 60)
    for point in ("volume", "energy"):
        key = f"{ASSET}/{point}"
        assert coarse[key].sum() == pytest.approx(fine[key].sum(), rel=1e-3)


def test_it_can_be_pickled_between_days() -> None:
    """A station that was put aside in the middle goes on with the same bytes."""
    whole = run([station()], 20)
    plant = station()
    before = run([plant], 10)
    after = run([pickle.loads(pickle.dumps(plant))], 10, first=FIRST + 10)  # noqa: S301 – our own bytes
    for name, series in whole.items():
        np.testing.assert_array_equal(np.concatenate((before[name], after[name]), axis=1), series, err_msg=name)
