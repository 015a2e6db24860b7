"""Connections that only read, shared by the threads of one service."""

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

READ_ONLY = "-c default_transaction_read_only=on -c TimeZone=UTC -c application_name=quaymeter-api"


class ReadPool:
    """A bounded pool of read-only connections; opening it does not wait for the database.

    A connection that died (the server restarted) is replaced before anybody is handed it.
    """

    def __init__(self, dsn: str, *, size: int, wait_s: float = 3.0, statement_timeout_s: float = 60.0) -> None:
        """Keep up to `size` connections; nobody waits longer than `wait_s` [s] for one."""
        given = str(conninfo_to_dict(dsn).get("options") or "")
        options = f"{given} {READ_ONLY} -c statement_timeout={int(statement_timeout_s * 1000)}".lstrip()
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=wait_s,
            open=False,
            kwargs={"autocommit": True, "options": options, "connect_timeout": 3},
            check=ConnectionPool.check_connection,
            reconnect_timeout=30.0,
            name="quaymeter-read",
        )

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
        except PoolTimeout as error:
            raise StorageError(
                "no connection became free in time",
                place="database",
                cure="is the database running and reachable? `quaymeter doctor` says",
                transient=True,
            ) from error
        except psycopg.errors.QueryCanceled as error:
            raise StorageError(
                "the query took too long", place="database", cure="ask for a shorter window or a coarser resolution"
            ) from error
        except psycopg.Error as error:
            raise wrapped(error, "read") from error
