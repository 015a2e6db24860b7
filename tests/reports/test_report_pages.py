"""The report as it is set: a PDF that is the same each time, a page that needs nothing else and fits a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.charts.axes import rounded_out, ticks
from reports.charts.canvas import Canvas
from reports.document import Picture, blocks_of
from reports.savings_report import savings_report_html, savings_report_pdf
from tests.reports.examples import boiler_house, boiler_house_run, short_run, without_figure

if TYPE_CHECKING:
    from pathlib import Path

    from reports.document import Report


def test_the_pdf_is_the_same_each_time(french_pdf: bytes) -> None:
    """The same records give the same bytes: a report can be hashed as a bundle is."""
    assert french_pdf.startswith(b"%PDF-1.7")
    assert savings_report_pdf(boiler_house(), boiler_house_run(), "fr") == french_pdf


def test_the_pdf_says_what_the_document_says(french_pdf: bytes, tmp_path: Path) -> None:
    """Title, saving, verdict, simulated data and page numbers are in it as text, in French."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "report.pdf").write_bytes(french_pdf)
    done = subprocess.run([reader, "-layout", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True)
    saving = boiler_house_run().meters[0].saving
    assert saving is not None
    text, shown = " ".join(done.stdout.split()), f"{round(saving.value, -3):,.0f}".replace(",", " ")
    for words in ("Retour des condensats", shown, "Une économie est établie", "Données simulées", "Page 1 sur"):
        assert words in text
    assert done.stdout.count("Données simulées") >= done.stdout.count("\f")  # on every page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_runs_without_figure_and_of_bills_can_be_set_too(language: str) -> None:
    """A run that stops and one of monthly bills become a PDF as well: nothing is missing that the paper needs."""
    from savings.run import compute  # noqa: PLC0415 – this test alone computes

    dead = without_figure(boiler_house())
    assert savings_report_pdf(dead, compute(dead), language).startswith(b"%PDF")
    assert savings_report_pdf(*short_run(), language).startswith(b"%PDF")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_asks_nobody_for_anything(pages: dict[str, str], language: str) -> None:
    """No script, no address but the name of SVG, no style or font from elsewhere; links stay within the page."""
    page = pages[language]
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert all(target.startswith("#section-") for target in re.findall(r'href="([^"]*)"', page))
    assert not re.search(r"src=|@import|url\(", page)
    assert f'<html lang="{language}">' in page
    assert len(page) < 900_000


def test_every_picture_has_words_for_those_who_cannot_see_it(pages: dict[str, str], reports: dict[str, Report]) -> None:
    """Each drawing stands at two widths, well formed, with its alternative text."""
    pictures = [block for block in blocks_of(reports["en"]) if isinstance(block, Picture)]
    assert pages["en"].count('role="img" aria-label="') == 2 * len(pictures)
    assert len(pictures) == 16
    for each in pictures:
        assert each.alt
        for svg in (each.wide, each.narrow):
            assert ET.fromstring(svg).get("viewBox")  # noqa: S314 – drawn here, from nobody's input
            assert "nan" not in svg


def test_what_people_wrote_is_never_markup() -> None:
    """Names with angle brackets and quotes are shown as they are, on the page and on paper."""
    plan = boiler_house().plan
    name = '<script>alert("1")</script> #strong[x] & co'
    odd = msgspec.structs.replace(
        boiler_house(), plan=msgspec.structs.replace(plan, name={"en": name}, responsible=name)
    )
    run = msgspec.structs.replace(boiler_house_run(), known_at=boiler_house_run().known_at.replace(microsecond=123_456))
    page = savings_report_html(odd, run, "en")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert savings_report_pdf(odd, run, "en").startswith(b"%PDF")  # a database's clock has microseconds


@pytest.mark.browser
def test_the_page_fits_a_phone_and_a_desk(pages: dict[str, str], tmp_path: Path) -> None:
    """Nothing reaches beyond 360 pixels but tables within their own frame; a phone is shown the narrow drawings."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    file = tmp_path / "report.html"
    file.write_text(pages["fr"], encoding="utf-8")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width, shown in ((360, "narrow"), (1280, "wide")):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            visible = page.evaluate(
                "[...document.querySelectorAll('svg')].filter(e => e.clientWidth).map(e => e.classList[0])"
            )
            assert set(visible) == {shown}
        browser.close()


@given(st.floats(-1e6, 1e6), st.floats(1e-2, 1e6))
def test_axes_end_on_round_values_that_are_among_their_ticks(low: float, span: float) -> None:
    """Rounded ends hold the values, and both are drawn as ticks, eight at most."""
    ends = rounded_out(low, low + span)
    marks = ticks(*ends, 7)
    assert ends[0] <= low + 1e-5 * span
    assert ends[1] >= low + span * (1 - 1e-5)
    assert np.allclose([marks[0], marks[-1]], ends, atol=1e-5 * span, rtol=0)
    assert 3 <= len(marks) <= 8


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    """Two stretches of a line with a gap are two lines; words on a drawing are escaped."""
    canvas = Canvas(100, 50)
    canvas.line(np.arange(5.0), np.array([1.0, 2.0, np.nan, 4.0, 5.0]), "#000000")
    canvas.text(1, 2, "a < b & c")
    assert canvas.svg().count("<polyline") == 2
    assert "a &lt; b &amp; c" in canvas.svg()
