"""A demonstrator's plan and its events, as facts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.language import noted
from locales import REPORT
from locales.words import words
from reports.figures import NONE, day, days_between, number, percent, shown, significant, with_unit
from reports.suggestions import evidence_words, title_words
from reports.verdict import expected_share
from telemetry.plan import EventMethod, Option, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from api.language import Words
    from savings.record import EventOutcome, Run
    from storage.demonstrators import PlanRevision
    from storage.events_nonroutine import EventRow
    from telemetry.plan import DriverPlan, NonRoutineEvent, Plan

OPTIONS: Mapping[Option, str] = {
    Option.A: noted("A: part of it measured, the rest stipulated"),
    Option.B: noted("B: all of the improved plant measured"),
    Option.C: noted("C: the whole facility's meter"),
}
STATUSES: Mapping[Status, str] = {
    Status.SUGGESTED: noted("to be decided"),
    Status.ACCEPTED: noted("accepted"),
    Status.REJECTED: noted("rejected"),
}


def plan_facts(revision: PlanRevision, say: Words, zone: str) -> list[tuple[str, str]]:
    """Return a plan as names and texts."""
    return list(_facts(revision, say, zone))


def explained_by(driver: DriverPlan, say: Words) -> str:
    """Return a driver's point, and that its days before count where they do."""
    return say("%(point)s and the days before", point=driver.point) if driver.lasts_days else driver.point


def _facts(revision: PlanRevision, say: Words, zone: str) -> Iterator[tuple[str, str]]:
    plan, told = revision.plan, words(say.language, REPORT)
    yield say("What was changed"), say.named(plan.measure, NONE)
    yield say("Boundary"), say.named(plan.boundary, NONE)
    yield say("IPMVP option"), say(OPTIONS[plan.option])
    yield from _periods(plan, say, told)
    told_by = dict.fromkeys(explained_by(each, say) for meter in plan.meters for each in plan.drivers_of(meter))
    yield say("Explained by"), ", ".join(told_by) or NONE
    yield say("Confidence"), percent(told, plan.confidence, 0)
    if plan.expected_saving:
        yield say("Expected"), expected_share(*plan.expected_saving, told)
    for factor in plan.static_factors:
        yield say("Taken to stay"), f"{say.named(factor.name, factor.id)}: {factor.value}"
    yield say("Responsible"), plan.responsible or NONE
    yield say("Revision"), say(
        "%(n)s, by %(who)s, %(time)s", n=revision.revision, who=revision.declared_by,
        time=say.time(revision.declared_at, ZoneInfo(zone), style="short"),
    )  # fmt: skip


def _periods(plan: Plan, say: Words, told: Words) -> Iterator[tuple[str, str]]:
    periods = plan.periods
    if periods is None:
        yield say("Periods"), say("not dated yet")
        return
    yield say("Baseline"), days_between(told, periods.baseline_from, periods.baseline_to)
    first = periods.reporting_from
    ends = periods.reporting_to
    yield (
        say("Reporting period"),
        (days_between(told, first, ends) if ends else say("from %(day)s on", day=day(told, first))),
    )


def event_rows(
    rows: Iterable[EventRow], plan: Plan, run: Run | None, say: Words, zone: ZoneInfo
) -> list[tuple[str, ...]]:
    """Return events as they stand, with what the run made of them: days, title, status, size, evidence, who."""
    outcomes = {each.event.id: each for meter in (run.meters if run else ()) for each in meter.events}
    units = {meter.id: meter.unit for meter in plan.meters}
    return [_event_row(row, outcomes.get(row.key), units.get(row.event.meter, ""), say, zone) for row in rows]


def _event_row(row: EventRow, outcome: EventOutcome | None, unit: str, say: Words, zone: ZoneInfo) -> tuple[str, ...]:
    told, event = words(say.language, REPORT), row.event
    decided = NONE
    if event.status is not Status.SUGGESTED:
        decided = say("%(who)s, %(time)s", who=row.who, time=say.time(row.at, zone, style="short"))
    return (
        days_between(told, event.first_day, event.last_day), title_words(event.title, told),
        say(STATUSES[event.status]), _size(event, outcome, unit, say), evidence_words(event.evidence, told) or NONE,
        decided,
    )  # fmt: skip


def _size(event: NonRoutineEvent, outcome: EventOutcome | None, unit: str, say: Words) -> str:
    """Say what an event adds to the baseline, with its standard error: what the run found, else what was said."""
    if event.method is EventMethod.EXCLUDED:
        return {
            Status.ACCEPTED: say("its days are left out"), Status.SUGGESTED: say("its days would be left out"),
        }.get(event.status, NONE)  # fmt: skip
    told = words(say.language, REPORT)
    sized = event if outcome is None else outcome
    amount, error = sized.amount, sized.standard_error
    if amount is None:
        return NONE
    places = significant(error, 2) if error else significant(amount)
    text = number(told, amount, places)
    return with_unit(f"{text} ± {number(told, error, places)}" if error else text, shown(told, unit))
