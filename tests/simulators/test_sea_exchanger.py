"""The exchanger: laws against known values, heat in is heat out, fouling by season, cleaning, a leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.physics.seawater import heat_per_volume
from simulators.plants import exchanger
from simulators.plants.exchanger_laws import (
    clean_conductance,
    effectiveness,
    fouled_conductance,
    fouling_pace_per_day,
    transfer_units,
)
from tests.simulators.sea_days import FIRST, pumped, run, shift, weather, worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.plant import Plant
    from tests.simulators.sea_days import Series

ASSET = "port/exchanger"
POLICY = ("cleaning_policy", ASSET)


def plates(**parameters: object) -> Plant:
    """Return an exchanger with a consumer."""
    table = {"type": "exchanger", "asset": ASSET, "intake": "port/intake", "consumers": {"port/line": 120.0}}
    return exchanger.build([{**table, **parameters}], 1)


def around_it(day: Day, flow: float = 100.0) -> Series:
    """Return pumped seawater and a line at work."""
    return pumped(day, flow=flow) | shift(day, "port/line", 1500.0)


def conductance(made: Series) -> NDArray[np.float64]:
    """Return UA [kW/K] from the four temperatures and the heat, as an engineer would (logarithmic mean)."""
    warm = made[f"{ASSET}/t_loop_in"] - made[f"{ASSET}/t_sea_out"]
    cold = made[f"{ASSET}/t_loop_out"] - made[f"{ASSET}/t_sea_in"]
    return made[f"{ASSET}/heat"] / 0.25 * np.log(warm / cold) / (warm - cold)


def test_effectiveness_has_its_known_values() -> None:
    """NTU 2 at ratio 0.5: 0.7746 from the tables; a condenser: 1 − e⁻²; both flows alike: 2/3."""
    assert effectiveness(2.0, 0.5) == pytest.approx(0.7746, abs=1e-4)
    assert effectiveness(2.0, 0.0) == pytest.approx(1 - np.exp(-2.0))
    assert effectiveness(2.0, 1.0) == pytest.approx(2 / 3)
    assert effectiveness(2.0, 1.0 - 2e-6) == pytest.approx(2 / 3, abs=1e-5)


@given(st.floats(0.05, 6.0), st.floats(0.0, 0.98))
def test_effectiveness_and_transfer_units_are_inverse(ntu: float, ratio: float) -> None:
    """One gives the other back."""
    assert transfer_units(effectiveness(ntu, ratio), ratio) == pytest.approx(ntu, rel=1e-6)


def test_arrays_scalars_and_gaps_agree() -> None:
    """An array gives what its elements give one by one; NaN gives NaN."""
    ntus = np.array([0.5, 2.0, np.nan])
    found = effectiveness(ntus, 0.7)
    assert found[:2].tolist() == [float(effectiveness(0.5, 0.7)), float(effectiveness(2.0, 0.7))]
    assert np.isnan(found[2])


def test_fouling_pace_follows_the_season() -> None:
    """About 60 days at the sea of August, 150 at that of February; doubled by 10 K."""
    assert 1 / fouling_pace_per_day(19.0, 81.0) == pytest.approx(60, rel=0.03)
    assert 1 / fouling_pace_per_day(6.5, 81.0) == pytest.approx(150, rel=0.05)
    assert fouling_pace_per_day(25.0, 81.0) / fouling_pace_per_day(15.0, 81.0) == pytest.approx(2.0)


def test_conductance_follows_flow_and_dirt() -> None:
    """Half the flow keeps 0.5^0.7 of the clean conductance; resistances add."""
    assert clean_conductance(30.0, 100.0, 60.0) == pytest.approx(61.56, abs=0.01)
    assert fouled_conductance(100.0, 0.01) == pytest.approx(50.0)


def test_what_leaves_the_loop_arrives_in_the_sea() -> None:
    """Flow times rise on either side is the heat of the counter, to 1e-9 at every step."""
    made = run([plates()], 10, given=around_it)
    power = made[f"{ASSET}/heat"] / 0.25
    sea_rise = made[f"{ASSET}/t_sea_out"] - made[f"{ASSET}/t_sea_in"]
    sea = made[f"{ASSET}/flow_sea"] * heat_per_volume(34.0, 12.0) * sea_rise / 3600.0
    loop_drop = made[f"{ASSET}/t_loop_in"] - made[f"{ASSET}/t_loop_out"]
    loop = made[f"{ASSET}/flow_loop"] * 4190.0 * loop_drop / 3600.0
    assert power.max() > 200
    np.testing.assert_allclose(sea, power, rtol=1e-9)
    np.testing.assert_allclose(loop, power, rtol=1e-9)


def test_load_is_what_the_consumers_reject() -> None:
    """60 kW at rest and 180 kW more from 1.5 t/h at 120 kWh/t: 60·24 + 180·14 a day."""
    made = run([plates()], 1, given=around_it)
    assert made[f"{ASSET}/heat"].sum() == pytest.approx(60 * 24 + 180 * 14, rel=1e-9)


def test_the_valve_keeps_the_rise_of_the_sea() -> None:
    """At work the seawater comes out 5 K warmer, the permit's figure; at rest the valve stands at its stop."""
    made = run([plates(base_kw=20.0)], 1, given=around_it)
    rise = made[f"{ASSET}/t_sea_out"] - made[f"{ASSET}/t_sea_in"]
    valve = made[f"{ASSET}/valve"]
    assert valve.min() == pytest.approx(30.0)
    at_work = valve > 30.0 + 1e-9
    np.testing.assert_allclose(rise[at_work], 5.0, rtol=1e-9)
    assert (rise[~at_work] < 5.0).all()


