"""The description of the API, and the API against its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.settings import ApiSettings
from tests.api.saved_runs import stored, with_demonstrators

if TYPE_CHECKING:
    from tests.api.conftest import Port

DOCUMENT = create_app(ApiSettings(dsn="")).openapi()
OPERATIONS = {path: methods["get"] for path, methods in DOCUMENT["paths"].items() if "get" in methods}
WRITES = {
    (method, path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "get"
}
EVERY = [*OPERATIONS.items(), *((path, operation) for (_, path), operation in WRITES.items())]
ENDLESS = ("/api/v1/live",)
TRIED = [path for path in OPERATIONS if path not in ENDLESS]


def test_only_what_is_behind_the_token_writes() -> None:
    """What changes something is about demonstrators, asks for the token, and shows its body by an example."""
    assert {method for method, _ in WRITES} == {"put", "post"}
    for (_, path), operation in WRITES.items():
        assert path.startswith("/api/v1/demonstrators/"), path
        assert operation["security"] == [{"WriteToken": []}], path
        assert {"401", "403", "415", "422", "503"} <= operation["responses"].keys(), path
        assert operation["requestBody"]["content"]["application/json"]["example"], path
    assert [path for path, operation in OPERATIONS.items() if "security" in operation] == []


def test_every_operation_says_what_it_does() -> None:
    """Each has one known tag, a summary, a description, and an id of its own."""
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for path, operation in EVERY:
        assert len(operation["tags"]) == 1, path
        assert set(operation["tags"]) <= tags, path
        assert operation["summary"], path
        assert operation["description"], path
    ids = [operation["operationId"] for _, operation in EVERY]
    assert len(ids) == len(set(ids))


def test_every_operation_has_a_model_or_an_example_of_its_answer() -> None:
    """JSON answers have a schema, the others an example; failures are problem documents."""
    for path, operation in EVERY:
        (success,) = [answer for status, answer in operation["responses"].items() if status < "300"]
        for media, content in success["content"].items():
            assert content.get("schema") or content.get("example"), (path, media)
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        if operation["tags"] != ["health"]:
            assert "503" in failures, path
            for status, answer in failures.items():
                assert "application/problem+json" in answer["content"], (path, status)


def test_every_parameter_is_explained() -> None:
    """Each query parameter has a description; path parameters speak for themselves."""
    silent = [
        (path, parameter["name"])
        for path, operation in EVERY
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and not parameter.get("description")
    ]
    assert silent == []


def test_every_field_of_every_answer_has_an_example_or_a_meaning() -> None:
    """A reader of the schema never has to guess what a field holds."""
    own = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if "properties" in schema}
    for name, schema in own.items():
        if name in {"HTTPValidationError", "ValidationError"}:
            continue
        assert schema.get("description"), name
        for field, shape in schema["properties"].items():
            known = {"examples", "description", "format", "$ref", "const", "items", "anyOf", "default"}
            assert known & shape.keys() or shape["type"] == "boolean", (name, field)


def test_the_reference_page_lists_every_operation(client: httpx.Client) -> None:
    """The page for people is made from the same description, without any script."""
    page = client.get("/api/v1/reference").text
    assert [path for path in OPERATIONS if f"GET {path}<" not in page] == []
    assert [key for key in WRITES if f"{key[0].upper()} {key[1]}<" not in page] == []
    assert "<script" not in page


WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "small",
            "store/room-1/t_air",
            "raw",
            "1h",
            "csv",
            "json",
            "cold-store",
            "latest",
            "2026-11-22T00:00:00Z",
            "2026-11-22",
            "0",
            "-1",
            "1",
        ]
    ),
    st.integers(-(2**70), 2**70).map(str),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """Make a request to one operation with a few of its parameters, likely or wild."""
    path = draw(st.sampled_from(TRIED))
    parameters = OPERATIONS[path].get("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path":
            word = draw(WORDS.filter(lambda text: text.strip(".") != "" and "/" not in text))
            path = path.replace(
                "{" + parameter["name"] + "}", httpx.URL("http://x", params={"p": word}).query[2:].decode()
            )
    names = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
    return path, draw(st.dictionaries(st.sampled_from(names), WORDS, max_size=4)) if names else {}


def test_whatever_is_asked_the_answer_is_as_described(client: httpx.Client, port: Port) -> None:
    """No request ends in an error of the service, and every refusal is a problem with a cause."""
    with_demonstrators(port.dsn)
    stored(port.dsn)
    port.write_everything()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests())
    def ask(request: tuple[str, dict[str, str]]) -> None:
        path, query = request
        answer = client.get(path, params=query)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", (path, query)
            body: dict[str, Any] = answer.json()
            assert body["status"] == answer.status_code
            assert body["detail"]

    ask()
