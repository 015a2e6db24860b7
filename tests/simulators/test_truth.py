"""The book of truth: exact differences by day of the site's calendar, on days of 23 and 25 hours too."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulators.day import UNIX, Day
from simulators.outputs import Flow, Level, Mean
from simulators.scenario import Measure, Scenario
from simulators.truth import Boundary, TruthBook, boundaries
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site

PARIS = ZoneInfo("Europe/Paris")
GAS = Boundary("traps", "a/boiler/gas", "m3", 1)


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 6, 1), 24), (date(2025, 10, 26), 25)])
def test_a_day_is_a_day_of_the_calendar(day: date, hours: int) -> None:
    """A steady meter of 4 a quarter of an hour adds up to 16 for each hour that the local day has."""
    book = TruthBook([GAS], PARIS)
    for number in range(_number(day) - 1, _number(day) + 2):
        book.add(Day(number, 900), {GAS.point: Flow(np.array([[4.0] * 96, [5.0] * 96]))})
    (row,) = book.rows(day, day)
    assert (row.with_, row.without, row.saving) == (16.0 * hours, 20.0 * hours, 4.0 * hours)


def test_what_no_measure_touches_saves_nothing() -> None:
    """One row for all worlds means that with and without are the same to the last bit."""
    book = TruthBook([GAS], PARIS)
    book.add(Day(_number(date(2025, 6, 1)), 60), {GAS.point: Flow(np.linspace(0.1, 0.7, 1440)[None, :])})
    assert [row.saving for row in book.rows()] == [0.0, 0.0]


def test_a_power_counts_as_its_energy() -> None:
    """4 kW for a day are 96 kWh, whatever the step; a temperature is no boundary."""
    for step_s in (60, 900):
        book = TruthBook([GAS], ZoneInfo("UTC"))
        day = Day(_number(date(2025, 6, 1)), step_s)
        book.add(day, {GAS.point: Mean(np.full((2, day.steps), 4.0))})
        assert book.rows()[0].with_ == pytest.approx(96.0, rel=1e-12)
        with pytest.raises(ConfigurationError, match="counters and powers"):
            book.add(day, {GAS.point: Level(np.zeros((1, day.steps)))})


def test_boundaries_come_from_the_site_or_the_scenario() -> None:
    """The site's demonstrators name their points; a scenario may name others; none at all is explained."""
    site = load_site(Path("sites/capecure.toml"))
    known = Measure(demonstrator="steam-traps", kind="trap_repair", asset="cannery/boiler", start="P1M")
    own = Measure(demonstrator="own", kind="null", asset="x/y", start="P1M", energy=("quay/intake/energy",))
    found = boundaries(site, Scenario(name="test", begins=date(2024, 1, 1), measures=(known, own)))
    assert [(each.point, each.unit, each.world) for each in found] == [
        ("cannery/boiler/gas", "m3", 1),
        ("quay/intake/energy", "kW.h", 2),
    ]
    nowhere = Measure(demonstrator="nowhere", kind="null", asset="x/y", start="P1M")
    with pytest.raises(ConfigurationError, match="no point of capecure"):
        boundaries(site, Scenario(name="test", begins=date(2024, 1, 1), measures=(nowhere,)))


def _number(day: date) -> int:
    return (day - UNIX).days
