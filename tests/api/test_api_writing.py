"""What may be written, by whom, and what becomes of it: plans, events, runs that are asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from psycopg.conninfo import make_conninfo

from api.settings import ApiSettings
from storage.engine import connect
from storage.jobs import note_failure
from tests.api.conftest import serving
from tests.api.saved_runs import stored_plan, suspected, with_demonstrators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Port, Saved

STORE = "/api/v1/demonstrators/cold-store"
TOKEN = "a-token-of-this-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
EVENT = {"by": "A. Martin", "meter": "energy", "first_day": "2026-03-01", "last_day": "2026-03-03", "title": "Panne"}


@pytest.fixture
def writer(port: Port) -> Iterator[httpx.Client]:
    """Give a client with the token of a service, with the role of an installation, over the small port."""
    with_demonstrators(port.dsn)
    settings = ApiSettings(dsn=make_conninfo(port.dsn, options="-c role=quaymeter_app"), write_token=TOKEN)
    with serving(settings) as address, httpx.Client(base_url=address, headers=BEARER, timeout=30) as client:
        yield client


def plan_document(**changed: Any) -> dict[str, Any]:
    """Return the cold store's plan as JSON holds it."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(stored_plan()))
    return document | changed


def audited(dsn: str) -> list[tuple[str, str, str]]:
    """Return who did what to what, in order; the site that was applied left out."""
    with connect(dsn) as connection:
        rows = connection.execute("SELECT who, what, subject FROM audit_log WHERE what <> 'site_apply' ORDER BY id")
        return [(who, what, subject) for who, what, subject in rows]


def test_without_a_token_of_its_own_the_service_only_reads(saved: Saved) -> None:
    """Where no token is set nobody may write, whatever they send, and the cure names the setting."""
    answer = httpx.post(f"{saved.address}{STORE}/events", json=EVENT, headers=BEARER)
    assert answer.status_code == 403
    assert "QUAYMETER_API_WRITE_TOKEN" in answer.json()["cure"]


def test_only_the_token_with_json_of_our_own_pages_writes(writer: httpx.Client, port: Port) -> None:
    """A missing or wrong token, a form and a page of another site are refused, each for its own reason."""
    ours = f"http://{writer.base_url.netloc.decode()}"
    cases: list[tuple[dict[str, str | bytes], int, str]] = [
        ({"Authorization": "Bearer wrong"}, 401, "Authorization"),
        ({"Authorization": "Bearer é".encode()}, 401, "Authorization"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "Authorization"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "Content-Type"),
        ({"Content-Type": "text/plain"}, 415, "Content-Type"),
        ({"Origin": "https://elsewhere.example"}, 403, "Origin"),
        ({"Origin": "null"}, 403, "Origin"),
        ({"Origin": ours, "Content-Type": "application/json; charset=utf-8"}, 201, ""),
    ]
    for headers, status, place in cases:
        sent: Any = {"Content-Type": "application/json"} | headers
        answer = writer.post(f"{STORE}/events", content=json.dumps(EVENT), headers=sent)
        assert (answer.status_code, answer.json().get("place", "")) == (status, place), headers
    anonymous = httpx.post(f"{ours}{STORE}/events", json=EVENT)
    assert (anonymous.status_code, anonymous.headers["www-authenticate"]) == (401, "Bearer")
    assert [what for _, what, _ in audited(port.dsn)] == ["event_declared"]
    assert httpx.get(f"{ours}{STORE}/events").status_code == 200  # reading needs no token


def test_a_plan_gets_revisions(writer: httpx.Client, port: Port) -> None:
    """A changed plan is the next revision beside the first, by whom and why; the same plan changes nothing."""
    said = {"by": "A. Martin", "reason": "as installed"}
    same = writer.put(f"{STORE}/plan", params=said, json=plan_document())
    assert same.json()["revision"] == 1
    assert audited(port.dsn) == []
    changed = writer.put(f"{STORE}/plan", params=said | {"in_force": 1}, json=plan_document(responsible="B. Petit"))
    assert (changed.status_code, changed.json()["revision"], changed.json()["origin"]) == (200, 2, "api")
    late = writer.put(f"{STORE}/plan", params=said | {"in_force": 1}, json=plan_document(responsible="C. Blanc"))
    assert (late.status_code, late.json()["place"]) == (409, "in_force")
    rows = writer.get(f"{STORE}/plan/revisions").json()
    assert [(row["revision"], row["plan"]["responsible"]) for row in rows] == [(2, "B. Petit"), (1, "A. Martin")]
    assert writer.get(f"{STORE}/plan?revision=1").json()["declared_by"] == "test"
    fresh = writer.put("/api/v1/demonstrators/new-one/plan", params=said, json=plan_document(id="new-one"))
    assert (fresh.status_code, fresh.json()["revision"]) == (200, 1)
    assert audited(port.dsn) == [
        ("A. Martin", "plan_declare", "small/cold-store"), ("A. Martin", "plan_declare", "small/new-one"),
    ]  # fmt: skip
    gone = writer.post("/api/v1/demonstrators/new-one/retire", json=said)
    assert (gone.status_code, gone.json()["retired_at"] is None) == (200, False)
    assert "new-one" not in {each["id"] for each in writer.get("/api/v1/demonstrators").json()}
    assert writer.get("/api/v1/demonstrators/new-one/plan").json()["revision"] == 1  # it is kept
    assert audited(port.dsn)[-1] == ("A. Martin", "demonstrator_retire", "small/new-one")
    of_file = writer.post(f"{STORE}/retire", json=said)
    assert (of_file.status_code, "site file" in of_file.json()["detail"]) == (409, True)
    writer.put("/api/v1/demonstrators/new-one/plan", params=said, json=plan_document(id="new-one"))
    assert writer.get("/api/v1/demonstrators/new-one").json()["retired_at"] is None


