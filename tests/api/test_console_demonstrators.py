"""The pages of demonstrators: the verdict first, in both languages, with everything that it rests on a link away."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np
import pytest

from api.console.plan_view import event_rows
from api.console.run_charts import by_week
from api.console.run_view import RunReader
from api.language import words
from api.verdicts import Verdict, judged, worst
from savings.record import Figure, FindingRecord
from storage.events_nonroutine import EventRow
from telemetry.plan import EventMethod, NonRoutineEvent, Status
from tests.api.saved_runs import computed, stored_plan
from tests.api.test_console_browser import browser, open_page
from tests.api.test_console_pages import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.api.conftest import Saved

__all__ = ["browser", "open_page"]  # fixtures by being here
PAGE = "/small/demonstrators/cold-store"


@pytest.fixture(scope="module")
def pages(saved: Saved) -> Iterator[httpx.Client]:
    """Give a client of the service over the stored runs."""
    with httpx.Client(base_url=saved.address, timeout=30, headers={"Accept-Language": "fr"}) as client:
        yield client


def shown(language: str) -> str:
    """Return the stored saving as a reader of a language sees it: to the hundred, as its interval bears."""
    saving = computed()[1].meters[0].saving
    assert saving is not None
    return f"{words(language).number(round(saving.value, -2), 0)}\u202fkWh"


def test_the_list_says_the_verdict_and_the_saving(pages: httpx.Client) -> None:
    """Each demonstrator has its verdict in words and its figures in the reader's numbers, or says why it has none."""
    said = text_of(pages.get("/small/demonstrators").text)
    assert "Économie démontrée" in said
    assert shown("fr") in said
    assert "1 événement à décider" in said
    assert "Pas encore daté" in said
    assert "Signaux simulés" in said
    english = text_of(pages.get("/small/demonstrators", headers={"Accept-Language": "en"}).text)
    assert "Saving proven" in english
    assert shown("en") in english
    assert 'href="/small/demonstrators" aria-current="page"' in pages.get("/small/demonstrators").text


def test_the_page_holds_what_the_verdict_rests_on(pages: httpx.Client, saved: Saved) -> None:
    """Drawings for both widths, months, days, findings in words, events with their state, runs and the plan."""
    page = pages.get(PAGE).text
    assert page.count("<svg") == 4
    assert page.count('class="beside"') == 2
    assert page.count("<tr data-at=") == 365
    said = text_of(page)
    assert f"il a été consommé {shown('fr')} de moins que sans l’amélioration" in said
    assert "Des conditions que la référence n’a pas connues" in said
    assert "Door left open à décider" in said
    assert "janv. 2026" in said
    assert "365 sur 365" in said
    assert f'href="?run={saved.runs[0]}"' in page
    english = text_of(pages.get(f"{PAGE}?lang=en").text)
    pages.cookies.clear()
    assert f"{shown('en')} less was used than would have been without the change" in english


def test_the_page_names_what_was_corrected(pages: httpx.Client) -> None:
    """A week that was struck out is told with its days, who did it and why; the why is text, never markup."""
    page = pages.get(PAGE).text
    assert "index &lt;bloqué&gt;" in page
    assert "2–8 nov. 2026 écartées A. Martin, 20 nov. 2026 index" in text_of(page).replace("\u202f", " ")


def test_every_document_is_a_link_away(pages: httpx.Client) -> None:
    """Reports in both languages and forms, the bundle and the days can be had by the links of the page."""
    links = [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/api/v1/[^"]+runs[^"]+)"', pages.get(PAGE).text)
    ]
    assert len(links) == 6
    kinds = [pages.get(link).headers["content-type"].partition(";")[0] for link in links]
    assert kinds == ["application/pdf", "text/html"] * 2 + ["application/zip", "text/csv"]


def test_an_older_run_says_that_it_is_one(pages: httpx.Client, saved: Saved) -> None:
    """A run that another took the place of is shown as such; a run of nobody is a page that says so."""
    assert "un autre a pris sa place" in text_of(pages.get(f"{PAGE}?run={saved.runs[0]}").text)
    assert "un autre a pris sa place" not in text_of(pages.get(f"{PAGE}?run={saved.runs[1]}").text)
    missing = pages.get(f"{PAGE}?run=99999", headers={"Accept": "text/html"})
    assert (missing.status_code, "Cette page ne peut pas être affichée" in missing.text) == (404, True)
    undated = text_of(pages.get("/small/demonstrators/pump").text)
    assert "Le plan n’a pas encore de périodes" in undated


