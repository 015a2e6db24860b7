"""Section 8: what no baseline knows of: each event with evidence, method, size, uncertainty, and who agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Facts, Grid, Paragraph
from reports.figures import NONE, day, days_between
from reports.sections.pieces import heading, known, subheading
from reports.suggestions import evidence_words, size_words, title_words
from telemetry.plan import EventMethod, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from locales.words import Words
    from reports.document import Block
    from reports.part import Material, Part
    from savings.record import EventOutcome
    from telemetry.plan import NonRoutineEvent

METHODS = {
    EventMethod.INDICATOR: noted("its days' difference from their neighbours, with its error"),
    EventMethod.STATED: noted("stated, by a sub-meter or an engineer"),
    EventMethod.EXCLUDED: noted("its days are left out"),
}
STATUSES = {
    Status.SUGGESTED: noted("suggested by the machine, in no figure"),
    Status.ACCEPTED: noted("accepted"),
    Status.REJECTED: noted("rejected, in no figure"),
}


def events(material: Material) -> Iterator[Block]:
    """Yield accepted events at length, the others in a table."""
    say = material.say
    yield Paragraph(
        text=say("The machine only suggests; a person decides. What is accepted is added to the adjusted baseline, its "
                 "standard error joins the interval; or its days are left out.")
    )  # fmt: skip
    for part in material.parts:
        yield from heading(material, part)
        accepted = [each for each in part.run.events if each.event.status is Status.ACCEPTED]
        for outcome in accepted:
            yield from _accepted(material, part, outcome)
        others = _others(part)
        if others:
            yield _table(material, part, others)
        if not accepted and not others:
            yield Paragraph(text=say("No event was suggested, accepted or rejected."))


def _others(part: Part) -> list[NonRoutineEvent]:
    """Return suggested and rejected events, each once, in order of time."""
    every = [*part.rows.events, *part.run.suggestions, *(each.event for each in part.run.events)]
    found = {each.id: each for each in every if each.status is not Status.ACCEPTED}
    return sorted(found.values(), key=lambda each: each.first_day)


def _accepted(material: Material, part: Part, outcome: EventOutcome) -> Iterator[Block]:
    say, event = material.say, outcome.event
    yield subheading(material, title_words(event.title, say))
    size = say("its days are in no sum") if event.method is EventMethod.EXCLUDED else NONE
    if outcome.amount is not None:
        size = size_words(outcome.amount, outcome.standard_error, part.run.unit, say)
    yield Facts(
        rows=(
            (say("Days"), days_between(say, event.first_day, event.last_day)),
            (say("Evidence"), known(evidence_words(event.evidence, say))),
            (say("Method"), say(METHODS[event.method])),
            (say("Added to the adjusted baseline"), size),
            (say("Agreed by"), known(event.agreed_by) + (f" ({day(say, event.agreed_at)})" if event.agreed_at else "")),
        )
    )  # fmt: skip


def _table(material: Material, part: Part, found: list[NonRoutineEvent]) -> Grid:
    say = material.say
    return Grid(
        caption=say("Suggested and rejected: in no figure"),
        headings=(say("Days"), say("Event"), say("Evidence"), say("Size"), say("Status")),
        align="lllll",
        rows=tuple(
            (
                days_between(say, each.first_day, each.last_day), title_words(each.title, say),
                known(evidence_words(each.evidence, say)),
                _size(each, part.run.unit, say),
                say(STATUSES[each.status]) + (f" ({each.agreed_by})" if each.agreed_by else ""),
            )
            for each in found
        ),
    )  # fmt: skip


def _size(event: NonRoutineEvent, unit: str, say: Words) -> str:
    """Say what agreeing to an event would do."""
    if event.method is EventMethod.EXCLUDED and event.status is Status.SUGGESTED:
        return say("its days would be left out")
    return known(size_words(event.amount, event.standard_error, unit, say))
