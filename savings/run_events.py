"""Non-routine events in a run: what was agreed upon is adjusted, what stands out is suggested, nothing else happens."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from savings.adjustments import STIPULATED, Adjustment
from savings.events import Suggestion, indicator_adjustment, suggest, suggest_in_baseline
from savings.findings import Finding, Severity
from savings.option_a import option_a
from savings.record import EventOutcome
from savings.run_table import event_days, stipulated_factor
from savings.wording import said
from telemetry.plan import EventMethod, NonRoutineEvent, Option, Status

_NOTHING_STIPULATED = Finding(
    code="nothing_stipulated",
    severity=Severity.WARNING,
    message=said("The plan is of option A, and stipulates nothing."),
    cure=said("add `stipulations` with value, standard error and source, or choose option B"),
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.record import MeterInput
    from telemetry.plan import Plan


def adjusting_events(meter: MeterInput, saving: AvoidedUse) -> tuple[NonRoutineEvent, ...]:
    """Return the accepted events that move the figure: indicators and stated ones with a row of the saving in them."""
    return tuple(
        event
        for event in meter.events
        if event.status is Status.ACCEPTED
        and event.method is not EventMethod.EXCLUDED
        and event_days(saving.start, event).any()
    )


def adjustments_of(saving: AvoidedUse, events: tuple[NonRoutineEvent, ...]) -> tuple[Adjustment, ...]:
    """Return the adjustment of each event, sized on a saving that has none of them."""
    sized = []
    for event in events:
        first, last = event.first_day.isoformat(), event.last_day.isoformat()
        if event.method is EventMethod.STATED:
            amount, error = event.amount or 0.0, event.standard_error or 0.0
            sized.append(Adjustment(days=(first, last), amount=amount, standard_error=error, reason=event.title))
            continue
        others = [(each.first_day.isoformat(), each.last_day.isoformat()) for each in events if each is not event]
        sized.append(indicator_adjustment(saving, first, last, others=others, reason=event.title))
    return tuple(sized)


def stipulated_error(
    plan: Plan, saving: AvoidedUse, sized: tuple[Adjustment, ...]
) -> tuple[tuple[Adjustment, ...], tuple[Finding, ...]]:
    """Return what option A leaves open as an adjustment of 0 with an error over the whole period, and its finding.

    So it reaches every month, sum and price as other errors do. A plan of option A that stipulates nothing is told so.
    """
    if plan.option is not Option.A:
        return (), ()
    if not plan.stipulations:
        return (), (_NOTHING_STIPULATED,)
    factor = stipulated_factor(plan)
    value = saving.savings + sum(each.amount for each in sized)
    part = saving.by_method(saving.method)._replace(value=value / factor, standard_error=0.0)
    found = option_a(part, plan.stipulations)
    days = str(saving.start[0].astype("datetime64[D]")), str(saving.start[-1].astype("datetime64[D]"))
    error = found.interval.standard_error
    return (Adjustment(days=days, amount=0.0, standard_error=error, reason=STIPULATED),), found.findings


def outcomes(
    meter: MeterInput, events: tuple[NonRoutineEvent, ...], sized: tuple[Adjustment, ...]
) -> tuple[EventOutcome, ...]:
    """Return every event of a figure with what the run made of it; one that moved nothing has no amount."""
    by_id = {event.id: adjustment for event, adjustment in zip(events, sized, strict=True)}
    return tuple(
        EventOutcome(
            event=event,
            amount=None if (found := by_id.get(event.id)) is None else found.amount,
            standard_error=None if found is None else found.standard_error,
        )
        for event in meter.events
    )


def suggestions_of(meter: MeterInput, baseline: Baseline, saving: AvoidedUse) -> tuple[NonRoutineEvent, ...]:
    """Return what stands out in either period and that nobody has decided upon."""
    unit = meter.meter.unit
    found = [
        *(_suggested(meter, each, "reporting", unit) for each in suggest(saving)),
        *(_suggested(meter, each, "baseline", unit) for each in suggest_in_baseline(baseline)),
    ]
    return tuple(each for each in found if not _decided(meter.events, each))


def suggestion_findings(suggestions: Iterable[NonRoutineEvent]) -> tuple[Finding, ...]:
    """Return the finding that something stands out and waits for a person."""
    return tuple(
        Finding(
            code="event_suggested",
            severity=Severity.WARNING,
            message=said(
                "From {first:day} to {last:day}: {title:title}; {evidence:evidence}.",
                first=each.first_day.isoformat(),
                last=each.last_day.isoformat(),
                title=each.title,
                evidence=each.evidence,
            ),
            cure=said("find out what happened; accept it as a non-routine event with its evidence, or reject it"),
            days=(each.first_day.isoformat(), each.last_day.isoformat()),
        )
        for each in suggestions
    )


def _suggested(meter: MeterInput, found: Suggestion, period: str, unit: str) -> NonRoutineEvent:
    """Return a suggestion as an event that waits for a decision."""
    how = "more" if found.per_day > 0 else "less"
    until = "to the end of the period" if found.kind == "step" else f"for {found.days} days"
    return NonRoutineEvent(
        id=f"{meter.meter.id}-{found.first_day}-{found.last_day}",
        meter=meter.meter.id,
        first_day=date.fromisoformat(found.first_day),
        last_day=date.fromisoformat(found.last_day),
        title=f"level of use changed in the {period} period",
        evidence=f"{abs(found.per_day):.4g} {unit} a day {how} than on other days, {until} (score {found.score:.1f})",
        amount=found.total,
        standard_error=found.standard_error,
    )


def _decided(events: Iterable[NonRoutineEvent], found: NonRoutineEvent) -> bool:
    """Tell whether a decision covers more than half of the days of a suggestion."""
    days = np.arange(np.datetime64(found.first_day), np.datetime64(found.last_day) + 1)
    decided = [event for event in events if event.status is not Status.SUGGESTED]
    return any(event_days(days, event).mean() > 0.5 for event in decided)