@pytest.mark.parametrize(
    ("saving", "verdict", "said"),
    [
        (Figure(value=-500.0, low=-800.0, high=-200.0, unit="kW.h"), Verdict.NEGATIVE, "500\u202fkWh more was used"),
        (Figure(value=50.0, low=-200.0, high=300.0, unit="kW.h"), Verdict.OPEN, "cannot be told"),
        (Figure(value=50.0, low=None, high=None, unit="kW.h"), Verdict.OPEN, "cannot be told"),
        (None, Verdict.STOPPED, "No figure may be given: The baseline is short."),
    ],
)
def test_what_is_not_proven_is_said_as_plainly(saving: Figure | None, verdict: Verdict, said: str) -> None:
    """More use, an interval that holds zero, and no figure at all each have their own sentence."""
    given, run = computed()
    stop = FindingRecord(code="baseline_too_short", severity="stop", message="60 days", cure="wait")
    meter = msgspec.structs.replace(run.meters[0], saving=saving, findings=(stop,))
    (view,) = RunReader(given, msgspec.structs.replace(run, meters=(meter,)), words("en")).meters()
    assert view.verdict is verdict
    assert said in view.lead


def test_the_least_favourable_figure_speaks_for_all() -> None:
    """One figure that is not proven is not hidden by another that is."""
    assert worst([judged(5, 1, 9), judged(5, -1, 11)]) is Verdict.OPEN
    assert worst([judged(5, 1, 9), judged(None, None, None)]) is Verdict.STOPPED
    assert worst([judged(5, 1, 9)]) is Verdict.PROVEN


def test_long_periods_are_drawn_by_week() -> None:
    """A week is the mean of the days that it has; short periods keep their days."""
    at = np.arange(210.0) * 86_400.0
    values = np.arange(210.0)
    keep = at != 3 * 86_400.0
    place, weekly = by_week(at[keep], values[keep])
    assert len(place) == 30
    assert weekly[0] == pytest.approx((0 + 1 + 2 + 4 + 5 + 6) / 6)
    assert weekly[1] == pytest.approx(10.0)
    assert len(by_week(at[:100], values[:100])[0]) == 100


@pytest.mark.browser
def test_on_a_phone_nothing_scrolls_sideways_and_keys_read_the_chart(
    open_page: Callable[..., Page],
    saved: Saved,
) -> None:
    """At 360 px the page is as wide as the screen; the arrow keys read the saving day by day, without a mouse."""
    page = open_page(f"{saved.address}{PAGE}", width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("#trend .plot").focus()
    page.keyboard.press("End")
    saving = computed()[1].meters[0].saving
    assert saving is not None
    assert f"{words('fr').number(saving.value, 0)}\u202fkWh" in page.locator("#trend .readout").inner_text()
    page.keyboard.press("Home")
    assert page.locator("#trend .readout").inner_text().startswith("1er janv. 2026")
    assert page.locator(".chart.narrow").first.is_visible()
    stopped = open_page(f"{saved.address}/small/demonstrators/traps", width=360, height=740)
    assert stopped.evaluate("document.documentElement.scrollWidth") == 360
    assert "La référence est courte" in stopped.locator(".lead").inner_text()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.SUGGESTED, "ses jours seraient laissés de côté"),
        (Status.ACCEPTED, "ses jours sont laissés de côté"),
        (Status.REJECTED, "–"),
    ],
)
def test_days_are_left_out_once_somebody_agreed(status: Status, said: str) -> None:
    """A suggestion says what would become of its days; a rejected one moves nothing."""
    event = NonRoutineEvent(
        id="e", meter="energy", first_day=date(2026, 6, 1), last_day=date(2026, 6, 9), title="Panne",
        method=EventMethod.EXCLUDED, status=status, agreed_by="A. Martin",
    )  # fmt: skip
    row = EventRow("e", event, str(status), "A. Martin", datetime(2026, 6, 12, tzinfo=UTC), "", 1)
    (told,) = event_rows([row], stored_plan(), None, words("fr"), ZoneInfo("Europe/Paris"))
    assert told[3] == said
