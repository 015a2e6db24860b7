"""Electricity meters: they add up, and what they say is consistent."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.day import Day
from simulators.plants import electricity_meter
from telemetry.errors import ConfigurationError
from tests.simulators.boiler_world import FIRST, mild, nothing, plain_flows, tables
from tests.simulators.site_points import check, points_of

ASSET = "works/electricity"
TABLE = {"type": "electricity_meter", "asset": ASSET, "feeds": ["works/a", "works/b"], "base_kw": 20.0}
MONDAY = FIRST


def read(table: dict[str, object], day: Day, load_kw: np.ndarray) -> dict[str, np.ndarray]:
    """Return a day's points by short name."""
    flows = {**plain_flows(day), "electric_kw:works/a": load_kw, "electric_kw:works/b": np.full((1, day.steps), 30.0)}
    made = electricity_meter.build([table], 2).advance(day, nothing(day), mild(day), flows)
    return {key.rpartition("/")[2]: output.values for key, output in made.outputs.items()}


def test_power_triangle_and_current() -> None:
    """S2 = P2 + Q2, the power factor is P / S, and the current S / (sqrt(3) U), in every step and world."""
    day = Day(MONDAY, 900)
    load = np.linspace(0.0, 400.0, 3 * day.steps).reshape(3, -1)
    at = read(TABLE, day, load)
    apparent = np.sqrt(3.0) * at["voltage"] * at["current"] / 1_000.0
    np.testing.assert_allclose(apparent**2, at["power"] ** 2 + at["power_reactive"] ** 2)
    np.testing.assert_allclose(at["power_factor"], at["power"] / apparent)
    np.testing.assert_allclose(at["energy"], at["power"] * 0.25)
    np.testing.assert_allclose(at["energy_reactive"], at["power_reactive"] * 0.25)
    assert (at["power_factor"] > 0.9).mean() > 0.5
    assert (at["power_reactive"] > 0.0).all()


def test_power_is_the_sum_of_what_hangs_on_it() -> None:
    """Feeds add up, and the base load wanders by 15 % about its mean."""
    day = Day(MONDAY, 900)
    load = np.full((2, day.steps), 100.0)
    power = read(TABLE, day, load)["power"]
    assert np.abs(power - 150.0).max() <= 0.15 * 20.0 + 1e-9
    assert power.mean() == pytest.approx(150.0, abs=2.0)
    more = read(TABLE, day, load + np.array([[0.0], [7.0]]))["power"]
    np.testing.assert_allclose(more - power, np.array([[0.0], [7.0]]) * np.ones(day.steps), atol=1e-9)


def test_a_shift_switches_its_load() -> None:
    """The shift load runs in the shift only."""
    day = Day(MONDAY, 900)
    load = np.zeros((1, day.steps))
    table = {**TABLE, "production": "works/line", "shift_kw": 50.0}
    extra = read(table, day, load)["power"] - read(TABLE, day, load)["power"]
    np.testing.assert_allclose(extra[0, : 4 * 4], 0.0, atol=1e-9)
    assert extra[0, 16:72].mean() == pytest.approx(50.0, abs=5.0)


def test_voltage_sinks_with_load_and_the_grid_is_one() -> None:
    """More load lowers the voltage by its drop in the transformer; all meters see the same frequency about 50 Hz."""
    day = Day(MONDAY, 60)
    idle, full = (read(TABLE, day, np.full((1, day.steps), load)) for load in (0.0, 400.0))
    drop = idle["voltage"] - full["voltage"]
    assert 2.0 < drop.min() < drop.max() < 20.0
    other = read({**TABLE, "asset": "works/other"}, day, np.zeros((1, day.steps)))
    np.testing.assert_array_equal(other["frequency"], idle["frequency"])
    assert np.abs(idle["frequency"] - 50.0).max() < 0.06
    assert (full["distortion"] > idle["distortion"]).all()


def test_meters_of_the_port_add_up_to_the_substation() -> None:
    """Every declared point is made and in range; the substation holds the sum of the meters on it."""
    listed = tables("electricity", "electricity_meter")
    meters = {str(table["asset"]) for table in listed}
    feeds = {name for table in listed for name in table["feeds"]} - meters  # type: ignore[attr-defined]
    plant = electricity_meter.build(listed, 2)
    for number in range(MONDAY, MONDAY + 7):
        day = Day(number, 900)
        flows = {f"electric_kw:{name}": np.full((1, day.steps), 40.0) for name in feeds}
        flows |= plain_flows(day, "cannery/production") | plain_flows(day, "fillets/water")
        made = plant.advance(day, nothing(day), mild(day), flows)
        check(points_of(*meters), made.outputs, day.steps)
        power = {name: made.flows[f"electric_kw:{name}"] for name in meters}
        below = sum(power[name] for name in meters - {"quay/substation"})
        others = 40.0 * len([name for name in listed[-1]["feeds"] if name not in meters])  # type: ignore[attr-defined]
        own = power["quay/substation"] - below - others
        assert own.mean() == pytest.approx(45.0, abs=7.0)


def test_a_feed_that_says_nothing_is_refused() -> None:
    """A mistyped feed is refused with what was probably meant, instead of missing from the sum."""
    day = Day(MONDAY, 900)
    plant = electricity_meter.build([{**TABLE, "feeds": ["works/boilr"]}], 1)
    with pytest.raises(ConfigurationError, match="works/electricity, feeds") as caught:
        plant.advance(day, nothing(day), mild(day), {"electric_kw:works/boiler": np.zeros((1, day.steps))})
    assert "works/boilr" in caught.value.cause
    assert 'did you mean "works/boiler"' in caught.value.cure
