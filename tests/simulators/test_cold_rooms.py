"""Cold rooms: the balance of every step, the control, defrosts, happenings, and a state that goes on as it was."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulators.day import Day
from simulators.outputs import Flow, Level, Mean, Switch
from simulators.plants.cold_balance import Balance, balance
from simulators.plants.cold_laws import coil_conductance, defrost_s, timer_steps
from simulators.plants.cold_parameters import Rooms
from simulators.plants.cold_room import ColdRooms, build
from telemetry.errors import ConfigurationError
from tests.simulators.cold_days import CHILL, FIRST, FROZEN, both_rooms, chores, frozen_room, plain_weather, ruled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from simulators.plant import Made
    from simulators.worlds import Worlds
    from tests.simulators.cold_days import Key

# Everything at once, in two worlds: what can break a balance is change in the middle of a stretch.
BUSY = {
    ("strip_doors", FROZEN): [0.6, 0.0],
    ("demand_defrost", FROZEN): [1.0, 0.3],
    ("ec_fans", CHILL): [0.5, 0.0],
}


def busy(day: Day) -> Worlds:
    """Return two worlds in which a room is out of service for a week and a set point moves."""
    out = 1.0 if 10 <= day.number - FIRST < 17 else 0.0
    happenings: dict[tuple[str, str], float | list[float]] = {
        ("out_of_service", FROZEN): [out, out],
        ("set_point_shift_k", CHILL): -1.0 if day.number > FIRST + 5 else 0.0,
        ("stock_factor", FROZEN): 1.3 if day.number > FIRST + 20 else 1.0,
    }
    return ruled(day, {key: list(value) for key, value in BUSY.items()}, happenings)


def ruling(
    shares: dict[Key, float | list[float]] | None = None, happenings: dict[Key, float | list[float]] | None = None
) -> Callable[[Day], Worlds]:
    """Return the same shares and happenings for every day."""
    return lambda day: ruled(day, shares, happenings)


def balances(plant: ColdRooms, days: int, step_s: int, rule: Callable[[Day], Worlds]) -> list[Balance]:
    """Return the balance of each day."""
    found = []
    for number in range(FIRST, FIRST + days):
        day = Day(number, step_s)
        weather = plain_weather(day)
        drivers, doors, trace = plant.run(day, rule(day), weather, chores(day, weather))
        found.append(balance(plant.rooms, drivers, doors, trace, step_s))
    return found


def days(
    plant: ColdRooms, first: int, count: int, step_s: int = 900, rule: Callable[[Day], Worlds] = ruled
) -> list[Made]:
    """Return what a plant makes of days in a row."""
    made = []
    for number in range(first, first + count):
        day = Day(number, step_s)
        weather = plain_weather(day)
        made.append(plant.advance(day, rule(day), weather, chores(day, weather)))
    return made


def joined(made: list[Made], key: str, row: int = 0) -> NDArray[np.float64]:
    """Return one output of days in a row, in one world."""
    pieces = []
    for one in made:
        output = one.outputs[key]
        assert isinstance(output, Level | Mean | Flow | Switch)
        values = np.atleast_2d(output.values)
        pieces.append(values[min(row, len(values) - 1)])
    return np.concatenate(pieces)


@pytest.mark.parametrize("step_s", [60, 900, 3600])
def test_energy_balances_in_every_step(step_s: int) -> None:
    """What comes into each room less what goes out is what is stored, to 1e-6 of what turned over in that step."""
    for one in balances(both_rooms(), 25 if step_s > 60 else 13, step_s, busy):
        assert np.max(np.abs(one.residual) / one.turnover) < 1e-6


def test_energy_balances_over_a_year() -> None:
    """The sum of a year's steps closes to 0.1 % of the cold made, and to far less."""
    year = balances(both_rooms(), 365, 3600, busy)
    off = sum(float(one.residual.sum()) for one in year)
    cold = sum(float(one.evaporators.sum()) for one in year)
    assert abs(off) < 1e-3 * cold
    assert abs(off) < 1e-9 * cold


def test_no_defrost_gives_back_more_than_its_heaters_took() -> None:
    """Heat that drains from a defrost is never negative, however much or little frost there is."""
    for one in balances(both_rooms(), 20, 900, busy):
        assert one.drained.min() > -1e-6
        assert one.heaters.min() >= 0.0


def test_rooms_hold_their_set_points() -> None:
    """The mean air lies within 0.5 K of the set point, and defrost peaks stay below 3 K."""
    made = days(both_rooms(), FIRST, 20)
    for room, set_point in ((FROZEN, -22.0), (CHILL, 1.0)):
        air = joined(made, f"{room}/t_return")
        assert abs(air.mean() - set_point) < 0.5
        assert air.max() < set_point + 3.0
        assert air.min() > set_point - 1.0


