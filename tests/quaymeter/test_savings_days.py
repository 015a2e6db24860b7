"""Kinds of day with public holidays, and the day's drivers in hourly rows, from a file on the command line."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quaymeter.cli.output import ExitCode
from quaymeter.savings.request import ROLES
from savings.days_before import before
from savings.table import Frequency, Role
from telemetry.plan import DayTypes
from tests.quaymeter.savings_files import days, local_hours, plant, reading, write
from tests.quaymeter.test_cli import run, run_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def april(tmp_path: Path) -> Path:
    """Write the use of each day of April 2025, Easter Monday on the 21st."""
    return write(tmp_path / "april.csv", "time,kWh", [(day, 10.0) for day in days("2025-04-17", "2025-04-25")])


def test_holidays_of_a_file(april: Path) -> None:
    """With a country Easter Monday is a Sunday, and the Tuesday after it a Monday where each day is a kind."""
    plain = reading(april, day_types=DayTypes.WEEKDAY).table.driver("day type").values.tolist()
    assert plain == [3, 4, 5, 6, 0, 1, 2, 3, 4]
    found = reading(april, day_types=DayTypes.WEEKDAY, holidays="FR")
    assert found.table.driver("day type").values.tolist() == [3, 4, 5, 6, 6, 0, 2, 3, 4]
    assert "Public holidays (FR) count as Sundays" in found.findings[-1].message
    week = reading(april, day_types=DayTypes.WEEK, holidays="FR").table.driver("day type").values.tolist()
    assert week == [0, 0, 1, 2, 2, 0, 0, 0, 0]


def test_days_by_rest_of_a_file(april: Path) -> None:
    """A plant that rests on Saturdays: Easter Monday is its third day of rest, the Tuesday comes after three."""
    found = reading(april, day_types=DayTypes.REST, holidays="FR")
    assert found.table.driver("day type").values.tolist() == [1, 1, 5, 6, 4, 3, 1, 1, 1]
    assert "3 = working day after three days of rest or more" in found.findings[-1].message
    assert "Public holidays (FR) are days of rest, as Saturdays" in found.findings[-1].message


def test_holidays_of_hours(tmp_path: Path) -> None:
    """By the hour the kind is the day whose hours count, the first of those alike; no column may be given that role."""
    rows = [(each, 1.0) for each in local_hours("2025-04-20", "2025-04-23")]
    path = write(tmp_path / "hours.csv", "time,kWh", rows)
    found = reading(path, day_types=DayTypes.WEEK, holidays="FR", frequency=Frequency.HOURLY)
    driver = found.table.driver("day type")
    assert driver.role is Role.WEEK
    assert any("6 = Sunday" in each.message for each in found.findings)
    assert "week" not in ROLES
    assert sorted(set(driver.values.tolist())) == [0.0, 6.0]  # Tuesday and Wednesday are alike
    assert any("0 = Monday to Friday, 5 = Saturday" in each.message for each in found.findings)
    every = reading(path, day_types=DayTypes.WEEKDAY, holidays="FR", frequency=Frequency.HOURLY)
    assert sorted(set(every.table.driver("day type").values.tolist())) == [0.0, 2.0, 6.0]


def test_the_commands_take_both_options(april: Path) -> None:
    """`table` shows what `--holidays` did; its document has the kinds as a column."""
    given = ("savings", "table", str(april), "--time", "time", "--tz", "Europe/Paris", "--energy", "kWh")
    _, found = run_json(*given, "--day-types", "week", "--holidays", "FR")
    assert "Public holidays (FR)" in str(found["findings"])
    _, out, _ = run(*given, "--day-types", "weekday", "--holidays", "FR", "--csv")
    kinds = {row["start"][:10]: row["day type"] for row in csv.DictReader(io.StringIO(out))}
    assert (kinds["2025-04-21"], kinds["2025-04-22"]) == ("6.0", "0.0")


@pytest.mark.parametrize(
    ("options", "place", "cure"),
    [
        (("--holidays", "FR"), "--holidays FR", "--day-types week"),
        (("--holidays", "fr", "--day-types", "week"), "--holidays", 'did you mean "FR"'),
        (("--holidays", "XX", "--day-types", "week"), "--holidays", "ZA, ZM, ZW"),
        (("--holidays", "FR", "--day-types", "week", "--freq", "monthly"), "--holidays FR", "--freq daily"),
        (("--drivers-by-day",), "--drivers-by-day", "--freq hourly"),
    ],
)
@pytest.mark.parametrize("command", ["table", "fit"])
def test_options_that_mean_nothing_alone_are_refused(
    tmp_path: Path, command: str, options: tuple[str, ...], place: str, cure: str
) -> None:
    """Holidays without kinds of day, of months or of nowhere, a day's drivers in rows of days: all is told."""
    path = write(
        tmp_path / "plant.csv", "day,use (kWh),air (°C),made (t)", plant("2023-01-01", "2023-02-28", "2024-01-01")
    )
    period = ("--baseline", "2023-01-01/2023-02-28")
    code, _, told = run(
        "savings", command, str(path), "--time", "day", "--tz", "Europe/Paris", "--energy", "use", *period, *options
    )
    told = " ".join(told.split())
    assert code == ExitCode.CONFIGURATION
    assert place in told
    assert cure in told


