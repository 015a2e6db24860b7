"""Plans and events as they were decided at an earlier moment: what people changed later is left out.

Every revision of a plan and every change of an event keeps its time. Prices and emission factors do not: theirs are
those of today, dated as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.demonstrators import revisions, the_demonstrator
from storage.events_nonroutine import events, history

if TYPE_CHECKING:
    from datetime import datetime

    from storage.demonstrators import PlanRevision
    from storage.engine import Connection
    from storage.events_nonroutine import EventRow


def decided_plan(connection: Connection, site: str, demonstrator: str, known_at: datetime | None) -> PlanRevision:
    """Return the plan that was in force at a moment; None: the one in force.

    Before there was any plan it is the first: nothing can be computed without one, and its own date says that it came
    later. StorageError where there is no such demonstrator.
    """
    if known_at is None:
        return the_demonstrator(connection, site, demonstrator).revision
    found = revisions(connection, site, demonstrator) or [the_demonstrator(connection, site, demonstrator).revision]
    return next((each for each in found if each.declared_at <= known_at), found[-1])


def decided_events(connection: Connection, site: str, demonstrator: str, known_at: datetime | None) -> list[EventRow]:
    """Return the events as they stood at a moment, those taken back by then left out; None: as they stand."""
    if known_at is None:
        return events(connection, site, demonstrator)
    found = []
    for row in events(connection, site, demonstrator, withdrawn=True):
        changes = [each for each in history(connection, site, demonstrator, row.key) if each.at <= known_at]
        if changes and not changes[-1].withdrawn:
            found.append(changes[-1])
    return found
