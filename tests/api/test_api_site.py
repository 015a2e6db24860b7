"""Sites, assets, points and latest values over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from api.settings import ApiSettings
from storage.catalogue import apply_site
from tests.api.conftest import OUT_OF_RANGE, SIMULATED, serving, small_port

if TYPE_CHECKING:
    from tests.api.conftest import Port

AIR = "store/room-1/t_air"


def problem(answer: httpx.Response, status: int) -> dict[str, str]:
    """Return a problem document after checking its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, str] = answer.json()
    assert body["type"].startswith("urn:quaymeter:problem:")
    assert body["detail"]
    return body


def test_sites_and_one_site(client: httpx.Client) -> None:
    """A site comes with its place, its zone, its utilities and how much it holds."""
    (row,) = client.get("/api/v1/sites").json()
    assert (row["id"], row["assets"], row["points"], row["timezone"]) == ("small", 3, 12, "Europe/Paris")
    detail = client.get("/api/v1/sites/small").json()
    assert [utility["id"] for utility in detail["utilities"]] == ["seawater", "cold"]
    assert detail["operators"] == [{"id": "maree", "name": "Marée du Quai"}]


def test_unknown_site_names_the_known_ones(client: httpx.Client) -> None:
    """A wrong site id is answered with those that exist."""
    assert "small" in problem(client.get("/api/v1/sites/smal"), 404)["cure"]


def test_a_database_without_site_says_what_to_do(database: str) -> None:
    """Before any site file is applied, the answer is the command that applies one."""
    with serving(ApiSettings(dsn=database)) as address, httpx.Client(base_url=address) as client:
        assert "quaymeter site apply" in problem(client.get("/api/v1/points"), 404)["cure"]
        page = client.get("/", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert "quaymeter site apply" in page.text


def test_several_sites_must_be_named(client: httpx.Client, port: Port) -> None:
    """With two sites, a request without `site` is refused and told which there are."""
    apply_site(port.dsn, small_port(site_id="other"), who="test")
    body = problem(client.get("/api/v1/latest"), 422)
    assert "other, small" in body["cure"]
    assert len(client.get("/api/v1/latest?site=other").json()) == 12


def test_assets_in_order(client: httpx.Client) -> None:
    """Assets keep the order of the site file and name company and device."""
    rows = client.get("/api/v1/assets").json()
    assert [row["key"] for row in rows] == ["loop/pump-1", "store/room-1", "store/room-2"]
    assert (rows[1]["area"], rows[1]["device"], rows[1]["points"]) == ("store", "plc-2", 4)
    assert rows[0]["name"]["fr"] == "Pompe de boucle 1"


def test_point_filters_narrow_together(client: httpx.Client) -> None:
    """Every filter that is given has to fit; text is found in any language and case."""

    def keys(query: str) -> list[str]:
        return [row["key"] for row in client.get(f"/api/v1/points?{query}").json()]

    assert len(keys("")) == 12
    assert keys("kind=counter&asset=store/room-2") == ["store/room-2/energy"]
    assert keys("quantity=temperature&area=loop") == ["loop/pump-1/t_air"]
    assert len(keys("utility=cold")) == 8
    assert len(keys("tag=haccp")) == len(keys("tag=haccp:yes")) == 3
    assert keys("tag=haccp:no") == []
    assert len(keys("q=AIR TEMP")) == len(keys("q=t_AIR")) == 3


def test_one_point(client: httpx.Client) -> None:
    """A point says its unit, kind, ranges and tags; a misspelt one is answered with the nearest."""
    row = client.get(f"/api/v1/points/{AIR}").json()
    assert (row["unit"], row["kind"], row["valid_min"], row["valid_max"]) == ("Cel", "gauge", -40.0, 40.0)
    assert row["tags"] == {"haccp": "yes"}
    assert AIR in problem(client.get("/api/v1/points/store/room-1/t_aire"), 404)["cure"]


def test_latest_tells_age_silence_and_quality(client: httpx.Client, port: Port) -> None:
    """A live, a silent, a bad and a never heard point are told apart."""
    now = datetime.now(UTC)
    port.write(
        [
            (AIR, now - timedelta(seconds=20), -21.5, SIMULATED),
            ("store/room-1/flow", now - timedelta(seconds=301), 12.0, 0),
            ("store/room-1/energy", now, 99.0, OUT_OF_RANGE | 1 << 13),
        ]
    )
    rows = {row["point"]: row for row in client.get("/api/v1/latest?asset=store/room-1").json()}
    assert set(rows) == {f"store/room-1/{name}" for name in ("t_air", "flow", "energy", "running")}
    live = rows[AIR]
    assert (live["value"], live["unit"], live["silent"]) == (-21.5, "Cel", False)
    assert 20 <= live["age_s"] < 60
    assert live["quality"] == {"code": 4096, "class": "good", "device_class": "good", "reasons": ["simulated"]}
    assert rows["store/room-1/flow"]["silent"] is True
    assert rows["store/room-1/energy"]["quality"] == {
        "code": OUT_OF_RANGE | 1 << 13, "class": "bad", "device_class": "uncertain", "reasons": ["range"],
    }  # fmt: skip
    unheard = rows["store/room-1/running"]
    assert (unheard["value"], unheard["ts"], unheard["age_s"], unheard["silent"]) == (None, None, None, True)


def test_latest_can_be_asked_for_silent_sensors(client: httpx.Client, port: Port) -> None:
    """`silent=true` lists those that need a look, `silent=false` the others."""
    port.write([(AIR, datetime.now(UTC), 1.0, 0)])
    assert [row["point"] for row in client.get("/api/v1/latest?silent=false").json()] == [AIR]
    assert len(client.get("/api/v1/latest?silent=true").json()) == 11


def test_a_parameter_that_cannot_be_is_explained(client: httpx.Client) -> None:
    """A wrong value names its parameter and what was given."""
    body = problem(client.get("/api/v1/points?kind=gage"), 422)
    assert body["place"] == "kind"
    assert "gage" in body["detail"]


def test_an_unknown_path_points_to_the_reference(client: httpx.Client) -> None:
    """A path that does not exist is a problem document with a cure."""
    assert "/api/v1/reference" in problem(client.get("/api/v1/nowhere"), 404)["cure"]


def test_a_database_that_is_away_is_a_503(port: Port) -> None:
    """Without a database, data answer 503 with a cure, readiness names the part, liveness stays."""
    missing = ApiSettings(dsn=port.dsn.replace("/test_", "/gone_"))
    with serving(missing) as address, httpx.Client(base_url=address) as client:
        body = problem(client.get("/api/v1/latest"), 503)
        assert body["place"] == "database"
        assert body["cure"]
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert [part["part"] for part in ready.json()["parts"] if not part["ok"]] == ["database"]
        assert client.get("/api/v1/health/live").json() == {"status": "alive"}
