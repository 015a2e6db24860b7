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
from tests.savings.run_inputs import made_up_input, made_up_plan

if TYPE_CHECKING:
    from savings.record import MeterRun
    from savings.table import Table
    from telemetry.plan import Plan

FIRST, LAST, PER_DAY = date(2026, 5, 1), date(2026, 6, 9), -500.0  # a freezer stands still for forty days


@pytest.fixture(scope="module")
def disturbed() -> Table:
    """Return the made-up meter with a freezer out of service in the reporting period."""
    table = made_up(saved=0.08)
    energy = table.energy.copy()
    energy[485:525] += PER_DAY
    return replace(table, energy=energy)


def stood(table: Table, tonnes: float | None = None, days: int = 37) -> Table:
    """Return a table whose plant nearly stood on the days of the event; with the tonnes of its last days, if given."""
    energy = table.energy.copy()
    energy[485:525] *= 0.14  # fans that never stop
    values = table.driver("tonnes").values.copy()
    if tonnes is not None:
        values[525 - days : 525] = tonnes
    drivers = tuple(replace(each, values=values) if each.name == "tonnes" else each for each in table.drivers)
    return replace(table, energy=energy, drivers=drivers)


def meter_of(table: Table, plan: Plan | None = None, **event: Any) -> MeterRun:
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
    return compute(made_up_input(table, plan=plan, events=events)).meters[0]


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


def test_where_most_of_the_use_is_gone_the_days_are_to_be_left_out() -> None:
    """The suggestion proposes it and says why; who agrees without another method has days that are in no sum."""
    (found,) = meter_of(stood(made_up(saved=0.08))).suggestions
    assert found.method is EventMethod.EXCLUDED
    assert found.evidence.endswith("% of the use is gone, so that its days had better be left out")
    agreed = meter_of(made_up(), method=found.method, first_day=found.first_day, last_day=found.last_day)
    assert agreed.coverage[1].used == 325


@pytest.mark.parametrize(("method", "size", "warned"), [
    (EventMethod.INDICATOR, {}, True),
    (EventMethod.STATED, {"amount": -60_000.0, "standard_error": 800.0}, False),
])  # fmt: skip
def test_who_sizes_such_an_event_by_its_days_is_warned(
    method: EventMethod, size: dict[str, Any], warned: bool  # noqa: FBT001 – of pytest
) -> None:  # fmt: skip
    """What is left may save another share, which the error of an indicator cannot know; that of a sub-meter does."""
    found = meter_of(stood(made_up(saved=0.08)), method=method, **size)
    assert ("event_takes_most" in {each.code for each in found.findings}) == warned
    assert found.events[0].amount is not None


def test_an_event_that_moves_a_driver_is_found_on_its_days() -> None:
    """A store that takes nothing in leaves three days within the baseline's range; its whole event is named."""
    (found,) = meter_of(stood(made_up(saved=0.08), tonnes=0.0), made_up_plan(leave_out_extrapolation=True)).suggestions
    assert (found.first_day, found.last_day) == (FIRST, LAST)
    assert "for 40 days" in found.evidence
    assert "; 3 of its days count, the others are left out already; " in found.evidence


def test_an_event_without_a_day_in_the_sum_is_none_of_the_figure() -> None:
    """Where all of its days lie beyond the range nobody is asked, as they are left out already."""
    nothing = stood(made_up(saved=0.08), tonnes=0.0, days=40)
    run = meter_of(nothing, made_up_plan(leave_out_extrapolation=True))
    assert sum(each.reason.startswith("tonnes: beyond") for each in run.excluded) == 40
    assert run.suggestions == ()


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
    event: dict[str, Any] = {"first_day": date(2025, 4, 11), "last_day": date(2025, 5, 20)}
    out = meter_of(replace(table, energy=energy), **event)
    assert out.coverage[0].used == 325
    assert msgspec.to_builtins(out.saving) == msgspec.to_builtins(meter_of(table, **event).saving)