def test_fouling_follows_kern_and_seaton() -> None:
    """The conductance that an engineer reads from temperatures falls as the law says, at constant flow."""
    made = run([plates(minimum_opening=1.0, interval_days=12_345)], 80, given=around_it)
    age = 0.3 + (np.arange(80 * 96) + 0.5) / 96 * fouling_pace_per_day(12.0, 81.0)  # in time constants
    resistance = 0.35 / 0.65 / 100 * (1 - np.exp(-age))
    np.testing.assert_allclose(conductance(made)[0], fouled_conductance(100.0, resistance), rtol=1e-6)


def test_cleaning_brings_the_conductance_back() -> None:
    """On the calendar's day the flow stops for three hours; afterwards the exchanger is clean."""
    made = run([plates(interval_days=30)], 60, given=around_it)
    stopped = np.flatnonzero(made[f"{ASSET}/flow_sea"][0] == 0)
    assert len(stopped) == 2 * 12
    assert (made[f"{ASSET}/heat"][0, stopped] == 0).all()
    flow = made[f"{ASSET}/flow_sea"][0]
    with np.errstate(invalid="ignore"):
        clean = conductance(made)[0] / clean_conductance(flow, 100.0, 60.0)
    assert clean[stopped[11] + 1] == pytest.approx(1.0, abs=0.01)
    assert clean[stopped[12] - 1] < 0.95


def test_a_cleaning_policy_keeps_the_conductance_up() -> None:
    """With the policy it loses little more than its limit, without it a quarter and more."""
    made = run(
        [plates(minimum_opening=1.0)], 100, first=FIRST + 41, given=around_it,
        around=lambda day: weather(day, sea_c=18.0), ruled=lambda day: worlds(day, {POLICY: [1.0, 0.0]}),
    )  # fmt: skip
    flows = made[f"{ASSET}/flow_sea"]
    with np.errstate(invalid="ignore"):
        kept = np.where(flows > 0, conductance(made) / clean_conductance(flows, 100.0, 60.0), 1.0)
    assert kept[0, 5 * 96 :].min() > 0.86
    assert kept[1].min() < 0.76
    assert (flows[0] == 0).sum() > (flows[1] == 0).sum()


def test_too_much_heat_is_not_carried() -> None:
    """With little seawater and hot consumers the return stands at its limit and the consumers reject less."""
    made = run([plates(base_kw=900.0)], 1, given=lambda day: around_it(day, flow=30.0))
    assert made[f"{ASSET}/t_loop_in"].max() == pytest.approx(30.0)
    assert made[f"{ASSET}/heat"].max() / 0.25 < 900.0
    assert (made[f"{ASSET}/valve"] == 100.0).all()


def test_no_seawater_no_heat() -> None:
    """While the pumps stand no heat goes to the sea; the loop drifts to rest, the water in the plates to the sea."""
    made = run([plates()], 2, given=lambda day: around_it(day, flow=0.0 if day.number > FIRST else 100.0))
    assert (made[f"{ASSET}/heat"][0, 96:] == 0).all()
    assert all(np.isfinite(series).all() for series in made.values())
    assert made[f"{ASSET}/t_loop_in"][0, -1] == pytest.approx(20.0, abs=0.01)
    assert made[f"{ASSET}/t_sea_out"][0, -1] == pytest.approx(12.0, abs=0.01)
    np.testing.assert_array_equal(made[f"{ASSET}/t_loop_in"][0, 96:], made[f"{ASSET}/t_loop_out"][0, 96:])
    assert np.abs(np.diff(made[f"{ASSET}/t_loop_out"][0, 95:])).max() < 2.0


def test_a_leak_shows_in_the_loop() -> None:
    """Half a leak raises the loop's conductivity by more than a fifth within a day, and salt is conserved."""
    leaks = {("leak", ASSET): 0.5}
    made = run(
        [plates()], 2, given=around_it, ruled=lambda day: worlds(day, happenings=leaks if day.number > FIRST else {})
    )
    loop = made[f"{ASSET}/conductivity_loop"][0]
    np.testing.assert_allclose(loop[:96], 0.60, rtol=1e-12)
    assert loop[-1] > 1.2 * loop[95]
    in_a_day = 0.5 * 0.008 * 24 / 25 * (51.92 - 0.6)  # 34 PSU at 25 °C: 51.9 mS/cm
    assert loop[-1] - loop[95] == pytest.approx(in_a_day, rel=0.05)
