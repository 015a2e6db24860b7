"""What browsers are told, which names are answered, and the door."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest

from api.app import create_app
from api.problems import ProblemError
from api.security import Principal
from api.settings import ApiSettings
from tests.api.conftest import serving

if TYPE_CHECKING:
    from starlette.requests import Request

    from tests.api.conftest import Port

PATHS = ("/", "/small", "/api/v1/sites", "/static/console.css", "/api/v1/nowhere", "/health/live", "/api/v1/reference")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    """Pages, data, files and errors alike forbid inline scripts, framing and sniffing."""
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_no_other_origin_may_read(client: httpx.Client) -> None:
    """There is no CORS: another site's script cannot read an answer."""
    answer = client.get("/api/v1/sites", headers={"Origin": "https://example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("10.0.0.7:80", 200),
        ("evil.example", 421),
        ("localhost.evil.example:80", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_a_name_that_is_not_ours_is_refused(client: httpx.Client, host: str, status: int) -> None:
    """A site that lets its own name point to this machine (DNS rebinding) gets nothing."""
    answer = client.get("/api/v1/sites", headers={"Host": host})
    assert answer.status_code == status
    if status == HTTPStatus.MISDIRECTED_REQUEST:
        assert answer.json()["cure"]


def test_a_name_can_be_allowed(port: Port) -> None:
    """A name given in the settings is answered."""
    with serving(ApiSettings(dsn=port.dsn, allowed_hosts=("Quay.example",))) as address:
        assert httpx.get(f"{address}/health/live", headers={"Host": "quay.example:80"}).status_code == 200


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    """Nothing here takes a large request, so none is read."""
    answer = client.request("GET", "/api/v1/sites", content=b"x" * 200_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["cure"]) == (413, "send at most 65536 bytes")
    parts = (b"x" * 1000 for _ in range(200))  # of a length that nobody said
    assert client.post("/api/v1/sites", content=parts).status_code in {405, 413}


def test_nothing_can_be_written(client: httpx.Client) -> None:
    """Every method but GET is refused with a problem document."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, "/api/v1/points")
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"


def test_another_door_can_keep_people_out(port: Port) -> None:
    """The door decides on every route with data; health stays open for supervisors."""

    def door(request: Request) -> Principal:
        if request.headers.get("authorization") != "Bearer right":
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "token", "no valid token", place="Authorization", cure="bring one"
            )
        return Principal("somebody")

    async def statuses(headers: dict[str, str]) -> set[int]:
        app = create_app(ApiSettings(dsn=port.dsn), door=door)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            with app.state.parts.pool:
                return {(await client.get(path)).status_code for path in guarded}

    guarded = ("/api/v1/sites", "/api/v1/sites/small", "/api/v1/assets", "/api/v1/points", "/api/v1/latest",
               "/api/v1/ledger", "/api/v1/ledger/totals", "/api/v1/losses", "/api/v1/quarantine",
               "/api/v1/demonstrators", "/api/v1/portfolio", "/small/demonstrators",
               "/", "/small", "/small/losses", "/small/quarantine")  # fmt: skip
    assert asyncio.run(statuses({})) == {401}
    assert asyncio.run(statuses({"Authorization": "Bearer right"})) == {200}
