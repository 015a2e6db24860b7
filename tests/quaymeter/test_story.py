"""What a demo's simulated port is: settled once, and kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from quaymeter.demo.story import Story
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, 6, 7, tzinfo=UTC)


def test_it_begins_on_the_first_of_a_month_and_stays(tmp_path: Path) -> None:
    """Twenty-six months back from November is September two years before; a later start changes nothing."""
    path = tmp_path / "story.json"
    first = Story.of(path, scenario="capecure", months=26, cadence_s=3600, now=NOW)
    live_from = NOW - timedelta(hours=1)
    assert first == Story(scenario="capecure", begins=date(2024, 9, 1), live_from=live_from, cadence_s=3600)
    assert first.last == date(2026, 11, 22)
    assert Story.of(path, scenario="other", months=3, cadence_s=900, now=NOW + timedelta(days=40)) == first


@pytest.mark.parametrize(
    ("now", "months", "begins"),
    [
        (NOW, 0, date(2026, 11, 1)),
        (NOW.replace(month=1), 1, date(2025, 12, 1)),
        (NOW.replace(month=12), 12, date(2025, 12, 1)),
    ],
)
def test_months_are_counted_over_the_year(tmp_path: Path, now: datetime, months: int, begins: date) -> None:
    """None is this month; January less one is December."""
    assert Story.of(tmp_path / "story.json", scenario="plain", months=months, cadence_s=3600, now=now).begins == begins


def test_at_midnight_the_day_before_is_the_last(tmp_path: Path) -> None:
    """What came live from midnight on leaves nothing of that day to history."""
    midnight = datetime(2026, 11, 22, 1, tzinfo=UTC)
    story = Story.of(tmp_path / "story.json", scenario="plain", months=1, cadence_s=3600, now=midnight)
    assert story.last == date(2026, 11, 21)


def test_a_story_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Half a file is no reason to begin another story over the same readings."""
    path = tmp_path / "story.json"
    path.write_text('{"scenario": "capecure"')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Story.of(path, scenario="capecure", months=26, cadence_s=3600, now=NOW)
