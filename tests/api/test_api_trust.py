"""Ledger, quarantine and losses over HTTP."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.correction_file import Window, strike
from storage.corrections import correct, withdraw
from telemetry.batch import MessageNumber
from tests.api.conftest import refusal

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Port

AIR = "store/room-1/t_air"


def test_ledger_balances_and_lists_its_minutes(client: httpx.Client, port: Port) -> None:
    """Stored, duplicate and quarantined add up to what was received, in total and in each line."""
    reading = (AIR, datetime.now(UTC), -20.0, 0)
    port.write([reading], refused=[refusal()])
    port.write([reading])
    totals = client.get("/api/v1/ledger/totals?audit=true").json()
    assert totals == {"received": 3, "stored": 1, "duplicate": 1, "quarantined": 1, "balanced": True}
    body = client.get("/api/v1/ledger").json()
    assert body["totals"] == totals
    assert sum(line["received"] for line in body["lines"]) == 3
    assert {line["gateway"] for line in body["lines"]} == {"gateway-test"}
    assert all(line["balanced"] for line in body["lines"])


def test_ledger_window_wants_a_zone(client: httpx.Client, port: Port) -> None:
    """A time without a zone is refused; a window before anything came is empty."""
    port.write([(AIR, datetime.now(UTC), -20.0, 0)])
    answer = client.get("/api/v1/ledger?from=2026-01-01T00:00:00")
    assert answer.status_code == 422
    assert answer.json()["place"] == "from"
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert client.get(f"/api/v1/ledger?to={before}").json()["lines"] == []


def test_quarantine_lists_filters_pages_and_shows(client: httpx.Client, port: Port) -> None:
    """Refused entries are listed newest first, page by page, by reason, and shown with their message."""
    payload = "température".encode()
    port.write([], refused=[refusal(f"cause {i}") for i in range(5)], payload=payload)
    page = client.get("/api/v1/quarantine?limit=3").json()
    assert page["counts"] == [{"reason": "unit", "entries": 5, "open": 5}]
    assert len(page["entries"]) == 3
    rest = client.get(f"/api/v1/quarantine?limit=3&before={page['next_before']}").json()
    assert len(rest["entries"]) == 2
    assert rest["next_before"] is None
    ids = [row["id"] for row in page["entries"] + rest["entries"]]
    assert ids == sorted(ids, reverse=True)
    assert client.get("/api/v1/quarantine?reason=future").json()["entries"] == []
    one = client.get(f"/api/v1/quarantine/{ids[0]}").json()
    assert one["payload_text"] == "température"
    assert base64.b64decode(one["payload_base64"]) == payload
    assert one["complete"] is True


def test_a_message_that_is_no_text_is_kept_byte_for_byte(client: httpx.Client, port: Port) -> None:
    """Bytes that are no UTF-8 come back as they were."""
    port.write([], refused=[refusal()], payload=b"\xff\x00\xfe")
    (row,) = client.get("/api/v1/quarantine").json()["entries"]
    one = client.get(f"/api/v1/quarantine/{row['id']}").json()
    assert one["payload_text"] is None
    assert base64.b64decode(one["payload_base64"]) == b"\xff\x00\xfe"


def test_unknown_entry_and_reason(client: httpx.Client) -> None:
    """An entry that does not exist is 404, a reason that does not exist 422, each with a cure."""
    assert client.get("/api/v1/quarantine/999").status_code == 404
    answer = client.get("/api/v1/quarantine?reason=mood")
    assert answer.status_code == 422
    assert "too_late" in answer.json()["detail"]


def test_losses_name_the_holes(client: httpx.Client, port: Port) -> None:
    """Numbers that never came are counted and named, boot by boot, for the site's own devices."""
    numbers = [MessageNumber("plc-2", 7, seq) for seq in (10, 11, 14, 15, 19)]
    port.write([(AIR, datetime.now(UTC), 1.0, 0)], numbers=[*numbers, MessageNumber("plc-3", 1, 5)])
    body = client.get("/api/v1/losses").json()
    assert body["missing"] == 5
    first, second = body["boots"]
    assert (first["device"], first["boot"], first["first"], first["last"], first["seen"]) == ("plc-2", 7, 10, 19, 5)
    assert first["holes"] == [{"first": 12, "last": 13}, {"first": 16, "last": 18}]
    assert (second["device"], second["missing"], second["holes"]) == ("plc-3", 0, [])


def test_corrections_say_who_why_and_what_they_cover(client: httpx.Client, port: Port) -> None:
    """A day that was struck out is listed with its reason and shown beside the raw readings; withdrawn, it is kept."""
    begins = datetime(2026, 11, 2, tzinfo=UTC)
    port.write([(AIR, begins + timedelta(hours=hour), 40.0, 0) for hour in range(4)])
    window = Window(begins, begins + timedelta(hours=3))
    (made,) = correct(port.dsn, strike(port.catalogue, [AIR], window), who="A. Martin", why="stuck")
    (listed,) = client.get(f"/api/v1/corrections?point={AIR}").json()
    assert (listed["who"], listed["why"], listed["readings"], listed["source"]) == ("A. Martin", "stuck", 0, None)
    assert client.get("/api/v1/corrections?point=store/room-2/t_air").json() == []
    shown = client.get(f"/api/v1/corrections/{made.number}").json()
    assert {name: shown[name] for name in listed} == listed
    assert shown["days"] == [{"day": "2026-11-02", "readings": 0, "mean": None, "raw_readings": 3, "raw_mean": 40.0}]
    withdraw(port.dsn, [made.number], who="C. Petit", why="it was not")
    assert client.get("/api/v1/corrections").json() == []
    (kept,) = client.get("/api/v1/corrections?withdrawn=true").json()
    assert (kept["withdrawn_by"], kept["withdrawn_why"]) == ("C. Petit", "it was not")


def test_a_correction_that_is_not_there(client: httpx.Client) -> None:
    """Its number is told, and where the others are."""
    answer = client.get("/api/v1/corrections/7")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no correction 7")
    assert client.get("/api/v1/corrections?site=other").status_code == 404
