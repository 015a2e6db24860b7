"""From scenario to worlds: stages, wear, alternation, happenings and rebounds, each in the worlds it belongs to."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulators.day import UNIX, Day
from simulators.measures import Plan
from simulators.scenario import Happening, Measure, Scenario
from telemetry.errors import ConfigurationError

PARIS = ZoneInfo("Europe/Paris")
DOORS = Measure(
    demonstrator="doors", kind="strip_doors", asset="a/room", start="2025-01-01", stages=((0, 0.5), (10, 1))
)
FANS = Measure(demonstrator="fans", kind="ec_fans", asset="a/room", start="2025-01-01", decay_per_year=0.5)


def test_a_measure_is_missing_in_the_world_without_its_demonstrator_only() -> None:
    """Row 1 is the port without the first demonstrator; all other rows have its measure."""
    share = _plan(DOORS, FANS).worlds(_day(2025, 3, 1)).share("strip_doors", "a/room")
    assert share[:, 0].tolist() == [1.0, 0.0, 1.0]


def test_stages_begin_at_local_midnight() -> None:
    """Nothing before the first stage; half from the first day; all from the tenth."""
    plan = _plan(DOORS)
    eve = plan.worlds(_day(2024, 12, 31)).share("strip_doors", "a/room")[0]
    assert eve.tolist() == [0.0] * 92 + [0.5] * 4  # the last hour of UTC is the first of the local year
    assert plan.worlds(_day(2025, 1, 5)).share("strip_doors", "a/room")[0, 0] == 0.5
    assert plan.worlds(_day(2025, 1, 15)).share("strip_doors", "a/room")[0, 0] == 1.0


def test_wear_takes_its_share_a_year() -> None:
    """Half of the effect is gone after a year, all after two, and it never turns negative."""
    plan = _plan(FANS)
    assert plan.worlds(_day(2026, 1, 1)).share("ec_fans", "a/room")[0, 0] == pytest.approx(0.5, abs=2e-3)
    assert plan.worlds(_day(2027, 6, 1)).share("ec_fans", "a/room").max() == 0.0


def test_on_and_off_in_turn() -> None:
    """A week on, a week off."""
    weekly = Measure(demonstrator="head", kind="floating_head", asset="a/b", start="2025-01-06", alternate_days=7)
    plan = _plan(weekly)
    shares = [plan.worlds(_day(2025, 1, day)).share("floating_head", "a/b")[0, 48] for day in (8, 15, 22)]
    assert shares == [1.0, 0.0, 1.0]


def test_a_happening_hits_all_worlds_unless_a_measure_causes_it() -> None:
    """A freezer that stops stops everywhere; a rebound is missing where its measure is."""
    stop = Happening(kind="out_of_service", asset="a/room", start="2025-02-01", end="2025-02-03", value=1.0)
    rebound = Happening(kind="set_point_shift_k", asset="a/room", start="2025-02-01", value=-1.0, caused_by="doors")
    plan = _plan(DOORS, FANS, happenings=(stop, rebound))
    worlds = plan.worlds(_day(2025, 2, 2))
    assert worlds.happening("out_of_service", "a/room").tolist() == [[1.0] * 92 + [0.0] * 4]
    assert worlds.happening("set_point_shift_k", "a/room")[:, 0].tolist() == [-1.0, 0.0, -1.0]
    assert plan.worlds(_day(2025, 1, 20)).happening("production_factor", "a/room", 1.0).tolist() == [[1.0] * 96]


@pytest.mark.parametrize(
    "scenario",
    [
        {"measures": (Measure(demonstrator="d", kind="strip_door", asset="a/b", start="2025-01-01"),)},
        {"happenings": (Happening(kind="fire", asset="a/b", start="2025-01-01", value=1.0),)},
        {"happenings": (Happening(kind="leak", asset="a/b", start="2025-01-01", value=1.0, caused_by="nobody"),)},
        {"happenings": (Happening(kind="leak", asset="a/b", start="2025-01-02", end="2025-01-01", value=1.0),)},
    ],
)
def test_what_nobody_knows_is_refused(scenario: dict[str, tuple[Measure, ...] | tuple[Happening, ...]]) -> None:
    """Unknown kinds, unknown causes and periods that end before they begin are explained, with a cure."""
    with pytest.raises(ConfigurationError) as error:
        Plan(Scenario(name="wrong", begins=date(2024, 1, 1), **scenario), PARIS)  # type: ignore[arg-type]
    assert error.value.place
    assert error.value.cure


def test_what_is_not_in_force_is_nought_in_one_row() -> None:
    """A measure that never was has one row, so that plants do no work for it."""
    assert np.array_equal(_plan(DOORS).worlds(_day(2024, 6, 1)).share("strip_doors", "a/room"), np.zeros((1, 96)))


def _plan(*measures: Measure, happenings: tuple[Happening, ...] = ()) -> Plan:
    return Plan(Scenario(name="test", begins=date(2024, 1, 1), measures=measures, happenings=happenings), PARIS)


def _day(year: int, month: int, day: int) -> Day:
    return Day((date(year, month, day) - UNIX).days, 900)
