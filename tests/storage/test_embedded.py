"""The server that pip installs: started, joined, stopped, crashed, and found again with its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.logins import APP, let_log_in
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

SMALL = {"shared_buffers": "'32MB'"}


def test_data_survive_a_restart_and_a_crash(tmp_path: Path) -> None:
    """What was committed is there after a stop, after a stop without checkpoint, and from another object."""
    directory = tmp_path / "a very long name of a directory that no socket path would ever have room for, " / ("x" * 40)
    server = EmbeddedServer(directory, settings=SMALL)
    dsn = server.start()
    with connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
    joined = EmbeddedServer(directory, settings=SMALL)
    assert joined.start() == dsn
    assert joined.pid == server.pid
    server.stop(immediately=True)
    assert joined.pid is None
    with joined, connect(joined.dsn) as connection:
        assert connection.execute("SELECT a FROM kept").fetchone() == (1,)
    joined.stop()  # once more does no harm


def test_it_is_durable_and_private(tmp_path: Path) -> None:
    """Commits reach the disk, no TCP port is open, and only the owner reaches the socket."""
    with EmbeddedServer(tmp_path / "db", settings=SMALL) as server, connect(server.dsn) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes',"
            " 'listen_addresses', 'unix_socket_permissions')"
        ).fetchall()
    assert dict(rows) == {
        "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "",
        "unix_socket_permissions": "0700",
    }  # fmt: skip


def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    """A setting that the server refuses ends in an error with the place and the log."""
    server = EmbeddedServer(tmp_path / "db", settings={"shared_buffers": "'nonsense'"})
    with pytest.raises(StorageError, match=r"(?s)embedded PostgreSQL in .*db.*postgresql\.log"):
        server.start()


def test_a_database_dsn_names_its_database(tmp_path: Path) -> None:
    """The DSN of another database differs in nothing else."""
    server = EmbeddedServer(tmp_path / "db")
    parsed = psycopg.conninfo.conninfo_to_dict(server.database_dsn("other"))
    assert parsed["dbname"] == "other"
    assert parsed["host"] == psycopg.conninfo.conninfo_to_dict(server.dsn)["host"]


def test_logins_other_than_the_owner_prove_themselves(tmp_path: Path) -> None:
    """With passwords, a role gets in by the right one alone; the owner needs none."""
    with EmbeddedServer(tmp_path / "db", settings=SMALL, passwords=True) as server:
        with connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE ROLE quaymeter_app")
        right = let_log_in(server.dsn, APP, "a'b c")
        with connect(right) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (APP,)
        for wrong in (make_conninfo(right, password="x"), make_conninfo(server.dsn, user=APP)):
            with pytest.raises(StorageError):
                connect(wrong)
        with connect(let_log_in(server.dsn, APP, "new")), pytest.raises(StorageError):
            connect(right)
