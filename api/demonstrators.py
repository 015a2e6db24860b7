"""Which demonstrator and which run a request is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.problems import not_found
from storage import demonstrators as plans
from storage import events_nonroutine, savings_runs
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from datetime import datetime

    from storage.demonstrators import Demonstrator
    from storage.engine import Connection
    from storage.events_nonroutine import EventRow
    from storage.savings_runs import RunRow

PAGE = 200  # runs that are looked at in one go


def choose_demonstrator(connection: Connection, site: str, key: str) -> Demonstrator:
    """Return a demonstrator of a site, also one that is no longer declared; ProblemError where there is none."""
    found = {each.key: each for each in plans.demonstrators(connection, site, retired=True)}
    if key not in found:
        known = [each.key for each in found.values() if each.retired_at is None]
        cure = did_you_mean(key[:200], known).strip() or f"known: {', '.join(known) or 'none'}"
        raise not_found("demonstrator", f"there is no demonstrator {key[:200]!r}", place="demonstrator", cure=cure)
    return found[key]


def choose_run(connection: Connection, site: str, key: str, run: int) -> RunRow:
    """Return a run of a demonstrator; ProblemError where it has none of this number."""
    found = savings_runs.run_row(connection, run)
    if found is None or (found.site, found.demonstrator) != (site, key):
        cure = f"the list is at /api/v1/demonstrators/{key}/runs"
        raise not_found("run", f"demonstrator {key!r} has no run {run}", place="run", cure=cure)
    return found


def latest_run(connection: Connection, site: str, key: str, known_at: datetime | None) -> RunRow:
    """Return the run that stands, or the one that stood at a time; ProblemError where there was none."""
    found = savings_runs.newest(connection, site, key) if known_at is None else _stood(connection, site, key, known_at)
    if found is None:
        when = "" if known_at is None else f" as of {known_at.isoformat()}"
        cure = "ask for one: POST to /api/v1/demonstrators/…/runs; the worker computes one every night"
        raise not_found("run", f"demonstrator {key!r} has no run yet{when}", place="run", cure=cure)
    return found


def choose_event(connection: Connection, site: str, key: str, event: str) -> EventRow:
    """Return an event of a demonstrator as it stands; ProblemError where there is none of this id."""
    rows = {row.key: row for row in events_nonroutine.events(connection, site, key, withdrawn=True)}
    if event not in rows:
        cure = did_you_mean(event[:200], rows).strip() or f"known: {', '.join(rows) or 'none'}"
        raise not_found("event", f"demonstrator {key!r} has no event {event[:200]!r}", place="event", cure=cure)
    return rows[event]


def _stood(connection: Connection, site: str, key: str, known_at: datetime) -> RunRow | None:
    """Return the newest run that holds nothing which arrived after a time."""
    before = None
    while rows := savings_runs.runs(connection, site, key, before=before, limit=PAGE):
        for row in rows:
            if row.standing and row.known_at <= known_at:
                return row
        before = rows[-1].id
    return None
