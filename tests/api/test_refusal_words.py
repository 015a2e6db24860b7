"""Causes and cures of refusals in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.language import words
from api.refusals import EXPLANATIONS, FIXED, TITLES, explained
from telemetry.batch import Refusal, RefusalReason
from telemetry.checks import _detail
from telemetry.validate import DETAILS

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Port

FRENCH, ENGLISH = words("fr"), words("en")
FREE = "unit 'F' is not one of temperature: use Cel or K"


def test_every_reason_is_explained_in_both_languages() -> None:
    """Each reason code has a title and a cause with its cure, and the French ones are French."""
    assert set(TITLES) == set(EXPLANATIONS) == {str(reason) for reason in RefusalReason}
    for text in FIXED:
        assert ENGLISH(text) == text
        assert FRENCH(text) != text


def test_every_fixed_detail_of_the_checks_is_known() -> None:
    """Whatever the checks always say alike is shown in the reader's language, and not a second time in English."""
    truth = _detail(RefusalReason.SCHEMA, truth=True)
    for reason, detail in [*DETAILS.items(), (RefusalReason.SCHEMA, truth)]:
        assert explained(reason, detail, ENGLISH) == (detail, "")
        shown = explained(reason, detail, FRENCH)
        assert shown.text == FRENCH(detail) != detail
        assert shown.detail == ""


@pytest.mark.parametrize("reason", RefusalReason)
def test_a_free_detail_stays_beside_the_explanation(reason: RefusalReason) -> None:
    """What only one refusal says is kept word for word."""
    assert explained(reason, FREE, FRENCH) == (FRENCH(EXPLANATIONS[reason]), FREE)


def test_the_row_of_a_file_is_named_in_french() -> None:
    """A row that an import refused keeps its number."""
    detail = f"row 17: {DETAILS[RefusalReason.UNKNOWN_POINT]}"
    shown = explained("unknown_point", detail, FRENCH)
    assert shown == ("ligne 17 : " + FRENCH(DETAILS[RefusalReason.UNKNOWN_POINT]), "")
    assert explained("unknown_point", detail, ENGLISH).text == detail


def test_the_page_speaks_the_readers_language(client: httpx.Client, port: Port) -> None:
    """The French page explains in French and marks what is English as such; the English one is English."""
    refused = [
        Refusal(0, RefusalReason.FUTURE, DETAILS[RefusalReason.FUTURE], "{}"),
        Refusal(0, RefusalReason.UNIT, FREE, "{}"),
    ]
    port.write([], refused=refused)
    french = client.get("/small/quarantine?lang=fr").text
    assert "régler l’horloge de l’appareil" in french
    assert "set the device" not in french
    assert '<span lang="en">unit &#39;F&#39; is not one of temperature' in french
    english = client.get("/small/quarantine?lang=en").text
    assert "set the device&#39;s clock" in english
    assert "régler" not in english


def test_the_api_speaks_by_accept_language(client: httpx.Client, port: Port) -> None:
    """Title and explanation follow the header, English without one; the detail stays as it was written."""
    port.write([], refused=[Refusal(0, RefusalReason.FUTURE, DETAILS[RefusalReason.FUTURE], "{}")])
    (row,) = client.get("/api/v1/quarantine", headers={"Accept-Language": "fr-FR,fr;q=0.9"}).json()["entries"]
    assert row["title"] == "dans le futur" == FRENCH("in the future")
    assert "régler l’horloge" in row["explanation"]
    assert row["detail"] == DETAILS[RefusalReason.FUTURE]
    one = client.get(f"/api/v1/quarantine/{row['id']}", headers={"Accept-Language": ""}).json()
    assert (one["title"], one["explanation"]) == ("in the future", DETAILS[RefusalReason.FUTURE])
