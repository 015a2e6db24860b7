"""Sizes of accepted events: none is counted twice, none does nothing in silence, none makes a run fail."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from savings.run import compute
from telemetry.plan import EventMethod, NonRoutineEvent, Option, Status, Stipulation
from tests.savings.made_up import by_month, made_up
from tests.savings.run_inputs import made_up_input, made_up_plan

if TYPE_CHECKING:
    from savings.input_record import RunInput
    from savings.record import MeterRun

STATED: dict[str, Any] = {"method": EventMethod.STATED, "amount": 1000.0, "standard_error": 10.0}


def an_event(name: str, first: date, last: date, **changed: Any) -> NonRoutineEvent:
    """Return an accepted event."""
    return NonRoutineEvent(
        id=name, meter="energy", first_day=first, last_day=last, title=f"stop {name}", status=Status.ACCEPTED,
        agreed_by="A. Martin", **changed,
    )  # fmt: skip


def run_with(given: RunInput, *events: NonRoutineEvent) -> MeterRun:
    """Compute an input with events of its figure."""
    return compute(replace(given, meters=(replace(given.meters[0], events=events),))).meters[0]


def codes(run: MeterRun) -> set[str]:
    """Return the codes of findings that speak of events or of the plan."""
    return {each.code for each in run.findings if each.code.startswith(("event", "plan"))} - {"event_suggested"}


@pytest.fixture(scope="module")
def daily() -> RunInput:
    """Give two years of days."""
    return made_up_input(made_up(saved=0.08))


@pytest.fixture(scope="module")
def monthly() -> RunInput:
    """Give three years of months, of which the last one reports."""
    periods = {"baseline_from": date(2025, 1, 1), "baseline_to": date(2026, 12, 31), "reporting_from": date(2027, 1, 1)}
    plan = made_up_plan(frequency="monthly")
    assert plan.periods is not None
    plan = replace(plan, periods=replace(plan.periods, **periods))
    return replace(made_up_input(by_month(made_up(3 * 365)), plan=plan), reporting_to=date(2027, 12, 31))


def test_events_of_the_same_days_are_adjusted_once(daily: RunInput) -> None:
    """Of two that share days only the first is taken off, whichever is kept first, and the other is named."""
    first = an_event("a", date(2026, 3, 1), date(2026, 3, 31), **STATED)
    second = an_event("b", date(2026, 3, 20), date(2026, 4, 10))
    alone = run_with(daily, first)
    for both in ((first, second), (second, first)):
        run = run_with(daily, *both)
        assert run.saving == alone.saving
        assert {each.event.id: each.amount for each in run.events} == {"a": pytest.approx(1000.0), "b": None}
        (told,) = [each for each in run.findings if each.code == "events_overlap"]
        assert (told.severity, told.days) == ("warning", ("2026-03-20", "2026-04-10"))
        assert "“stop b” from 2026-03-20 to 2026-04-10 is not adjusted" in told.message


def test_events_beside_each_other_are_both_adjusted(daily: RunInput) -> None:
    """Days that meet without being shared are two events."""
    parts = an_event("a", date(2026, 3, 1), date(2026, 3, 15)), an_event("b", date(2026, 3, 16), date(2026, 3, 31))
    run = run_with(daily, *parts)
    assert codes(run) == set()
    assert all(each.amount is not None for each in run.events)


def test_only_the_days_of_the_period_count_of_a_stated_size(daily: RunInput) -> None:
    """Thirty days of which ten lie in the reporting period bring a third of amount and error, and say so."""
    event = an_event("a", date(2025, 12, 12), date(2026, 1, 10), **STATED)
    run = run_with(daily, event)
    assert run.events[0].amount == pytest.approx(1000.0 / 3.0)
    assert run.events[0].standard_error == pytest.approx(10.0 / 3.0)
    assert codes(run) == {"event_in_part"}
    assert run.coverage[0].used == 365 - 20  # its days in the baseline are not learnt from


@pytest.mark.parametrize("method", list(EventMethod))
def test_an_event_of_no_row_is_said(daily: RunInput, method: EventMethod) -> None:
    """Agreed upon for days that neither period has, whatever its method, it changes nothing and is named."""
    size = STATED if method is EventMethod.STATED else {}
    run = run_with(daily, an_event("a", date(1900, 5, 1), date(1900, 5, 3), **(size | {"method": method})))
    assert codes(run) == {"event_without_rows"}
    assert run.saving == run_with(daily).saving


@pytest.mark.parametrize(
    "event",
    [
        an_event("a", date(2026, 1, 1), date(2026, 12, 31)),
        an_event("a", date(2026, 5, 1), date(2026, 5, 2), method=EventMethod.STATED, amount=1.0, standard_error=-1.0),
        an_event("a", date(2026, 5, 1), date(2026, 5, 2), method=EventMethod.STATED, amount=1e300, standard_error=1.0),
    ],
    ids=["of the whole period", "with an error below 0", "beyond any meter"],
)
def test_an_event_without_a_usable_size_is_a_finding(daily: RunInput, event: NonRoutineEvent) -> None:
    """The run is made all the same, without an amount, and says why."""
    run = run_with(daily, event)
    assert codes(run) == {"event_not_sized"}
    assert run.events[0].amount is None
    assert run.saving == run_with(daily).saving


def test_a_plan_whose_stipulation_has_no_source_gives_no_figure(daily: RunInput) -> None:
    """Option A stops with what to do, and does not fail."""
    bare = Stipulation(parameter="hours", value=2.0, unit="h", standard_error=0.1, source="")
    run = run_with(replace(daily, plan=made_up_plan(option=Option.A, stipulations=(bare,))))
    (stop,) = [each for each in run.findings if each.severity == "stop"]
    assert (stop.code, run.saving) == ("plan_unusable", None)
    assert "hours: it has no source" in stop.message


def test_a_suggestion_shows_what_agreeing_would_give() -> None:
    """Accepted as it was suggested, an event has exactly the amount and the error that were shown."""
    table = made_up(saved=0.08)
    table.energy[485:525] -= 500.0
    given = made_up_input(table)
    (found,) = [each for each in run_with(given).suggestions if each.first_day.year == 2026]
    (outcome,) = run_with(given, replace(found, status=Status.ACCEPTED, agreed_by="A. Martin")).events
    assert (outcome.amount, outcome.standard_error) == (found.amount, found.standard_error)


def test_months_know_the_events_of_their_days(monthly: RunInput) -> None:
    """A stated size in the middle of a month is adjusted, in that month; excluded, the whole month is out, and said."""
    days = date(2027, 4, 10), date(2027, 4, 20)
    plain = run_with(monthly)
    stated = run_with(monthly, an_event("a", *days, **STATED))
    assert plain.saving is not None
    assert stated.saving is not None
    assert stated.saving.value == pytest.approx(plain.saving.value + 1000.0)
    assert {each.month: each.adjustments for each in stated.months if each.adjustments} == {
        "2027-04": pytest.approx(1000.0)
    }
    assert codes(stated) == set()
    out = run_with(monthly, an_event("a", *days, method=EventMethod.EXCLUDED))
    assert [each.start[:7] for each in out.excluded] == ["2027-04"]
    assert codes(out) == {"event_takes_whole_rows"}


def test_two_indicators_in_one_month_are_one_event_too_many(monthly: RunInput) -> None:
    """A month cannot tell two stops apart: the second is not adjusted, and named."""
    early, late = (an_event(str(day), date(2027, 4, day), date(2027, 4, day + 2)) for day in (3, 20))
    run = run_with(monthly, early, late)
    assert {each.event.id: each.amount is None for each in run.events} == {"3": False, "20": True}
    assert codes(run) == {"events_overlap"}
