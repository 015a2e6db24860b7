"""Errors as RFC 9457 problem details: place, cause and cure, for programs and for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.headers import HEADERS
from telemetry.errors import ContractError, QuaymeterError, StorageError, WindowTooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class Mistake(BaseModel):
    """One of several mistakes in what was sent."""

    place: str = Field(examples=["meters[0].unit"], description="Path of the field in the body.")
    detail: str = Field(examples=["unit 'kWh' counts no amount"], description="The cause.")
    cure: str = Field(default="", examples=['did you mean "kW.h"?'], description="What to do about it.")


class ProblemDetails(BaseModel):
    """What every error of this service looks like (RFC 9457)."""

    type: str = Field(examples=["urn:quaymeter:problem:unknown-point"], description="Stable name of the kind of error.")
    title: str = Field(examples=["Not Found"], description="The HTTP status in words.")
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no point 'cold/room-1/t_aire'"], description="The cause.")
    place: str = Field(default="", examples=["points"], description="Where: a parameter, a part of the service.")
    cure: str = Field(default="", examples=["did you mean 'cold/room-1/t_air'?"], description="What to do about it.")
    instance: str = Field(default="", examples=["/api/v1/readings"], description="The path that was asked for.")
    mistakes: list[Mistake] = Field(default=[], description="Every mistake of a body; none where it is not about one.")


class ProblemError(QuaymeterError):
    """A request that cannot be answered; becomes a problem document."""

    mistakes: tuple[Mistake, ...] = ()

    def __init__(self, status: HTTPStatus, kind: str, cause: str, *, place: str = "", cure: str = "") -> None:
        """Keep the HTTP status and the stable name of the kind beside place, cause and cure."""
        self.status = status
        self.kind = kind
        super().__init__(cause, place=place, cure=cure)


def not_found(kind: str, cause: str, *, place: str, cure: str) -> ProblemError:
    """Return the problem of a thing that does not exist."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"unknown-{kind}", cause, place=place, cure=cure)


def refused(kind: str, cause: str, *, place: str, cure: str) -> ProblemError:
    """Return the problem of a parameter that cannot be used."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, kind, cause, place=place, cure=cure)


def conflict(kind: str, cause: str, *, place: str, cure: str) -> ProblemError:
    """Return the problem of a change that others were quicker with."""
    return ProblemError(HTTPStatus.CONFLICT, kind, cause, place=place, cure=cure)


def busy(cause: str, *, place: str) -> ProblemError:
    """Return the problem of a service that has as much to do as it takes."""
    cure = "try again when one of them has ended"
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "busy", cause, place=place, cure=cure)


def document(
    status: int, kind: str, detail: str, *, place: str = "", cure: str = "", instance: str = ""
) -> dict[str, Any]:
    """Return the members of a problem document."""
    return {
        "type": f"urn:quaymeter:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "place": place,
        "cure": cure,
        "instance": instance,
    }


def _answer(
    request: Request, status: int, kind: str, detail: str, place: str = "", cure: str = "",
    mistakes: tuple[Mistake, ...] = (),
) -> Response:  # fmt: skip
    body = document(status, kind, detail, place=place, cure=cure, instance=request.url.path)
    if mistakes:
        body["mistakes"] = [each.model_dump() for each in mistakes]
    answer: Response
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/"):
        answer = request.app.state.problem_page(request, body)
    else:
        answer = JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "2"
    return answer


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class only
    answer = _answer(request, error.status, error.kind, error.cause, error.place, error.cure, error.mistakes)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _on_storage(request: Request, error: Exception) -> Response:
    assert isinstance(error, StorageError)  # noqa: S101 - registered for this class only
    log.warning("database: %s", error)
    cure = error.cure or "try again in a few seconds; `quaymeter doctor` says what is wrong"
    return _answer(
        request, HTTPStatus.SERVICE_UNAVAILABLE, "storage", "the database did not answer as expected", "database", cure
    )


async def _on_contract(request: Request, error: Exception) -> Response:
    assert isinstance(error, ContractError)  # noqa: S101 - registered for this class only
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, "contract", error.cause, error.place, error.cure)


async def _on_window(request: Request, error: Exception) -> Response:
    assert isinstance(error, WindowTooLongError)  # noqa: S101 - registered for this class only
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return _answer(request, status, "window-too-long", error.cause, "resolution", error.cure)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    given = first.get("input")
    shown = f" (given: {given!r:.80})" if isinstance(given, str | int | float) else ""
    cure = "see the parameter in the reference at /api/v1/reference"
    return _answer(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, "parameter", f"{first['msg']}{shown}", place or "request", cure
    )


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    cure = "the reference at /api/v1/reference lists every path" if error.status_code in {404, 405} else ""
    answer = _answer(request, error.status_code, f"http-{error.status_code}", str(error.detail), cure=cure)
    answer.headers.update(error.headers or {})
    return answer


async def _on_anything(request: Request, error: Exception) -> Response:
    log.error("unexpected error at %s", request.url.path, exc_info=error)
    answer = _answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "the service met an error of its own",
        cure="the log of the api process has the details; please report it with the time of day",
    )
    answer.headers.update(HEADERS)  # this answer is made outside of every middleware
    return answer


def install(app: FastAPI, *, page: Callable[[Request, dict[str, Any]], Response]) -> None:
    """Make every error of the service a problem document, and a page for those who came with a browser."""
    app.state.problem_page = page
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(StorageError, _on_storage)
    app.add_exception_handler(ContractError, _on_contract)
    app.add_exception_handler(WindowTooLongError, _on_window)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_anything)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems a route may answer with."""
    return {status: {"model": ProblemDetails, "description": HTTPStatus(status).phrase} for status in statuses}
