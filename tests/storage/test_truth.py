"""The truth of a simulated port: kept once, read by whoever holds the key, refused to every role that analyses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from storage import truth
from storage.engine import connect
from storage.truth import DayTruth, FaultTruth, TruthRun
from telemetry.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = TruthRun(
    site="quay", scenario="usual", seed=7, begins=date(2024, 9, 1), step_s=900, content="a", code_version="1"
)
DAYS = [DayTruth("null", "quay/pump/energy", date(2025, 3, day), 100.0 + day, 90.0, "kW.h") for day in (29, 30, 31)]
FAULTS = [
    FaultTruth(
        point="quay/pump/power", kind="drift", begins_at=datetime(2025, 3, 30, tzinfo=UTC), ends_at=None, size=0.1
    ),
    FaultTruth(
        point="quay/pump/power", kind="stuck", begins_at=datetime(2025, 3, 1, tzinfo=UTC),
        ends_at=datetime(2025, 3, 2, tzinfo=UTC), size=4.5, detail={"cause": "ice"},
    ),
]  # fmt: skip
ANALYSING = ("quaymeter_writer", "quaymeter_app", "quaymeter_reader")
ATTEMPTS = (
    "SELECT * FROM truth.run",
    "SELECT saving FROM truth.demonstrator_day",
    "SELECT count(*) FROM truth.demonstrator_day",
    "SELECT * FROM truth.fault",
    "INSERT INTO truth.run (site, scenario, seed, begins, step_s, code_version) VALUES ('', '', 0, now(), 1, '')",
    "COPY truth.demonstrator_day TO STDOUT",
    "CREATE VIEW public.peek AS SELECT * FROM truth.demonstrator_day",
    "SET ROLE quaymeter_truth",
)


def keep(dsn: str) -> int:
    """Write the run with its days and faults."""
    with connect(dsn) as connection:
        return truth.write(connection, RUN, days=DAYS, faults=FAULTS)


def test_what_is_written_is_read_and_written_again_changes_nothing(any_engine_dsn: str) -> None:
    """Days come back with their saving, faults with their end or none; a second write keeps one of each."""
    number = keep(any_engine_dsn)
    assert keep(any_engine_dsn) == number
    with connect(any_engine_dsn) as connection:
        (kept,) = truth.runs(connection, "quay")
        days = truth.days_of(connection, number)
        some = truth.days_of(connection, number, demonstrator="null", first=date(2025, 3, 30), last=date(2025, 3, 30))
        faults = truth.faults_of(connection, number)
        late = truth.faults_of(connection, number, first=date(2025, 3, 3))
        generated = connection.execute("SELECT saving FROM truth.demonstrator_day ORDER BY day").fetchall()
    assert (kept.run, kept.first_day, kept.last_day) == (RUN, date(2025, 3, 29), date(2025, 3, 31))
    assert days == DAYS
    assert [day.saving for day in days] == [row[0] for row in generated] == [39.0, 40.0, 41.0]
    assert some == DAYS[1:2]
    assert [fault.kind for fault in faults] == ["stuck", "drift"]
    assert faults == FAULTS[::-1]
    assert late == FAULTS[:1]


def test_another_seed_is_another_run_and_a_newer_code_the_same(any_engine_dsn: str) -> None:
    """Days of two seeds live side by side; a later version of the code writes over its own run."""
    number = keep(any_engine_dsn)
    with connect(any_engine_dsn) as connection:
        other = truth.write(connection, replace(RUN, seed=8), days=[DAYS[0]._replace(with_measure=0.0)])
        newer = truth.write(connection, replace(RUN, code_version="2"), days=[DAYS[0]._replace(with_measure=1.0)])
        assert other != number == newer
        assert [day.with_measure for day in truth.days_of(connection, other)] == [0.0]
        assert [day.with_measure for day in truth.days_of(connection, number)] == [1.0, 90.0, 90.0]
        assert {kept.run.code_version for kept in truth.runs(connection) if kept.number == number} == {"2"}


def test_another_content_of_the_same_name_is_refused(any_engine_dsn: str) -> None:
    """An edited scenario writes no day and no fault into the run of the one before; another name is another run."""
    number = keep(any_engine_dsn)
    edited = replace(RUN, content="b", code_version="2")
    with connect(any_engine_dsn) as connection, pytest.raises(ConfigurationError, match="was another one") as caught:
        truth.write(connection, edited, days=[DAYS[0]._replace(with_measure=0.0)])
    assert "scenario usual" in caught.value.place
    assert "another name" in caught.value.cure
    with connect(any_engine_dsn) as connection:
        assert [kept.run for kept in truth.runs(connection)] == [RUN]
        assert truth.days_of(connection, number) == DAYS
        assert truth.write(connection, replace(edited, scenario="edited")) != number


def test_a_run_from_before_contents_were_kept_takes_the_first(any_engine_dsn: str) -> None:
    """Nobody knows what it was of: the content that is written next holds from then on."""
    number = keep(any_engine_dsn)
    with connect(any_engine_dsn) as connection:
        connection.execute("UPDATE truth.run SET content = ''")
        assert truth.write(connection, replace(RUN, content="b")) == number
        with pytest.raises(ConfigurationError, match="was another one"):
            truth.write(connection, RUN)


@pytest.mark.parametrize("role", ANALYSING)
def test_no_analysing_role_can_read_the_truth(any_engine_dsn: str, role: str) -> None:
    """Each role that writes, analyses or shows is refused every way in, on every engine."""
    keep(any_engine_dsn)
    with psycopg.connect(any_engine_dsn, autocommit=True) as connection:
        # The superuser behind the session may become anybody, so only the tables are tried here.
        for attempt in ATTEMPTS[:-1]:
            connection.execute(f"SET ROLE {role}")
            with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                connection.execute(attempt)
            connection.execute("RESET ROLE")


@pytest.fixture
def login(database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the connection string of a new login that is a member of one role."""
    role = f"try_{request.param}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {role}")
        connection.execute(f"CREATE ROLE {role} LOGIN IN ROLE {request.param}")
    yield make_conninfo(database, user=role)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("login", ANALYSING, indirect=True)
