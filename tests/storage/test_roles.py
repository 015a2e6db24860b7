"""What each role may do, asked of the server by logging in as that role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from storage.catalogue import apply_site, load_catalogue
from storage.correction_file import Window, strike
from storage.corrections import correct, preview, withdraw
from storage.engine import connect
from storage.rollups import refresh_all
from storage.times import from_us
from storage.writer import Writer
from telemetry.batch import MessageNumber, Refusal, RefusalReason
from tests.storage.building import MINUTE_US, NOW_US, batch_of, decoded_of, messages_of, small_site

if TYPE_CHECKING:
    from collections.abc import Iterator

VIEWS = {
    "v_site", "v_asset", "v_point", "v_latest", "v_reading", "v_reading_1m", "v_reading_15m", "v_reading_1h",
    "v_reading_1d", "v_ledger", "v_quarantine", "v_device_loss", "v_device", "v_device_change", "v_meta_difference",
    "v_demonstrator", "v_savings_run", "v_savings_day", "v_non_routine_event", "v_correction", "v_corrected_reading",
}  # fmt: skip


@pytest.fixture
def logins(database: str) -> Iterator[dict[str, str]]:
    """Let the three roles log in while a test runs; role → connection string."""
    roles = ["quaymeter_writer", "quaymeter_app", "quaymeter_reader"]
    with psycopg.connect(database, autocommit=True) as connection:
        for role in roles:
            connection.execute(f"ALTER ROLE {role} LOGIN")
    yield {role.removeprefix("quaymeter_"): make_conninfo(database, user=role) for role in roles}
    with psycopg.connect(database, autocommit=True) as connection:
        for role in roles:
            connection.execute(f"ALTER ROLE {role} NOLOGIN")


def refused(dsn: str, query: str) -> bool:
    """Whether a statement is refused for want of a right."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            connection.execute(query)
        except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction):
            return True
    return False


def test_the_gateway_writes_all_it_must_as_its_role(database: str, logins: dict[str, str]) -> None:
    """A batch with readings, refusals, duplicates, conflicts and a new month needs no more than the writer's rights."""
    apply_site(database, small_site(), who="test")
    catalogue = load_catalogue(logins["writer"], "quay")
    point = catalogue.points["quay/pump/power"].point_id
    decoded = decoded_of(
        batch_of([(point, NOW_US, 1.0), (point, NOW_US, 1.0), (point, NOW_US, 2.0), (point + 99, NOW_US, 1.0)]),
        refusals=[Refusal(0, RefusalReason.SCHEMA, "bad")],
        sequences=[MessageNumber("dev", 1, 1)],
    )
    with Writer(logins["writer"], gateway="g1") as writer:
        result = writer.write(messages_of(), decoded)
    assert (result.stored, result.duplicate, result.quarantined) == (1, 1, 3)


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE reading SET value = 0",
        "DELETE FROM reading",
        "SELECT payload FROM quarantine_payload",
        "SELECT * FROM quarantine",
        "SELECT * FROM audit_log",
        "SELECT * FROM tariff",
        "SELECT * FROM reading_1d",
        "SELECT * FROM correction",
        "UPDATE point SET unit = 'kW'",
        "CREATE TABLE mine (a int)",
    ],
)
def test_the_gateway_can_do_no_more(logins: dict[str, str], query: str) -> None:
    """It cannot change readings, nor read what it need not."""
    assert refused(logins["writer"], query)


def test_the_services_apply_sites_and_refresh_but_never_change_readings(database: str, logins: dict[str, str]) -> None:
    """The app role does its work, and cannot touch a raw reading or the audit log."""
    app = logins["app"]
    assert apply_site(app, small_site(), who="test").added
    point = load_catalogue(app, "quay").points["quay/pump/power"].point_id
    with Writer(app, gateway="import") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
    assert refresh_all(app) == 1
    for query in ("UPDATE reading SET value = 0", "DELETE FROM reading", "DELETE FROM audit_log", "TRUNCATE reading"):
        assert refused(app, query), query
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM reading_1d").fetchone() == (1,)


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE savings_run SET stopped = true",
        "DELETE FROM savings_run",
        "UPDATE savings_figure SET saving = 1",
        "UPDATE savings_day SET saving = 1",
        "DELETE FROM savings_succession",
        "UPDATE demonstrator_plan SET plan = '{}'",
        "UPDATE non_routine_event_change SET who = 'me'",
        "UPDATE demonstrator SET key = 'x'",
        "DELETE FROM jobs.schema_step",
        "CREATE TABLE jobs.mine (a int)",
    ],
)
def test_the_services_never_change_what_was_declared_or_found(logins: dict[str, str], query: str) -> None:
    """Plans, events and runs are only ever added; the queue is used, not rebuilt."""
    assert refused(logins["app"], query)


def test_nobody_else_uses_the_queue(logins: dict[str, str]) -> None:
    """Jobs are seen and made by services alone."""
    query = "SELECT * FROM jobs.procrastinate_jobs"
    assert [refused(logins[role], query) for role in ("app", "writer", "reader")] == [False, True, True]


def test_the_reader_sees_views_and_nothing_else(database: str, logins: dict[str, str]) -> None:
    """Every view answers; every table is refused; its transactions are read-only and its statements time out."""
    reader = logins["reader"]
    with connect(database) as connection:
        names = connection.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v')"
        ).fetchall()
    for name, kind in names:
        assert refused(reader, f"SELECT 1 FROM {name}") == (name not in VIEWS), (name, kind)
    assert {name for name, kind in names if kind == "v"} == VIEWS
    assert refused(reader, "CREATE TEMP TABLE t AS SELECT 1")
    assert refused(reader, "SELECT ensure_reading_space(ARRAY['2000-01-01']::date[])")
    with psycopg.connect(reader) as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)


def test_the_services_correct_and_withdraw_and_nothing_else(logins: dict[str, str], database: str) -> None:
    """The app role makes, previews and withdraws corrections; what was said and its readings it cannot touch."""
    app = logins["app"]
    apply_site(database, small_site(), who="test")
    catalogue = load_catalogue(app, "quay")
    point = catalogue.points["quay/pump/power"].point_id
    with Writer(app, gateway="import") as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
    window = Window(from_us(NOW_US), from_us(NOW_US + MINUTE_US))
    proposals = strike(catalogue, ["quay/pump/power"], window)
    assert len(preview(app, proposals)) == 1
    (made,) = correct(app, proposals, who="test", why="stuck")
    for query in (
        "UPDATE correction SET why = ''",
        "UPDATE correction SET made_at = now()",
        "DELETE FROM correction",
        "UPDATE correction_reading SET value = 0",
        "DELETE FROM correction_reading",
        "TRUNCATE correction_reading",
        "INSERT INTO correction (point_id, starts, ends, who, why, made_at) VALUES (1, now(), now(), 'a', 'b', now())",
    ):
        assert refused(app, query), query
    assert withdraw(app, [made.number], who="test", why="it was not")
    assert refused(logins["reader"], "SELECT * FROM correction_reading")
