"""The console in a real browser: it lives, works without a mouse, fits a phone, and asks nobody else for anything."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from api.console.render import age
from api.language import words
from api.settings import ApiSettings
from telemetry.quality import Reason
from tests.api.conftest import OUT_OF_RANGE, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.api.conftest import Port

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AIR, FLOW = "store/room-1/t_air", "store/room-1/flow"
NARROW_SPACE = "\u202f"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: the console is tested without a browser only")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages that fail the test on any script error, and close them at its end."""
    contexts, troubles = [], []

    def opened(url: str, *, width: int = 1280, height: int = 800, locale: str = "fr-FR", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda message: troubles.append(message.text) if "Content Security" in message.text else None
        )
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def row(page: Page, key: str) -> Any:
    """Return the row of one sensor."""
    return page.locator(f'[data-point="{key}"]')


def test_a_new_value_appears_without_reload(open_page: Callable[..., Page], address: str, port: Port) -> None:
    """What the database gets is on the page a moment later, written as French writes it; the page was loaded once."""
    port.write_everything()
    page = open_page(address)
    page.wait_for_selector(".pill.ok")
    page.evaluate("window.marked = true")
    port.write([(FLOW, datetime.now(UTC), 4321.04, 0)])
    row(page, FLOW).get_by_text(f"4{NARROW_SPACE}321,0").wait_for()
    assert row(page, FLOW).locator(".age").inner_text() in {"0 s", "1 s", "2 s", "3 s"}
    assert page.evaluate("window.marked") is True


def test_a_sensor_that_falls_silent_appears_at_the_top(open_page: Callable[..., Page], port: Port) -> None:
    """A sensor is alive, its age counts up, and when it is silent for too long it is listed first, without reload."""
    from storage.catalogue import apply_site  # noqa: PLC0415 - only this test changes the site
    from tests.api.conftest import small_port  # noqa: PLC0415 - as above

    apply_site(port.dsn, small_port(silent_after_s=4.0), who="test")
    now = datetime.now(UTC)
    port.write([(key, now + timedelta(seconds=30), 1.0, 0) for key in port.catalogue.points if key != FLOW])
    with serving(ApiSettings(dsn=port.dsn, live_interval_s=0.05)) as address:
        port.write([(FLOW, datetime.now(UTC), 7.0, 0)])
        page = open_page(address)
        page.wait_for_selector(".pill.ok")
        assert not page.locator("#silent").is_visible()
        item = page.locator(f'#silent [data-of="{FLOW}"]')
        item.wait_for()
        assert "muet depuis" in item.inner_text()
        assert row(page, FLOW).locator(".mark").inner_text() == "muet"
        assert page.locator("#n-silent dd").inner_text() == "1"
        assert page.locator("#all-well").is_hidden()
        assert "Débit" in (page.locator("#said").text_content() or "")
        port.write([(FLOW, datetime.now(UTC) + timedelta(seconds=60), 8.0, 0)])
        item.wait_for(state="detached")
        assert page.locator("#all-well").is_visible()


def test_a_value_out_of_range_is_listed(open_page: Callable[..., Page], address: str, port: Port) -> None:
    """A value outside its range moves to the top as it comes in, in words and not by colour alone."""
    port.write_everything()
    page = open_page(address)
    page.wait_for_selector(".pill.ok")
    port.write([(AIR, datetime.now(UTC), 55.0, OUT_OF_RANGE)])
    item = page.locator(f'#out-of-range [data-of="{AIR}"]')
    item.wait_for()
    assert "55,0" in item.inner_text()
    assert "hors plage" in item.inner_text()
    port.write([(FLOW, datetime.now(UTC), 3.0, 2 | int(Reason.COMM))])
    other = page.locator(f'#out-of-range [data-of="{FLOW}"]')
    other.wait_for()
    assert "mauvais · bus perdu" in other.inner_text()
    assert row(page, AIR).locator(".mark").inner_text() == "hors plage"


def test_a_broken_stream_is_obvious_and_mends_itself(open_page: Callable[..., Page], port: Port) -> None:
    """When the service goes, a banner says since when, ages go on counting; when it is back, so are live values."""
    port.write_everything()
    settings = ApiSettings(dsn=port.dsn, live_interval_s=0.05, heartbeat_s=0.5)
    with serving(settings) as address:
        page = open_page(address)
        page.wait_for_selector(".pill.ok")
    page.wait_for_selector("body.stale")
    banner = page.locator("#banner")
    assert re.search(r"Affichage figé – plus de connexion depuis \d\d:\d\d:\d\d", banner.inner_text())
    before = row(page, AIR).locator(".age").inner_text()
    page.wait_for_function(
        "([key, old]) => document.querySelector(`[data-point='${key}'] .age`).textContent !== old", arg=[AIR, before]
    )
    with serving(settings, port=urlsplit(address).port or 0):
        port.write([(FLOW, datetime.now(UTC), 77.0, 0)])
        row(page, FLOW).get_by_text("77,0").wait_for()
        page.wait_for_selector("body:not(.stale)")
        assert banner.is_hidden()


