"""The condition of a database, as `quaymeter doctor` looks at it: what it is, how it is set, what its clock says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from storage.engine import connect, storage_errors
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Server(NamedTuple):
    """What a database says about itself."""

    version: str  # of PostgreSQL
    timescaledb: str | None  # version of the extension, None on plain PostgreSQL
    synchronous_commit: str
    fsync: str
    full_page_writes: str
    data_checksums: str
    in_recovery: bool  # a standby: nothing can be written
    size: int  # of the database [bytes]
    max_connections: int
    connections: int  # now
    data_directory: str | None  # None where the role may not see it
    user: str


class Condition(NamedTuple):
    """A database at one moment."""

    server: Server
    clock_ahead_s: float  # the database's clock minus this machine's [s]
    clock_uncertainty_s: float  # half of the question's round trip [s]
    roles: Mapping[str, bool]  # role → whether it may log in


def condition(dsn: str) -> Condition:
    """Ask a database for its condition; changes nothing. Raises StorageError."""
    with connect(dsn, autocommit=True) as connection, storage_errors("ask for its condition"):
        row = connection.execute(statement("condition", "server")).fetchone()
        before = datetime.now(UTC)
        clock = connection.execute(statement("condition", "clock")).fetchone()
        after = datetime.now(UTC)
        roles = connection.execute(statement("condition", "roles")).fetchall()
    if row is None or clock is None:
        raise StorageError("gave no answer", place="database", cure="ask again")
    half = (after - before) / 2
    ahead = clock[0] - (before + half)
    return Condition(Server(*row), ahead.total_seconds(), half.total_seconds(), dict(roles))
