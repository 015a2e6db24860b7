"""Demonstrators, runs and everything made of them, against a real database with a stored run."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from savings.bundle import unpack
from savings.record import decode_run
from savings.verification import verify
from telemetry.plan import Plan
from tests.api.saved_runs import computed
from tests.savings.run_inputs import KNOWN_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Saved

STORE = "/api/v1/demonstrators/cold-store"
RUN = f"{STORE}/runs/latest"


@pytest.fixture(scope="module")
def runs(saved: Saved) -> list[int]:
    """Give the numbers of the two stored runs."""
    return saved.runs


@pytest.fixture(scope="module")
def reader(saved: Saved) -> Iterator[httpx.Client]:
    """Give a client of a service that only reads."""
    with httpx.Client(base_url=saved.address, timeout=30) as client:
        yield client


def test_a_run_is_answered_in_every_form(reader: httpx.Client, runs: list[int]) -> None:
    """List, plan, run, days, months and explanation hold the figures that were stored, each with its interval."""
    given, run = computed()
    saving = run.meters[0].saving
    assert saving is not None
    (store, pump, traps) = reader.get("/api/v1/demonstrators").json()
    assert (store["verdict"], pump["verdict"], traps["verdict"]) == ("proven", "undated", "stopped")
    assert store["run"]["figures"][0]["saving"] == {**msgspec.to_builtins(saving), "standard_error": None}
    assert msgspec.convert(reader.get(f"{STORE}/plan").json()["plan"], Plan) == given.plan
    assert [row["id"] for row in reader.get(f"{STORE}/runs").json()] == runs[::-1]
    assert reader.get(f"{STORE}/runs/{runs[0]}/summary").json()["superseded_by"] == runs[1]
    whole = reader.get(RUN)
    assert decode_run(whole.content) == run
    daily = reader.get(f"{RUN}/daily").json()["figures"][0]["days"]
    assert daily["cumulative"][-1] == pytest.approx(saving.value)
    months = reader.get(f"{RUN}/months").json()["figures"][0]["months"]
    assert sum(month["saving"]["value"] for month in months) == pytest.approx(saving.value)
    assert reader.get(f"{RUN}/restatement").json() == {"run": runs[1], "previous": None, "explanation": None}


def test_a_run_as_it_stood_at_a_time(reader: httpx.Client, runs: list[int]) -> None:
    """`latest` with a time is the run that stood then; before the first run there is none."""
    then = {"known_at": (KNOWN_AT - timedelta(days=1)).isoformat()}
    assert reader.get(f"{RUN}/summary", params=then).json()["id"] == runs[0]
    assert reader.get(f"{RUN}/summary").json()["id"] == runs[1]
    earlier = reader.get(RUN, params={"known_at": (KNOWN_AT - timedelta(days=30)).isoformat()})
    assert (earlier.status_code, earlier.json()["place"]) == (404, "run")


def test_days_as_csv_for_programs_and_for_a_french_spreadsheet(reader: httpx.Client) -> None:
    """Both hold every day; the French one has semicolons, decimal commas and a byte order mark."""
    plain = reader.get(f"{RUN}/daily?format=csv")
    rows = list(csv.DictReader(io.StringIO(plain.text)))
    assert len(rows) == 365
    assert rows[0]["day"] == "2026-01-01"
    saving = computed()[1].meters[0].saving
    assert saving is not None
    assert float(rows[-1]["cumulative"]) == pytest.approx(saving.value)
    french = reader.get(f"{RUN}/daily?format=csv&dialect=fr").content
    assert french.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(french.decode("utf-8-sig")), delimiter=";"))
    assert table[-1]["cumulative"].replace(",", ".") == rows[-1]["cumulative"]


def test_a_downloaded_bundle_verifies(reader: httpx.Client) -> None:
    """The bundle is named after demonstrator, date and hash, and everything in it can be recomputed."""
    answer = reader.get(f"{RUN}/bundle")
    name = f"cold-store_20261231_{computed()[1].input_hash[:8]}.zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert verify(unpack(answer.content)).agrees


def test_reports_in_both_languages(reader: httpx.Client) -> None:
    """PDF and page come in French and English; the page may show its own style and run nothing."""
    assert reader.get(f"{RUN}/report?language=fr&format=pdf").content.startswith(b"%PDF")
    page = reader.get(f"{RUN}/report?format=html", headers={"Accept-Language": "en"})
    assert "Savings report" in page.text
    assert "Rapport" in reader.get(f"{RUN}/report?format=html&language=fr").text
    policy = page.headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy


@pytest.mark.parametrize(
    ("path", "place", "cure"),
    [
        ("/api/v1/demonstrators/cold-stroe", "demonstrator", 'did you mean "cold-store"?'),
        (f"{STORE}/runs/999999", "run", "the list is at"),
        (f"{STORE}/runs/newest", "run", "`latest`"),
        ("/api/v1/demonstrators/pump/runs/latest", "run", "POST to"),
        (f"{STORE}/events/none", "event", "known: energy-2026-06-01"),
        (f"{STORE}/plan?revision=7", "revision", "the newest is 1"),
        (f"{STORE}/jobs/1", "job", f"{STORE}/runs"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(reader: httpx.Client, path: str, place: str, cure: str) -> None:
    """Each 404 names the place and what could be asked for instead."""
    answer = reader.get(path)
    assert answer.status_code == 404
    assert answer.json()["place"] == place
    assert cure in answer.json()["cure"]


def test_all_demonstrators_together(reader: httpx.Client) -> None:
    """One demonstrator with a figure is the whole portfolio; what has none is named, and costs are for a saved unit."""
    run = computed()[1]
    saving = run.meters[0].saving
    assert saving is not None
    body = reader.get("/api/v1/portfolio").json()
    (amount,) = body["amounts"]
    assert (amount["unit"], amount["figures"]) == ("kW.h", ["cold-store/energy"])
    assert amount["saving"]["value"] == pytest.approx(saving.value)
    assert amount["saving"]["low"] == pytest.approx(saving.low)
    assert body["money"]["saving"]["value"] == pytest.approx(0.15 * saving.value)
    left_out = [(each["demonstrator"], each["meter"], each["reason"]) for each in body["left_out"]]
    assert left_out == [("pump", "", "no run"), ("traps", "energy", "no figure")]
    by_unit = {ranking["unit"]: ranking["entries"] for ranking in body["rankings"]}
    assert set(by_unit) == {"kW.h", "t{CO2e}"}
    cost = by_unit["kW.h"][0]["unit_cost"]["value"]
    assert cost == pytest.approx(1000.0 / (saving.value * 365.25 / 365))  # 10 000 EUR over ten years without interest
