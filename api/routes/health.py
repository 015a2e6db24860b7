"""Is the service alive, is it ready, and if not, which part fails."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from api.parts import Parts, WithParts
from storage import overview
from telemetry.errors import StorageError

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = Field(default="alive", examples=["alive"])


class PartState(BaseModel):
    """One part that the service cannot do without."""

    part: str = Field(examples=["database"])
    ok: bool
    cause: str = Field(default="", examples=["no connection became free in time"])
    cure: str = Field(default="", examples=["is the database running and reachable?"])


class Readiness(BaseModel):
    """Whether every part works."""

    ready: bool
    parts: list[PartState]


@router.get("/health/live", summary="Does the process answer?")
def live() -> Alive:
    """Answer without touching anything: restart the process if this fails."""
    return Alive()


@router.get(
    "/health/ready",
    summary="Can requests be answered, and if not, what fails?",
    responses={503: {"model": Readiness, "description": "At least one part fails."}},
)
def ready(parts: WithParts, response: Response) -> Readiness:
    """Try every part; 503 names the one that fails, its cause and the cure."""
    states = [_database(parts), _stream(parts)]
    answer = Readiness(ready=all(state.ok for state in states), parts=states)
    if not answer.ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return answer


def _database(parts: Parts) -> PartState:
    try:
        with parts.pool.connection() as connection:
            overview.sites(connection)
    except StorageError as error:
        return PartState(part="database", ok=False, cause=error.cause, cure=error.cure)
    return PartState(part="database", ok=True)


def _stream(parts: Parts) -> PartState:
    if parts.hub.closing:
        return PartState(part="live stream", ok=False, cause="the service is stopping", cure="ask again in a moment")
    return PartState(part="live stream", ok=True)


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": "quaymeter_api_live_clients 3.0\n"}}}},
)
def metrics(parts: WithParts) -> Response:
    """Return this process's counters in the text form that Prometheus reads."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)
