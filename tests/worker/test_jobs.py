"""The queue of background jobs, worked off by the role of the services and by nobody with more rights."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from quaymeter.worker_status import JobCollector
from storage.demonstrators import declare
from storage.engine import connect
from storage.jobs import ask_for_run, forget_jobs, job_status, last_failures
from storage.savings_runs import newest
from telemetry.errors import ContractError, StorageError
from tests.storage.aligned_site import a_plan, filled
from tests.worker.test_savings_runs import FIRST, LAST, NOW, PLAN
from worker.savings_runs import AGAIN, due
from worker.tasks import JobCounters, JobsLoop, ask_for_due

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def app_dsn(database: str) -> Iterator[str]:
    """Give a login of the services to a database with a week of readings."""
    filled(database, PLAN, LAST, received=NOW)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER ROLE quaymeter_app LOGIN")
    yield make_conninfo(database, user="quaymeter_app")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER ROLE quaymeter_app NOLOGIN")


def test_a_run_that_is_asked_for_is_made(app_dsn: str) -> None:
    """Asked for twice while it waits, it is one job; worked off, it tells its run; asked again, nothing is new."""
    job = ask_for_run(app_dsn, "quay", "heat", asked_by="A")
    assert ask_for_run(app_dsn, "quay", "heat", asked_by="B") == job
    with connect(app_dsn, autocommit=True) as connection:
        waiting = job_status(connection, job)
        assert waiting is not None
        assert (waiting.status, waiting.run_id, waiting.arguments["asked_by"]) == ("todo", None, "A")
        loop = JobsLoop(app_dsn)
        loop.until_empty()
        done = job_status(connection, job)
        row = newest(connection, "quay", "heat")
        assert done is not None
        assert row is not None
        assert (done.status, done.run_id, done.note, done.error) == ("succeeded", row.id, "new", "")
        assert (row.cause, row.asked_by) == ("asked", "A")
        again = ask_for_run(app_dsn, "quay", "heat", asked_by="A")
        loop.until_empty()
        told = job_status(connection, again)
        assert told is not None
        assert (told.run_id, told.note) == (row.id, "unchanged")
        assert (loop.counters.made, loop.counters.unchanged, loop.counters.failures) == (1, 1, 0)
        assert forget_jobs(connection, ended_before=datetime.now(UTC) + timedelta(minutes=1)) >= 2
        assert job_status(connection, job) is None


def test_a_job_that_fails_says_why(app_dsn: str) -> None:
    """What cannot be computed fails at once, with its cause; what the database refused is tried again later."""
    with connect(app_dsn, autocommit=True) as connection:
        declare(connection, "quay", a_plan(FIRST, FIRST + timedelta(days=1), LAST, id="other", periods=None), who="t")
        undated = ask_for_run(app_dsn, "quay", "other", asked_by="A")
        unknown = ask_for_run(app_dsn, "quay", "none", asked_by="A")
        loop = JobsLoop(app_dsn)
        loop.until_empty()
        failed, waits = job_status(connection, undated), job_status(connection, unknown)
        assert failed is not None
        assert waits is not None
        assert failed.status == "failed"
        assert "no periods" in failed.error
        assert (waits.status, waits.attempts) == ("todo", 1)
        assert "no demonstrator" in waits.error
        assert loop.counters.failures == 2


def test_what_is_due_is_asked_for(app_dsn: str) -> None:
    """A dated plan without a run is due; once it has one, it is not."""
    (job,) = ask_for_due(app_dsn, now=datetime.now(UTC))
    JobsLoop(app_dsn).until_empty()
    with connect(app_dsn, autocommit=True) as connection:
        done = job_status(connection, job)
        assert done is not None
        assert (done.status, done.arguments["cause"]) == ("succeeded", "nightly")
    assert ask_for_due(app_dsn, now=datetime.now(UTC)) == []


def test_the_loop_works_until_it_is_told_to_stop(app_dsn: str) -> None:
    """It takes a job as soon as it is asked for, and ends soon after it is told to."""
    loop, stop = JobsLoop(app_dsn, interval_s=0.1), threading.Event()
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        ask_for_run(app_dsn, "quay", "heat", asked_by="A")
        for _ in range(200):
            if loop.counters.made:
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join(10)
    assert loop.counters.made == 1
    assert not thread.is_alive()


def test_what_was_done_is_told_to_prometheus() -> None:
    """Runs that were made, that would have said the same, and attempts that failed."""
    found = {
        metric.name: metric.samples[0].value
        for metric in JobCollector(JobCounters(made=3, unchanged=2, failures=1)).collect()
    }
    assert found == {
        "quaymeter_worker_savings_made": 3, "quaymeter_worker_savings_unchanged": 2,
        "quaymeter_worker_savings_failures": 1,
    }  # fmt: skip


def test_a_database_without_a_queue_is_explained(empty_database: str) -> None:
    """Asked before the schema is there, the cure is named."""
    with pytest.raises(StorageError, match="quaymeter db migrate"):
        ask_for_run(empty_database, "quay", "heat", asked_by="A")


def test_a_run_that_failed_is_told_and_not_asked_for_again_at_once(
    app_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is seen by its demonstrator; the same input is due hours later, another at once; a run clears it."""

    def fails(*_: object, **__: object) -> None:
        raise ContractError("no such thing", place="here", cure="mend it")

    now = datetime.now(UTC)
    (job,) = ask_for_due(app_dsn, now=now)
    with connect(app_dsn, autocommit=True) as connection, monkeypatch.context() as broken:
        broken.setattr("worker.savings_runs.compute", fails)
        JobsLoop(app_dsn).until_empty()
        failure = last_failures(connection, "quay")["heat"]
        assert (failure.job, failure.error) == (job, "here: no such thing – mend it")
        assert len(failure.content_sha256) == 64
        assert last_failures(connection, "quay", "other") == {}
        assert list(due(connection, now=now)) == []
        assert list(due(connection, now=now + AGAIN + timedelta(minutes=1))) == [("quay", "heat")]
        declare(connection, "quay", msgspec.structs.replace(PLAN, confidence=0.8), who="t")
        assert list(due(connection, now=now)) == [("quay", "heat")]
        broken.setattr("worker.savings_runs.run_input", fails)  # not even its input can be had
        assert len(ask_for_due(app_dsn, now=now)) == 1
        JobsLoop(app_dsn).until_empty()
        assert last_failures(connection, "quay")["heat"].content_sha256 == ""
        assert list(due(connection, now=now)) == []
    ask_for_run(app_dsn, "quay", "heat", asked_by="A")
    JobsLoop(app_dsn).until_empty()
    with connect(app_dsn, autocommit=True) as connection:
        assert last_failures(connection, "quay") == {}
