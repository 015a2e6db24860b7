"""Roll-ups when something goes wrong beside them: a point that cannot be rolled up, a site applied meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

import storage.rollups
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.rollups import rebuild, refresh, refresh_all
from storage.writer import Writer
from tests.storage.building import (
    MINUTE_US,
    NOW_US,
    add_points,
    batch_of,
    decoded_of,
    messages_of,
    small_point,
    small_site,
)

if TYPE_CHECKING:
    from telemetry.site import Site

HOURS_AFTER = 8 * 60  # from NOW to where the day of Tokyo has begun that Paris will begin later [min]


def ask(dsn: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Ask one question."""
    with connect(dsn, autocommit=True) as connection:
        return connection.execute(query.encode(), parameters or None).fetchall()


def write(dsn: str, points: list[int], minutes: range) -> None:
    """Write a reading a minute of each point."""
    rows = [(point, NOW_US + k * MINUTE_US, 1.0) for k in minutes for point in points]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))


def test_one_point_that_cannot_be_rolled_up_stops_no_other(database: str) -> None:
    """What the database refuses of one point is set aside with its cause; all others go on; a rebuild mends it."""
    points = add_points(database, 5)
    culprit = points[2]
    with connect(database, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE reading_1h ADD CONSTRAINT unlucky CHECK (point_id <> {culprit})")
    write(database, points, range(30))
    result = refresh(database)
    assert (result.batches, result.set_aside) == (1, 1)
    assert refresh(database).idle
    rolled = ask(database, "SELECT point_id FROM reading_1d ORDER BY 1")
    assert [point for (point,) in rolled] == [point for point in points if point != culprit]
    ((point, cause),) = ask(database, "SELECT point_id, cause FROM rollup_set_aside")
    assert point == culprit
    assert "unlucky" in cause
    with connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE reading_1h DROP CONSTRAINT unlucky")
    rebuild(database, [culprit])
    assert ask(database, "SELECT count(*) FROM rollup_set_aside") == [(0,)]
    assert ask(database, "SELECT n FROM reading_1d WHERE point_id = %s", culprit) == [(30,)]


@pytest.mark.parametrize("column", ["period_s", "silent_after_s", "modulus"])
@pytest.mark.parametrize("figure", [0.0, 1e-300, 1e300])
def test_the_database_holds_no_impossible_point(database: str, column: str, figure: float) -> None:
    """What no site file may say cannot come in by another door either."""
    (point,) = add_points(database, 1)
    with connect(database, autocommit=True) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"UPDATE point SET {column} = %s WHERE id = %s", (figure, point))


class _Watched:
    """A connection that says when it is about to commit, and waits until it may."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.about_to_commit = threading.Event()
        self.may_commit = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        self.about_to_commit.set()
        assert self.may_commit.wait(30)
        self._connection.commit()


@pytest.mark.parametrize(
    "changed",
    [
        small_site([small_point("power", period_s=30.0)], timezone=ZoneInfo("Asia/Tokyo")),
        small_site([small_point("power", period_s=900.0, silent_after_s=900.0)]),
    ],
    ids=["zone", "period"],
)
def test_a_site_applied_while_a_refresher_works(database: str, changed: Site) -> None:
    """Apply waits for the refresher, so that the days are made by the new rules alone and nothing is counted twice."""
    apply_site(database, small_site([small_point("power", period_s=30.0)]), who="test")
    point = load_catalogue(database, "quay").points["quay/pump/power"].point_id
    write(database, [point], range(HOURS_AFTER, HOURS_AFTER + 120, 15))
    with connect(database) as connection:
        watched = _Watched(connection)
        refresher = threading.Thread(target=storage.rollups.refresh_with, args=(watched,))
        refresher.start()
        assert watched.about_to_commit.wait(30)
        applier = threading.Thread(target=apply_site, args=(database, changed), kwargs={"who": "test"})
        applier.start()
        applier.join(0.5)
        watched.may_commit.set()
        refresher.join(30)
        applier.join(30)
    refresh_all(database)
    grown = everything(database)
    assert ask(database, "SELECT sum(n)::int FROM reading_1d") == [(8,)]
    rebuild(database, [point])
    assert everything(database) == grown


def everything(dsn: str) -> list[tuple[Any, ...]]:
    """Return the rows of all levels."""
    return [row for level in ("1m", "15m", "1h", "1d") for row in ask(dsn, f"SELECT * FROM reading_{level} ORDER BY 2")]


def test_what_a_site_changes_waits_for_the_lock_only_where_it_writes(database: str) -> None:
    """A dry run and an apply that changes nothing do not wait for a refresher at work."""
    site = small_site()
    apply_site(database, site, who="test")
    with connect(database) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1903519093)")
        assert not apply_site(database, site, who="test")
        assert apply_site(database, replace(site, name="Another"), who="test", dry_run=True).changed