def test_everything_can_be_reached_by_keyboard(open_page: Callable[..., Page], address: str, port: Port) -> None:
    """Tab leads from the skip link on, the focus can be seen, `/` finds a sensor, Escape clears, Enter opens it."""
    port.write_everything()
    page = open_page(address)
    page.wait_for_selector(".pill.ok")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"
    page.keyboard.type("debit froide 2")
    assert page.locator("tr[data-point]:visible").count() == 1
    assert page.locator("#found").inner_text() == "1 trouvés"
    page.keyboard.press("Escape")
    assert page.locator("tr[data-point]:visible").count() == 12
    page.keyboard.type("t_air room-1")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tr') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/point/{AIR}")
    stops = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        stops.add(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert "plot" in stops
    assert "button" in stops


def test_the_chart_is_read_by_arrow_keys(open_page: Callable[..., Page], address: str, port: Port) -> None:
    """With the chart in focus, the arrows say each value with its time."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    port.write([(AIR, now - timedelta(minutes=i), -20.0 - i, 0) for i in range(10)])
    page = open_page(f"{address}/small/point/{AIR}?range=1h")
    page.locator(".plot").focus()
    page.keyboard.press("End")
    assert "-20,0 °C" in page.locator(".readout").inner_text()
    page.keyboard.press("ArrowLeft")
    assert "-21,0 °C" in page.locator(".readout").inner_text()
    page.keyboard.press("Home")
    assert "-29,0 °C" in page.locator(".readout").inner_text()
    assert page.locator("svg .cursor").count() == 2


@pytest.mark.parametrize(
    "path", ["/", f"/small/point/{AIR}", "/small/quarantine", "/small/losses", "/small/indicators", "/api/v1/reference"]
)
def test_a_phone_needs_no_sideways_scrolling(
    open_page: Callable[..., Page], address: str, port: Port, path: str
) -> None:
    """At 360 pixels nothing is wider than the screen."""
    port.write_everything()
    page = open_page(address + path, width=360, height=740)
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("path", ["/", f"/small/point/{AIR}", "/small/quarantine", "/api/v1/reference"])
def test_no_request_leaves_the_origin(open_page: Callable[..., Page], address: str, port: Port, path: str) -> None:
    """The page works on an isolated network: scripts, styles and data all come from the service itself."""
    port.write_everything()
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + path)
    page.wait_for_timeout(500)
    assert len(asked) > 1
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}


@pytest.mark.parametrize(("locale", "number"), [("fr-FR", f"1{NARROW_SPACE}234,5"), ("en-GB", "1,234.5")])
def test_browser_and_server_write_numbers_alike(
    open_page: Callable[..., Page], address: str, port: Port, locale: str, number: str
) -> None:
    """The server's number and the script's are the same text, in both languages."""
    port.write_everything(value=1234.5)
    page = open_page(address, locale=locale)
    assert row(page, FLOW).locator(".figure").inner_text() == number
    page.wait_for_selector(".pill.ok")
    port.write([(FLOW, datetime.now(UTC), 0.0, 0)])
    row(page, FLOW).get_by_text("0,0" if locale == "fr-FR" else "0.0", exact=True).wait_for()
    port.write([(FLOW, datetime.now(UTC) + timedelta(seconds=1), 1234.5, 0)])
    row(page, FLOW).get_by_text(number).wait_for()


def test_browser_and_server_write_figures_and_ages_alike(
    open_page: Callable[..., Page], address: str, port: Port
) -> None:
    """For many values and ages, Intl and our script give what Babel and our server give."""
    port.write_everything()
    page = open_page(address)
    figures = [0.05, 0.15, 0.25, 2.5, 1.005, 999.95, 1234.5, 99999.5, 123456.789, -0.04, -0.05, -1234.56, 1e6]
    ages = [0, 59.9, 60, 3599, 3600, 7512, 86399, 86400, 363600, 1e8]
    for language in ("fr", "en"):
        say = words(language)
        script = """async ([language, day, figures, ages]) => {
            const { writers } = await import("/static/figures.js");
            const write = writers({ language, zone: "Europe/Paris", words: { day } });
            return [figures.map((value) => [0, 1, 2].map((n) => write.number(value, n))), ages.map(write.age)];
        }"""
        numbers, texts = page.evaluate(script, [language, say("d"), figures, ages])
        assert numbers == [[say.number(value, n) for n in (0, 1, 2)] for value in figures]
        assert texts == [age(seconds, say) for seconds in ages]
