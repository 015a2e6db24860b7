"""Scenario files: what they may say, how they build on each other, and what is wrong with those that cannot be used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from simulators.scenario import load_scenario, months_after, names
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

PARIS = ZoneInfo("Europe/Paris")
MEASURE = """
[[measures]]
demonstrator = "doors"
kind = "strip_doors"
asset = "mole/frozen_1"
from = {start}
"""


@pytest.mark.parametrize("name", names())
def test_every_scenario_that_comes_along_can_be_read(name: str) -> None:
    """Each file of the folder is a scenario, named as its file."""
    assert load_scenario(name).name == name


def test_seed_first_day_and_step_can_be_set_anew() -> None:
    """What the caller says wins over the file."""
    scenario = load_scenario("plain", seed=9, begins=date(2023, 1, 1), step_s=60)
    assert (scenario.seed, scenario.begins, scenario.step_s) == (9, date(2023, 1, 1), 60)


def test_moments_are_local_midnights(tmp_path: Path) -> None:
    """A date and an age mean midnight of the site's calendar, in summer and in winter."""
    scenario = load_scenario(_written(tmp_path, MEASURE.format(start="2025-07-01")))
    winter = datetime(2025, 1, 1, 23, tzinfo=UTC).timestamp()
    summer = datetime(2025, 6, 30, 22, tzinfo=UTC).timestamp()
    assert scenario.instant_s(scenario.measures[0].start, PARIS) == summer
    assert scenario.instant_s("P12M", PARIS) == datetime(2025, 8, 31, 22, tzinfo=UTC).timestamp()
    assert scenario.instant_s("P123D", PARIS) == winter
    with pytest.raises(ConfigurationError, match="no moment"):
        scenario.instant_s("soon", PARIS)


def test_included_tables_come_first_and_scalars_win(tmp_path: Path) -> None:
    """Measures of an included file stand before a file's own; its seed gives way."""
    (tmp_path / "base.toml").write_text(f"begins = 2024-01-01\nseed = 1\n{MEASURE.format(start='2024-06-01')}")
    path = _written(
        tmp_path, 'include = ["base"]\nseed = 2\n' + MEASURE.format(start='"P3M"').replace("doors", "two"), ""
    )
    scenario = load_scenario(path)
    assert scenario.demonstrators == ("doors", "two")
    assert (scenario.seed, scenario.begins) == (2, date(2024, 1, 1))


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        (MEASURE.format(start="2025-01-01") + "share = 1\n", 3, "unknown field `share`"),
        (MEASURE.format(start="2025-01-01") + 'alternate_days = "seven"\n', 8, "Expected `int`"),
        ("step_s = 900\n" + MEASURE.format(start="2025-01-01").replace("asset", "azzet"), 4, "azzet"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, cause: str) -> None:
    """Unknown keys and wrong types: file, line (of the value, or of its table), cause and cure."""
    path = _written(tmp_path, text)
    with pytest.raises(ConfigurationError) as error:
        load_scenario(path)
    assert error.value.place == f"{path}:{line}"
    assert cause in error.value.cause
    assert error.value.cure


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("stages = []", "length >= 1"),
        ("stages = [[0, 1.5]]", "<= 1.0"),
        ("stages = [[-1, 0.5]]", ">= 0.0"),
        ("stages = [[10, 0.5], [0, 1]]", "do not ascend"),
        ("stages = [[inf, 0.5]]", "no number"),
        ("decay_per_year = -0.1", ">= 0.0"),
        ("decay_per_year = nan", ">= 0.0"),  # nan is not at least nought
        ("alternate_days = -7", ">= 0"),
    ],
)
def test_values_that_cannot_be_are_refused(tmp_path: Path, line: str, cause: str) -> None:
    """Stages, wear and turns outside their range: file and line of the measure or of the value."""
    path = _written(tmp_path, MEASURE.format(start="2025-01-01") + line + "\n")
    with pytest.raises(ConfigurationError, match=cause) as error:
        load_scenario(path)
    assert error.value.place in {f"{path}:{number}" for number in (3, 8)}


@pytest.mark.parametrize(
    "table", ['[[happenings]]\nkind = "leak"\nasset = "a/b"\nvalue = nan', "[[heat_waves]]\npeak_k = inf"]
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, table: str) -> None:
    """What is not finite would be written as truth: refused with the line of its table."""
    path = _written(tmp_path, f"{table}\nfrom = 2025-01-01\n")
    with pytest.raises(ConfigurationError, match="no number") as error:
        load_scenario(path)
    assert error.value.place == f"{path}:2"


def test_a_month_that_is_shorter_ends_earlier() -> None:
    """Thirteen months from 31 January 2024 is 28 February 2025, in a leap year the 29th."""
    late = load_scenario("plain", begins=date(2024, 1, 31))
    assert late.instant_s("P13M", PARIS) == datetime(2025, 2, 27, 23, tzinfo=UTC).timestamp()
    assert months_after(date(2024, 3, 29), 11) == date(2025, 2, 28)
    assert months_after(date(2023, 12, 31), 2) == date(2024, 2, 29)
    for age in ("P999999M", "P999999999D"):
        with pytest.raises(ConfigurationError):
            late.instant_s(age, PARIS)


@pytest.mark.parametrize("wrong", [{"step_s": 7}, {"step_s": 1}, {"begins": date(1900, 1, 1)}])
def test_steps_and_days_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    """Whatever the caller sets anew is checked as the file is."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        load_scenario("plain", **wrong)


def test_a_file_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    """Saved by an editor of the last century: file and cure."""
    path = tmp_path / "own.toml"
    path.write_bytes("# été\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="UTF-8") as error:
        load_scenario(path)
    assert error.value.place == str(path)


def test_unknown_names_and_circles_are_refused(tmp_path: Path) -> None:
    """A near miss is offered; a file that includes itself is told so."""
    with pytest.raises(ConfigurationError, match="no such scenario") as error:
        load_scenario("capecur")
    assert "capecure" in error.value.cure
    path = _written(tmp_path, 'include = ["own"]\n')
    with pytest.raises(ConfigurationError, match="includes itself"):
        load_scenario(path)


def _written(folder: Path, text: str, begins: str = "begins = 2024-09-01\n") -> Path:
    path = folder / "own.toml"
    path.write_text(begins + text, encoding="utf-8")
    return path
