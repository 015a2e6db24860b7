"""Connections, which engine is behind them, and driver errors turned into ours."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from storage.arrays import register_arrays
from telemetry.errors import StorageError, WindowTooLongError

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = psycopg.Connection[tuple[Any, ...]]

# SQLSTATE classes where the same batch may succeed later.
TRANSIENT_CLASSES = ("08", "40", "53", "57", "58", "55")
# UTC everywhere. On TimescaleDB, late data may decompress as much as they touch: refused, they could never be stored.
SESSION = (
    "SELECT set_config('TimeZone', 'UTC', false),"
    " set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', false)"
)
TOO_LONG = "22023"  # what rollup_window says of a window that is too long for its resolution
CURES = {
    TOO_LONG: "ask for a shorter stretch of time, or for a coarser resolution",
    "28": "check user and password of the database (QUAYMETER_DSN)",
    "3D": "create the database, or correct its name in QUAYMETER_DSN",
    "42P01": "bring the schema up to date: quaymeter db migrate",
    "42883": "bring the schema up to date: quaymeter db migrate",
    "42501": "the role lacks a right: connect as the owner, or run quaymeter db migrate as the owner once",
    "53100": "the disk of the database is full: make room; nothing was lost, the batch is tried again",
    "57P03": "the database is starting or stopping; it is tried again",
}


class Engine(StrEnum):
    """What stands behind a connection."""

    POSTGRESQL = "postgresql"
    TIMESCALEDB = "timescaledb"


def connect(dsn: str, *, autocommit: bool = False, connect_timeout_s: int = 10) -> Connection:
    """Open a connection whose times are UTC.

    Server-side prepared statements are left to the caller: `prepare=True` where a statement repeats.
    """
    with storage_errors("connect"):
        connection = psycopg.connect(
            dsn, autocommit=True, connect_timeout=connect_timeout_s, application_name="quaymeter"
        )
        connection.execute(SESSION)
        register_arrays(connection)
        connection.autocommit = autocommit
        return connection


def engine_of(connection: Connection) -> Engine:
    """Ask the database whether it carries TimescaleDB."""
    with storage_errors("ask for the engine"):
        row = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return Engine.TIMESCALEDB if row else Engine.POSTGRESQL


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Read everything as it is at one moment, and write nothing; the connection is in autocommit mode."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def storage_errors(place: str) -> Iterator[None]:
    """Turn driver errors into StorageError with place, cause and cure."""
    try:
        yield
    except psycopg.Error as error:
        raise wrapped(error, place) from error


def wrapped(error: psycopg.Error, place: str) -> StorageError:
    """Return our error for the driver's."""
    state = error.sqlstate or ""
    cause = (error.diag.message_primary or str(error) or type(error).__name__).strip().replace("\n", "; ")
    cure = CURES.get(state) or CURES.get(state[:2]) or ""
    kind = WindowTooLongError if state == TOO_LONG else StorageError
    return kind(cause, place=f"database: {place}", cure=cure, transient=is_transient(error))


def is_transient(error: psycopg.Error) -> bool:
    """Tell an error that passes (lost connection, full disk, deadlock) from one that stays."""
    state = error.sqlstate
    if state is None:  # the driver's own: the connection is gone, or never was
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    if isinstance(error, (errors.QueryCanceled, errors.ReadOnlySqlTransaction)):
        return True  # a standby during failover is read-only for a moment
    return state.startswith(TRANSIENT_CLASSES)
