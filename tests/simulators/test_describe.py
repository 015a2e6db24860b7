"""A scenario in figures: since when a measure is in force, and what counts as before and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulators.describe import describe
from simulators.scenario import Measure, Scenario
from simulators.survey import DRIVERS, Survey, survey
from simulators.truth import TruthRow
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from telemetry.site import Site

SITE_FILE = Path(__file__).parents[2] / "sites" / "capecure.toml"
FIRST = date(2025, 1, 1)
DOORS = Measure(demonstrator="doors", kind="strip_doors", asset="a/room", start="2025-01-04")
PLAIN = Scenario(name="test", begins=FIRST)


@pytest.fixture(scope="module")
def site() -> Site:
    """Read the worked example."""
    return load_site(SITE_FILE)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "UTC"])
def test_in_force_from_is_the_local_day(site: Site, zone: str) -> None:
    """East and west of Greenwich, three days of ten lie before a measure of the 4th, and the 4th is the first after."""
    found = _survey(replace(site, timezone=ZoneInfo(zone)), days=10)
    (doors,) = describe(found)["demonstrators"]
    (point,) = doors["points"]
    assert doors["in_force_from"] == "2025-01-04"
    assert point["before"] == {"use": 30.0, "without": 30.0, "saving": 0.0, "percent": 0.0}
    assert point["after"] == {"use": 56.0, "without": 70.0, "saving": 14.0, "percent": 20.0}


def test_a_period_without_a_day_is_refused(site: Site) -> None:
    """An end before the start, or before the scenario: told, with the first day that can be asked for."""
    with pytest.raises(ConfigurationError, match="2025-01-02 is before 2025-01-05"):
        survey(site, PLAIN, first=date(2025, 1, 5), last=date(2025, 1, 2))
    with pytest.raises(ConfigurationError) as error:
        survey(site, PLAIN, last=date(2024, 12, 31))
    assert str(FIRST) in error.value.cure


def test_an_unknown_fault_is_refused(site: Site) -> None:
    """What a backfill would refuse is not described as if it could be."""
    fault = {"point": "quay/intake/t_sea_in", "kind": "gremlin", "from": "2025-01-01", "to": "2025-01-02"}
    with pytest.raises(ConfigurationError, match="gremlin"):
        survey(site, Scenario(name="test", begins=FIRST, faults=(fault,)), last=FIRST)


def _survey(site: Site, days: int) -> Survey:
    """Return a survey of days that use 10 kWh each, and 8 from the 4th on."""
    dates = [FIRST + timedelta(days=number) for number in range(days)]
    rows = [TruthRow("doors", "a/room/energy", day, "kWh", 10.0, 10.0 if day.day < 4 else 8.0) for day in dates]
    return Survey(
        site=site, scenario=Scenario(name="test", begins=FIRST, measures=(DOORS,)), first=FIRST, last=dates[-1],
        drivers={driver.name: np.zeros(days) for driver in DRIVERS}, week=(), truth=tuple(rows),
    )  # fmt: skip
