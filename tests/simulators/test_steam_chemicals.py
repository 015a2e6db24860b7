"""Tanks of chemicals: doses draw them down, orders fill them again."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.day import Day
from simulators.plants import chemicals
from simulators.plants.wander import Wander
from simulators.streams import Stream
from telemetry.errors import ConfigurationError
from tests.simulators.boiler_world import FIRST, mild, nothing, plain_flows, tables
from tests.simulators.site_points import check, points_of

ASSET = "cannery/chemicals"
MONDAY = FIRST


def year(step_s: int, days: int) -> list[dict[str, np.ndarray]]:
    """Return the days of the port's chemicals by short name, with a cubic metre of make-up an hour in world 0."""
    plant = chemicals.build(tables("steam", "chemicals"), 3)
    found = []
    for number in range(MONDAY, MONDAY + days):
        day = Day(number, step_s)
        make_up = np.array([[1.0], [0.6]]) * np.full(day.steps, day.step_h)
        flows = {**plain_flows(day, "cannery/production"), "make_up_m3:cannery/boiler": make_up}
        made = plant.advance(day, nothing(day), mild(day), flows)
        check(points_of(ASSET), made.outputs, day.steps)
        found.append({key.rpartition("/")[2]: output.values for key, output in made.outputs.items()})
    return found


def test_what_is_dosed_leaves_the_tank() -> None:
    """Between deliveries a level falls by just what was dosed over the tank's volume."""
    days = year(900, 90)
    level = np.concatenate([day["caustic_level"][0] for day in days])
    dosed_l = np.concatenate([day["caustic_flow"][0] for day in days]) * 1_000.0 * 0.25
    falls = np.diff(level)
    deliveries = falls > 0.0
    np.testing.assert_allclose(-falls[~deliveries], 100.0 * dosed_l[1:][~deliveries] / 1_000.0, atol=1e-9)
    assert 1 <= deliveries.sum() <= 6


def test_levels_stay_between_empty_and_full_and_sometimes_run_low() -> None:
    """Over a year no tank overflows; orders come within a week, so that levels rarely fall below 15 %."""
    days = year(900, 365)
    for name in ("caustic", "acid", "boiler_treatment"):
        level = np.concatenate([day[f"{name}_level"][0] for day in days])
        assert 0.0 < level.min() < 28.0
        assert level.max() <= 92.0
        assert (level < 15.0).mean() < 0.1


def test_caustic_then_acid_after_the_shift() -> None:
    """Caustic is dosed for half an hour after the shift, acid in the 18 minutes after that, never together."""
    (day,) = year(60, 1)
    caustic, acid = day["caustic_flow"][0] > 0.0, day["acid_flow"][0] > 0.0
    assert np.flatnonzero(caustic).tolist() == list(range(18 * 60, 18 * 60 + 30))
    assert np.flatnonzero(acid).tolist() == list(range(18 * 60 + 30, 18 * 60 + 48))


def test_treatment_follows_the_make_up() -> None:
    """A cubic metre of make-up takes 0.35 L; the world with less make-up uses less."""
    (day,) = year(900, 1)
    np.testing.assert_allclose(day["boiler_treatment_flow"][0], 0.35e-3)
    np.testing.assert_allclose(day["boiler_treatment_flow"][1], 0.21e-3)
    assert day["boiler_treatment_level"][0, -1] < day["boiler_treatment_level"][1, -1]


def test_a_tank_without_volume_is_refused() -> None:
    """A tank whose capacity is missing is refused with the plant's name."""
    with pytest.raises(ConfigurationError, match=ASSET):
        chemicals.build([{"asset": ASSET, "production": "x/y", "tanks": [{"name": "acid"}]}], 1)


def test_a_wandering_is_bounded_smooth_and_asked_in_any_order() -> None:
    """It stays between -1 and 1, is straight between its nodes, and depends on the time alone."""
    luck = Stream.of(1, "wander")
    at_s = np.arange(0.0, 40 * 86_400.0, 60.0)
    values = Wander(luck, 600).at(at_s)
    assert values.min() >= -1.0
    assert values.max() <= 1.0
    assert values.mean() == pytest.approx(0.0, abs=0.05)
    assert np.abs(np.diff(values)).max() <= 2.0 * 60 / 600
    asked_late_first = Wander(luck, 600)
    late, early = asked_late_first.at(at_s[-1_440:]), asked_late_first.at(at_s[:1_440])
    np.testing.assert_allclose(late, values[-1_440:], atol=1e-9)
    np.testing.assert_allclose(early, values[:1_440], atol=1e-9)
