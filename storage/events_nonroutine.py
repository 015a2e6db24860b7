"""Non-routine events of demonstrators: suggested by the machine, decided by people, every change of them kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from storage.demonstrators import demonstrator_number
from storage.engine import storage_errors
from storage.statements import statement
from telemetry.errors import ContractError, StorageError
from telemetry.plan import NonRoutineEvent, Status
from telemetry.plan_bounds import refuse_beyond_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.engine import Connection

Turn = Callable[[NonRoutineEvent], NonRoutineEvent]  # how a decision changes an event


class EventRow(NamedTuple):
    """An event as it stood after one change."""

    key: str  # unique within its demonstrator
    event: NonRoutineEvent
    what: str  # suggested, declared, changed, accepted, rejected, withdrawn
    who: str
    at: datetime
    reason: str
    number: int  # of the change, from 1

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back: then it is in no figure."""
        return self.what == "withdrawn"


class OverlapError(ContractError):
    """An event that shares days with one that was accepted before."""

    def __init__(self, key: str, other: EventRow) -> None:
        """Name the other event."""
        days = f"{other.event.first_day} to {other.event.last_day}"
        super().__init__(
            f"it shares days with {other.key} ({other.event.title}, {days}), which is accepted",
            place=f"event {key}",
            cure="reject one of the two, correct the days, or make one event of both",
        )


def events(connection: Connection, site: str, demonstrator: str, *, withdrawn: bool = False) -> list[EventRow]:
    """Return the events of a demonstrator as they stand, in order of time; with `withdrawn` also those taken back."""
    rows = _rows(connection, "events", site, demonstrator, None)
    return [row for row in rows if withdrawn or not row.withdrawn]


def history(connection: Connection, site: str, demonstrator: str, key: str) -> list[EventRow]:
    """Return every change of an event, the oldest first; empty where there is no such event."""
    return _rows(connection, "event_history", site, demonstrator, key)


def suggest(
    connection: Connection, site: str, demonstrator: str, found: Sequence[NonRoutineEvent], *, who: str
) -> list[str]:
    """Keep what the machine suspects now, and return the keys of what is new.

    What is much the same as a known event of its figure, or lies mostly within one that a person has decided upon, is
    no news: a person is asked once. Earlier suggestions that nobody has decided upon and that no longer stand out so
    are taken back, since an event that goes on is found longer every night. What the machine would now treat otherwise,
    and what it took back and finds again, is a further change of the same event.
    """
    added = []
    with storage_errors("suggest events"), connection.transaction():
        number = _locked(connection, site, demonstrator)
        every = events(connection, site, demonstrator, withdrawn=True)
        gone = {row.key for row in every if _taken_back(row, who)}
        rows = [row for row in every if row.key not in gone]
        for row in rows:
            same = [event for event in found if _much_the_same(row.event, event)]
            if row.what == "suggested" and not same:
                withdraw(connection, site, demonstrator, row.key, who=who, reason="it no longer stands out so")
            elif row.what == "suggested" and all(event.method is not row.event.method for event in same):
                _suggest_anew(connection, site, demonstrator, row.key, same[0], who)
        for event in found:
            if any(_known(event, row) for row in rows):
                continue
            if event.id in gone:
                added.append(_suggest_anew(connection, site, demonstrator, event.id, event, who))
                continue
            suggested = replace(event, status=Status.SUGGESTED, agreed_by="", agreed_at="")
            added.append(_add(connection, number, suggested, "suggested", who, ""))
    return added


def _suggest_anew(
    connection: Connection, site: str, demonstrator: str, key: str, event: NonRoutineEvent, who: str
) -> str:
    """Suggest an event that the machine suggested before, as it sees it now; return its key."""
    said = replace(event, status=Status.SUGGESTED, agreed_by="", agreed_at="")
    return _decide(connection, site, demonstrator, key, lambda _: said, "suggested", who, "as it stands out now").key


def declare_event(
    connection: Connection, site: str, demonstrator: str, event: NonRoutineEvent, *, who: str, reason: str = ""
) -> EventRow:
    """Add an event that a person knows of, as a suggestion that still has to be accepted.

    Raises ContractError where a number or a text of it is beyond what an event may hold.
    """
    refuse_beyond_bounds(event, place="event")
    with storage_errors("declare an event"), connection.transaction():
        number = _locked(connection, site, demonstrator)
        said = replace(event, status=Status.SUGGESTED, agreed_by="", agreed_at="")
        key = _add(connection, number, said, "declared", who, reason)
    return _the_event(connection, site, demonstrator, key)


def change(
    connection: Connection, site: str, demonstrator: str, event: NonRoutineEvent, *, who: str, reason: str = ""
) -> EventRow:
    """Correct days, size or evidence of an event, told by its id; what was accepted has to be accepted anew.

    Raises ContractError where a number or a text of it is beyond what an event may hold.
    """
    refuse_beyond_bounds(event, place=f"event {event.id}")
    said = replace(event, status=Status.SUGGESTED, agreed_by="", agreed_at="")
    return _decide(connection, site, demonstrator, event.id, lambda _: said, "changed", who, reason)


