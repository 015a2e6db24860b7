"""The table of a meter and its drivers."""

from __future__ import annotations

import numpy as np
import pytest

from savings.day_types import counted_by_rest, counted_weekday, kinds_of_day, kinds_of_rows
from savings.table import Frequency, Role, hour_of_week, means_of_days, weekday
from telemetry.errors import ContractError
from telemetry.plan import DayTypes
from tests.savings.days import bent, counted, daily, hourly, monthly, straight


def test_hours_of_the_week_begin_on_monday() -> None:
    """2025-01-06 was a Monday, 2025-01-05 a Sunday."""
    when = np.array(["2025-01-06T00:00", "2025-01-05T23:59", "1969-12-29T01:00"], "datetime64[s]")
    assert hour_of_week(when).tolist() == [0, 167, 1]
    assert weekday(when).tolist() == [0, 6, 0]


def test_rows_may_count_as_another_day() -> None:
    """A driver says that a Monday counts as a Sunday: its hours are Sunday's, in a table as in its pieces."""
    table = hourly(np.ones(48), counted(np.repeat([6, 1], 24)), first="2025-04-21")
    assert table.week_hour.tolist() == [*range(144, 168), *range(24, 48)]
    assert table.take(slice(5, 7)).week_hour.tolist() == [149, 150]
    assert hourly(np.ones(2), first="2025-04-21").week_hour.tolist() == [0, 1]
    with pytest.raises(ContractError, match="days that there are not"):
        hourly(np.ones(2), counted(np.array([7, 0])))


def test_valid_rows_have_energy_and_every_driver() -> None:
    """A NaN anywhere makes a row invalid, and `take` keeps every column aligned."""
    table = daily(np.array([1.0, np.nan, 3.0]), bent("air", np.array([5.0, 6.0, np.nan])))
    assert table.valid.tolist() == [True, False, False]
    taken = table.take(table.valid)
    assert len(taken) == 1
    assert taken.driver("air").values.tolist() == [5.0]


def test_spans_of_months_are_days_and_a_short_day_is_shorter() -> None:
    """February of a leap year has 29 days; hours count as hours."""
    assert monthly(np.ones(3)).span.tolist() == [31.0, 29.0, 31.0]
    assert hourly(np.ones(2)).span.tolist() == [1.0, 1.0]


def test_columns_must_be_as_long_as_the_rows() -> None:
    """A driver of another length is refused with place, cause and cure."""
    with pytest.raises(ContractError, match=r"columns of \[2, 3\] rows"):
        daily(np.ones(3), bent("air", np.ones(2)))


def test_rows_must_ascend_and_names_differ() -> None:
    """Rows back in time and two drivers of one name are refused; an hour that the clock repeats is not."""
    table = daily(np.ones(3))
    with pytest.raises(ContractError, match="order of time"):
        table.take(np.array([2, 1, 0]))
    with pytest.raises(ContractError, match="two drivers of one name"):
        daily(np.ones(3), bent("x", np.ones(3)), straight("x", np.ones(3)))
    hours = hourly(np.ones(3), first="2025-10-26T01")
    assert len(hours.take(np.array([0, 1, 1, 2]))) == 4


def test_an_unknown_driver_is_named_with_those_there_are() -> None:
    """The cure lists what could have been meant."""
    with pytest.raises(ContractError, match="no driver 'sea' – this table has air"):
        daily(np.ones(3), bent("air", np.ones(3))).driver("sea")


def test_a_day_of_23_or_25_hours_has_its_own_mean() -> None:
    """On the days on which summer time begins and ends the mean is that of the hours there are, each counted once."""
    spring = np.delete(hourly(np.ones(72), first="2025-03-29").start, 26)  # 02:00 of the 30th never comes
    autumn = np.insert(hourly(np.ones(72), first="2025-10-25").start, 27, np.datetime64("2025-10-26T02", "s"))
    for start, short, n in ((spring, slice(24, 47), 23), (autumn, slice(24, 49), 25)):
        values = np.zeros(len(start))
        values[short] = np.arange(float(n))
        found = means_of_days(start, values)
        assert found[short] == pytest.approx(np.full(n, (n - 1) / 2))
        assert not np.delete(found, np.arange(len(start))[short]).any()


@pytest.mark.parametrize(("lost", "known"), [(0, True), (2, True), (3, False), (24, False)])
def test_a_day_needs_nine_tenths_of_its_hours(lost: int, known: bool) -> None:  # noqa: FBT001 – a table of cases
    """With 22 of 24 hours the mean of these stands for all 24, with 21 the whole day has none; its neighbours do."""
    values = np.repeat([1.0, 5.0, 2.0], 24)
    values[24 : 24 + lost] = np.nan
    found = means_of_days(hourly(np.ones(72)).start, values).reshape(3, 24)
    assert found[[0, 2]].tolist() == [[1.0] * 24, [2.0] * 24]
    assert np.isnan(found[1]).all() == (not known)
    assert not known or found[1].tolist() == [5.0] * 24


