"""Who did what: notes that only grow, beside whatever is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from storage.statements import statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.engine import Connection


def note(connection: Connection, *, who: str, what: str, subject: str, detail: Mapping[str, object]) -> None:
    """Note a change in the audit log; part of the transaction that makes it. `detail` is what JSON can hold."""
    parameters = {"who": who, "what": what, "subject": subject, "detail": Jsonb(dict(detail))}
    connection.execute(statement("catalogue", "audit"), parameters)
