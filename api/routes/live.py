"""Latest values, and the stream that keeps them up to date."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api import answers, schemas
from api.choice import SiteQuery, choose_site
from api.parts import Parts, WithParts
from api.problems import ProblemError, responses
from api.routes.site import PointFilter
from storage import overview

router = APIRouter(tags=["readings"], responses=responses(404, 422, 503))

EXAMPLE = """id: 5f1c0b7a-1842
event: latest
data: {"now": "2026-11-22T03:12:01+00:00", "snapshot": false, "database": {"state": "ok"}, "readings": [
data: {"point": "frozen-store/room-1/t_air", "value": -21.4, "ts": "2026-11-22T03:12:00+00:00",
data: "quality": {"code": 0, "class": "good", "device_class": "good", "reasons": []}}]}

"""


class LatestQuery(PointFilter):
    """A filter over the latest readings of one site."""

    site: str | None = Field(None, max_length=100, description="Site id; may be left out where there is one site.")
    silent: bool | None = Field(None, description="Only silent sensors, or only live ones.")


@router.get("/latest", summary="The latest reading of every point")
def latest(parts: WithParts, query: Annotated[LatestQuery, Query()]) -> list[schemas.Latest]:
    """List latest values with age, quality in words, and whether the sensor is silent."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, query.site)
        rows = overview.points(connection, chosen.id)
        last = overview.latest(connection, chosen.id)
    now = datetime.now(UTC)
    found = [answers.latest(row, last.get(row.id), now) for row in rows if query.fits(row)]
    return [item for item in found if query.silent is None or item.silent == query.silent]


@router.get(
    "/live",
    summary="Server-sent events: what changed, as it changes",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"example": EXAMPLE}}, "description": "Never ends."}},
)
async def live(
    parts: WithParts,
    site: SiteQuery = None,
    after: Annotated[str | None, Query(max_length=40, description="The id of the last event seen.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> StreamingResponse:
    """Follow the latest readings.

    First a `latest` event with every point (`snapshot: true`) or, where `Last-Event-ID` or `after` names an event of
    this run of the service, with what was missed. Then a `latest` event whenever something changed, and a `state`
    event as a heartbeat. `database.state` says since when the database does not answer.
    """
    if parts.hub.full:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too-many-listeners",
            f"{parts.hub.clients} live streams are open already",
            place="live",
            cure="close a page, ask /api/v1/latest from time to time, or raise the limit",
        )
    chosen = await run_in_threadpool(_site, parts, site)
    stream = parts.hub.stream(chosen, last_event_id or after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _site(parts: Parts, wanted: str | None) -> str:
    with parts.pool.connection() as connection:
        return choose_site(connection, wanted).id
