"""History over HTTP: every resolution and format, the same figures in each, and clear refusals."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from api.settings import ApiSettings
from storage.rollups import refresh
from tests.api.conftest import OUT_OF_RANGE, SIMULATED, serving

if TYPE_CHECKING:
    from tests.api.conftest import Port

AIR, FLOW, ENERGY = "store/room-1/t_air", "store/room-1/flow", "store/room-1/energy"
BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
END = BEGIN + timedelta(hours=2)


def minute(i: int) -> datetime:
    """Return the i-th minute of the recorded two hours."""
    return BEGIN + timedelta(minutes=i)


@pytest.fixture
def recorded(port: Port) -> Port:
    """Write two hours of a temperature with one bad value, a register that grows by 6 a minute, and roll them up."""
    air = [(AIR, minute(i), -20.0 + i / 10, OUT_OF_RANGE if i == 5 else SIMULATED) for i in range(120)]
    energy = [(ENERGY, minute(i), 1000.0 + 6.0 * i, 0) for i in range(120)]
    port.write(air + energy)
    while not refresh(port.dsn).idle:
        pass
    return port


def window(**more: str) -> dict[str, str]:
    """Return the query of the recorded two hours."""
    return {"from": BEGIN.isoformat(), "to": END.isoformat(), **more}


def get(client: httpx.Client, **query: str) -> Any:
    """Ask for readings as JSON."""
    answer = client.get("/api/v1/readings", params=window(**query))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_raw_readings_are_what_was_written(client: httpx.Client, recorded: Port) -> None:
    """Every value, time and quality comes back as it was stored."""
    body = get(client, points=AIR, resolution="raw")
    assert (body["site"], body["resolution"]) == ("small", "raw")
    (series,) = body["series"]
    assert (series["point"], series["unit"], series["kind"]) == (AIR, "Cel", "gauge")
    columns = series["columns"]
    assert columns["ts"] == [f"{minute(i):%Y-%m-%dT%H:%M:%SZ}" for i in range(120)]
    assert columns["value"] == [-20.0 + i / 10 for i in range(120)]
    assert columns["quality"][5] == OUT_OF_RANGE
    assert recorded.site.id == body["site"]


def test_roll_ups_average_levels_and_difference_registers(client: httpx.Client, recorded: Port) -> None:
    """An hour's mean leaves the bad value out and says so by its coverage; a register's increase is 6 a minute."""
    del recorded
    body = get(client, points=f"{AIR},{ENERGY}", resolution="1h")
    air, energy = (series["columns"] for series in body["series"])
    assert air["ts"] == ["2026-03-02T06:00:00Z", "2026-03-02T07:00:00Z"]
    good = [-20.0 + i / 10 for i in range(60) if i != 5]
    assert air["n"][0] == 59
    assert air["n_bad"][0] == 1
    assert air["minimum"][0] == min(good)
    assert air["maximum"][0] == max(good)
    assert air["mean"][0] == pytest.approx(sum(good) / 59, abs=0.02)
    assert 0.9 < air["coverage"][0] <= 1.0
    assert energy["increase"] == [pytest.approx(360.0), pytest.approx(354.0)]
    assert air["increase"] == [None, None]


def test_auto_suits_the_window(client: httpx.Client, recorded: Port) -> None:
    """A short window comes raw, a month by the hour, ten years by the day."""
    del recorded
    assert get(client, points=AIR)["resolution"] == "raw"
    for days, resolution in ((30, "1h"), (3650, "1d")):
        query = window(points=AIR) | {"from": (END - timedelta(days=days)).isoformat()}
        assert client.get("/api/v1/readings", params=query).json()["resolution"] == resolution


def test_left_out_times_mean_the_last_day(client: httpx.Client, port: Port) -> None:
    """Without `from` and `to` the window is the day before now."""
    now = datetime.now(UTC)
    port.write([(FLOW, now - timedelta(hours=25), 1.0, 0), (FLOW, now - timedelta(hours=1), 2.0, 0)])
    (series,) = client.get("/api/v1/readings", params={"points": FLOW}).json()["series"]
    assert series["columns"]["value"] == [2.0]


def test_every_format_carries_the_same_figures(client: httpx.Client, recorded: Port) -> None:
    """CSV, Parquet and Arrow hold what JSON holds, by query or by Accept header."""
    del recorded
    wanted = get(client, points=AIR, resolution="raw")["series"][0]["columns"]
    text = client.get("/api/v1/readings", params=window(points=AIR, resolution="raw"), headers={"Accept": "text/csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        text.headers["content-disposition"]
        == 'attachment; filename="small_store_room-1_t_air_20260302_20260302_raw.csv"'
    )
    rows = list(csv.DictReader(io.StringIO(text.text)))
    assert [row["ts"] for row in rows] == wanted["ts"]
    assert [float(row["value"]) for row in rows] == wanted["value"]
    assert {row["point"] for row in rows} == {AIR}
    parquet = client.get("/api/v1/readings", params=window(points=AIR, resolution="raw", format="parquet"))
    arrow = client.get("/api/v1/readings", params=window(points=AIR, resolution="raw", format="arrow"))
    for table in (pq.read_table(pa.BufferReader(parquet.content)), pa.ipc.open_stream(arrow.content).read_all()):
        assert table["value"].to_pylist() == wanted["value"]
        assert table["quality"].to_pylist() == wanted["quality"]
        assert [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in table["ts"].to_pylist()] == wanted["ts"]


def test_what_a_bucket_lacks_is_empty_in_every_format(client: httpx.Client, recorded: Port) -> None:
    """A gauge has no increase: null in JSON, Parquet and Arrow, an empty cell in CSV, never NaN."""
    del recorded
    query = window(points=AIR, resolution="1h", format="csv")
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/readings", params=query).text)))
    assert [row["increase"] for row in rows] == ["", ""]
    table = pq.read_table(pa.BufferReader(client.get("/api/v1/readings", params=query | {"format": "parquet"}).content))
    assert table["increase"].null_count == 2
    assert not math.isnan(table["mean"].to_pylist()[0])


def test_csv_for_a_french_spreadsheet(client: httpx.Client, recorded: Port) -> None:
    """The French dialect has semicolons, decimal commas and the mark that spreadsheets look for."""
    del recorded
    query = window(points=AIR, resolution="raw", format="csv", dialect="fr")
    content = client.get("/api/v1/readings", params=query).content
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("point;ts;value;")
    assert ";-19,9;" in lines[2]


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        ({}, 422, "points"),
        ({"points": " , "}, 422, "points"),
        ({"points": "store/room-1/t_aire"}, 404, "points"),
        ({"points": AIR, "from": "2026-03-02T06:00:00"}, 422, "from"),
        ({"points": AIR, "from": "1850-01-01T00:00:00Z"}, 422, "from"),
        ({"points": AIR, "to": "9999-12-31T23:59:59-12:00"}, 422, "to"),
        ({"points": AIR, "from": "2026-03-02T08:00:00Z", "to": "2026-03-02T06:00:00Z"}, 422, "from"),
        ({"points": AIR, "resolution": "5m"}, 422, "resolution"),
        ({"points": AIR, "format": "xlsx"}, 422, "format"),
        ({"points": AIR, "from": "2026-03-02T08:00:00Z", "to": "2026-03-02T06:00:00Z", "format": "csv"}, 422, "from"),
    ],
)
def test_what_cannot_be_answered_says_where_and_why(
    client: httpx.Client, query: dict[str, str], status: int, place: str
) -> None:
    """Each wrong request is refused with the parameter, the cause and a cure."""
    answer = client.get("/api/v1/readings", params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["place"] == place
    assert body["detail"]
    assert body["cure"]


def test_a_format_that_we_lack(client: httpx.Client) -> None:
    """An Accept header that nothing of ours fits is answered with what there is."""
    answer = client.get("/api/v1/readings", params={"points": AIR}, headers={"Accept": "application/pdf"})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["cure"]


def test_too_many_readings_for_json_go_as_a_file(recorded: Port) -> None:
    """JSON beyond its bound is refused with the way out, and that way works."""
    with serving(ApiSettings(dsn=recorded.dsn, max_json_rows=119)) as address, httpx.Client(base_url=address) as client:
        query = window(points=AIR, resolution="raw")
        refused = client.get("/api/v1/readings", params=query)
        assert refused.status_code == 422
        assert "csv" in refused.json()["cure"]
        file = client.get("/api/v1/readings", params=query | {"format": "csv"})
        assert len(file.text.splitlines()) == 121


def test_downloads_are_bounded_and_their_turn_comes_back(recorded: Port) -> None:
    """A download that is left half-way gives its turn and its connection back."""
    settings = ApiSettings(dsn=recorded.dsn, max_streams=1, pool_size=2)
    with serving(settings) as address, httpx.Client(base_url=address) as client:
        query = window(points=AIR, resolution="raw", format="csv")
        for _ in range(10):
            with client.stream("GET", "/api/v1/readings", params=query) as answer:
                assert answer.status_code in {200, 503}
        for _ in range(50):
            last = client.get("/api/v1/readings", params=query)
            if last.status_code == 200:
                break
        assert last.status_code == 200
        assert len(last.text.splitlines()) == 121


def test_a_long_file_is_streamed_in_pieces_with_bounded_memory(port: Port) -> None:
    """A file of many blocks comes out whole, in order of time, without the service holding it."""
    days = [(FLOW, BEGIN + timedelta(seconds=20 * i), float(i), 0) for i in range(120_000)]
    port.write(days)
    with serving(ApiSettings(dsn=port.dsn)) as address, httpx.Client(base_url=address, timeout=60) as client:
        query = {"points": FLOW, "from": BEGIN.isoformat(), "to": (BEGIN + timedelta(days=60)).isoformat()}
        with client.stream("GET", "/api/v1/readings", params=query | {"resolution": "raw", "format": "csv"}) as answer:
            assert "content-length" not in answer.headers
            pieces = list(answer.iter_raw())
        assert len(pieces) > 2
        rows = b"".join(pieces).decode().splitlines()
        assert len(rows) == 120_001
        times = [row.split(",")[1] for row in rows[1:]]
        assert times == sorted(times)