def test_a_low_drives_no_air_through_a_door() -> None:
    """Under a low a door lets through as much less as the air is thinner: room and dock are both under it."""
    day, let_in = Day(FIRST + 180, 900), []
    for pressure_bar in (1.013, 0.97):
        weather = replace(plain_weather(day), pressure_bar=np.full(day.steps, pressure_bar))
        let_in.append(both_rooms().run(day, ruled(day), weather, chores(day, weather))[1].air_kg_per_s)
    usual, low = let_in
    assert np.any(usual > 0.0, axis=(0, 1)).all()
    np.testing.assert_allclose(low, usual * 0.97 / 1.013, rtol=0.01)


def test_the_step_hardly_matters() -> None:
    """Cold made in ten days differs by less than 1 % between steps of a minute, a quarter of an hour and an hour."""
    cold = {
        step_s: np.array(
            [
                sum(
                    float(one.flows[f"evaporator_kw:{room}"].mean())
                    for one in days(both_rooms(), FIRST + 180, 10, step_s)
                )
                for room in (FROZEN, CHILL)
            ]
        )
        for step_s in (60, 900, 3600)
    }
    np.testing.assert_allclose(cold[900], cold[60], rtol=0.01)
    np.testing.assert_allclose(cold[3600], cold[60], rtol=0.02)


def test_a_plant_taken_from_the_shelf_goes_on_with_the_same_bytes() -> None:
    """Pickled between two days, in the middle of a defrost, a plant makes the same days as one that never stopped."""
    room = replace(frozen_room(), defrost_first_h=23.75)
    plants = [ColdRooms(Rooms.of([room])) for _ in range(2)]
    for plant in plants:
        days(plant, FIRST + 180, 3, rule=busy_defrost)
    shelved = pickle.loads(pickle.dumps(plants[1]))  # noqa: S301 – our own bytes
    one, other = days(plants[0], FIRST + 183, 2, rule=busy_defrost), days(shelved, FIRST + 183, 2, rule=busy_defrost)
    assert joined(one, f"{FROZEN}/defrost")[0] == 1.0  # the defrost goes on past midnight
    for left, right in zip(one, other, strict=True):
        assert left.outputs.keys() == right.outputs.keys()
        for key in left.flows:
            assert left.flows[key].tobytes() == right.flows[key].tobytes()
        for key in left.outputs:
            assert joined([left], key).tobytes() == joined([right], key).tobytes()


def busy_defrost(day: Day) -> Worlds:
    """Return two worlds, the second half on demand defrost."""
    return ruled(day, {("demand_defrost", FROZEN): [0.0, 0.5]})


def test_measures_touch_only_their_own_world_and_room() -> None:
    """Worlds without any measure are equal to the byte, and a measure at one room leaves the other as it is."""
    rule = ruling({("strip_doors", FROZEN): [1.0, 0.0, 0.0]})
    made = days(both_rooms(), FIRST, 3, rule=rule)[-1].flows
    frozen, chill = made[f"evaporator_kw:{FROZEN}"], made[f"evaporator_kw:{CHILL}"]
    np.testing.assert_array_equal(frozen[1], frozen[2])
    assert len(chill) == 1  # one row is the same in all worlds
    assert frozen[0].sum() < frozen[1].sum()


def test_the_timer_defrosts_four_times_a_day_for_its_minutes() -> None:
    """On the timer the heaters run four times 25 minutes a day, the hours evenly apart, whatever the frost."""
    assert timer_steps(frozen_room(), 900) == [12, 36, 60, 84]
    made = days(both_rooms(), FIRST, 2, step_s=60)
    on = joined(made, f"{FROZEN}/defrost")
    assert on.sum() == 200.0
    assert np.count_nonzero(np.diff(on) > 0.0) == 8
    assert joined(made, f"{FROZEN}/defrost_power").max() == 40.0
    assert joined(made, f"{CHILL}/defrost_power").max() == 0.0  # hot gas costs no electricity here


def test_on_demand_most_turns_of_the_timer_are_skipped() -> None:
    """Demand defrost waits for 60 kg of frost: fewer defrosts in the first world, and more frost on its coils."""
    plant = both_rooms()
    rule = ruling({("demand_defrost", FROZEN): [1.0, 0.0]})
    frost = []
    for number in range(FIRST + 180, FIRST + 200):
        day = Day(number, 900)
        weather = plain_weather(day)
        frost.append(plant.run(day, rule(day), weather, chores(day, weather))[2])
    heat = np.sum([trace.heater_kw[:, :, 0].sum(axis=0) for trace in frost], axis=0)
    peak = np.max([trace.frost_kg[:, :, 0].max(axis=0) for trace in frost], axis=0)
    assert 0.0 < heat[0] < 0.6 * heat[1]
    assert peak[0] >= 60.0 > peak[1]