def test_a_wrong_plan_changes_nothing_and_every_mistake_is_told(writer: httpx.Client, port: Port) -> None:
    """Mistakes of shape and about the site come as one list of places, and no revision is written."""
    document = plan_document(option="D", surprise=1)
    answer = writer.put(f"{STORE}/plan", params={"by": "A"}, json=document)
    assert answer.status_code == 422
    assert {each["place"] for each in answer.json()["mistakes"]} == {"option", "surprise"}
    document = plan_document(id="other", drivers=[{"point": "nowhere/at/all"}], context=["store/room-1/t_air"])
    document["meters"][0]["points"][0]["tariff"] = ["gas"]
    answer = writer.put(f"{STORE}/plan", params={"by": "A"}, json=document)
    assert {each["place"] for each in answer.json()["mistakes"]} == {
        "id", "drivers[0].point", "meters[0].points[0].tariff",
    }  # fmt: skip
    assert writer.put(f"{STORE}/plan", json=plan_document()).json()["place"] == "by"
    assert len(writer.get(f"{STORE}/plan/revisions").json()) == 1
    assert audited(port.dsn) == []


def test_an_event_is_suggested_decided_and_asks_for_a_run(writer: httpx.Client, port: Port) -> None:
    """A suggestion moves nothing; accepting it with a size keeps who agreed, and a run is asked for."""
    key = suspected(port.dsn)
    made = writer.post(f"{STORE}/events", json=EVENT).json()
    assert (made["event"]["id"], made["event"]["status"], made["job"]) == ("energy-2026-03-01", "suggested", None)
    address = f"{STORE}/events/{made['event']['id']}"
    size = {"by": "B. Petit", "method": "stated", "evidence": "sub-meter"}
    refused = writer.post(f"{address}/accept", json=size)
    assert (refused.status_code, "standard_error" in refused.json()["detail"]) == (422, True)
    given = {"amount": 120.0, "standard_error": 15.0}
    against = writer.post(f"{address}/accept", json=size | given | {"method": "indicator"})
    assert (against.status_code, against.json()["place"]) == (422, "amount")
    assert writer.post(f"{address}/accept", json=size | given | {"amount": 1e300}).status_code == 422
    del size["method"]
    agreed = writer.post(f"{address}/accept", json=size | given).json()
    assert agreed["event"]["method"] == "stated"  # what a given size is
    assert (agreed["event"]["status"], agreed["event"]["agreed_by"]) == ("accepted", "B. Petit")
    assert (agreed["event"]["amount"], agreed["event"]["evidence"]) == (120.0, "sub-meter")
    job = writer.get(f"{STORE}/jobs/{agreed['job']}").json()
    assert (job["demonstrator"], job["status"], job["run"]) == ("cold-store", "todo", None)
    no = writer.post(f"{STORE}/events/{key}/reject", json={"by": "A. Martin", "reason": "a holiday"}).json()
    assert (no["event"]["status"], no["job"]) == ("rejected", None)
    changes = writer.get(address).json()
    assert [(row["change"], row["what"], row["who"]) for row in changes] == [
        (1, "declared", "A. Martin"), (2, "changed", "B. Petit"), (3, "accepted", "B. Petit"),
    ]  # fmt: skip
    assert writer.get("/api/v1/demonstrators/cold-store").json()["events_to_decide"] == 0
    twice = writer.post(f"{STORE}/events", json=EVENT | given).json()["event"]
    assert twice["method"] == "stated"
    more = {"by": "B. Petit", "amount": 130.0}
    overlap = writer.post(f"{STORE}/events/{twice['id']}/accept", json=more)
    assert (overlap.status_code, "energy-2026-03-01" in overlap.json()["detail"]) == (409, True)
    assert len(writer.get(f"{STORE}/events/{twice['id']}").json()) == 1  # refused as a whole
    wrong = writer.post(f"{STORE}/events", json=EVENT | {"meter": "gas", "last_day": "2026-02-01"})
    assert wrong.status_code == 422
    assert [what for _, what, _ in audited(port.dsn)] == [
        "event_declared", "event_accepted", "event_rejected", "event_declared",
    ]  # fmt: skip


def test_a_run_is_asked_for_once(writer: httpx.Client, port: Port) -> None:
    """The answer is a job with its address; a second wish joins the first; a plan without dates has no run."""
    first = writer.post(f"{STORE}/runs", json={"by": "A. Martin"})
    assert first.status_code == 202
    again = writer.post(f"{STORE}/runs", json={"by": "B. Petit"})
    assert first.json()["id"] == again.json()["id"]
    assert writer.get(first.headers["location"]).json()["status"] == "todo"
    undated = writer.post("/api/v1/demonstrators/pump/runs", json={"by": "A. Martin"})
    assert (undated.status_code, undated.json()["place"]) == (422, "periods")
    assert [what for _, what, _ in audited(port.dsn)] == ["run_ask", "run_ask"]
    assert writer.get(STORE).json()["failure"] is None
    with connect(port.dsn, autocommit=True) as connection:
        note_failure(connection, first.json()["id"], 1, error="here: no such thing – mend it")
    listed = {each["id"]: each["failure"] for each in writer.get("/api/v1/demonstrators").json()}
    told = writer.get(STORE).json()["failure"]
    assert (told["job"], told["error"]) == (first.json()["id"], "here: no such thing – mend it")
    assert (listed["cold-store"], listed["pump"]) == (told, None)
    page = writer.get("/small/demonstrators/cold-store?lang=fr").text
    assert "Le dernier calcul a échoué (" in page
    assert "here: no such thing – mend it" in page
    assert writer.get("/small/demonstrators").text.count("Le dernier calcul a échoué") == 1
