"""Derived points over HTTP, in every format; and windows that are too long for a resolution."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from api.settings import ApiSettings
from storage.catalogue import apply_site
from storage.rollups import refresh_all
from telemetry.site import DerivedPoint
from tests.api.conftest import OUT_OF_RANGE, serving
from tests.api.test_api_openapi import OPERATIONS

if TYPE_CHECKING:
    from tests.api.conftest import Port

FLOW, IN, OUT, ENERGY = "loop/pump-1/flow", "loop/pump-1/t_air", "store/room-1/t_air", "loop/pump-1/energy"
POWER, COP = "loop/pump-1/thermal_power", "loop/pump-1/cop"
BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=2)
KPIS = (
    DerivedPoint(
        key=POWER,
        name={"fr": "Puissance thermique", "en": "Thermal power"},
        quantity="thermal_power",
        unit="kW",
        formula="4.0989e3 * flow * (t_out - t_in) / 3600",
        inputs={"flow": FLOW, "t_in": IN, "t_out": OUT},
    ),
    DerivedPoint(
        key=COP,
        name={"fr": "COP", "en": "COP"},
        quantity="performance",
        unit="1",
        formula="heat / (energy * 4)",  # of a quarter of an hour
        inputs={"heat": POWER, "energy": ENERGY},
    ),
)


@pytest.fixture
def loop(port: Port) -> Port:
    """Declare two KPIs; write two hours of 360 m³/h warmed by 5 K with 500 kW drawn, and one bad temperature."""
    apply_site(port.dsn, replace(port.site, derived_points=KPIS), who="test")
    rows = []
    for i in range(120):
        at = BEGIN + timedelta(minutes=i)
        rows += [(FLOW, at, 360.0, 0), (IN, at, 10.0, 0), (OUT, at, 15.0, OUT_OF_RANGE if i == 20 else 0)]
        rows += [(ENERGY, at, 500 * i / 60, 0)]
    port.write(rows)
    refresh_all(port.dsn)
    return port


def window(**more: str) -> dict[str, str]:
    """Return the query of the two hours."""
    return {"from": BEGIN.isoformat(), "to": END.isoformat(), **more}


def get(client: httpx.Client, **query: str) -> Any:
    """Ask for readings as JSON."""
    answer = client.get("/api/v1/readings", params=window(**query))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_derived_point_is_asked_for_by_its_key(client: httpx.Client, loop: Port) -> None:
    """Value, unit, coverage and quality of each quarter of an hour; the bad reading costs a minute of coverage."""
    (series,) = get(client, points=POWER, resolution="15m")["series"]
    assert (series["point"], series["unit"], series["kind"], series["derived"]) == (POWER, "kW", "gauge", True)
    columns = series["columns"]
    assert columns["mean"] == [pytest.approx(2049.45)] * 8
    assert columns["coverage"] == [1.0, pytest.approx(14 / 15), *[1.0] * 6]
    assert columns["n_bad"] == [0, 1, *[0] * 6]
    assert [bool(quality & OUT_OF_RANGE) for quality in columns["quality"]] == [False, True, *[False] * 6]
    assert columns["total"] == [None] * 8
    assert loop.site.id == "small"


@pytest.mark.parametrize("resolution", ["1m", "15m", "1h", "1d"])
def test_every_resolution_is_answered(client: httpx.Client, loop: Port, resolution: str) -> None:
    """Each width gives the same power, beside the points it is made of, in the order asked for."""
    del loop
    body = get(client, points=f"{POWER},{FLOW},{COP}", resolution=resolution, **{"from": "2026-03-01T00:00:00Z"})
    assert [series["point"] for series in body["series"]] == [POWER, FLOW, COP]
    power, flow, _ = (series["columns"] for series in body["series"])
    known = [value for value in power["mean"] if value is not None]
    assert known == [pytest.approx(2049.45)] * len(known)
    assert len(known) == {"1m": 119, "15m": 8, "1h": 2, "1d": 1}[resolution]
    assert flow["mean"][0] == 360.0


def test_auto_never_chooses_raw_for_a_derived_point(client: httpx.Client, loop: Port) -> None:
    """Two hours of a measured point come raw, of a KPI by the minute."""
    del loop
    assert get(client, points=FLOW)["resolution"] == "raw"
    assert get(client, points=f"{FLOW},{POWER}")["resolution"] == "1m"


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_raw_is_refused(client: httpx.Client, loop: Port, form: str) -> None:
    """A derived point has no raw readings, and the refusal says what to ask for instead."""
    del loop
    answer = client.get("/api/v1/readings", params=window(points=f"{FLOW},{POWER}", resolution="raw", format=form))
    assert answer.status_code == 422
    body = answer.json()
    assert (body["type"], body["place"]) == ("urn:quaymeter:problem:derived-raw", "resolution")
    assert POWER in body["detail"]
    assert "15m" in body["cure"]


def test_every_format_carries_the_same_figures(client: httpx.Client, loop: Port) -> None:
    """CSV, Parquet and Arrow hold what JSON holds, measured points first; what is not known is empty."""
    del loop
    query = window(points=f"{COP},{FLOW}", resolution="15m")
    wanted = client.get("/api/v1/readings", params=query).json()["series"][0]["columns"]
    assert wanted["mean"][0] == pytest.approx(2049.45 / 500)
    text = client.get("/api/v1/readings", params=query | {"format": "csv"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["point"] for row in rows] == [FLOW] * 8 + [COP] * 8
    assert [float(row["mean"]) for row in rows[8:]] == wanted["mean"]
    assert {row["total"] for row in rows} == {""}
    parquet = client.get("/api/v1/readings", params=query | {"format": "parquet"}).content
    arrow = client.get("/api/v1/readings", params=query | {"format": "arrow"}).content
    for table in (pq.read_table(pa.BufferReader(parquet)), pa.ipc.open_stream(arrow).read_all()):
        assert table["point"].to_pylist() == [FLOW] * 8 + [COP] * 8
        assert table["mean"].to_pylist()[8:] == wanted["mean"]
        assert table["coverage"].to_pylist()[8:] == wanted["coverage"]


def test_derived_points_are_listed(client: httpx.Client, loop: Port) -> None:
    """They are marked, with formula and inputs, and can be filtered; measured points have neither."""
    del loop
    rows = {row["key"]: row for row in client.get("/api/v1/points").json()}
    assert len(rows) == 14
    power = rows[POWER]
    assert (power["derived"], power["unit"], power["kind"], power["utility"]) == (True, "kW", "gauge", "seawater")
    assert power["formula"] == KPIS[0].formula
    assert power["inputs"] == {"flow": FLOW, "t_in": IN, "t_out": OUT}
    assert (rows[FLOW]["derived"], rows[FLOW]["formula"], rows[FLOW]["inputs"]) == (False, None, None)
    assert [row["key"] for row in client.get("/api/v1/points?derived=true").json()] == [POWER, COP]
    assert len(client.get("/api/v1/points?derived=false").json()) == 12
    assert client.get(f"/api/v1/points/{COP}").json()["inputs"]["heat"] == POWER
    near = client.get("/api/v1/readings", params=window(points=POWER + "x", resolution="1h"))
    assert POWER in near.json()["cure"]


def test_a_retired_kpi_keeps_its_history(client: httpx.Client, loop: Port) -> None:
    """A KPI that is no longer declared is not listed, and can still be asked for."""
    apply_site(loop.dsn, loop.site, who="test")
    assert client.get("/api/v1/points?derived=true").json() == []
    assert get(client, points=POWER, resolution="1h")["series"][0]["columns"]["mean"] == [pytest.approx(2049.45)] * 2


def test_the_bound_of_json_counts_derived_rows(loop: Port) -> None:
    """Eight measured and eight derived rows are more than fifteen; the refusal says what to do."""
    settings = ApiSettings(dsn=loop.dsn, max_json_rows=15)
    with serving(settings) as address, httpx.Client(base_url=address, timeout=30) as client:
        asked = window(points=f"{FLOW},{POWER},{COP}", resolution="15m")
        answer = client.get("/api/v1/readings", params=asked)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:quaymeter:problem:too-many-readings"
        assert client.get("/api/v1/readings", params=asked | {"points": POWER}).status_code == 200


def test_a_window_too_long_for_its_resolution_is_a_422(client: httpx.Client, port: Port) -> None:
    """Two years of minutes that no table keeps: the request is at fault, not the service, and the cure says so."""
    port.write([(FLOW, BEGIN + timedelta(days=day), 1.0, 0) for day in range(-731, 1, 10)])
    refresh_all(port.dsn)
    query = {"points": FLOW, "resolution": "1m", "from": "2024-01-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    answer = client.get("/api/v1/readings", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Retry-After" not in answer.headers
    body = answer.json()
    assert (body["type"], body["place"]) == ("urn:quaymeter:problem:window-too-long", "resolution")
    assert "more than can be made while you wait" in body["detail"]
    assert "coarser resolution" in body["cure"]
    file = client.get("/api/v1/readings", params=query | {"format": "csv"})
    assert file.status_code == 200  # a file is made stretch by stretch
    assert len(file.text.splitlines()) == 1 + 74 * 5


def test_the_refusal_is_in_the_description() -> None:
    """The description of the API names 422 for readings, as a problem document."""
    answer = OPERATIONS["/api/v1/readings"]["responses"]["422"]
    assert "application/problem+json" in answer["content"]
