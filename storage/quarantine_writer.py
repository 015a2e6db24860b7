"""The writer's side of the quarantine: each refused entry a line, each message's payload once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.plain_text import plain
from storage.statements import statement
from storage.times import from_us
from telemetry.batch import RefusalReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.engine import Connection
    from storage.outcome import RefusedRow
    from telemetry.batch import Message

PAYLOAD_LIMIT = 1_000_000  # bytes kept of a payload: enough to see what it was, too little to fill a disk with one
TEXT_LIMIT = 10_000  # characters kept of an entry and of a detail


def write_refusals(
    connection: Connection, gateway: str, messages: Sequence[Message], refused: Sequence[RefusedRow]
) -> set[int]:
    """Copy the refused messages and the refusals within the open transaction; return the messages not kept whole."""
    too_large = {row.message for row in refused if row.reason == RefusalReason.TOO_LARGE}
    cut: set[int] = set()
    wanted = sorted({row.message for row in refused})
    numbers = connection.execute(statement("writer", "payload_numbers"), (len(wanted),)).fetchall()
    payload_id = {message: number for message, (number,) in zip(wanted, numbers, strict=True)}
    with connection.cursor().copy(statement("writer", "copy_payloads")) as copy:
        copy.set_types(["int8", "text", "text", "bytea", "int8"])
        for message in wanted:
            topic, payload, content_type, _ = messages[message]
            # What was too large was cut as it came in, one byte above what is allowed: it is never taken for whole.
            kept = bytes(payload[: min(PAYLOAD_LIMIT, len(payload) - (message in too_large))])
            if len(kept) < len(payload):
                cut.add(message)
            copy.write_row((payload_id[message], plain(topic), plain(content_type), kept, len(payload)))
    with connection.cursor().copy(statement("writer", "copy_refusals")) as copy:
        copy.set_types(["int8", "timestamptz", "text", "text", "text", "text"])
        for message, received_us, reason, detail, entry in refused:
            texts = (str(reason), kept_text(detail), kept_text(entry))
            copy.write_row((payload_id[message], from_us(received_us), gateway, *texts))
    return cut


def kept_text(text: str) -> str:
    """Return as much of an entry or a detail as the quarantine keeps of it."""
    return plain(text[:TEXT_LIMIT])
