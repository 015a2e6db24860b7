"""One savings run: read what is known, compute, explain what differs from the run before, keep it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from savings.record import decode_input, decode_run
from savings.restate import explain
from savings.run import compute, versions
from storage.demonstrators import demonstrators
from storage.engine import snapshot
from storage.events_nonroutine import suggest
from storage.jobs import last_failures
from storage.overview import sites
from storage.row_clock import last_whole_day
from storage.savings_runs import code_version, content_sha256, input_bytes, newest, run_bytes, save
from telemetry.errors import ContractError, QuaymeterError
from worker.run_input import run_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date
    from typing import Any

    from savings.input_record import RunInput
    from savings.record import Run
    from storage.engine import Connection
    from storage.jobs import JobFailure
    from storage.savings_runs import RunRow

LOG = logging.getLogger(__name__)
SETTLED = timedelta(hours=2, minutes=30)  # after local midnight, when a day's last readings have come
AGAIN = timedelta(hours=6)  # a run that failed is not tried with the same input before
NEW_DAYS = "new days"  # of savings.restate.CAUSES: the one change that is no restatement


class Made(NamedTuple):
    """What came of asking for a run."""

    run_id: int
    fresh: bool  # False: the run that stands says all that is known
    cause: str


def make_run(  # noqa: PLR0913 – what a person may ask for
    connection: Connection,
    site: str,
    demonstrator: str,
    *,
    cause: str = "asked",
    asked_by: str,
    known_at: datetime | None = None,
    settled: timedelta = timedelta(0),
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Make a run and keep it; where nothing is new, return the one that stands.

    With `known_at`, a moment of the past, the run stands beside the others and takes nobody's place. The connection is
    in autocommit mode. A nightly run whose older days changed is a restatement. A day counts once it is over and
    `settled` has passed since its midnight; a run keeps the days that the one before it has.

    Raises
    ------
    ContractError
        If the plan has no periods, or its reporting period no whole day yet.
    StorageError
        If there is no such demonstrator, or the database is out of reach.
    """
    moment = now or datetime.now(UTC)
    before = newest(connection, site, demonstrator) if known_at is None else None
    with snapshot(connection):
        last = None if known_at is not None else _last_day(connection, site, before, moment - settled)
        given = run_input(connection, site, demonstrator, known_at=known_at, last_day=last, now=moment)
    if known_at is not None:
        run = compute(given, progress=progress)
        said = {"as_known": known_at.isoformat()}
        number = save(connection, given, run, cause="asked", asked_by=asked_by, explanation=said, standing=False)
        return Made(number, fresh=True, cause="asked")
    if before is not None and _says_the_same(before, given):
        return Made(before.id, fresh=False, cause=before.cause)
    run = compute(given, progress=progress)
    explanation = _explanation(connection, before, given, run)
    if cause != "asked" and set(explanation.get("changed", ())) - {NEW_DAYS}:
        cause = "restated"
    number = save(connection, given, run, cause=cause, asked_by=asked_by, explanation=explanation)
    if not run.stopped:
        _suggest(connection, site, demonstrator, run)
    return Made(number, fresh=True, cause=cause)


def due(
    connection: Connection, *, now: datetime | None = None, settled: timedelta = SETTLED
) -> Iterator[tuple[str, str]]:
    """Yield site and demonstrator of every dated plan whose run would say something new, as `make_run` would.

    One that failed is tried again once its input changed, or after `AGAIN`: the code may have.
    """
    moment = now or datetime.now(UTC)
    for site in sites(connection):
        last = last_whole_day(moment - settled, site.timezone)
        failures = last_failures(connection, site.id)
        for each in demonstrators(connection, site.id):
            periods = each.plan.periods
            if periods is None or last < periods.reporting_from:
                continue
            before, content = newest(connection, site.id, each.key), ""
            try:
                given = _given_now(connection, site.id, each.key, before, moment, settled)
            except ContractError as error:  # asked for all the same: its job tells those who read no log
                LOG.warning("%s/%s cannot be computed: %s", site.id, each.key, error)
            except QuaymeterError as error:
                LOG.warning("%s/%s cannot be read: %s", site.id, each.key, error)
                continue
            else:
                if before is not None and _says_the_same(before, given):
                    continue
                content = content_sha256(given)
            if not _failed_lately(failures.get(each.key), content, moment):
                yield site.id, each.key


def content_now(connection: Connection, site: str, demonstrator: str, *, settled: timedelta = SETTLED) -> str:
    """Return the sha256 of what a run that is due now would be made of; "" where that cannot be read."""
    try:
        before = newest(connection, site, demonstrator)
        return content_sha256(_given_now(connection, site, demonstrator, before, datetime.now(UTC), settled))
    except QuaymeterError:
        return ""


def _given_now(
    connection: Connection, site: str, demonstrator: str, before: RunRow | None, moment: datetime, settled: timedelta
) -> RunInput:
    """Return the input of a run that is due at a moment; the connection is in autocommit mode."""
    with snapshot(connection):
        until = _last_day(connection, site, before, moment - settled)
        return run_input(connection, site, demonstrator, last_day=until, now=moment)


def _failed_lately(failure: JobFailure | None, content: str, moment: datetime) -> bool:
    """Whether a run of the same content has failed not long ago, and would again; "" where there was none to be had."""
    return failure is not None and failure.at > moment - AGAIN and failure.content_sha256 == content


def _suggest(connection: Connection, site: str, demonstrator: str, run: Run) -> None:
    """Keep what stands out in a run for a person to decide upon."""
    found = [one for each in run.meters for one in each.suggestions]
    if new := suggest(connection, site, demonstrator, found, who="worker"):
        LOG.info("%s/%s: %d suspected event(s) wait for a person", site, demonstrator, len(new))


def _last_day(connection: Connection, site: str, before: RunRow | None, moment: datetime) -> date | None:
    """Return the last local day that is over at a moment, or that the run before has; None of a site that is not."""
    zone = next((each.timezone for each in sites(connection) if each.id == site), None)
    if zone is None:
        return None
    last = last_whole_day(moment, zone)
    return last if before is None else max(last, before.reporting_to)


def _says_the_same(before: RunRow, given: RunInput) -> bool:
    """Whether a run is of this content, and of this code and its methods."""
    same = before.content_sha256 == content_sha256(given)
    return same and before.code_version == code_version(versions())


def _explanation(connection: Connection, before: RunRow | None, given: RunInput, run: Run) -> Mapping[str, Any]:
    if before is None:
        return {"first": True}
    old = decode_input(input_bytes(connection, before.id)), decode_run(run_bytes(connection, before.id))
    said: dict[str, Any] = msgspec.to_builtins(explain(before.id, old, (given, run), compute))
    return said
