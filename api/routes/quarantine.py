"""What was refused, why, and what to do about it."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from pydantic import Field

from api.language import choose, words
from api.parts import WithParts
from api.problems import not_found, responses
from api.refusals import TITLES, explained
from api.schemas import Record
from api.times import Moment
from storage import quarantine
from telemetry.batch import RefusalReason
from telemetry.errors import StorageError

router = APIRouter(tags=["trust"], responses=responses(422, 503))
LARGEST_ID = 2**63 - 1
Language = Annotated[str, Header(max_length=500, description="Language of `title` and `explanation`.")]


class Refused(Record):
    """One refused entry, or one whole refused message where `entry` is empty."""

    id: int = Field(examples=[17])
    arrived_at: datetime
    gateway: str = Field(examples=["gateway-1"])
    topic: str = Field(examples=["port/v1/north-quay/frozen-store/room-1/telemetry"])
    content_type: str = Field(examples=["application/vnd.quaymeter+json"])
    payload_bytes: int = Field(description="True size of the message [bytes].", examples=[182])
    reason: RefusalReason = Field(examples=["unit"])
    detail: str = Field(
        description="Cause and cure, in English.", examples=["unit 'F' is not one of temperature: use Cel or K"]
    )
    title: str = Field(
        description="The reason in words, in French or English by Accept-Language.", examples=["impossible value"]
    )
    explanation: str = Field(
        description="What the reason means and what to do about it, likewise.",
        examples=["no such point – declare it in the site file or mend the name"],
    )
    entry: str = Field(description="The refused entry as it came.", examples=['{"n": "t_air", "v": 12, "u": "F"}'])
    replayed_at: datetime | None
    replayed_by: str | None


class RefusedMessage(Refused):
    """A refused entry with the message it came in."""

    payload_text: str | None = Field(description="The message where it is text.", examples=['{"v": 1, "dev": "plc-3"}'])
    payload_base64: str = Field(description="The message byte for byte.", examples=["eyJ2IjogMX0="])
    complete: bool = Field(description="Whether the whole message was kept.", examples=[True])


class ReasonCount(Record):
    """How often one reason was met."""

    reason: RefusalReason = Field(examples=["unit"])
    entries: int = Field(examples=[7])
    open: int = Field(description="Not replayed yet.", examples=[2])


class Quarantine(Record):
    """A page of the quarantine, newest first."""

    counts: list[ReasonCount]
    entries: list[Refused]
    next_before: int | None = Field(description="Give as `before` to get the next page.", examples=[None])


@router.get("/quarantine", summary="What was refused, newest first")
def entries(
    parts: WithParts,
    *,
    reason: Annotated[RefusalReason | None, Query(description="Only this reason.")] = None,
    start: Annotated[Moment | None, Query(alias="from", description="First time of arrival.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="End of the window, not included.")] = None,
    open_only: Annotated[bool, Query(description="Only what was not replayed yet.")] = False,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="`next_before` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Entries at most.")] = 100,
    accept_language: Language = "",
) -> Quarantine:
    """List refused entries with their reasons; nothing that came in is thrown away."""
    with parts.pool.connection() as connection:
        counts = quarantine.counts(connection)
        rows = quarantine.list_(
            connection, reason=reason, start=start, end=end, open_only=open_only, before=before, limit=limit + 1
        )
    shown = rows[:limit]
    return Quarantine(
        counts=[ReasonCount(reason=RefusalReason(row.reason), entries=row.entries, open=row.open) for row in counts],
        entries=[Refused(**_fields(row, accept_language)) for row in shown],
        next_before=shown[-1].id if len(rows) > limit else None,
    )


@router.get("/quarantine/{entry_id}", summary="One refused entry with its message", responses=responses(404))
def entry(
    parts: WithParts, entry_id: Annotated[int, Path(ge=0, le=LARGEST_ID)], accept_language: Language = ""
) -> RefusedMessage:
    """Show one refused entry with the whole message it came in."""
    with parts.pool.connection() as connection:
        try:
            row = quarantine.show(connection, entry_id)
        except StorageError as error:
            if error.__cause__ is not None:  # the database's own trouble, not a missing entry
                raise
            cause = f"there is no entry {entry_id}"
            raise not_found("entry", cause, place="quarantine", cure="the list is at /api/v1/quarantine") from error
    payload = row.payload or b""
    return RefusedMessage(
        **_fields(row, accept_language),
        payload_text=_text(payload),
        payload_base64=base64.b64encode(payload).decode(),
        complete=row.complete,
    )


def _fields(row: quarantine.QuarantineEntry, accept_language: str) -> dict[str, Any]:
    say = words(choose(accept_language=accept_language, default="en"))
    fields = {name: getattr(row, name) for name in Refused.model_fields if name not in {"title", "explanation"}}
    title, explanation = say(TITLES[row.reason]), explained(row.reason, row.detail, say).text
    return {**fields, "title": title, "explanation": explanation}


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
