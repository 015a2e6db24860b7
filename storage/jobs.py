"""The queue of background jobs in the database: asked for here, worked off by any number of workers.

Jobs of one demonstrator hold a lock, so that one runs at a time, and a second that is asked for while the first still
waits is the first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from psycopg.conninfo import conninfo_to_dict

from storage.engine import connect, storage_errors, wrapped
from storage.job_schema import SCHEMA
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from storage.engine import Connection

QUEUE = "savings"
RUN = "savings_run"  # task: one run of one demonstrator
OF_INPUT = "input "  # note of an attempt that failed: by which input it is told from a later one
DUE = "savings_due"  # task: ask for the runs that are due


class JobStatus(NamedTuple):
    """How a job stands."""

    id: int
    task: str
    arguments: dict[str, Any]
    status: str  # of procrastinate.jobs.Status: waiting is "to do" in one word, then doing, succeeded, failed, …
    attempts: int
    scheduled_at: datetime | None  # when a failed attempt is tried again
    asked_at: datetime | None
    changed_at: datetime | None
    run_id: int | None  # the savings run that it made, or found as good as new
    note: str
    error: str  # of its last attempt; "" where it went well


class JobFailure(NamedTuple):
    """A run that could not be made, with no better outcome since."""

    job: int
    at: datetime
    error: str
    content_sha256: str  # of the input that it was made of; "" where that is not known


def worker_app(dsn: str) -> App:
    """Return the queue for a worker; its tasks are added by the worker."""
    return App(connector=PsycopgConnector(conninfo=dsn, min_size=1, max_size=4, kwargs=_session(dsn), timeout=10.0))


def ask_for_run(dsn: str, site: str, demonstrator: str, *, asked_by: str, cause: str = "asked") -> int:
    """Have a demonstrator's saving computed by a worker; return the job's id, of the one that waits where one does.

    Raises StorageError where the database cannot be reached or has no queue.
    """
    name = f"{site}/{demonstrator}"
    arguments = {"site": site, "demonstrator": demonstrator, "cause": cause, "asked_by": asked_by}
    app = App(connector=SyncPsycopgConnector(conninfo=dsn, min_size=1, max_size=1, kwargs=_session(dsn), timeout=10.0))
    with queue_errors("ask for a run"), app.open():
        task = app.configure_task(RUN, queue=QUEUE, lock=name, queueing_lock=name, allow_unknown=True)
        try:
            return task.defer(**arguments)
        except AlreadyEnqueued:
            with connect(dsn, autocommit=True) as connection:
                row = connection.execute(statement("jobs", "waiting"), (name,)).fetchone()
            if row is not None:
                return int(row[0])
            return task.defer(**arguments)  # it began in between


def job_status(connection: Connection, job_id: int) -> JobStatus | None:
    """Return how a job stands; None where there is none, or none any more."""
    with storage_errors("look at a job"):
        row = connection.execute(statement("jobs", "status"), (job_id,)).fetchone()
    return JobStatus(*row) if row else None


def last_failures(connection: Connection, site: str, demonstrator: str | None = None) -> dict[str, JobFailure]:
    """Return the demonstrators of a site, or the one, whose last attempt at a run failed."""
    parameters = {"task": RUN, "site": site, "key": demonstrator}
    with storage_errors("look for runs that failed"):
        rows = connection.execute(statement("jobs", "last_outcomes"), parameters).fetchall()
    return {
        key: JobFailure(job, at, error, note.removeprefix(OF_INPUT) if note.startswith(OF_INPUT) else "")
        for key, job, at, note, error in rows
        if error
    }


def note_failure(connection: Connection, job_id: int, attempt: int, *, error: str, content_sha256: str = "") -> None:
    """Keep why an attempt at a job failed, and of which input."""
    note_outcome(connection, job_id, attempt, note=f"{OF_INPUT}{content_sha256}" if content_sha256 else "", error=error)


def note_outcome(
    connection: Connection, job_id: int, attempt: int, *, run: int | None = None, note: str = "", error: str = ""
) -> None:
    """Keep what came of an attempt at a job."""
    parameters = {"job": job_id, "attempt": attempt, "run": run, "note": note, "error": error}
    with storage_errors("note what came of a job"):
        connection.execute(statement("jobs", "note_outcome"), parameters)


def forget_jobs(connection: Connection, *, ended_before: datetime) -> int:
    """Forget jobs that ended before a time; return how many. What they made stays."""
    with storage_errors("forget old jobs"), connection.transaction():
        connection.execute("SELECT set_config('search_path', %s, true)", (SCHEMA,))  # the queue's triggers need it
        return connection.execute(statement("jobs", "forget"), (ended_before,)).rowcount


@contextmanager
def queue_errors(place: str) -> Iterator[None]:
    """Turn the queue's errors into StorageError."""
    try:
        yield
    except ConnectorException as error:
        cause = str(error.__cause__ or error).strip().replace("\n", "; ")
        raise StorageError(
            cause, place=f"database: {place}", cure="bring the schema up to date: quaymeter db migrate", transient=True
        ) from error
    except psycopg.Error as error:
        raise wrapped(error, place) from error


def _session(dsn: str) -> dict[str, Any]:
    """Return the settings of a connection that finds the queue's tables."""
    given = str(conninfo_to_dict(dsn).get("options") or "")
    options = f"{given} -c search_path={SCHEMA} -c TimeZone=UTC".lstrip()
    return {"options": options, "application_name": "quaymeter-jobs", "connect_timeout": 10}
