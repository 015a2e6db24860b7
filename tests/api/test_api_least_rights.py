"""The service needs to read and nothing else; and what it says about itself."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from psycopg.conninfo import make_conninfo

from api.settings import ApiSettings
from storage.correction_file import Window, strike
from storage.corrections import correct
from storage.pool import ReadPool, WritePool
from telemetry.errors import StorageError
from tests.api.conftest import refusal, serving
from tests.api.saved_runs import stored, with_demonstrators

if TYPE_CHECKING:
    from tests.api.conftest import Port

PATHS = (
    "/", "/small", "/small/quarantine", "/small/losses", "/small/point/store/room-1/t_air", "/api/v1/sites",
    "/api/v1/sites/small", "/api/v1/assets", "/api/v1/points", "/api/v1/latest", "/api/v1/ledger", "/api/v1/losses",
    "/api/v1/quarantine", "/api/v1/quarantine/1", "/api/v1/readings?points=store/room-1/t_air",
    "/api/v1/readings?points=store/room-1/t_air&resolution=1h&format=csv", "/health/ready",
    "/small/indicators", "/small/demonstrators", "/small/demonstrators/cold-store", "/api/v1/demonstrators",
    "/api/v1/portfolio", "/api/v1/demonstrators/cold-store/runs/latest", "/api/v1/demonstrators/cold-store/events",
    "/api/v1/demonstrators/cold-store/runs/latest/bundle", "/api/v1/corrections", "/api/v1/corrections/1",
)  # fmt: skip


def test_every_page_works_with_the_role_of_the_api(port: Port) -> None:
    """The role that the installation gives to the api is enough for every page and every answer."""
    with_demonstrators(port.dsn)
    stored(port.dsn)
    port.write_everything()
    port.write([], refused=[refusal()])
    ends = datetime.now(UTC)
    stuck = strike(port.catalogue, ["store/room-1/t_air"], Window(ends - timedelta(minutes=1), ends))
    correct(port.dsn, stuck, who="A. Martin", why="stuck")
    dsn = make_conninfo(port.dsn, options="-c role=quaymeter_app")
    with serving(ApiSettings(dsn=dsn)) as address, httpx.Client(base_url=address) as client:
        failed = {path: answer.text for path in PATHS if (answer := client.get(path)).status_code != 200}
    assert failed == {}


def test_no_connection_of_the_service_can_write(port: Port) -> None:
    """Even with the owner's rights, a connection of the pool refuses to change anything."""
    with ReadPool(port.dsn, size=1) as pool:
        with pytest.raises(StorageError, match="read-only"), pool.connection() as connection:
            connection.execute("DELETE FROM point_latest")
        with (
            pytest.raises(StorageError, match="read-only"),
            pool.connection(statement_timeout_s=1) as connection,
        ):
            connection.execute("CREATE TABLE mine (a int)")


def test_a_connection_that_may_write_undoes_what_fails(port: Port) -> None:
    """What a request writes is there when it ends well, and gone when anything is raised; errors leave as ours."""
    query = "INSERT INTO audit_log (who, what, subject) VALUES ('a', %s, 'c')"
    with WritePool(port.dsn, size=1) as pool:
        with pool.connection() as connection:
            connection.execute(query, ("kept",))
        with pytest.raises(StorageError, match="no_such_table"), pool.connection() as connection:
            [connection.execute(text) for text in (query % "'undone'", "DELETE FROM no_such_table")]
        with pool.connection() as connection:
            rows = connection.execute("SELECT what FROM audit_log WHERE who = 'a'").fetchall()
    assert rows == [("kept",)]


def test_a_query_that_takes_too_long_is_stopped(port: Port) -> None:
    """A limit of time holds for every query, and the connection is good again after it."""
    with ReadPool(port.dsn, size=1) as pool:
        with pytest.raises(StorageError, match="too long"), pool.connection(statement_timeout_s=0.05) as connection:
            connection.execute("SELECT pg_sleep(5)")
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_nobody_waits_for_ever_for_a_connection(port: Port) -> None:
    """When all are lent out, the next is told after the waiting time, with a cure."""
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ReadPool(port.dsn, size=1, wait_s=0.2))
        stack.enter_context(pool.connection())
        with pytest.raises(StorageError) as caught:
            stack.enter_context(pool.connection())
    assert caught.value.cure
    assert caught.value.transient


def test_metrics_count_requests_by_route_not_by_path(client: httpx.Client, port: Port) -> None:
    """Counters name the route's template, so that a thousand points do not make a thousand series."""
    port.write_everything()
    for key in list(port.catalogue.points)[:5]:
        assert client.get(f"/api/v1/points/{key}").status_code == 200
    client.get("/api/v1/no/such/path")
    client.get("/api/v1/readings?points=store/room-1/t_air&format=csv")
    text = client.get("/metrics").text
    assert (
        'quaymeter_api_requests_total{method="GET",route="/api/v1/points/{area}/{asset}/{name}",status="200"} 5.0'
        in text
    )
    assert "t_air" not in text
    assert "no/such" not in text
    assert 'quaymeter_api_readings_sent_total{format="csv"} 1.0' in text
    assert "quaymeter_api_live_clients 0.0" in text
    assert client.get("/api/v1/metrics").status_code == 200
