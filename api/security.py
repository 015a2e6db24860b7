"""Who may come in, and what browsers are told: hosts, headers, and the door where tokens will be checked."""

from __future__ import annotations

import ipaddress
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from starlette.datastructures import Headers, MutableHeaders

from api.headers import HEADERS
from api.problems import MEDIA_TYPE, document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Principal(NamedTuple):
    """Who asks."""

    name: str
    may_read: bool = True


class Door(Protocol):
    """Says who a request comes from; raises `ProblemError` for one that may not come in."""

    def __call__(self, request: Request) -> Principal:
        """Return who asks."""


def open_door(request: Request) -> Principal:  # noqa: ARG001 - the signature of a Door
    """Admit everybody: right behind a loopback address or a proxy that checks; tokens get their own door."""
    return Principal("anonymous")


class SecurityMiddleware:
    """Refuses foreign host names (DNS rebinding) and long bodies, and adds the security headers to every answer.

    A page of another site can reach a service on this machine by letting its own name resolve to 127.0.0.1.
    It then sends its own name as Host, so names are checked; bare addresses cannot be rebound.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: tuple[str, ...], max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._hosts = {host.lower() for host in allowed_hosts} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on an HTTP request with an allowed Host; everything else is answered here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        host, length = headers.get("host", ""), headers.get("content-length", "")
        if not self._allowed(host):
            body = document(
                HTTPStatus.MISDIRECTED_REQUEST, "unknown-host", f"this service is not known as {host[:100]!r}",
                place="Host header", cure="ask for it by its address, or add the name to the allowed hosts of the api",
                instance=scope["path"],
            )  # fmt: skip
            await _refuse(body, send_with_headers)
        elif length.isdecimal() and int(length) > self._max_body_bytes:
            body = document(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"the body has {length} bytes",
                place="body", cure=f"send at most {self._max_body_bytes} bytes", instance=scope["path"],
            )  # fmt: skip
            await _refuse(body, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _allowed(self, host: str) -> bool:
        name = (host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host).strip("[]").lower()
        return "*" in self._hosts or name in self._hosts or _is_address(name)


async def _refuse(body: dict[str, Any], send: Send) -> None:
    """Answer with a problem document."""
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": body["status"], "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
