"""`quaymeter worker`: background jobs – for now roll-ups, the indexes of past months, and an end to old refusals."""

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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(
    context: typer.Context,
    http_port: Annotated[int | None, typer.Option(help="Health and metrics; 0 takes any free port.")] = None,
    lifeline: Lifeline = False,  # noqa: FBT002 – typer makes a flag of it
) -> None:
    """Keep the roll-ups exact: every bucket that new or late readings touched is computed again.

    Several workers may run; they take turns by a lock in the database. What was refused, and replayed or closed long
    ago (QUAYMETER_QUARANTINE_DAYS), is forgotten.

    Example:  QUAYMETER_DSN=postgresql://… quaymeter worker
    """
    settings = service_settings(context, worker_http_port=http_port)
    loop = RollupLoop(settings.conninfo)
    with stopping() as stop, status_of(loop.counters, settings.http_host, settings.worker_http_port):
        if lifeline:
            hold_lifeline(stop)
        # A daemon: building an index may take longer than a stop should; PostgreSQL takes back what was not finished.
        Thread(target=PastMonthsLoop(settings.conninfo).run, args=(stop,), name="past-months", daemon=True).start()
        forgetting = QuarantineLoop(settings.conninfo, keep=timedelta(days=settings.quarantine_days))
        Thread(target=forgetting.run, args=(stop,), name="quarantine", daemon=True).start()
        loop.run(stop)
