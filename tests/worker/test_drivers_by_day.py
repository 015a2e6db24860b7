"""Hourly rows with their day's drivers: means over short days, hours that are missing, coverage and reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.plan import DriverPlan
from tests.storage.aligned_site import a_plan, a_site, midnight_s, steady, steps, store
from worker.run_input import run_input

if TYPE_CHECKING:
    from savings.input_record import MeterInput

FIRST, END = date(2025, 3, 28), date(2025, 4, 2)
SHORT, GAP, HOLE = date(2025, 3, 30), date(2025, 3, 31), date(2025, 4, 1)  # 23 hours, 22 known of 24, 21 of 24
NOW = datetime(2025, 4, 2, 3, tzinfo=UTC)
DRIVERS = (
    DriverPlan(point="quay/pump/t_air", role="changepoint"), DriverPlan(point="quay/pump/landed"),
    DriverPlan(point="quay/pump/on", role="category"),
)  # fmt: skip
AIR, LANDED, ON = 0, 1, 2


@pytest.fixture
def meters(database: str) -> tuple[MeterInput, MeterInput]:
    """Give the rows of five days by hour and with their day's drivers; the air rises by a kelvin each hour."""
    ts = steps(FIRST, END)
    columns = steady(ts, int(ts[0]))
    hour = (ts - ts[0]) // 3600
    gone = np.zeros(len(ts), np.bool_)
    for day, hours in ((GAP, 2), (HOLE, 3)):
        begins = midnight_s(day) + 10 * 3600
        gone |= (ts >= begins) & (ts < begins + hours * 3600)
    columns["t_air"] = (ts[~gone], hour[~gone].astype(np.float64))
    found = []
    for by_day in (False, True):
        plan = a_plan(FIRST, SHORT, GAP, frequency="hourly", drivers=DRIVERS, drivers_by_day=by_day)
        apply_site(database, a_site(plan), who="test")
        if not by_day:
            store(database, columns, received=NOW)
        with connect(database, autocommit=True) as connection:
            (meter,) = run_input(connection, "quay", "heat", now=NOW).meters
        found.append(meter)
    return found[0], found[1]


def rows(day: date) -> slice:
    """Return the rows of a local day."""
    first = (midnight_s(day) - midnight_s(FIRST)) // 3600
    return slice(first, first + (23 if day == SHORT else 24))


def test_an_hour_takes_its_days_mean(meters: tuple[MeterInput, MeterInput]) -> None:
    """The mean of 24 hours, of 23 on the day on which summer time begins; an amount is the day's mean an hour."""
    _, slow = meters
    assert slow.start[rows(SHORT)][0] == "2025-03-30T00:00:00"
    assert slow.drivers[AIR].values[rows(SHORT)] == pytest.approx([48 + 11.0] * 23)
    assert slow.drivers[LANDED].values[rows(SHORT)] == pytest.approx([1 / 23] * 23)
    assert slow.drivers[LANDED].values[rows(GAP)] == pytest.approx([1 / 24] * 24)
    assert slow.drivers[AIR].label == {"fr": "t_air, moyenne du jour", "en": "t_air, day's mean"}


def test_categories_kinds_of_day_and_the_meter_are_left_alone(meters: tuple[MeterInput, MeterInput]) -> None:
    """What is no figure has no mean; use stays that of the hour."""
    fast, slow = meters
    assert slow.drivers[ON:] == fast.drivers[ON:]
    assert (slow.energy, slow.carriers, slow.sources) == (fast.energy, fast.carriers, fast.sources)


def test_a_few_missing_hours_cost_nothing_and_many_the_whole_day(meters: tuple[MeterInput, MeterInput]) -> None:
    """With 22 of 24 hours of the driver all 24 rows count, with 21 none does; coverage and reasons say so."""
    fast, slow = meters
    known = [each for each in fast.drivers[AIR].values[rows(GAP)] if each is not None]
    assert len(known) == 22
    assert slow.drivers[AIR].values[rows(GAP)] == pytest.approx([sum(known) / 22] * 24)
    assert sum(reason != "" for reason in fast.reasons[rows(GAP)]) == 2
    assert set(slow.reasons[rows(GAP)]) == {""}
    assert min(slow.coverage[rows(GAP)]) > 0.9
    assert set(slow.drivers[AIR].values[rows(HOLE)]) == {None}
    lost = set(slow.reasons[rows(HOLE)][:-1])  # of the last hour the meter's register is not known to its end
    assert lost == {"quay/pump/t_air: 88% of its time is known, 90% of its day are needed"}


def test_the_day_before_anything_was_known_is_lost(meters: tuple[MeterInput, MeterInput]) -> None:
    """A landing that came first at noon says nothing of the morning: its day has no mean, and that is the reason."""
    _, slow = meters
    assert set(slow.drivers[LANDED].values[rows(FIRST)]) == {None}
    (reason,) = set(slow.reasons[rows(FIRST)])
    assert reason.startswith("quay/pump/landed: ")
    assert set(slow.reasons[rows(SHORT)]) == {""}
