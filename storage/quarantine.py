"""The quarantine: what was refused, and why; listed, shown, marked as replayed, closed, and at last forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from storage.engine import storage_errors
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.engine import Connection

FORGOTTEN_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class QuarantineEntry:
    """One refused entry, or one whole refused message where `entry` is empty."""

    id: int
    arrived_at: datetime
    gateway: str
    topic: str
    content_type: str
    payload_bytes: int  # true size; more than len(payload) where the payload was cut
    reason: str
    detail: str
    entry: str
    replayed_at: datetime | None
    replayed_by: str | None
    payload: bytes | None  # only where one entry is asked for

    @property
    def complete(self) -> bool:
        """Whether the whole payload is kept, so that it can be replayed."""
        return self.payload is not None and len(self.payload) == self.payload_bytes


@dataclass(frozen=True, kw_only=True)
class ReasonCount:
    """How often one reason was met."""

    reason: str
    entries: int
    open: int  # not replayed or closed yet


def list_(
    connection: Connection,
    *,
    reason: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    open_only: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> list[QuarantineEntry]:
    """Return refused entries without their payloads, newest first; `before` is the last id of the page before."""
    parameters = {
        "reason": reason,
        "start": start,
        "end": end,
        "open_only": open_only,
        "before": before,
        "limit": limit,
    }
    with storage_errors("list the quarantine"):
        rows = connection.execute(statement("quarantine", "list"), parameters).fetchall()
    return [_entry(row) for row in rows]


def show(connection: Connection, entry_id: int) -> QuarantineEntry:
    """Return one refused entry with its message."""
    with storage_errors("show a quarantined entry"):
        row = connection.execute(statement("quarantine", "show"), (entry_id,)).fetchone()
    if row is None:
        raise _no_entry(entry_id)
    return _entry(row)


def _no_entry(entry_id: int) -> StorageError:
    return StorageError(f"no quarantined entry {entry_id}", cure="list them: quaymeter quarantine list")


class OpenEntry(NamedTuple):
    """What was refused of a message."""

    id: int
    reason: str
    entry: str  # as it is kept, see `storage.quarantine_writer.kept_text`


def messages_of(connection: Connection, ids: Sequence[int]) -> list[list[int]]:
    """Group entries by the message they came in; an id that is not there is an error."""
    with storage_errors("find the messages of quarantined entries"):
        groups = [group for _, group in connection.execute(statement("quarantine", "messages"), (list(ids),))]
    missing = set(ids).difference(*groups)
    if missing:
        raise _no_entry(min(missing))
    return groups


def entries_of(connection: Connection, ids: Sequence[int]) -> list[OpenEntry]:
    """Return entries without their messages, oldest first."""
    with storage_errors("read quarantined entries"):
        return [OpenEntry(*row) for row in connection.execute(statement("quarantine", "entries"), (list(ids),))]


def counts(connection: Connection) -> list[ReasonCount]:
    """Count the quarantine by reason."""
    with storage_errors("count the quarantine"):
        rows = connection.execute(statement("quarantine", "counts")).fetchall()
    return [ReasonCount(reason=reason, entries=entries, open=left) for reason, entries, left in rows]


def mark_replayed(connection: Connection, ids: Sequence[int], *, who: str) -> int:
    """Mark entries (and the others of their messages) as replayed; return how many were marked.

    Part of the transaction that stores what they held: it neither commits nor turns the driver's errors into ours.
    """
    marked = connection.execute(statement("quarantine", "mark_replayed"), {"ids": list(ids), "who": who}).rowcount
    audit = {"who": who, "what": "quarantine_replay", "subject": "quarantine", "detail": Jsonb({"ids": list(ids)})}
    connection.execute(statement("catalogue", "audit"), audit)
    return marked


def close(connection: Connection, ids: Sequence[int], *, who: str) -> int:
    """Close entries whose cause will not be mended, and note who did it; return how many were open.

    An id that is not there is an error, and then nothing is closed.
    """
    with storage_errors("close quarantined entries"), connection.transaction():
        missing = set(ids).difference(entry.id for entry in entries_of(connection, ids))
        if missing:
            raise _no_entry(min(missing))
        closed = connection.execute(statement("quarantine", "close"), {"ids": list(ids), "who": who}).rowcount
        audit = {"who": who, "what": "quarantine_close", "subject": "quarantine", "detail": Jsonb({"ids": list(ids)})}
        connection.execute(statement("catalogue", "audit"), audit)
    return closed


def forget(connection: Connection, *, closed_before: datetime, most: int = FORGOTTEN_AT_ONCE) -> int:
    """Forget at most so many entries that were replayed or closed before a time; return how many there were.

    Open entries stay for ever. The ledger still balances: what is forgotten is counted.
    """
    with storage_errors("forget what was quarantined"), connection.transaction():
        row = connection.execute(statement("quarantine", "forget"), {"before": closed_before, "most": most}).fetchone()
    return int(row[0]) if row else 0


def _entry(row: tuple[Any, ...]) -> QuarantineEntry:
    return QuarantineEntry(**dict(zip(QuarantineEntry.__dataclass_fields__, row, strict=True)))
