"""Non-routine events of a demonstrator: suggested by machine or by people, decided by people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from api import saving_answers as answers
from api.bodies import MistakesError, checked, read_body
from api.choice import SiteQuery, choose_site
from api.demonstrators import choose_demonstrator, choose_event
from api.parts import Parts, WithParts
from api.problems import Mistake, conflict, responses
from api.records import answer, takes
from api.records import answers as described
from api.saving_bodies import DECISION_EXAMPLE, EVENT_EXAMPLE, DecisionBody, EventBody
from api.writing import Body, Writing
from storage import audit, events_nonroutine, jobs
from storage.demonstrators import Demonstrator
from storage.engine import Connection
from storage.events_nonroutine import EventRow
from storage.pool import WritePool
from telemetry.plan import NonRoutineEvent, Plan, Status

router = APIRouter(prefix="/demonstrators/{demonstrator}/events", tags=["events"], responses=responses(404, 422, 503))
WRITES = responses(401, 403, 415)
OVERLAP = responses(409)
Withdrawn = Annotated[bool, Query(description="Also those that were taken back.")]
TOLD = ("meter", "first_day", "last_day", "title", "evidence")
SIZES = ("evidence", "method", "amount", "standard_error")


@router.get("", summary="The events of a demonstrator as they stand",
            responses=described(answers.EventState, many=True))  # fmt: skip
def listed(demonstrator: str, parts: WithParts, site: SiteQuery = None, *, withdrawn: Withdrawn = False) -> Response:
    """List events in order of time. Suggested and rejected ones are in no figure."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        key = choose_demonstrator(connection, chosen.id, demonstrator).key
        rows = events_nonroutine.events(connection, chosen.id, key, withdrawn=withdrawn)
    return answer([answers.event_state(row) for row in rows])


