"""Connections that only read, and a few that may write, shared by the threads of one service."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from storage.engine import wrapped
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

SESSION = "-c TimeZone=UTC -c application_name=quaymeter-api"
READ_ONLY = f"-c default_transaction_read_only=on {SESSION}"
WAIT_S = 3.0  # nobody waits longer for a connection [s]


class ReadPool:
    """A bounded pool of read-only connections; opening it does not wait for the database.

    A connection that died (the server restarted) is replaced before anybody is handed it.
    """

    def __init__(self, dsn: str, *, size: int, wait_s: float = WAIT_S, statement_timeout_s: float = 60.0) -> None:
        """Keep up to `size` connections; nobody waits longer than `wait_s` [s] for one."""
        options = f"{READ_ONLY} {_limit(statement_timeout_s)}"
        self._pool = _pool(dsn, options, least=1, most=size, wait_s=wait_s, autocommit=True, name="quaymeter-read")

    def __enter__(self) -> Self:
        """Start connecting in the background."""
        self._pool.open(wait=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._pool.close(timeout=2.0)

    @contextmanager
    def connection(self, *, statement_timeout_s: float | None = None) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection; driver errors leave as StorageError with place, cause and cure.

        With `statement_timeout_s` [s] the pool's own limit is replaced, and everything is read in one transaction.
        """
        try:
            with self._pool.connection() as connection:
                if statement_timeout_s is None:
                    yield connection
                    return
                with connection.transaction():
                    limit = str(int(statement_timeout_s * 1000))
                    connection.execute("SELECT set_config('statement_timeout', %s, true)", (limit,))
                    yield connection
        except psycopg.errors.QueryCanceled as error:
            raise StorageError(
                "the query took too long", place="database", cure="ask for a shorter window or a coarser resolution"
            ) from error
        except (PoolTimeout, psycopg.Error) as error:
            raise _explained(error, "read") from error


class WritePool:
    """A few connections that may write, each lent for one transaction; none is open while nobody writes."""

    def __init__(self, dsn: str, *, size: int, wait_s: float = WAIT_S, statement_timeout_s: float = 30.0) -> None:
        """Open up to `size` connections; nobody waits longer than `wait_s` [s] for one."""
        options = f"{SESSION} {_limit(statement_timeout_s)}"
        self._pool = _pool(dsn, options, least=0, most=size, wait_s=wait_s, autocommit=False, name="quaymeter-write")

    def __enter__(self) -> Self:
        """Be ready to connect; nothing connects before somebody writes."""
        self._pool.open(wait=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._pool.close(timeout=2.0)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection for one transaction: committed at the end, undone where anything is raised."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.Error) as error:
            raise _explained(error, "write") from error


def _pool(
    dsn: str, options: str, *, least: int, most: int, wait_s: float, autocommit: bool, name: str
) -> ConnectionPool[psycopg.Connection[Any]]:
    """Return a pool that is not open yet; options that the DSN gives come first, so that ours win."""
    given = str(conninfo_to_dict(dsn).get("options") or "")
    return ConnectionPool(
        dsn,
        min_size=least,
        max_size=most,
        timeout=wait_s,
        open=False,
        kwargs={"autocommit": autocommit, "options": f"{given} {options}".lstrip(), "connect_timeout": 3},
        check=ConnectionPool.check_connection,
        reconnect_timeout=30.0,
        name=name,
    )


def _limit(statement_timeout_s: float) -> str:
    return f"-c statement_timeout={int(statement_timeout_s * 1000)}"


def _explained(error: psycopg.Error | PoolTimeout, doing: str) -> StorageError:
    """Return a driver's error as ours."""
    if isinstance(error, PoolTimeout):
        return StorageError(
            "no connection became free in time",
            place="database",
            cure="is the database running and reachable? `quaymeter doctor` says",
            transient=True,
        )
    return wrapped(error, doing)
