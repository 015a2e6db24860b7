"""The pages as the server writes them: what comes first, what is said, in both languages, without any script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.console.charts import Frame, Trend, draw, nice_step, runs, value_axis
from api.console.timeaxis import ticks
from api.language import words
from storage.rollups import refresh
from telemetry.batch import MessageNumber
from tests.api.conftest import OUT_OF_RANGE, SIMULATED, refusal

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Port

AIR = "store/room-1/t_air"
PARIS = ZoneInfo("Europe/Paris")


def text_of(page: str) -> str:
    """Return the words of a page without its markup."""
    return re.sub(r"[ \n\t]+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_shows_every_sensor_with_value_unit_and_age(client: httpx.Client, port: Port) -> None:
    """All points stand there by asset and utility, values as French writes them, from the first byte on."""
    port.write_everything(age_s=70, value=1234.5)
    page = client.get("/").text
    assert page.count("data-point=") == 12
    said = text_of(page)
    assert "Débit" in said
    assert "1\u202f234,5 m³/h" in said
    assert "-21,5 °C" in said
    assert "1 min" in said
    assert "Aucun capteur muet" in said
    places = [
        page.index(text) for text in ('id="u-seawater"', "Pompe de boucle 1 <", 'id="u-cold"', "Chambre froide 2 <")
    ]
    assert places == sorted(places)
    assert '<html lang="fr"' in page


def test_english_by_header_by_link_and_remembered(client: httpx.Client, port: Port) -> None:
    """English comes by the browser's wish or by the switch, and a cookie keeps the choice."""
    port.write_everything()
    assert "1,234.5 m³/h" in text_of(client.get("/", headers={"Accept-Language": "en"}).text)
    assert "Valeurs en direct" in client.get("/").text
    assert "Live values" in client.get("/?lang=en").text
    assert "Live values" in client.get("/").text
    assert "Valeurs en direct" in client.get("/?lang=fr").text


def test_silent_and_out_of_range_come_first(client: httpx.Client, port: Port) -> None:
    """What needs a look stands before all else: the longest silent first, with since when, then values out of range."""
    now = datetime.now(UTC)
    ages_s = {"store/room-2/flow": 4000, "store/room-1/flow": 9000}
    port.write([(key, now - timedelta(seconds=ages_s.get(key, 5)), 12.0, 0) for key in port.catalogue.points])
    port.write([("store/room-2/t_air", now, 48.0, OUT_OF_RANGE)])
    page = client.get("/").text
    attention = page[page.index('id="attention"') : page.index('class="tools"')]
    found = re.findall(r'<li data-of="([^"]+)"', attention)
    assert found == ["store/room-1/flow", "store/room-2/flow", "store/room-2/t_air"]
    assert re.search(r"muet depuis .+ · 2 h 30", text_of(attention))
    assert re.search(r'id="all-well"[^>]* hidden', attention)


def test_simulated_signals_are_said_to_be_so(client: httpx.Client, port: Port) -> None:
    """The note stands there as soon as one reading is simulated, and not before."""
    note = re.compile(r'<p id="simulated"[^>]*hidden')
    port.write([(AIR, datetime.now(UTC), 1.0, 0)])
    assert note.search(client.get("/").text)
    port.write([(AIR, datetime.now(UTC) + timedelta(seconds=1), 1.0, SIMULATED)])
    page = client.get("/").text
    assert not note.search(page)
    assert "Signaux simulés – démonstration" in page


def test_the_ledger_is_on_the_page(client: httpx.Client, port: Port) -> None:
    """Received = stored + duplicates + quarantined, and whether it balances."""
    port.write_everything()
    port.write([(AIR, datetime.now(UTC), 1.0, 0)], refused=[refusal()])
    said = text_of(client.get("/").text)
    assert "14 reçues = 13 stockées + 0 doublons + 1 en quarantaine" in said
    assert "équilibré" in said


def test_quarantine_and_losses_have_pages(client: httpx.Client, port: Port) -> None:
    """Refusals are listed with their cure, hostile text is shown as text, and holes in the numbers are named."""
    numbers = [MessageNumber("plc-2", 1, seq) for seq in (1, 2, 5)]
    port.write([(AIR, datetime.now(UTC), 1.0, 0)], refused=[refusal("<script>alert(1)</script>")], numbers=numbers)
    page = client.get("/small/quarantine").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "unité (1)" in text_of(page)
    assert "Rien en quarantaine" in client.get("/small/quarantine?reason=future").text
    losses = text_of(client.get("/small/losses").text)
    assert "Il manque 2 messages." in losses
    assert "3–4" in losses