def test_hours_take_their_days_mean_of_a_driver(tmp_path: Path) -> None:
    """Over a day of 23 hours each hour has the mean of 23; a day without 3 of 24 has none; kinds stay."""
    hours = local_hours("2025-03-29", "2025-03-31")
    gone = {47 + hour for hour in (3, 4, 5)}
    rows = [(time.isoformat(), 1, "" if k in gone else k, time.hour // 12) for k, time in enumerate(hours)]
    path = write(tmp_path / "hours.csv", "time,kWh,air (°C),shift", rows)
    drivers = ("air:linear", "shift:category")
    found = reading(path, frequency=Frequency.HOURLY, drivers=drivers, drivers_by_day=True)
    air, shift = (found.table.driver(name).values for name in ("air", "shift"))
    assert air[:24] == pytest.approx([11.5] * 24)
    assert air[24:47] == pytest.approx([24 + 11.0] * 23)
    assert [*found.reasons[47:]] == ["no air"] * 24
    assert shift.tolist() == [time.hour // 12 for time in hours]
    assert found.table.coverage[:47].tolist() == [1.0] * 47


def test_a_few_hours_without_a_driver_do_not_lose_their_rows(tmp_path: Path) -> None:
    """Where two of 24 hours lack the driver, the day's mean is that of the others and every row may be used."""
    hours = local_hours("2025-03-03", "2025-03-04")
    rows = [(time.isoformat(), 1, "" if k in {3, 4} else 5.0) for k, time in enumerate(hours)]
    path = write(tmp_path / "hours.csv", "time,kWh,air (°C)", rows)
    fast, slow = (
        reading(path, frequency=Frequency.HOURLY, drivers=("air:linear",), drivers_by_day=by_day)
        for by_day in (False, True)
    )
    assert [*fast.reasons].count("no air") == 2
    assert set(slow.reasons) == {""}
    assert set(slow.table.driver("air").values) == {5.0}
    assert slow.table.coverage[:24].tolist() == pytest.approx([22 / 24] * 24)


def test_a_driver_lasts_for_days(tmp_path: Path) -> None:
    """The mean of the days before stands beside the driver, a finding says so, and the first day is lost."""
    rows = [
        (day, 10.0, made) for day, made in zip(days("2025-03-03", "2025-03-09"), [8, 0, 0, 0, 0, 0, 0], strict=True)
    ]
    path = write(tmp_path / "days.csv", "time,kWh,made", rows)
    found = reading(path, drivers=("made:lasts=0.5",))
    lag = found.table.driver(before("made")).values
    assert np.isnan(lag[0])
    assert lag[1] == 8.0
    assert lag[2] == pytest.approx(8.0 * np.exp(-4.0) / (np.exp(-2.0) + np.exp(-4.0)))
    assert [bool(reason) for reason in found.reasons] == [True] + [False] * 6
    assert any("Beside 'made' stands the mean of its days before" in each.message for each in found.findings)


@pytest.mark.parametrize(
    ("driver", "cause"),
    [
        ("made:lasts=soon", '"soon" is no time constant in days'),
        ("made:lasts=99", "at most 30"),
        ("made:category:lasts=2", "a category has no mean of the days before"),
    ],
)
def test_what_cannot_last_is_refused(tmp_path: Path, driver: str, cause: str) -> None:
    """Words, too many days, a category: each is told with a cure."""
    path = write(tmp_path / "days.csv", "time,kWh,made", [(day, 10.0, 1) for day in days("2025-03-03", "2025-03-09")])
    code, _, told = run(
        "savings", "table", str(path), "--time", "time", "--tz", "Europe/Paris", "--energy", "kWh", "--driver", driver
    )
    assert code == ExitCode.CONFIGURATION
    assert cause in " ".join(told.split())
