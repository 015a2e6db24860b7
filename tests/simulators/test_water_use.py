"""Water of the plants: volumes add up, seawater replaces what it may while there is any, leaks come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.climate.weather import Climate
from simulators.day import Day
from simulators.operations import production
from simulators.outputs import Flow
from simulators.plants import water_use
from simulators.plants.cold_water import cold_water_c
from simulators.plants.shift_hours import AfterShift, before_shift
from simulators.worlds import Worlds
from telemetry.errors import ConfigurationError
from tests.simulators.boiler_world import FIRST, mild, nothing, plain_flows, tables
from tests.simulators.site_points import check, points_of

if TYPE_CHECKING:
    from simulators.plant import Made

ASSET, SUPPLY = "works/water", "quay/clean"
STILL = {
    "type": "water_use",
    "asset": ASSET,
    "production": "works/line",
    "clean_seawater": SUPPLY,
    "cleaning_seawater_share": 0.5,
    "leaks_per_year": 0.0,
    "uses": [{"name": "rinsing", "m3_per_t": 3.0, "seawater_share": 0.4}, {"name": "fillets", "m3_per_t": 2.0}],
}
MONDAY = FIRST


def two_worlds(day: Day, share: float = 1.0) -> Worlds:
    """Return worlds with and without substitution."""
    profile = np.array([[share], [0.0]]) * np.ones(day.steps)
    return Worlds(count=2, steps=day.steps, shares={("seawater_substitution", ASSET): profile})


def flows(day: Day, available: float | np.ndarray = 1.0) -> dict[str, np.ndarray]:
    """Return plain production with a supply of clean seawater."""
    return {**plain_flows(day), f"clean_seawater_available:{SUPPLY}": np.full((1, day.steps), 1.0) * available}


def sums(made: Made) -> dict[str, np.ndarray]:
    """Return the counted volumes of a day by short name, each (W,)."""
    counted = {key: each for key, each in made.outputs.items() if isinstance(each, Flow)}
    return {key.rpartition("/")[2]: each.values.sum(axis=1) for key, each in counted.items()}


def test_volume_is_use_by_use_and_nothing_else() -> None:
    """14 h at a tonne an hour take 5 m3 a tonne, cleaning 6 m3/h for 1.5 h, and the base load runs all day."""
    volumes = []
    for seed in range(30):
        day = Day(MONDAY, 900)
        made = water_use.build([STILL], seed).advance(day, nothing(day), mild(day), flows(day))
        volumes.append(sums(made)["volume"][0])
    expected = 14 * 5.0 + 1.5 * 6.0 + 24 * 0.12
    assert np.mean(volumes) == pytest.approx(expected, rel=0.01)  # use by use it is uneven, by 0.35 every five minutes
    assert np.abs(np.array(volumes) / expected - 1).max() < 0.1


def test_what_seawater_replaces_is_what_the_mains_save() -> None:
    """In every step mains with and without substitution differ by just the seawater; at night by nothing."""
    day = Day(MONDAY, 900)
    made = water_use.build([STILL], 1).advance(day, two_worlds(day), mild(day), flows(day))
    mains, seawater = made.outputs[f"{ASSET}/volume"].values, made.outputs[f"{ASSET}/seawater"].values
    np.testing.assert_allclose(mains[1] - mains[0], seawater[0], atol=1e-12)
    np.testing.assert_allclose(seawater[1], 0.0)
    np.testing.assert_array_equal(made.flows[f"clean_seawater_taken_m3:{ASSET}"], seawater)
    assert mains[0, 0] == mains[1, 0] == pytest.approx(0.03)
    total = sums(made)
    assert total["seawater"][0] == pytest.approx(14 * 3.0 * 0.4 + 1.5 * 6.0 * 0.5, rel=0.08)


def test_without_clean_seawater_it_falls_back_to_the_mains() -> None:
    """While no clean seawater is available none is used, and the mains carry all of it; half of it, half."""
    day = Day(MONDAY, 900)
    taken = []
    for available in (1.0, 0.5, 0.0):
        made = water_use.build([STILL], 1).advance(day, two_worlds(day), mild(day), flows(day, available))
        mains = made.outputs[f"{ASSET}/volume"].values
        taken.append(sums(made)["seawater"][0])
        assert mains[1].sum() - mains[0].sum() == pytest.approx(taken[-1], abs=1e-9)
    assert taken[1] == pytest.approx(0.5 * taken[0])
    assert taken[2] == 0.0


@pytest.mark.parametrize("step_s", [60, 900, 3_600])
def test_water_that_is_used_is_drained_or_kept(step_s: int) -> None:
    """What enters leaves, less the share that the product keeps, in every step and world; steps change no total."""
    day = Day(MONDAY, step_s)
    made = water_use.build([STILL], 1).advance(day, two_worlds(day), mild(day), flows(day))
    value = {key.rpartition("/")[2]: each.values for key, each in made.outputs.items()}
    base = 0.12 * day.step_h
    entered = value["volume"] + value["seawater"] - base
    assert np.abs(value["effluent"] - (0.95 * entered + base)).max() < 1e-9
    np.testing.assert_allclose(value["flow"] * day.step_h, value["volume"])
    finest = Day(MONDAY, 60)
    fine = water_use.build([STILL], 1).advance(finest, two_worlds(finest), mild(finest), flows(finest))
    np.testing.assert_allclose(sums(made)["volume"], sums(fine)["volume"], rtol=1e-9)


def test_seawater_shows_in_the_effluent() -> None:
    """With a fifth of seawater the effluent conducts about ten times as much as without; steps change it little."""
    day = Day(MONDAY, 900)
    made = water_use.build([STILL], 1).advance(day, two_worlds(day), mild(day), flows(day))
    conductivity = made.outputs[f"{ASSET}/effluent_conductivity"].values
    noon = conductivity[:, 48]
    assert 1.5 < noon[1] < 3.0
    assert 8.0 < noon[0] < 16.0
    assert (conductivity > 0.5).all()


def test_the_laboratory_says_what_was_the_day_before() -> None:
    """The oxygen demand holds all day and follows from the day before; a day off keeps the last result."""
    plant = water_use.build([STILL], 1)
    said = []
    for number in range(MONDAY, MONDAY + 8):
        day = Day(number, 900)
        made = plant.advance(day, nothing(day), mild(day), flows(day))
        values = made.outputs[f"{ASSET}/effluent_cod"].values
        assert np.ptp(values) == 0.0
        said.append(float(values[0, 0]))
    expected = 1_000 * 12.0 * 14 / (0.95 * (70 + 9) + 24 * 0.12)
    assert np.log(np.array(said[1:6]) / expected) == pytest.approx(0.0, abs=0.6)
    assert len(set(said[1:6])) == 5
    assert said[6] == said[7]  # nothing was made on Saturday and Sunday


def test_leaks_begin_and_are_mended() -> None:
    """Leaks run for weeks, of the size and as often as they are said to; a leak of the scenario adds to them."""
    (use,) = water_use.build([{**STILL, "leaks_per_year": 2.0}], 4).uses
    leaks = np.array([use._leak(Day(number, 3_600)) for number in range(MONDAY, MONDAY + 3_650)])
    assert 0.1 < (leaks > 0).mean() < 0.4
    assert leaks.mean() == pytest.approx(2.0 * 35 / 365.25 * 0.35, rel=0.6)
    day = Day(MONDAY, 900)
    worlds = Worlds(count=1, steps=day.steps, happenings={("leak", ASSET): np.full((1, day.steps), 2.0)})
    usual = sums(water_use.build([STILL], 1).advance(day, nothing(day), mild(day), flows(day)))
    leaking = sums(water_use.build([STILL], 1).advance(day, worlds, mild(day), flows(day)))
    assert leaking["volume"] - usual["volume"] == pytest.approx(48.0)


def test_a_year_of_filleting_saves_in_the_band() -> None:
    """With clean seawater nine tenths of the time the mains of the filleting plant fall by 15 to 35 %."""
    climate, lines = Climate(1), production.build(tables("operations", "production"), 1)
    plant = water_use.build(tables("water", "water_use"), 1)
    mains = np.zeros(2)
    for month in range(12):
        for number in range(MONDAY + 30 * month, MONDAY + 30 * month + 7):
            day = Day(number, 3_600)
            worlds = Worlds(
                count=2,
                steps=day.steps,
                shares={("seawater_substitution", "fillets/water"): np.array([[0.0], [1.0]]) * np.ones(day.steps)},
            )
            weather = climate.weather(day)
            given = dict(lines.advance(day, worlds, weather, {}).flows)
            given["clean_seawater_available:quay/clean_seawater"] = np.full((1, day.steps), 0.9)
            given["make_up_m3:cannery/boiler"] = np.zeros((1, day.steps))
            made = plant.advance(day, worlds, weather, given)
            mains += made.outputs["fillets/water/volume"].values.sum(axis=1)
            points = points_of("fillets/water", "cannery/water", without=("fillets/water/landed",))
            check(points, made.outputs, day.steps)
    assert -35.0 < 100.0 * (mains[1] / mains[0] - 1.0) < -15.0


def test_make_up_of_a_boiler_comes_through_the_meter() -> None:
    """The make-up of a boiler on the same mains adds to the volume but not to the effluent."""
    day = Day(MONDAY, 900)
    given = {**flows(day), "make_up_m3:works/boiler": np.full((1, day.steps), 0.1)}
    usual = sums(water_use.build([STILL], 1).advance(day, nothing(day), mild(day), given))
    table = {**STILL, "boilers": ["works/boiler"]}
    more = sums(water_use.build([table], 1).advance(day, nothing(day), mild(day), given))
    assert more["volume"] - usual["volume"] == pytest.approx(9.6)
    assert more["effluent"] == pytest.approx(usual["effluent"])


def test_hours_around_a_shift() -> None:
    """An hour before a shift counts to the minute, an hour and a half after it too, over midnight as well."""
    day = Day(MONDAY, 900)
    work = plain_flows(day)["at_work:works/line"][0]
    before = before_shift(work, 1.0, day)
    assert before[12:72].tolist() == [1.0] * 60
    assert before.sum() == 60
    after = AfterShift(1.5).advance(work, day)
    assert after[72:78].tolist() == [1.0] * 6
    assert after.sum() == 6
    memory = AfterShift(0.75)
    late = np.zeros(96)
    late[94:] = 1.0
    assert memory.advance(late, day).sum() == 0.0
    assert memory.advance(np.zeros(96), day)[:4].tolist() == [1.0, 1.0, 1.0, 0.0]


def test_the_mains_follow_the_soil() -> None:
    """Mains water is warmest in early September, coldest in early March, and 12 °C on average."""
    days = 86_400.0 * (20_089 + np.arange(365.0))  # 2025
    temperatures = cold_water_c(days)
    assert temperatures.mean() == pytest.approx(12.0, abs=0.01)
    assert int(temperatures.argmax()) == pytest.approx(244, abs=2)
    assert np.ptp(temperatures) == pytest.approx(9.0, abs=0.01)
    assert float(cold_water_c(days[100])) == temperatures[100]
    assert np.isnan(cold_water_c(np.array([np.nan]))).all()


def test_a_wrong_use_is_refused() -> None:
    """An unknown key within a use is refused with the plant's name."""
    with pytest.raises(ConfigurationError, match=ASSET):
        water_use.build([{**STILL, "uses": [{"name": "rinsing", "m3_per_t": 3.0, "salty": True}]}], 1)