def accept(
    connection: Connection, site: str, demonstrator: str, key: str, *, who: str, reason: str = "",
    now: datetime | None = None,
) -> EventRow:  # fmt: skip
    """Agree to an event: from now on runs adjust for it.

    Raises
    ------
    OverlapError
        If it shares days with an accepted event of its figure: the same use would be counted twice.
    ContractError
        If a number or a text of it is beyond what an event may hold.
    """
    at = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")

    def agreed(event: NonRoutineEvent) -> NonRoutineEvent:
        refuse_beyond_bounds(event, place=f"event {key}")
        for other in events(connection, site, demonstrator):
            if other.key != key and other.event.status is Status.ACCEPTED and event.shares_days(other.event):
                raise OverlapError(key, other)
        return replace(event, status=Status.ACCEPTED, agreed_by=who, agreed_at=at)

    return _decide(connection, site, demonstrator, key, agreed, "accepted", who, reason)


def reject(connection: Connection, site: str, demonstrator: str, key: str, *, who: str, reason: str = "") -> EventRow:
    """Say that a suspected event is none: runs do not adjust for it, and it is not suggested again."""
    return _turn_down(connection, site, demonstrator, key, "rejected", who, reason)


def withdraw(connection: Connection, site: str, demonstrator: str, key: str, *, who: str, reason: str = "") -> EventRow:
    """Take an event back that should not have been declared or accepted; it stays in the books."""
    return _turn_down(connection, site, demonstrator, key, "withdrawn", who, reason)


def _turn_down(
    connection: Connection, site: str, demonstrator: str, key: str, what: str, who: str, reason: str
) -> EventRow:
    def said(event: NonRoutineEvent) -> NonRoutineEvent:
        return replace(event, status=Status.REJECTED, agreed_by="", agreed_at="")

    return _decide(connection, site, demonstrator, key, said, what, who, reason)


def _decide(
    connection: Connection, site: str, demonstrator: str, key: str, turned: Turn, what: str, who: str,
    reason: str,
) -> EventRow:  # fmt: skip
    with storage_errors("decide on an event"), connection.transaction():
        number = _locked(connection, site, demonstrator)
        before = _the_event(connection, site, demonstrator, key)
        _note(connection, number, before.number + 1, replace(turned(before.event), id=key), what, who, reason)
    return _the_event(connection, site, demonstrator, key)


def _locked(connection: Connection, site: str, demonstrator: str) -> int:
    """Return a demonstrator's number, and keep others from adding to it until the transaction ends."""
    number = demonstrator_number(connection, site, demonstrator)
    connection.execute(statement("savings", "lock_demonstrator"), (number,))
    return number


def _add(connection: Connection, number: int, event: NonRoutineEvent, what: str, who: str, reason: str) -> str:
    """Add an event under its id, or under one made of its figure and its first day; return its key."""
    stem = event.id or f"{event.meter}-{event.first_day.isoformat()}"
    taken = {
        row[0] for row in connection.execute("SELECT key FROM non_routine_event WHERE demonstrator_id = %s", (number,))
    }
    key, again = stem, 2
    while key in taken:
        key, again = f"{stem}-{again}", again + 1
    connection.execute(statement("savings", "add_event"), {"demonstrator": number, "key": key})
    _note(connection, number, 1, replace(event, id=key), what, who, reason)
    return key


def _note(
    connection: Connection, demonstrator: int, number: int, event: NonRoutineEvent, what: str, who: str, reason: str
) -> None:
    said = Jsonb(msgspec.json.decode(msgspec.json.encode(event)))
    parameters = {
        "demonstrator": demonstrator, "key": event.id, "number": number, "who": who, "what": what, "event": said,
        "reason": reason,
    }  # fmt: skip
    connection.execute(statement("savings", "add_event_change"), parameters)


def _taken_back(row: EventRow, machine: str) -> bool:
    """Whether the machine itself took a suggestion back: it may stand out again."""
    return row.withdrawn and row.who == machine


def _known(event: NonRoutineEvent, row: EventRow) -> bool:
    """Whether a suggestion says nothing that a known event does not say."""
    decided = row.what in {"accepted", "rejected", "withdrawn"}
    return _much_the_same(event, row.event) or (decided and 2 * _shared(event, row.event) > _days(event))


def _much_the_same(one: NonRoutineEvent, other: NonRoutineEvent) -> bool:
    """Whether two events have more than half of their days in common, of those that either has."""
    shared = _shared(one, other)
    return 2 * shared > _days(one) + _days(other) - shared


def _shared(one: NonRoutineEvent, other: NonRoutineEvent) -> int:
    """Return how many days two events of one figure have in common."""
    if one.meter != other.meter:
        return 0
    return max(0, (min(one.last_day, other.last_day) - max(one.first_day, other.first_day)).days + 1)


def _days(event: NonRoutineEvent) -> int:
    return (event.last_day - event.first_day).days + 1


def _the_event(connection: Connection, site: str, demonstrator: str, key: str) -> EventRow:
    found = _rows(connection, "events", site, demonstrator, key)
    if not found:
        known = [row.key for row in _rows(connection, "events", site, demonstrator, None)]
        cure = f"known: {', '.join(known) or 'none'}"
        raise StorageError(f"no event {key!r}", place=f"demonstrator {demonstrator}", cure=cure)
    return found[0]


def _rows(connection: Connection, name: str, site: str, demonstrator: str, key: str | None) -> list[EventRow]:
    parameters = {"site": site, "demonstrator": demonstrator, "key": key}
    with storage_errors("read the events"):
        rows = connection.execute(statement("savings", name), parameters).fetchall()
    return [_row(row) for row in rows]


def _row(row: tuple[Any, ...]) -> EventRow:
    return EventRow(row[0], msgspec.convert(row[1], NonRoutineEvent), row[2], row[3], row[4], row[5], row[6])
