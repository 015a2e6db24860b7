"""Production, doors and goods: the same totals in any step, happenings honoured, nothing lost on the way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from simulators.day import UNIX, Day
from simulators.operations import dock, doors, goods, production, station
from simulators.outputs import Amounts, Level, Switch
from simulators.plant import Made, Weather
from simulators.worlds import Worlds
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.plant import Plant

MONDAY = (date(2025, 1, 13) - UNIX).days
LINE = {"type": "production", "asset": "a/line", "kg_per_day": 24_000.0, "products": {"cooked": 1.0}}
DOOR = {"type": "door", "asset": "a/room"}
ROOM = {"asset": "a/room", "kg_per_day": 14_000.0, "stock_kg": 300_000.0, "in_c": -15.0}
STORE = {"type": "goods", "asset": "a/dock", "rooms": [ROOM]}


def weather(day: Day, air_c: float = 12.0, humidity: float = 80.0) -> Weather:
    """Return a weather that stays as it is."""
    steady = {"sea_c": 12.0, "pressure_bar": 1.015, "tide_m": 5.0, "salinity_psu": 33.5, "turbidity_ntu": 8.0}
    values = {"air_c": air_c, "humidity": humidity, **steady}
    return Weather(**{name: np.full(day.steps, value) for name, value in values.items()})


def advance(
    plant: Plant,
    number: int = MONDAY,
    step_s: int = 900,
    happenings: Mapping[tuple[str, str], Any] | None = None,
    flows: Mapping[str, np.ndarray] | None = None,
) -> Made:
    """Simulate one day with happenings that hold all day, each a number or the numbers of the worlds."""
    day = Day(number, step_s)
    held = {
        key: np.repeat(np.atleast_2d(np.asarray(value, np.float64)).T, day.steps, axis=1)
        for key, value in (happenings or {}).items()
    }
    count = max((len(profile) for profile in held.values()), default=1)
    return plant.advance(
        day, Worlds(count=count, steps=day.steps, happenings=held), weather(day), {} if flows is None else flows
    )


def run(plant: Plant, days: int, step_s: int = 900) -> list[Made]:
    """Simulate days that follow each other."""
    return [advance(plant, MONDAY + index, step_s) for index in range(days)]


def total(made: Sequence[Made], flow: str) -> float:
    """Return the mean of a flow over days."""
    return float(np.mean([one.flows[flow].mean() for one in made]))


def amounts(made: Sequence[Made], key: str) -> np.ndarray:
    """Return the amounts of the events of days."""
    outputs = [one.outputs[key] for one in made]
    return np.concatenate([output.values for output in outputs if isinstance(output, Amounts)])


def switch(made: Made, key: str) -> np.ndarray:
    """Return a state by the minute."""
    output = made.outputs[key]
    assert isinstance(output, Switch)
    return output.values


def level(made: Made, key: str) -> np.ndarray:
    """Return a level at the ends of the steps."""
    output = made.outputs[key]
    assert isinstance(output, Level)
    return output.values


@pytest.mark.parametrize(
    ("module", "table"), [(production, LINE), (doors, DOOR), (goods, STORE)], ids=["production", "doors", "goods"]
)
def test_totals_are_the_same_in_minutes_and_in_quarter_hours(module: Any, table: dict[str, object]) -> None:
    """Every flow has the same mean over three weeks, every event the same instant and amount."""
    fine, coarse = (run(module.build([table], 5), 21, step_s) for step_s in (60, 900))
    for name in fine[0].flows:
        assert total(fine, name) == pytest.approx(total(coarse, name), rel=1e-9), name
    for one, other in zip(fine, coarse, strict=True):
        for key, output in one.outputs.items():
            same = other.outputs[key]
            if isinstance(output, Amounts) and isinstance(same, Amounts):
                assert output.ts_s.tolist() == same.ts_s.tolist()
                assert output.values == pytest.approx(same.values)
            elif isinstance(output, Switch) and isinstance(same, Switch):
                assert output.values.tolist() == same.values.tolist()


def test_scales_report_what_was_produced() -> None:
    """The events of a day add up to the flow of the day, all in the day, once an hour."""
    made = advance(production.build([LINE], 5))
    assert amounts([made], "a/line/cooked").sum() == pytest.approx(made.flows["production_kg_per_h:a/line"].mean() * 24)
    output = made.outputs["a/line/cooked"]
    assert isinstance(output, Amounts)
    assert (np.diff(output.ts_s) >= 3_600).all()
    assert MONDAY * 86_400 <= output.ts_s[0] < output.ts_s[-1] < (MONDAY + 1) * 86_400


def test_cans_come_later_and_none_is_lost() -> None:
    """What is delayed by ten hours passes midnight and is weighed the next day."""
    table = {**LINE, "products": {"cooked": 1.0, "canned": 1.3}, "delays_h": {"canned": 10.0}}
    made = run(production.build([table], 5), 7)
    assert amounts(made, "a/line/canned").sum() == pytest.approx(1.3 * amounts(made, "a/line/cooked").sum())
    first, tuesday = (one.outputs["a/line/canned"] for one in made[:2])
    assert isinstance(first, Amounts)
    assert isinstance(tuesday, Amounts)
    assert first.ts_s[0] % 86_400 >= 13 * 3_600
    assert tuesday.ts_s[0] % 86_400 < 4 * 3_600


def test_shift_is_on_in_working_hours() -> None:
    """From 4 to 18 h local; the share at work is the same as the switch."""
    made = advance(production.build([LINE], 5))
    on = switch(made, "a/line/shift_on")
    assert np.flatnonzero(on)[[0, -1]].tolist() == [180, 1019]
    assert made.flows["at_work:a/line"].mean() == pytest.approx(on.mean())


def test_new_line_and_stop_are_honoured_by_world() -> None:
    """A factor of 1.25 is a quarter more, 0 is a stop with nobody at work; each world has its own."""
    usual = advance(production.build([LINE], 5))
    made = advance(production.build([LINE], 5), happenings={("production_factor", "a/line"): [1.25, 1.0, 0.0]})
    flow = made.flows["production_kg_per_h:a/line"].mean(axis=1)
    assert flow / usual.flows["production_kg_per_h:a/line"].mean() == pytest.approx([1.25, 1.0, 0.0])
    assert made.flows["at_work:a/line"].mean(axis=1)[2] == 0.0
    assert amounts([made], "a/line/cooked").sum() == pytest.approx(1.25 * amounts([usual], "a/line/cooked").sum())


def test_line_out_of_service_makes_nothing() -> None:
    """No flow, no event, no shift."""
    made = advance(production.build([LINE], 5), happenings={("out_of_service", "a/line"): 1.0})
    assert not made.flows["production_kg_per_h:a/line"].any()
    assert amounts([made], "a/line/cooked").size == 0
    assert not switch(made, "a/line/shift_on").any()


def test_door_is_open_for_a_twentieth_of_the_shift() -> None:
    """1.8 openings an hour of 100 s each make 5 % on ordinary days, and the contact sees as much as the room."""
    made = run(doors.build([{**DOOR, "spread": 0.0}], 5), 70)
    working = [one for index, one in enumerate(made) if index % 7 < 5]
    shift = [one.flows["door_open:a/room"][0, 12:68].mean() for one in working]
    assert np.mean(shift) == pytest.approx(0.05, abs=0.004)
    seen = np.mean([switch(one, "a/room/door").mean() for one in made])
    assert seen == pytest.approx(total(made, "door_open:a/room"), rel=0.06)


def test_door_is_rarely_open_at_night() -> None:
    """Outside shifts an opening is an exception, but there are some."""
    made = run(doors.build([DOOR], 5), 70)
    night = np.mean([one.flows["door_open:a/room"][0, 76:].mean() for one in made])
    assert 0.0 < night < 0.005


def test_openings_last_as_long_as_told() -> None:
    """With openings of two minutes alone, every opening covers two minutes, also over midnight."""
    table = {
        **DOOR,
        "shortest_s": 120.0,
        "longest_s": 120.0,
        "openings_off_per_h": 0.5,
        "hours": [],
        "saturday_hours": [],
    }
    made = run(doors.build([table], 5), 240, 60)
    share = np.concatenate([one.flows["door_open:a/room"][0] for one in made])
    begun = np.flatnonzero((share > 0.0) & (np.concatenate([[0.0], share[:-1]]) == 0.0))
    lengths = np.array([share[start : start + 3].sum() for start in begun[:-1]])
    assert np.median(lengths) == pytest.approx(2.0, abs=1e-9)
    assert (np.abs(lengths - 2.0) < 1e-9).mean() > 0.95  # the rest are two openings that follow on
    joints = share.reshape(240, 1440)
    assert (joints[:-1, -1] * joints[1:, 0] > 0.0).any()


def test_doors_have_no_memory() -> None:
    """A day alone is the same as a day after others."""
    alone = advance(doors.build([DOOR], 5), MONDAY + 9).flows["door_open:a/room"]
    assert run(doors.build([DOOR], 5), 10)[-1].flows["door_open:a/room"].tobytes() == alone.tobytes()


def test_door_of_a_room_out_of_service_stays_shut() -> None:
    """Half out of service is half as much, by world."""
    made = advance(doors.build([DOOR], 5), happenings={("out_of_service", "a/room"): [1.0, 0.5, 0.0]})
    shares = made.flows["door_open:a/room"].mean(axis=1)
    assert shares[0] == 0.0
    assert shares[1] == pytest.approx(0.5 * shares[2])
    assert not switch(made, "a/room/door").any()


def test_stock_is_what_came_less_what_went() -> None:
    """Mass is conserved over a year of days to 1e-9, pallets in and out are whole and tell the same story."""
    made = run(goods.build([STORE], 5), 364)
    stocks = np.concatenate([level(one, "a/room/stock")[0] for one in made])
    came_kg = 24.0 * 364 * total(made, "goods_in_kg_per_h:a/room")
    came, went = amounts(made, "a/room/pallets_in"), amounts(made, "a/room/pallets_out")
    assert came.sum() * 700.0 == pytest.approx(came_kg, rel=1e-9)
    assert stocks[-1] - 300_000.0 == pytest.approx(came_kg - went.sum() * 700.0, abs=700.0)
    assert (came == np.round(came)).all()
    assert (went == np.round(went)).all()
    assert level(made[-1], "a/dock/stock")[0, -1] == stocks[-1]
    assert amounts(made, "a/dock/pallets_in").sum() == came.sum()


def test_stock_finds_back_to_its_size() -> None:
    """With a stock factor of 1.2 the stock settles a fifth higher, without it it comes down again."""
    plant = goods.build([{**STORE, "spread": 0.0, "rooms": [{**ROOM, "return_days": 5.0}]}], 5)
    for index in range(84):
        made = advance(plant, MONDAY + index, happenings={("stock_factor", "a/room"): 1.2})
    raised = made.flows["stock_kg:a/room"].mean()
    assert raised == pytest.approx(360_000.0, rel=0.05)
    for index in range(84, 140):
        made = advance(plant, MONDAY + index)
    assert made.flows["stock_kg:a/room"].mean() == pytest.approx(300_000.0, rel=0.05)


def test_worlds_keep_their_own_stock() -> None:
    """What happened in one world only stays there, also after it has passed."""
    plant = goods.build([STORE], 5)
    advance(plant, MONDAY, happenings={("out_of_service", "a/room"): [1.0, 0.0]})
    made = advance(plant, MONDAY + 1)
    assert made.flows["stock_kg:a/room"].shape == (2, 96)
    one, other = made.flows["stock_kg:a/room"].mean(axis=1)
    assert one != other


def test_nothing_leaves_an_empty_room() -> None:
    """A room that is asked for more than it has gives what it has; its stock never falls below nought."""
    room = {**ROOM, "stock_kg": 500.0, "return_days": 1.0}
    made = run(goods.build([{**STORE, "rooms": [room]}], 5), 60)
    stocks = np.concatenate([level(one, "a/room/stock")[0] for one in made])
    assert stocks.min() >= -1e-6
    assert stocks.min() < 400.0


def test_lots_come_in_shifts_pallet_by_pallet() -> None:
    """Every minute brings whole pallets, none before the shift and none long after it; the scanner counts them all."""
    made = advance(goods.build([STORE], 5), step_s=60)
    kg_per_min = made.flows["goods_in_kg_per_h:a/room"][0] / 60.0
    assert kg_per_min / 700.0 == pytest.approx(np.round(kg_per_min / 700.0), abs=1e-9)
    assert kg_per_min.any()
    assert not kg_per_min[:180].any()
    assert not kg_per_min[1042:].any()
    assert kg_per_min.sum() / 700.0 == pytest.approx(amounts([made], "a/room/pallets_in").sum())


@pytest.mark.parametrize(
    ("module", "table"),
    [
        (production, {**LINE, "kg_per_dya": 1.0}),
        (doors, {**DOOR, "openings_per_h": "many"}),
        (goods, {**STORE, "rooms": [{**ROOM, "pallets": 3}]}),
        (dock, {"type": "dock"}),
        (station, {"type": "weather_station", "asset": "a/weather", "height": 2.0}),
    ],
)
def test_what_nobody_knows_is_refused(module: Any, table: dict[str, object]) -> None:
    """An unknown, missing or mistyped parameter is refused with place and cure."""
    with pytest.raises(ConfigurationError) as refused:
        module.build([table], 5)
    assert refused.value.place
    assert refused.value.cure
