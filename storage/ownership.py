"""One owner among many processes: an advisory lock, held for as long as its connection lives."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

from storage.engine import connect
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from storage.engine import Connection


class Ownership:
    """The right to do something that only one process may do at a time; used by one thread."""

    def __init__(self, dsn: str, name: str) -> None:
        """Name what is owned; nothing is taken before `held` is asked."""
        self._dsn = dsn
        self._name = name
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Take it if it is free, and tell whether it is ours. False while the database cannot be reached."""
        try:
            if self._connection is None:
                self._connection = connect(self._dsn, autocommit=True)
            row = self._connection.execute(statement("ownership", "hold"), {"name": self._name}).fetchone()
        except (psycopg.Error, StorageError):
            self.release()
            return False
        if row is None or not row[0]:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None