def test_no_login_of_an_analysing_role_reaches_the_truth(database: str, login: str) -> None:
    """A real login of each role is refused, cannot take the key's role, and is told what it lacks."""
    keep(database)
    with psycopg.connect(login, autocommit=True) as connection:
        for attempt in ATTEMPTS:
            with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                connection.execute(attempt)
    with connect(login) as connection, pytest.raises(StorageError, match="does not hold the key") as caught:
        truth.runs(connection)
    assert "quaymeter_truth" in caught.value.cure


@pytest.mark.parametrize("login", ["quaymeter_truth"], indirect=True)
def test_the_key_opens_the_truth_and_nothing_else(database: str, login: str) -> None:
    """A member of the key's role writes and reads the truth; readings, points and deletion are not its business."""
    number = keep(login)
    with connect(login) as connection:
        assert truth.days_of(connection, number) == DAYS
    with psycopg.connect(login, autocommit=True) as connection:
        for attempt in ("SELECT * FROM reading", "SELECT * FROM point", "DELETE FROM truth.run"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(attempt)
    with connect(database) as connection:
        assert len(truth.runs(connection, "quay")) == 1


def test_default_privileges_of_an_installation_do_not_open_it(empty_database: str) -> None:
    """Where the owner gives new tables to a role by default, the truth's tables are taken back from it."""
    from storage.migrate import migrate  # noqa: PLC0415 – only this test migrates

    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO quaymeter_reader, PUBLIC")
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO quaymeter_reader, PUBLIC")
    migrate(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("SET ROLE quaymeter_reader")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM truth.demonstrator_day")
        connection.execute("RESET ROLE")
        connection.execute("GRANT USAGE ON SCHEMA truth TO quaymeter_reader")
        connection.execute("SET ROLE quaymeter_reader")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM truth.demonstrator_day")
