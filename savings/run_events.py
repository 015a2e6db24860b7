"""Non-routine events in a run: what was agreed upon is adjusted, what stands out is suggested, nothing else happens."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from savings.adjustments import STIPULATED, Adjustment, whole_period
from savings.events import MOST_TAKEN, Suggestion, share_taken, suggest, suggest_in_baseline
from savings.findings import Finding, Severity
from savings.option_a import option_a
from savings.record import EventOutcome
from savings.run_sizes import size_of
from savings.run_table import event_rows, stipulated_factor
from savings.wording import said
from telemetry.errors import ContractError
from telemetry.plan import EventMethod, NonRoutineEvent, Option, Status

_NOTHING_STIPULATED = Finding(
    code="nothing_stipulated",
    severity=Severity.WARNING,
    message=said("The plan is of option A, and stipulates nothing."),
    cure=said("add `stipulations` with value, standard error and source, or choose option B"),
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.input_record import MeterInput
    from telemetry.plan import Plan


def stipulated_error(
    plan: Plan, saving: AvoidedUse, sized: Sequence[Adjustment]
) -> tuple[tuple[Adjustment, ...], tuple[Finding, ...]]:
    """Return what option A leaves open as an adjustment of 0 with an error over the whole period, and its finding.

    So it reaches every month, sum and price as other errors do. A plan of option A that stipulates nothing is told so;
    one whose stipulations cannot be used gives no figure, by a finding that stops.
    """
    if plan.option is not Option.A:
        return (), ()
    if not plan.stipulations:
        return (), (_NOTHING_STIPULATED,)
    factor = stipulated_factor(plan)
    if factor == 0.0:
        return (), (_unusable("stipulations", said("their product is 0"), said("correct the stipulated values")),)
    value = saving.savings + sum(each.amount for each in sized)
    part = saving.by_method(saving.method)._replace(value=value / factor, standard_error=0.0)
    try:
        found = option_a(part, plan.stipulations)
    except ContractError as wrong:
        return (), (_unusable(wrong.place, wrong.cause, wrong.cure),)
    error = found.interval.standard_error
    days = whole_period(saving.totals.reporting)
    return (Adjustment(days=days, amount=0.0, standard_error=error, reason=STIPULATED),), found.findings


def outcomes(meter: MeterInput, sized: Mapping[str, Adjustment]) -> tuple[EventOutcome, ...]:
    """Return every event of a figure with what the run made of it; one that moved nothing has no amount."""
    return tuple(
        EventOutcome(
            event=event,
            amount=None if (found := sized.get(event.id)) is None else found.amount,
            standard_error=None if found is None else found.standard_error,
        )
        for event in meter.events
    )


def suggestions_of(
    meter: MeterInput, baseline: Baseline, saving: AvoidedUse, plain: AvoidedUse, accepted: Sequence[NonRoutineEvent]
) -> tuple[NonRoutineEvent, ...]:
    """Return what stands out in either period and that nobody has decided upon, with the size that agreeing would give.

    `saving` is adjusted for what was `accepted`, and may have days that are in no sum; `plain`, the sum, is adjusted
    for nothing. Without a day in the sum an event is none of the figure. One in the baseline has no size: its days
    would be left out; so would those of one that takes most of the use, whose size is what it would be worth.
    """
    unit = meter.meter.unit
    after = [_suggested(meter, each, "reporting", unit) for each in suggest(saving)]
    found = [
        *(_with_size(each, saving, plain, accepted) for each in after if _days_of(plain, each)),
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
    )


def _with_size(
    event: NonRoutineEvent, saving: AvoidedUse, plain: AvoidedUse, accepted: Sequence[NonRoutineEvent]
) -> NonRoutineEvent:
    """Return a suggestion with its size, without where it has none, such as one of all days, and what is to be done.

    Where most of the use is gone, its days had better be left out: the machine proposes that.
    """
    try:
        size = size_of(plain, event, (*accepted, event))
    except ContractError:
        return event
    sized = replace(event, amount=size.amount, standard_error=size.standard_error)
    if 2 * (counting := _days_of(plain, event)) < _days_of(saving, event):  # else too few to be told of
        sized = replace(
            sized, evidence=f"{sized.evidence}; {counting} of its days count, the others are left out already"
        )
    if (taken := share_taken(plain, *size.days)) <= MOST_TAKEN:
        return sized
    evidence = f"{sized.evidence}; {taken:.0%} of the use is gone, so that its days had better be left out"
    return replace(sized, method=EventMethod.EXCLUDED, evidence=evidence)


def _days_of(saving: AvoidedUse, event: NonRoutineEvent) -> int:
    """Return how many local days a saving has of an event."""
    reporting = saving.totals.reporting
    return len(np.unique(reporting.start[event_rows(reporting, event)].astype("datetime64[D]")))


def _decided(events: Iterable[NonRoutineEvent], found: NonRoutineEvent) -> bool:
    """Tell whether a decision covers more than half of the days of a suggestion."""
    days = (found.last_day - found.first_day).days + 1
    decided = [event for event in events if event.status is not Status.SUGGESTED]
    shared = [(min(each.last_day, found.last_day) - max(each.first_day, found.first_day)).days + 1 for each in decided]
    return any(2 * each > days for each in shared)


def _unusable(place: str, cause: str, cure: str) -> Finding:
    return Finding(
        code="plan_unusable",
        severity=Severity.STOP,
        message=said("The plan gives no figure: {place}: {cause}.", place=place, cause=cause),
        cure=cure,
    )
