"""`quaymeter worker`: background work – roll-ups, savings runs, the indexes of past months, an end to old refusals."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Annotated

import typer

from quaymeter.cli.context import Lifeline, service_settings
from quaymeter.lifecycle import hold_lifeline, stopping
from quaymeter.worker_status import status_of
from worker.past_months import PastMonthsLoop
from worker.quarantine import QuarantineLoop
from worker.rollups import RollupLoop
from worker.tasks import PATIENCE_S, JobsLoop


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(
    context: typer.Context,
    http_port: Annotated[int | None, typer.Option(help="Health and metrics; 0 takes any free port.")] = None,
    lifeline: Lifeline = False,  # noqa: FBT002 – typer makes a flag of it
) -> None:
    """Keep the roll-ups exact, and the savings: what new or late readings touched is computed again.

    Several workers may run; roll-ups take turns by a lock in the database, savings runs are shared out. A demonstrator
    with periods is computed every night, and again whenever its days have changed. What was refused, and replayed or
    closed long ago (QUAYMETER_QUARANTINE_DAYS), is forgotten.

    Example:  QUAYMETER_DSN=postgresql://… quaymeter worker
    """
    settings = service_settings(context, worker_http_port=http_port)
    loop = RollupLoop(settings.conninfo)
    jobs = JobsLoop(settings.conninfo, settled=timedelta(minutes=settings.savings_settled_minutes))
    with stopping() as stop, status_of(loop.counters, jobs.counters, settings.http_host, settings.worker_http_port):
        if lifeline:
            hold_lifeline(stop)
        # A daemon: building an index may take longer than a stop should; PostgreSQL takes back what was not finished.
        Thread(target=PastMonthsLoop(settings.conninfo).run, args=(stop,), name="past-months", daemon=True).start()
        forgetting = QuarantineLoop(settings.conninfo, keep=timedelta(days=settings.quarantine_days))
        Thread(target=forgetting.run, args=(stop,), name="quarantine", daemon=True).start()
        working = Thread(target=jobs.run, args=(stop,), name="jobs", daemon=True)
        working.start()
        loop.run(stop)
        working.join(PATIENCE_S)
