"""The table of a meter and its drivers."""

from __future__ import annotations

import numpy as np
import pytest

from savings.table import hour_of_week, weekday
from telemetry.errors import ContractError
from tests.savings.days import bent, daily, hourly, monthly, straight


def test_hours_of_the_week_begin_on_monday() -> None:
    """2025-01-06 was a Monday, 2025-01-05 a Sunday."""
    when = np.array(["2025-01-06T00:00", "2025-01-05T23:59", "1969-12-29T01:00"], "datetime64[s]")
    assert hour_of_week(when).tolist() == [0, 167, 1]
    assert weekday(when).tolist() == [0, 6, 0]


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
