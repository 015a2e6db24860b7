"""Non-routine events through a whole run: suggested, decided upon, adjusted, and gone from the figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from savings.run import compute
from telemetry.plan import EventMethod, NonRoutineEvent, Status
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input

if TYPE_CHECKING:
    from savings.record import MeterRun
    from savings.table import Table

FIRST, LAST, PER_DAY = date(2026, 5, 1), date(2026, 6, 9), -500.0  # a freezer stands still for forty days


@pytest.fixture(scope="module")
def disturbed() -> Table:
    """Return the made-up meter with a freezer out of service in the reporting period."""
    table = made_up(saved=0.08)
    energy = table.energy.copy()
    energy[485:525] += PER_DAY
    return replace(table, energy=energy)


def meter_of(table: Table, **event: Any) -> MeterRun:
    """Run a table, with an event of its days where one is given."""
    events: tuple[NonRoutineEvent, ...] = ()
    if event:
        given: dict[str, Any] = {
            "id": "freezer",
            "meter": "energy",
            "first_day": FIRST,
            "last_day": LAST,
            "title": "freezer stood",
            "evidence": "maintenance log",
            "status": Status.ACCEPTED,
            "agreed_by": "A. Martin",
        }
        events = (NonRoutineEvent(**(given | event)),)
    return compute(made_up_input(table, events=events)).meters[0]


@pytest.fixture(scope="module")
def unaware(disturbed: Table) -> MeterRun:
    """Return the run before anybody decided."""
    return meter_of(disturbed)


def test_the_event_is_suggested_and_not_adjusted(unaware: MeterRun) -> None:
    """Its days are named within two days, it waits for a person, and the figure is what the rows say."""
    (found,) = [each for each in unaware.suggestions if each.first_day.year == 2026]
    assert abs((found.first_day - FIRST).days) <= 2
    assert abs((found.last_day - LAST).days) <= 2
    assert found.status is Status.SUGGESTED
    assert unaware.adjustments == 0.0
    assert "event_suggested" in {each.code for each in unaware.findings}


def test_an_accepted_event_is_adjusted_with_its_error(unaware: MeterRun, disturbed: Table) -> None:
    """The saving loses what the freezer did not use, within the event's error, and the interval grows by that error."""
    agreed = meter_of(disturbed, method=EventMethod.INDICATOR)
    assert unaware.saving is not None
    assert agreed.saving is not None
    (outcome,) = agreed.events
    assert outcome.amount == pytest.approx(40 * PER_DAY, abs=3 * (outcome.standard_error or 0.0))
    assert agreed.saving.value - unaware.saving.value == pytest.approx(outcome.amount)
    assert (agreed.saving.standard_error or 0.0) > (unaware.saving.standard_error or 0.0)
    quiet = meter_of(made_up(saved=0.08)).saving
    assert quiet is not None
    assert agreed.saving.low is not None
    assert agreed.saving.high is not None
    assert agreed.saving.low < quiet.value < agreed.saving.high
    assert not [each for each in agreed.suggestions if each.first_day.year == 2026]


def test_a_stated_event_has_the_size_that_was_stated(unaware: MeterRun, disturbed: Table) -> None:
    """A sub-meter's figure is taken as it is, its error joined."""
    stated = meter_of(disturbed, method=EventMethod.STATED, amount=-20_000.0, standard_error=800.0)
    assert unaware.saving is not None
    assert stated.saving is not None
    assert stated.saving.value == pytest.approx(unaware.saving.value - 20_000.0)
    assert stated.adjustments == pytest.approx(-20_000.0)


def test_an_excluded_event_takes_its_days_out(disturbed: Table) -> None:
    """Its forty days are in no sum, and each is listed with the event's title."""
    out = meter_of(disturbed, method=EventMethod.EXCLUDED)
    assert out.coverage[1].used == 325
    assert {each.reason for each in out.excluded} == {"non-routine event: freezer stood"}


def test_a_rejected_event_changes_nothing_and_is_not_suggested_again(unaware: MeterRun, disturbed: Table) -> None:
    """What a person has looked at and refused stays refused, and stays on record."""
    refused = meter_of(disturbed, status=Status.REJECTED)
    assert refused.saving == unaware.saving
    assert refused.events[0].amount is None
    assert not [each for each in refused.suggestions if each.first_day.year == 2026]


def test_an_event_in_the_baseline_is_not_learnt_from() -> None:
    """Days of an accepted event in the baseline are left out of the fit."""
    table = made_up(saved=0.08)
    energy = table.energy.copy()
    energy[100:140] -= 500.0
    event = {"first_day": date(2025, 4, 11), "last_day": date(2025, 5, 20)}
    out = meter_of(replace(table, energy=energy), **event)
    assert out.coverage[0].used == 325
    assert msgspec.to_builtins(out.saving) == msgspec.to_builtins(meter_of(table, **event).saving)