@pytest.mark.parametrize(("lost", "known"), [(2, True), (3, False)])
def test_a_short_day_is_measured_by_its_own_length(lost: int, known: bool) -> None:  # noqa: FBT001 – as above
    """Of 23 hours 21 are nine tenths, 20 are not."""
    start = np.delete(hourly(np.ones(72), first="2025-03-29").start, 26)
    values = np.ones(71)
    values[30 : 30 + lost] = np.nan
    assert np.isfinite(means_of_days(start, values)[24:47]).tolist() == [known] * 23


def test_days_that_the_rows_cut_have_no_mean() -> None:
    """A file from 10:00 to 09:00 tells neither its first day nor its last one; without rows there is nothing."""
    start = hourly(np.ones(72)).start[10:57]
    assert np.isfinite(means_of_days(start, np.ones(47))).tolist() == [False] * 14 + [True] * 24 + [False] * 9
    assert np.isfinite(means_of_days(hourly(np.ones(24)).start[1:], np.ones(23))).all()
    assert len(means_of_days(start[:0], np.ones(0))) == 0


def kinds(day_types: DayTypes, holidays: list[int]) -> list[int]:
    """Return the kinds of two weeks from Monday on, of which the days with these numbers are public holidays."""
    days = np.arange(-1, 14)
    is_holiday = np.isin(days, holidays)
    counted = counted_weekday(day_types, days[1:] % 7, is_holiday[1:], is_holiday[:-1])
    return [int(kind) for kind in kinds_of_day(day_types, counted)]


def test_a_holiday_is_a_sunday_and_the_working_day_after_it_a_monday() -> None:
    """With each day of the week a kind, Tuesday to Friday after a holiday start cold; Saturday and Monday stay."""
    plain = [0, 1, 2, 3, 4, 5, 6]
    assert kinds(DayTypes.WEEKDAY, []) == plain * 2
    assert kinds(DayTypes.WEEKDAY, [0]) == [6, 0, 2, 3, 4, 5, 6, *plain]  # Easter Monday
    assert kinds(DayTypes.WEEKDAY, [3]) == [0, 1, 2, 6, 0, 5, 6, *plain]  # Ascension
    assert kinds(DayTypes.WEEKDAY, [4]) == [0, 1, 2, 3, 6, 5, 6, *plain]
    assert kinds(DayTypes.WEEKDAY, [5, 6]) == [0, 1, 2, 3, 4, 6, 6, *plain]
    assert kinds(DayTypes.WEEKDAY, [1, 2]) == [0, 6, 6, 0, 4, 5, 6, *plain]  # the second of two stays a holiday


def test_with_three_kinds_of_day_a_holiday_is_a_sunday_and_nothing_else_changes() -> None:
    """Monday to Friday, Saturday, Sunday: the day after a holiday is what it is; without kinds all are one."""
    assert kinds(DayTypes.WEEK, [0, 10]) == [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2, 0, 1, 2]
    assert kinds(DayTypes.WEEK, []) == [0, 0, 0, 0, 0, 1, 2] * 2
    assert kinds(DayTypes.NONE, [0]) == [0] * 14


def by_rest(holidays: list[int]) -> list[int]:
    """Return the kinds by rest of two weeks from Monday on, of which the days with these numbers are holidays."""
    days = np.arange(-3, 14)
    rests = (days % 7 >= 5) | np.isin(days, holidays)
    return [int(kind) for kind in counted_by_rest(np.stack([rests[3 - back : 17 - back] for back in range(4)]))]


def test_days_by_rest_are_those_of_a_week_until_a_holiday_comes() -> None:
    """A Monday, four days alike, two of rest; a holiday cools as a Saturday, and what follows it counts from there."""
    plain = [0, 1, 1, 1, 1, 5, 6]
    assert by_rest([]) == plain * 2
    assert by_rest([3]) == [0, 1, 1, 5, 2, 5, 6, *plain]  # Ascension: the Friday after one day of rest
    assert by_rest([7]) == [*plain, 4, 3, 1, 1, 1, 5, 6]  # Easter Monday: the third day; Tuesday after three
    assert by_rest([4]) == [0, 1, 1, 1, 5, 6, 4, 3, 1, 1, 1, 1, 5, 6]
    assert by_rest([7, 8]) == [*plain, 4, 4, 3, 1, 1, 5, 6]
    assert by_rest([5, 6]) == plain * 2


def test_rest_counts_before_the_first_row_and_by_the_hour() -> None:
    """What rested before the rows begin counts; hours have the kind of their day; without a country only weekends."""
    days = np.array(["2025-05-02", "2025-05-05"], "datetime64[s]")  # the Friday after the first of May, a Monday
    assert kinds_of_rows(DayTypes.REST, Frequency.DAILY, days, "FR")[1].tolist() == [2.0, 0.0]
    mornings = np.array(["2025-05-02T05", "2025-05-05T05"], "datetime64[s]")
    role, hours = kinds_of_rows(DayTypes.REST, Frequency.HOURLY, mornings, "FR")
    assert (role, hours.tolist()) == (Role.WEEK, [2.0, 0.0])
    assert kinds_of_rows(DayTypes.REST, Frequency.DAILY, days, "")[1].tolist() == [1.0, 0.0]
