"""Background jobs of savings: a run of one demonstrator, and the question every half hour which runs are due."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from procrastinate import JobContext, RetryStrategy

from storage.engine import connect
from storage.jobs import DUE, QUEUE, RUN, ask_for_run, forget_jobs, note_failure, note_outcome, queue_errors, worker_app
from telemetry.errors import StorageError
from worker.savings_runs import SETTLED, content_now, due, make_run

if TYPE_CHECKING:
    from threading import Event

    from procrastinate import App

LOG = logging.getLogger(__name__)
ATTEMPTS = 4
RETRY = RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=6, retry_exceptions=[StorageError])  # after 6, 36, 216 s
EVERY_HALF_HOUR = "*/30 * * * *"
KEPT = timedelta(days=30)  # jobs that are over
LOOK_S = 0.2  # between two looks whether to stop [s]
PATIENCE_S = 15.0  # a run that is being computed may take so long to end when the worker stops [s]
LONGEST_PAUSE_S = 60.0
GONE_S = 60.0  # a worker without a sign of life for so long is dead, and its jobs are others' [s]


@dataclass(kw_only=True)
class JobCounters:
    """What this worker did since it started; read by metrics."""

    made: int = 0  # runs that said something new
    unchanged: int = 0  # runs that were asked for and would have said the same
    failures: int = 0  # attempts that failed


def savings_app(dsn: str, counters: JobCounters, *, settled: timedelta = SETTLED) -> App:
    """Return the queue with the tasks of savings."""
    app = worker_app(dsn)

    @app.task(name=RUN, queue=QUEUE, pass_context=True, retry=RETRY)
    def savings_run(context: JobContext, *, site: str, demonstrator: str, cause: str, asked_by: str) -> None:
        job, attempt = context.job.id or 0, context.job.attempts
        with connect(dsn, autocommit=True) as connection:
            try:
                wait = timedelta(0) if cause == "asked" else settled
                made = make_run(connection, site, demonstrator, cause=cause, asked_by=asked_by, settled=wait)
            except Exception as error:
                counters.failures += 1
                content = content_now(connection, site, demonstrator, settled=settled)
                note_failure(connection, job, attempt, error=str(error), content_sha256=content)
                LOG.warning("the run of %s/%s failed: %s", site, demonstrator, error)
                raise
            counters.made += made.fresh
            counters.unchanged += not made.fresh
            note_outcome(connection, job, attempt, run=made.run_id, note="new" if made.fresh else "unchanged")

    @app.periodic(cron=EVERY_HALF_HOUR)
    @app.task(name=DUE, queue=QUEUE, lock=DUE, queueing_lock=DUE)
    async def savings_due(timestamp: int) -> None:
        del timestamp  # of the half hour: what is due now is due
        for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=GONE_S):
            await app.job_manager.retry_job(job)
        await asyncio.to_thread(ask_for_due, dsn, settled=settled)

    return app


def ask_for_due(dsn: str, *, settled: timedelta = SETTLED, now: datetime | None = None) -> list[int]:
    """Ask for every run that would say something new, and forget jobs that are long over; return the jobs."""
    with connect(dsn, autocommit=True) as connection:
        forget_jobs(connection, ended_before=(now or datetime.now(UTC)) - KEPT)
        found = list(due(connection, settled=settled, now=now))
    return [ask_for_run(dsn, site, demonstrator, asked_by="worker", cause="nightly") for site, demonstrator in found]


class JobsLoop:
    """Works off the queue until it is told to stop; a database that is away is waited for, ever more patiently."""

    def __init__(self, dsn: str, *, settled: timedelta = SETTLED, interval_s: float = 5.0) -> None:
        self._dsn = dsn
        self._settled = settled
        self._interval_s = interval_s
        self.counters = JobCounters()

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; a run that is being computed is finished first, if it does not take long."""
        failures = 0
        while not stop.is_set():
            try:
                asyncio.run(self._work(stop))
                failures = 0
            except StorageError as error:
                failures += 1
                pause_s = min(self._interval_s * 2**failures, LONGEST_PAUSE_S)
                LOG.warning("background jobs wait %.0f s: %s", pause_s, error)
                stop.wait(pause_s)

    def until_empty(self) -> None:
        """Work off what waits, and return; raises StorageError where the database is out of reach."""
        asyncio.run(self._once())

    async def _once(self) -> None:
        app = savings_app(self._dsn, self.counters, settled=self._settled)
        with queue_errors("work off the queue"):
            async with app.open_async():
                await app.run_worker_async(
                    queues=[QUEUE], wait=False, install_signal_handlers=False, listen_notify=False
                )

    async def _work(self, stop: Event) -> None:
        app = savings_app(self._dsn, self.counters, settled=self._settled)
        with queue_errors("work off the queue"):
            async with app.open_async():
                work = asyncio.create_task(
                    app.run_worker_async(
                        queues=[QUEUE], install_signal_handlers=False, fetch_job_polling_interval=self._interval_s,
                        shutdown_graceful_timeout=PATIENCE_S, name="quaymeter-worker",
                    )
                )  # fmt: skip
                while not (stop.is_set() or work.done()):  # noqa: ASYNC110 – a signal handler sets it, in another thread
                    await asyncio.sleep(LOOK_S)
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