def test_a_defrost_on_demand_ends_when_the_frost_has_melted() -> None:
    """Half an hour on the timer; on demand 5 minutes at least, 45 at most, the melting time between, shares between."""
    frost = np.array([0.0, 60.0, 500.0, 60.0])
    share = np.array([1.0, 1.0, 1.0, 0.5])
    found = defrost_s(frost, melted_kg_per_s=np.full(4, 0.04), timer_s=np.full(4, 1800.0), on_demand=share)
    np.testing.assert_allclose(found, [300.0, 1500.0, 2700.0, 1650.0])


def test_frost_takes_a_quarter_of_the_coils_at_most() -> None:
    """Clean coils keep all, 75 kg take an eighth, 150 kg and more a quarter; an unknown mass leaves it unknown."""
    frost = np.array([0.0, 75.0, 150.0, 900.0, np.nan])
    kept = coil_conductance(frost, np.full(5, 0.25 / 150.0), np.full(5, 0.25), np.empty(5))
    np.testing.assert_allclose(kept, [1.0, 0.875, 0.75, 0.75, np.nan])


def test_a_room_out_of_service_makes_no_cold_and_comes_back() -> None:
    """Emptied and off it drifts to its surroundings; back in service it is cold in a day, with stock from elsewhere."""
    made = days(both_rooms(), FIRST, 24, rule=busy)
    out, back = made[10:17], made[18:]
    assert sum(float(one.flows[f"evaporator_kw:{FROZEN}"].sum()) for one in out) == 0.0
    assert joined(out, f"{FROZEN}/fan_power").max() == 0.0
    assert joined(out, f"{FROZEN}/defrost_power").max() == 0.0
    assert joined(out, f"{FROZEN}/t_return")[-1] > 0.0
    assert joined(out, f"{CHILL}/t_return").max() < 3.0
    assert joined(back, f"{FROZEN}/t_return").max() < -18.0
    assert joined(back, f"{FROZEN}/t_product").max() < -18.0


def test_a_set_point_moves_the_air_with_it() -> None:
    """Two kelvin more on the set point are two kelvin more in the room, and less cold."""
    rule = ruling(happenings={("set_point_shift_k", FROZEN): [2.0, 0.0]})
    made = days(both_rooms(), FIRST, 20, rule=rule)
    assert joined(made, f"{FROZEN}/setpoint")[-1] == -20.0
    warm, usual = (joined(made[10:], f"{FROZEN}/t_return", row).mean() for row in (0, 1))
    assert warm - usual == pytest.approx(2.0, abs=0.1)
    cold = made[-1].flows[f"evaporator_kw:{FROZEN}"].sum(axis=1)
    assert cold[0] < cold[1]


def test_more_stock_is_slower_to_warm() -> None:
    """With the evaporators too small for the load, twice the stock warms about half as fast."""
    small = ColdRooms(Rooms.of([frozen_room(evaporator_kw=20.0)]))
    rule = ruling(happenings={("stock_factor", FROZEN): [2.0, 1.0]})
    made = days(small, FIRST, 6, rule=rule)
    rise = [np.ptp(joined(made[2:], f"{FROZEN}/t_product", row)) for row in (0, 1)]
    assert 0.4 < rise[0] / rise[1] < 0.7


def test_a_room_without_stock_goes_on() -> None:
    """Sold out to the last pallet, a room keeps its set point, and its balance closes."""
    plant, day = both_rooms(), Day(FIRST, 900)
    weather = plain_weather(day)
    flows = chores(day, weather) | {f"stock_kg:{FROZEN}": np.zeros((1, day.steps))}
    drivers, doors, trace = plant.run(day, ruled(day), weather, flows)
    assert abs(trace.air_c[:, 0, 0].mean() + 22.0) < 0.5
    assert np.isfinite(trace.stock_c).all()
    one = balance(plant.rooms, drivers, doors, trace, day.step_s)
    assert np.max(np.abs(one.residual) / one.turnover) < 1e-6


def test_a_wrong_parameter_is_refused_with_a_cure() -> None:
    """An unknown key and a text where a number belongs are told by place, cause and cure."""
    with pytest.raises(ConfigurationError, match="set_point_c"):
        build([{"type": "cold_room", "asset": "a/b", "setpoint_c": 1.0}], 0)
    with pytest.raises(ConfigurationError, match="a/b"):
        build([{"type": "cold_room", "asset": "a/b", "volume_m3": "large"}], 0)