@router.get("/{event}", summary="Every change of an event", responses=described(answers.EventState, many=True))
def history(demonstrator: str, event: str, parts: WithParts, site: SiteQuery = None) -> Response:
    """List what was done with an event, the oldest first: who suggested it, who decided, when and why."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        key = choose_demonstrator(connection, chosen.id, demonstrator).key
        choose_event(connection, chosen.id, key, event)
        rows = events_nonroutine.history(connection, chosen.id, key, event)
    return answer([answers.event_state(row) for row in rows])


@router.post("", status_code=201, summary="Suggest an event by hand",
             responses=described(answers.EventState, status=201) | WRITES,
             openapi_extra=takes(EventBody, EVENT_EXAMPLE))  # fmt: skip
def suggest(demonstrator: str, pool: Writing, body: Body, site: SiteQuery = None) -> Response:
    """Add what a person knows of. It moves no figure until it is accepted."""
    given = read_body(body, EventBody)
    with pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        said = msgspec.to_builtins(given)
        event = _checked({name: said[name] for name in TOLD} | {"id": given.id or ""}, found.plan)
        with _size_mistakes():
            event = event.with_size(method=given.method, amount=given.amount, standard_error=given.standard_error)
        row = events_nonroutine.declare_event(
            connection, chosen.id, found.key, event, who=given.by, reason=given.reason
        )
        _note(connection, chosen.id, found.key, row, who=given.by)
    return answer(answers.event_state(row), status=201)


@router.post("/{event}/accept", summary="Accept an event: runs adjust for it, or leave its days out, from now on",
             responses=described(answers.EventState) | WRITES | OVERLAP,
             openapi_extra=takes(DecisionBody, DECISION_EXAMPLE))  # fmt: skip
def accept(
    demonstrator: str, event: str, parts: WithParts, pool: Writing, body: Body, site: SiteQuery = None
) -> Response:
    """Agree to an event, with evidence, method and size where they are to be others than suggested.

    An amount or a standard error that is given is a stated one. Refused (409) where an accepted event of the figure has
    one of its days: the same use would be counted twice. A new run is asked for; `job` is its number.
    """
    decision = _Decision(demonstrator, event, site, read_body(body, DecisionBody))
    return answer(_decided(parts, pool, decision, events_nonroutine.accept))


@router.post("/{event}/reject", summary="Reject an event: no run adjusts for it",
             responses=described(answers.EventState) | WRITES,
             openapi_extra=takes(DecisionBody, DECISION_EXAMPLE))  # fmt: skip
def reject(
    demonstrator: str, event: str, parts: WithParts, pool: Writing, body: Body, site: SiteQuery = None
) -> Response:
    """Say that an event is none. It is not suggested again; where it had been accepted, a new run is asked for."""
    decision = _Decision(demonstrator, event, site, read_body(body, DecisionBody))
    return answer(_decided(parts, pool, decision, events_nonroutine.reject))


class _Decision(NamedTuple):
    """What is decided about which event."""

    demonstrator: str
    event: str
    site: str | None
    given: DecisionBody


def _decided(parts: Parts, pool: WritePool, asked: _Decision, decide: Callable[..., EventRow]) -> answers.EventState:
    """Decide on an event, with a new run where a figure moves by it."""
    given, key = asked.given, asked.event
    with pool.connection() as connection:
        chosen = choose_site(connection, asked.site)
        found = choose_demonstrator(connection, chosen.id, asked.demonstrator)
        before = choose_event(connection, chosen.id, found.key, key)
        try:
            with connection.transaction():
                _changed(connection, chosen.id, before, found.plan, given)
                row = decide(connection, chosen.id, found.key, key, who=given.by, reason=given.reason)
                _note(connection, chosen.id, found.key, row, who=given.by)
        except events_nonroutine.OverlapError as error:
            raise conflict("event-overlap", error.cause, place="event", cure=error.cure) from error
    moved = Status.ACCEPTED in {before.event.status, row.event.status}
    return answers.event_state(row, _new_run(parts, found, given.by) if moved else None)


def _changed(connection: Connection, site: str, before: EventRow, plan: Plan, given: DecisionBody) -> None:
    """Correct evidence, method and size first, where the decision says others."""
    with _size_mistakes():
        sized = before.event.with_size(method=given.method, amount=given.amount, standard_error=given.standard_error)
    said = {} if given.evidence is None else {"evidence": given.evidence}
    event = _checked(msgspec.to_builtins(sized) | said | {"status": "suggested"}, plan)
    if any(getattr(event, name) != getattr(before.event, name) for name in SIZES):
        events_nonroutine.change(connection, site, plan.id, event, who=given.by, reason=given.reason)


@contextmanager
def _size_mistakes() -> Iterator[None]:
    """Tell a size that contradicts its method as a mistake of the body."""
    try:
        yield
    except ValueError as error:
        cure = "give `amount` and `standard_error` with the method stated, or neither"
        raise MistakesError([Mistake(place="amount", detail=str(error), cure=cure)]) from error


def _new_run(parts: Parts, found: Demonstrator, by: str) -> int | None:
    """Ask for the run that a decision makes necessary; None while the plan is not dated."""
    if found.plan.periods is None:
        return None
    return jobs.ask_for_run(parts.settings.dsn, found.site, found.key, asked_by=by, cause="restated")


def _checked(document: dict[str, object], plan: Plan) -> NonRoutineEvent:
    """Return an event; MistakesError where it contradicts itself, or is of a figure that the plan does not have."""
    event = checked(document, NonRoutineEvent)
    known = [meter.id for meter in plan.meters]
    if event.meter not in known:
        wrong = Mistake(place="meter", detail=f"the plan has no figure {event.meter[:60]!r}",
                        cure=f"one of {', '.join(known)}")  # fmt: skip
        raise MistakesError([wrong])
    return event


def _note(connection: Connection, site: str, demonstrator: str, row: EventRow, *, who: str) -> None:
    subject = f"{site}/{demonstrator}/{row.key}"
    detail = {"reason": row.reason, "event": msgspec.to_builtins(row.event)}
    audit.note(connection, who=who, what=f"event_{row.what}", subject=subject, detail=detail)
