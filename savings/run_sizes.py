"""The size of every accepted event in a run, and what is said of those that have none, or less than was agreed upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.adjustments import Adjustment, check_size, share_within
from savings.events import MOST_TAKEN, indicator_adjustment, share_taken
from savings.findings import Finding, Severity
from savings.run_table import EVENT, event_rows
from savings.table import Frequency
from savings.wording import Sentence, counted, said
from telemetry.errors import ContractError
from telemetry.plan import EventMethod, NonRoutineEvent, Status
from telemetry.plan_bounds import MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from savings.avoided_use import AvoidedUse
    from savings.input_record import MeterInput
    from savings.run_table import PeriodRows
    from savings.table import Table

_SUMMER_TIME_H = 1.0  # [h] a local day may be shorter by
_CHANGE = said("correct the event: its days, its method or its size")


class SizedEvents(NamedTuple):
    """What the accepted events of a figure come to."""

    events: tuple[NonRoutineEvent, ...]  # that have a row of the saving, sized or not
    adjustments: dict[str, Adjustment]  # by the id of the event
    findings: tuple[Finding, ...]


def sized_events(meter: MeterInput, saving: AvoidedUse) -> SizedEvents:
    """Return the adjustment of each accepted event, sized on a saving that has none of them.

    A stated amount counts by the share of its days that lie in the saving's rows. Of events that cannot be told apart,
    since they share days, or share a row of which one is to be the indicator, only the first is sized, by first day and
    then id: each alone would have the whole of it. The others, and events whose size cannot be found, are in no figure
    and have a finding.
    """
    reporting = saving.totals.reporting
    events = adjusting_events(meter, saving)
    taken: list[NonRoutineEvent] = []
    sized: dict[str, Adjustment] = {}
    findings: list[Finding] = []
    for event in events:
        before = next((each for each in taken if _inseparable(reporting, each, event)), None)
        if before is not None:
            findings.append(_overlap(before, event))
            continue
        try:
            sized[event.id] = size_of(saving, event, events)
        except ContractError as error:
            findings.append(_not_sized(event, error))
            continue
        taken.append(event)
        if event.method is EventMethod.STATED and (share := _share(reporting, event)) < 1.0:
            findings.append(_in_part(event, share))
        if event.method is EventMethod.INDICATOR and (taken_away := share_taken(saving, *_days(event))) > MOST_TAKEN:
            findings.append(_takes_most(event, taken_away))
    return SizedEvents(events, sized, tuple(findings))


def adjusting_events(meter: MeterInput, saving: AvoidedUse) -> tuple[NonRoutineEvent, ...]:
    """Return the accepted events that may move the figure, in order of time: not excluded, with a row of the saving."""
    found = [
        event
        for event in meter.events
        if event.status is Status.ACCEPTED
        and event.method is not EventMethod.EXCLUDED
        and event_rows(saving.totals.reporting, event).any()
    ]
    return tuple(sorted(found, key=lambda event: (event.first_day, event.id)))


def size_of(saving: AvoidedUse, event: NonRoutineEvent, events: Sequence[NonRoutineEvent]) -> Adjustment:
    """Return the adjustment of one event beside others; ContractError where it has no usable size."""
    days = _days(event)
    if event.method is EventMethod.STATED:
        share = _share(saving.totals.reporting, event)
        amount, error = share * (event.amount or 0.0), share * (event.standard_error or 0.0)
        stated = Adjustment(days=days, amount=amount, standard_error=error, reason=event.title)
        check_size(stated)
        if max(abs(amount), error) > MOST:
            raise ContractError(said("its size is beyond what can be measured"), place=event.id, cure=_CHANGE)
        return stated
    others = [_days(each) for each in events if each is not event]
    return indicator_adjustment(saving, *days, others=others, reason=event.title)


def row_findings(meter: MeterInput, before: PeriodRows, after: PeriodRows, saving: AvoidedUse) -> tuple[Finding, ...]:
    """Return what is to be known of accepted events and the rows: one that has none, one that takes more than it is."""
    findings = []
    for event in meter.events:
        if event.status is not Status.ACCEPTED:
            continue
        left_out = [each for period in (before, after) for each in period.reasons].count(reason_of(event))
        if not left_out and not event_rows(saving.totals.reporting, event).any():
            findings.append(_without_rows(event))
        elif left_out and before.table.frequency is Frequency.MONTHLY:
            findings.append(_whole_rows(event, left_out))
    return tuple(findings)


def reason_of(event: NonRoutineEvent) -> str:
    """Return why a row on the days of an event is in no sum."""
    return EVENT + event.title


def _inseparable(reporting: Table, one: NonRoutineEvent, other: NonRoutineEvent) -> bool:
    """Whether two events share days, or share a row of which one is to be the indicator."""
    if one.first_day <= other.last_day and other.first_day <= one.last_day:
        return True
    by_row = EventMethod.INDICATOR in {one.method, other.method}
    return by_row and bool((event_rows(reporting, one) & event_rows(reporting, other)).any())


def _share(reporting: Table, event: NonRoutineEvent) -> float:
    """Return the share of an event's hours that lies in the rows of a table."""
    hours = 24.0 * ((event.last_day - event.first_day).days + 1)
    within = float(np.sum(reporting.hours * share_within(reporting.start, reporting.hours, _days(event))))
    return 1.0 if within >= hours - _SUMMER_TIME_H else within / hours


