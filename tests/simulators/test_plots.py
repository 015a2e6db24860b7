"""Plots of a scenario: their titles say what they show, and no legend lies on a curve."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulators.plots import SYSTEMS, _drivers, _week
from simulators.scenario import Scenario
from simulators.survey import Survey, survey
from telemetry.site_file import load_site

SITE_FILE = Path(__file__).parents[2] / "sites" / "capecure.toml"


@pytest.fixture(scope="module")
def found() -> Survey:
    """Two days of the worked example."""
    begins = date(2025, 6, 2)
    return survey(load_site(SITE_FILE), Scenario(name="test", begins=begins), last=date(2025, 6, 3))


def test_the_title_counts_the_days(found: Survey) -> None:
    """Two days are not called a year."""
    assert _drivers(found).get_suptitle().startswith("2 days of drivers")


def test_legends_stand_above_their_panels(found: Survey) -> None:
    """Once drawn, a legend begins where its axes end."""
    for figure in (_drivers(found), _week(found, "steam", SYSTEMS["steam"])):
        figure.canvas.draw()
        above = [
            legend.get_window_extent().y0 - axis.get_window_extent().y1
            for axis in figure.axes
            if (legend := axis.get_legend()) is not None
        ]
        assert above
        assert min(above) >= 0
