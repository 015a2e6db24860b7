"""The page of key figures: each derived point over the last stretch of time that is over, with its coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from api.console.indicators import IndicatorView, indicators, width_of
from api.language import words
from storage.catalogue import apply_site
from storage.engine import connect
from storage.overview import assets, points_by_key
from storage.rollups import refresh_all
from telemetry.quality import QualityClass, Reason
from tests.api.test_api_derived import ENERGY, FLOW, IN, KPIS, OUT
from tests.api.test_console_pages import text_of

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Port

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # of the last quarter of an hour that is over
DOUBTFUL = int(QualityClass.UNCERTAIN | Reason.CLOCK)


def row_of(page: str, key: str) -> str:
    """Return the words of one row."""
    return " ".join(text_of(page.partition(f'data-point="{key}">')[2].partition("</tr>")[0]).split())


def shown(port: Port, language: str) -> list[IndicatorView]:
    """Return the key figures as they are seen at 06:20 UTC."""
    with connect(port.dsn, autocommit=True) as connection:
        plant = {asset.key: asset for asset in assets(connection, "small")}
        known = points_by_key(connection, "small")
        return indicators(connection, known, plant, now=BEGIN + timedelta(minutes=20), say=words(language))


@pytest.fixture
def loop(port: Port) -> Port:
    """Declare two KPIs and write what they are made of, with a doubtful value and six that are missing."""
    apply_site(port.dsn, replace(port.site, derived_points=KPIS), who="test")
    rows = []
    for i in range(-15, 20):
        at = BEGIN + timedelta(minutes=i)
        rows += [(FLOW, at, 720.0, 0), (IN, at, 10.0, DOUBTFUL if i == 3 else 0), (ENERGY, at, 1000 + 500 * i / 60, 0)]
        rows += [(OUT, at, 15.0, 0)] if i not in range(5, 11) else []
    port.write(rows)
    refresh_all(port.dsn)
    return port


def test_key_figures_with_unit_coverage_and_quality(loop: Port) -> None:
    """Power and coefficient of performance of the quarter that is over, how much is known, what speaks against it."""
    power, cop = shown(loop, "fr")
    assert (power.text.split(), power.unit, power.width) == (["4", "098,9"], "kW", "15 min")
    assert (power.coverage.split()[0], power.mark) == ("87", "incertain · horloge")  # 13 of 15 minutes: held for five
    assert (power.name, power.asset, power.begin) == ("Puissance thermique", "Pompe de boucle 1", BEGIN)
    assert (cop.text, cop.unit, cop.coverage) == ("8,20", "", power.coverage)
    assert [view.text for view in shown(loop, "en")] == ["4,098.9", "8.20"]


def test_the_page_shows_them(client: httpx.Client, loop: Port) -> None:
    """Today nothing was measured: a dash, no time, nothing known, on a page that the others lead to."""
    del loop
    assert '<a href="/small/indicators">' in client.get("/small").text
    said = row_of(client.get("/small/indicators?lang=en").text, KPIS[0].key)
    assert said == "Thermal power – kW 0 % 15 min – Loop pump 1"


def test_a_site_without_key_figures_says_so(client: httpx.Client) -> None:
    """An empty page explains itself."""
    assert "n’en déclare pas encore" in text_of(client.get("/small/indicators").text)


@pytest.mark.parametrize(
    ("period_s", "width"), [(1.0, "15m"), (900.0, "15m"), (901.0, "1h"), (86_400.0, "1d"), (1e6, "1d")]
)
def test_the_width_has_room_for_the_slowest_input(period_s: float, width: str) -> None:
    """A figure made of hourly amounts is shown by the hour."""
    assert width_of(period_s) == width
