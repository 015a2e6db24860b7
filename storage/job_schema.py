"""The tables of procrastinate, the queue of background jobs: made from what the installed package brings.

The package has its whole schema, and a file for each step from one version to the next. A new database takes the
schema; an older one takes the steps that it lacks. A new version of the package needs one more migration of ours that
calls `bring_up`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from procrastinate.schema import SchemaManager

from storage.statements import statement

if TYPE_CHECKING:
    from storage.engine import Connection

SCHEMA = "jobs"


def bring_up(connection: Connection) -> None:
    """Make or mend the tables of the queue; part of a migration's transaction."""
    connection.execute(statement("jobs", "make_schema"))
    before = connection.execute("SELECT current_setting('search_path')").fetchone()
    connection.execute("SELECT set_config('search_path', %s, true)", (SCHEMA,))
    shipped = {path.name: path for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))}
    done = {name for (name,) in connection.execute("SELECT name FROM schema_step")}
    texts = [path.read_text("utf-8") for name, path in shipped.items() if name not in done] if done else [
        SchemaManager.get_schema()
    ]  # fmt: skip
    for text in texts:
        connection.execute(text.encode())
    with connection.cursor() as cursor:
        cursor.executemany(statement("jobs", "note_step"), [(name,) for name in shipped])
    connection.execute(statement("jobs", "grant"))
    connection.execute("SELECT set_config('search_path', %s, true)", before)