def _days(event: NonRoutineEvent) -> tuple[str, str]:
    return event.first_day.isoformat(), event.last_day.isoformat()


def _finding(code: str, severity: Severity, message: Sentence, cure: str, event: NonRoutineEvent) -> Finding:
    return Finding(code=code, severity=severity, message=message, cure=cure, days=_days(event))


def _overlap(before: NonRoutineEvent, event: NonRoutineEvent) -> Finding:
    first, last = _days(event)
    message = said(
        "The event “{title:title}” from {first:day} to {last:day} is not adjusted: it shares days or rows with "
        "“{other:title}”, and the same use would be counted twice.",
        title=event.title, first=first, last=last, other=before.title,
    )  # fmt: skip
    cure = said("reject one of the two, or make one event of both")
    return _finding("events_overlap", Severity.WARNING, message, cure, event)


def _not_sized(event: NonRoutineEvent, error: ContractError) -> Finding:
    first, last = _days(event)
    message = said(
        "The event “{title:title}” from {first:day} to {last:day} is not adjusted: {cause}.",
        title=event.title, first=first, last=last, cause=error.cause,
    )  # fmt: skip
    return _finding("event_not_sized", Severity.WARNING, message, error.cure or _CHANGE, event)


def _without_rows(event: NonRoutineEvent) -> Finding:
    first, last = _days(event)
    message = said(
        "The event “{title:title}” from {first:day} to {last:day} changes nothing: no usable row of either period has "
        "its days.",
        title=event.title, first=first, last=last,
    )  # fmt: skip
    return _finding("event_without_rows", Severity.WARNING, message, _CHANGE, event)


def _in_part(event: NonRoutineEvent, share: float) -> Finding:
    first, last = _days(event)
    message = said(
        "Of the event “{title:title}” from {first:day} to {last:day}, {share:.0%} of the stated size is adjusted: so "
        "much of its time lies in rows of the reporting period.",
        title=event.title, first=first, last=last, share=share,
    )  # fmt: skip
    cure = said("state the size for the days that count, where it was not the same every day")
    return _finding("event_in_part", Severity.INFO, message, cure, event)


def _takes_most(event: NonRoutineEvent, share: float) -> Finding:
    first, last = _days(event)
    message = said(
        "The event “{title:title}” from {first:day} to {last:day} takes {share:.0%} of the use of its days. It is "
        "sized as if what is left saved the same share as on other days, and its error does not know of another one.",
        title=event.title, first=first, last=last, share=share,
    )  # fmt: skip
    cure = said("exclude its days, or state its size by a sub-meter")
    return _finding("event_takes_most", Severity.WARNING, message, cure, event)


def _whole_rows(event: NonRoutineEvent, rows: int) -> Finding:
    first, last = _days(event)
    message = counted(
        "The event “{title:title}” from {first:day} to {last:day} takes {count} whole row out, of which its days are "
        "a part.",
        "The event “{title:title}” from {first:day} to {last:day} takes {count} whole rows out, of which its days "
        "are a part.",
        count=rows, title=event.title, first=first, last=last,
    )  # fmt: skip
    cure = said("state its size instead, if so much is not to be lost")
    return _finding("event_takes_whole_rows", Severity.INFO, message, cure, event)
