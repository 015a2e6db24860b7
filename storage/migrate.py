"""Schema migrations: plain numbered SQL files, applied by yoyo, one migrator at a time.

migrations/common        both engines
migrations/postgresql    the plain engine's part, and
migrations/timescaledb   TimescaleDB's part: the same numbers, the same names of tables and functions
"""

from __future__ import annotations

import getpass
import socket
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yoyo  # type: ignore[import-untyped] # yoyo brings no types
import yoyo.exceptions  # type: ignore[import-untyped] # yoyo brings no types
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend  # type: ignore[import-untyped] # yoyo brings no types
from yoyo.connections import DatabaseURI  # type: ignore[import-untyped] # yoyo brings no types
from yoyo.migrations import MigrationList  # type: ignore[import-untyped] # yoyo brings no types

from storage.engine import Engine, connect, engine_of, storage_errors
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from storage.engine import Connection

FOLDER = Path(__file__).parent / "migrations"
LOCK_KEY = 0x71756179  # "quay": any number, the same for all migrators


@dataclass(frozen=True, kw_only=True)
class MigrationStatus:
    """How far a database is."""

    engine: Engine
    applied: tuple[str, ...]  # in order
    pending: tuple[str, ...]
    unknown: tuple[str, ...]  # applied by a newer version of quaymeter

    @property
    def up_to_date(self) -> bool:
        """Nothing left to apply, and nothing that this version does not know."""
        return not self.pending and not self.unknown


def migrate(dsn: str, *, folder: Path = FOLDER) -> list[str]:
    """Bring the schema up to date; return the names of the migrations applied.

    Each migration and its mark are one transaction: a kill in between leaves the database as it was before it.
    """
    with storage_errors("migrate"), connect(dsn, autocommit=True) as connection:
        engine = _prepared(connection)
        with _one_migrator(connection):
            backend = _Backend(connection)
            pending = backend.to_apply(_migrations(engine, folder))
            for migration in pending:
                backend.apply_one(migration)
            return [migration.id for migration in pending]


def status(dsn: str, *, folder: Path = FOLDER) -> MigrationStatus:
    """Say which migrations are applied, pending or unknown, changing nothing."""
    with storage_errors("read the migration status"), connect(dsn, autocommit=True) as connection:
        engine = engine_of(connection)
        known = [migration.id for migration in _migrations(engine, folder)]
        applied = _applied(connection)
    return MigrationStatus(
        engine=engine,
        applied=tuple(name for name in known if name in applied),
        pending=tuple(name for name in known if name not in applied),
        unknown=tuple(name for name in applied if name not in known),
    )


def _applied(connection: Connection) -> list[str]:
    if connection.execute("SELECT to_regclass('_yoyo_migration')").fetchone() == (None,):
        return []
    rows = connection.execute("SELECT migration_id FROM _yoyo_migration ORDER BY applied_at_utc, migration_id")
    return [row[0] for row in rows]


def _prepared(connection: Connection) -> Engine:
    """Load TimescaleDB where the server has it: which engine it is must be settled before the first table."""
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
    if connection.execute(query).fetchone():
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    return engine_of(connection)


@contextmanager
def _one_migrator(connection: Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))


def _migrations(engine: Engine, folder: Path) -> Any:  # noqa: ANN401 – yoyo is untyped
    found = yoyo.read_migrations(str(folder / "common"), str(folder / engine.value))
    if not found:
        raise StorageError("no migrations found", place=str(folder), cure="install quaymeter again")
    return MigrationList(sorted(found, key=lambda migration: migration.id))


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc] # yoyo is untyped
    """yoyo's backend over the connection that holds the advisory lock, instead of several of its own."""

    def __init__(self, connection: Connection) -> None:
        self._ours = connection
        super().__init__(DatabaseURI("postgresql+psycopg", None, None, None, None, "", {}), "_yoyo_migration")
        self.create_lock_table()

    def connect(self, dburi: object) -> Connection:
        """Return our connection; it is in autocommit mode, as yoyo expects."""
        del dburi
        return self._ours

    def create_lock_table(self) -> None:
        """Make the table that yoyo's own schema upgrades lock with."""
        self.execute(self.format_sql(self.create_lock_table_sql).replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 – yoyo's signature
        """Apply and mark in one transaction."""
        self.ensure_internal_schema_updated()
        try:
            with self.transaction():
                migration.process_steps(self, "apply", force=force)
                self.log_migration(migration, "apply")
                if mark:
                    self.mark_one(migration, log=False)
        except yoyo.exceptions.BadMigration as error:
            raise StorageError(str(error), place=f"migration {migration.id}") from error

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> Mapping[str, object]:  # noqa: ANN401 – yoyo's signature
        """Return the row of yoyo's log; unlike yoyo's own, it cannot fail or wait for want of a name server."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": _user(),
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),  # yoyo's column has no zone
            "operation": operation,
        }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
