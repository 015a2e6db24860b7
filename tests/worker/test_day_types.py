"""Kinds of day of a run: public holidays by a calendar of the site, in the run's own input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from storage.catalogue import apply_site
from storage.engine import connect
from storage.overview import calendars
from telemetry.errors import ContractError
from telemetry.plan import DayTypes
from tests.storage.aligned_site import a_plan, a_site
from worker.run_input import run_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from savings.input_record import DriverColumn, RunInput
    from storage.engine import Connection

CALENDARS = (
    {"id": "port-week", "name": {"fr": "x", "en": "x"}, "holidays": "FR", "shifts": []},
    {"id": "shifts", "name": {"fr": "x", "en": "x"}, "shifts": []},
    {"id": "nowhere", "name": {"fr": "x", "en": "x"}, "holidays": "XX", "shifts": []},
)
NOW = datetime(2025, 5, 4, 12, tzinfo=UTC)
NORMAL = [3.0, 4.0, 5.0, 6.0, 0.0, 1.0, 2.0]  # a week from Thursday, 17 April 2025, on


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """Give a connection to a database that may hold a plan over Easter and the first of May."""
    with connect(database, autocommit=True) as connection:
        yield connection


def applied_input(database: str, connection: Connection, **changed: Any) -> RunInput:
    """Apply the site with a plan from 17 April to 3 May 2025; return the input of its run."""
    plan = a_plan(date(2025, 4, 17), date(2025, 4, 29), date(2025, 4, 30), **changed)
    apply_site(database, replace(a_site(plan), calendars=CALENDARS), who="test")
    return run_input(connection, "quay", "heat", now=NOW)


def kind_of_day(database: str, connection: Connection, **changed: Any) -> DriverColumn:
    """Return the kinds of day of that input."""
    return applied_input(database, connection, **changed).meters[0].drivers[-1]


def test_holidays_are_sundays_and_the_day_after_one_is_a_monday(database: str, connection: Connection) -> None:
    """Easter Monday and the first of May rest like Sundays, the days after them start cold; the label says so."""
    found = kind_of_day(database, connection, day_types=DayTypes.WEEKDAY, calendar="port-week")
    easter, may = [3.0, 4.0, 5.0, 6.0, 6.0, 0.0, 2.0], [6.0, 0.0, 5.0]
    assert found.values == (*easter, *NORMAL, *may)
    assert "working day after one as a Monday" in found.label["en"]
    assert "jours fériés" in found.label["fr"]


def test_of_three_kinds_only_the_holiday_changes(database: str, connection: Connection) -> None:
    """Monday to Friday, Saturday, Sunday: the day after a holiday is a working day like others."""
    found = kind_of_day(database, connection, calendar="port-week")
    assert found.values[:7] == (0.0, 0.0, 1.0, 2.0, 2.0, 0.0, 0.0)
    assert found.values[-3:] == (2.0, 0.0, 1.0)
    assert found.label["en"] == "Kind of day (public holidays as Sundays)"


def test_days_by_rest_say_so_in_their_label(database: str, connection: Connection) -> None:
    """Easter Monday is the third day of rest and the Tuesday after it has three before; hours know it too."""
    found = kind_of_day(database, connection, calendar="port-week", day_types=DayTypes.REST)
    assert found.values[:7] == (1.0, 1.0, 5.0, 6.0, 4.0, 3.0, 1.0)
    assert found.values[-3:] == (5.0, 2.0, 5.0)
    assert found.label["en"] == "Kind of day (by days of rest: Saturdays, Sundays and public holidays)"
    hours = kind_of_day(database, connection, calendar="port-week", day_types=DayTypes.REST, frequency="hourly")
    assert (hours.role, hours.values[4 * 24]) == ("week", 4.0)
    plain = kind_of_day(database, connection, day_types=DayTypes.REST)
    assert plain.values[4:6] == (0.0, 1.0)
    assert plain.label["fr"] == "Type de jour (par jours de repos : samedis et dimanches)"


def test_hours_count_as_days_of_the_week(database: str, connection: Connection) -> None:
    """Hourly rows take the day that each hour counts as, also where a plan knows three kinds or no holidays."""
    found = kind_of_day(database, connection, calendar="port-week", frequency="hourly")
    assert found.role == "week"
    assert found.values[::24][:7] == (3.0, 4.0, 5.0, 6.0, 6.0, 1.0, 2.0)
    cold = kind_of_day(database, connection, calendar="port-week", frequency="hourly", day_types=DayTypes.WEEKDAY)
    assert cold.values[5 * 24] == 0.0
    plain = kind_of_day(database, connection, frequency="hourly")
    assert (plain.role, plain.values[::24][:7]) == ("week", (3.0, 4.0, 5.0, 6.0, 0.0, 1.0, 2.0))


def test_a_run_keeps_the_country_whose_holidays_counted(database: str, connection: Connection) -> None:
    """The calendar's country as it was then, which the site file may change later; none without a calendar."""
    assert applied_input(database, connection, calendar="port-week").holidays == "FR"
    assert applied_input(database, connection).holidays == ""


def test_without_a_calendar_holidays_are_days_like_others(database: str, connection: Connection) -> None:
    """A plan that names no calendar has the kinds of day that it always had, and their label."""
    found = kind_of_day(database, connection, day_types=DayTypes.WEEKDAY)
    assert found.values == (*NORMAL, *NORMAL, *NORMAL[:3])
    assert found.label == {"fr": "Type de jour", "en": "Kind of day"}


@pytest.mark.parametrize(
    ("calendar", "cause"),
    [
        ("port-weak", "unknown calendar 'port-weak' – did you mean \"port-week\""),
        ("shifts", "calendar 'shifts' has no public holidays"),
        ("nowhere", 'unknown country "XX"'),
    ],
)
def test_a_calendar_that_does_not_help_is_named(
    database: str, connection: Connection, calendar: str, cause: str
) -> None:
    """A plan by the API may name what the site does not have: the run says so, and makes no figure of other days."""
    with pytest.raises(ContractError, match=cause):
        kind_of_day(database, connection, calendar=calendar)


def test_calendars_are_read_as_they_were_declared(database: str, connection: Connection) -> None:
    """All calendars of a site in its own order; a site that is not there has none."""
    apply_site(database, replace(a_site(), calendars=CALENDARS), who="test")
    assert [each["id"] for each in calendars(connection, "quay")] == ["port-week", "shifts", "nowhere"]
    assert calendars(connection, "nowhere") == []
