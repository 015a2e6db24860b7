"""Who may write: whoever bears the token, with JSON, from our own pages or from none."""

import logging
import secrets
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from api.parts import get_parts
from api.problems import ProblemError
from storage.pool import WritePool

JSON = "application/json"
log = logging.getLogger(__name__)
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="WriteToken",
    description="The token of `QUAYMETER_API_WRITE_TOKEN`; nothing but writing needs it.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def writing(request: Request, credentials: Credentials) -> WritePool:
    """Return the connections that may write, for a request that may; every other is refused with its cure."""
    parts = get_parts(request)
    refuse_foreign_origin(request)
    if parts.write_pool is None:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "read-only",
            "this service only reads: no token for writing is set",
            place="Authorization",
            cure="set QUAYMETER_API_WRITE_TOKEN_FILE and start the api again",
        )
    _refuse_other_tokens(parts.settings.write_token, credentials, request.url.path)
    _refuse_other_media(request)
    return parts.write_pool


Writing = Annotated[WritePool, Depends(writing)]


async def _body(request: Request, pool: Writing) -> bytes:  # noqa: ARG001 – read only for a request that may write
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def refuse_foreign_origin(request: Request) -> None:
    """Refuse what a page of another site sends; programs send no Origin."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "foreign-origin",
            f"a page of {origin[:100]!r} may not write here",
            place="Origin",
            cure="write with a program of your own, such as curl",
        )


def _refuse_other_tokens(token: str, credentials: HTTPAuthorizationCredentials | None, path: str) -> None:
    """Compare in a time that does not tell how much of a token was right."""
    given = b"" if credentials is None else credentials.credentials.encode()
    if not secrets.compare_digest(given, token.encode()):
        log.warning("a write to %r was refused: no token, or another one", path)
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "token",
            "no token is given" if credentials is None else "the token is not the right one",
            place="Authorization",
            cure="send `Authorization: Bearer …` with the token of the installation",
        )


def _refuse_other_media(request: Request) -> None:
    """Take JSON alone: a form of another site cannot send it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            f"the body is {media[:60]!r}" if media else "the body says no media type",
            place="Content-Type",
            cure=f"send `Content-Type: {JSON}`",
        )