def test_a_sensor_has_a_page_with_chart_words_table_and_file(client: httpx.Client, port: Port) -> None:
    """The chart is drawn twice (wide, narrow), said in words and given as a table; the file is a link away."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    # not a minute apart: the oldest stays within the hour when the next minute begins meanwhile
    rows = [(AIR, now - timedelta(seconds=58 * i), -20.0 - i / 10, OUT_OF_RANGE if i == 7 else 0) for i in range(60)]
    port.write(rows)
    page = client.get(f"/small/point/{AIR}?range=1h").text
    assert page.count("<svg") == 2
    assert page.count('class="cross"') == 2
    said = text_of(page)
    assert "Minimum -25,9 °C" in said
    assert "maximum -20,0 °C" in said
    assert "1 mesure mauvaise est marquée d’une croix" in said
    assert page.count("<tr data-at=") == 60
    link = re.search(r'href="(/api/v1/readings[^"]+)"', page)
    assert link
    file = client.get(link[1].replace("&amp;", "&"))
    assert file.status_code == 200
    assert len(file.content.decode("utf-8-sig").splitlines()) == 61


def test_a_register_is_shown_as_amounts(client: httpx.Client, port: Port) -> None:
    """A counter is drawn as bars of what it gained, with their sum in words."""
    now = datetime.now(UTC)
    port.write([("store/room-1/energy", now - timedelta(minutes=i), 5000.0 - 2 * i, 0) for i in range(300)])
    while not refresh(port.dsn).idle:
        pass
    page = client.get("/small/point/store/room-1/energy?range=6h").text
    assert 'class="bar"' in page
    total = re.search(r"Total sur la période : ([\d,]+) kWh", text_of(page))
    assert total
    assert float(total[1].replace(",", ".")) == pytest.approx(598, abs=10)


@pytest.mark.parametrize("path", ["/nowhere", "/small/point/a/b/c", "/small/nothing"])
def test_a_page_that_is_not_there_is_said_in_a_page(client: httpx.Client, path: str) -> None:
    """With a browser, an error is a page of the console; for a program it is a problem document."""
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "Cette page ne peut pas être affichée" in page.text
    assert client.get(path).headers["content-type"] == "application/problem+json"


def trend(**more: object) -> Trend:
    """Return a small trend."""
    values = {
        "at": np.arange(5.0),
        "value": np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
        "bad": np.zeros(5, bool),
        "gap_s": 1.5,
    }
    return Trend(**values | more)  # type: ignore[arg-type]  # test values of the right types


def test_a_line_breaks_where_nothing_is_known() -> None:
    """A gap in time, a bad reading and an empty bucket each break the line; nothing is drawn across."""
    whole = [list(run) for run in runs(trend())]
    assert whole == [[0, 1, 2, 3, 4]]
    late = trend(at=np.array([0.0, 1.0, 5.0, 6.0, 7.0]))
    assert [list(run) for run in runs(late)] == [[0, 1], [2, 3, 4]]
    bad = trend(bad=np.array([False, False, True, False, False]))
    assert [list(run) for run in runs(bad)] == [[0, 1], [3, 4]]
    empty = trend(value=np.array([np.nan, 2.0, 3.0, np.nan, np.nan]))
    assert [list(run) for run in runs(empty)] == [[1, 2]]
    assert runs(trend(value=np.full(5, np.nan))) == []


@pytest.mark.parametrize("shape", ["line", "step", "bars"])
@pytest.mark.parametrize("values", [[0.0] * 5, [1e9] * 5, [-1e-9, 0, 1e-9, 0, 0], [np.nan] * 5, [-5.0, 1, 2, 3, 1e12]])
def test_any_values_can_be_drawn(shape: str, values: list[float]) -> None:
    """Flat, huge, tiny and missing values give a chart whose every place is a finite number inside the drawing."""
    column = np.array(values)
    chart = draw(
        trend(value=column, minimum=column - 1, maximum=column + 1, shape=shape, limits=(-1.0, 4.0)),
        Frame(start=0.0, end=5.0),
        ticks=[(1.0, "<now>")],
        number=lambda value, step: f"{value:.3g}±{step:.1g}",
        title='a "title" & <more>',
        css="wide-chart",
    )
    assert "nan" not in chart
    assert "inf" not in chart
    assert "<now>" not in chart
    places = [float(y) for points in re.findall(r'points="([^"]+)"', chart) for y in re.findall(r",(-?[\d.]+)", points)]
    assert all(0 <= y <= 340 for y in places)


def test_axes_have_round_steps() -> None:
    """Steps are 1, 2 or 5 times a power of ten, and the axis holds every value."""
    assert [nice_step(span) for span in (23.0, 1.0, 0.07, 4999)] == [5.0, 0.2, 0.02, 1000.0]
    low, high, step = value_axis(trend(value=np.array([0.13, 0.2, 0.5, 0.61, 0.4])))
    assert (low, high, step) == pytest.approx((0.1, 0.7, 0.1))


@pytest.mark.parametrize(
    ("start", "hours", "labels"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 24, ["29 mars", "06:00", "12:00", "18:00", "30 mars"]),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 24, ["25 oct.", "06:00", "12:00", "18:00"]),
        (datetime(2026, 7, 1, 8, 10, tzinfo=UTC), 1, ["10:15", "10:30", "10:45", "11:00"]),
        (datetime(2026, 1, 1, tzinfo=UTC), 24 * 365, ["avr. 2026", "juil. 2026", "oct. 2026", "janv. 2027"]),
    ],
)
def test_marks_of_time_are_round_on_the_local_clock(start: datetime, hours: int, labels: list[str]) -> None:
    """On the days of 23 and of 25 hours too, marks stand at round local times, each once."""
    marks = ticks(start, start + timedelta(hours=hours), PARIS, words("fr"), most=5)
    assert [label for _, label in marks] == labels
    places = [at for at, _ in marks]
    assert places == sorted(set(places))
