"""The two languages: catalogues in step and complete, numbers and ages as each writes them; readable colours."""

from __future__ import annotations

import gettext
import io
import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.mofile import read_mo

from api.console.plan_view import explained_by
from api.console.render import age
from api.figures import reasons, shown_decimals, symbol
from api.language import choose, words
from locales import DIRECTORY, DOMAIN, LANGUAGES
from locales.__main__ import compiled, missing, source, template, text_of, updated
from telemetry.plan import DriverPlan
from telemetry.quality import Reason
from telemetry.quantities import QUANTITIES
from tests.api.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

NARROW_SPACE = "\u202f"  # between thousands in French


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_are_in_step_with_the_code(language: str) -> None:
    """The catalogue holds every sentence of the code, translated, and no other; mend with: python -m locales."""
    assert source(language).read_bytes() == text_of(updated(language))
    assert missing(updated(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogues_are_in_step_with_their_source(language: str) -> None:
    """The compiled file holds what its source says."""
    path = source(language)
    held = {
        str(message.id): str(message.string) for message in read_mo(io.BytesIO(path.with_suffix(".mo").read_bytes()))
    }
    fresh = {
        str(message.id): str(message.string) for message in read_mo(io.BytesIO(compiled(path.read_bytes(), language)))
    }
    held.pop(""), fresh.pop("")
    assert held == fresh
    assert len(held) > 80


def test_translations_keep_the_figures_of_the_sentence() -> None:
    """A translated sentence names the same figures as the original, or filling it in would fail."""

    def places(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s|%%", text))

    french = gettext.translation(DOMAIN, DIRECTORY, languages=["fr"])
    for message in template():
        if isinstance(message.id, str) and message.id:
            assert places(french.gettext(message.id)) == places(message.id)


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [
        (1234.5, 1, f"1{NARROW_SPACE}234,5", "1,234.5"),
        (-21.46, 1, "-21,5", "-21.5"),
        (0.0, 2, "0,00", "0.00"),
        (1234567.0, 0, f"1{NARROW_SPACE}234{NARROW_SPACE}567", "1,234,567"),
    ],
)
def test_numbers_of_each_language(value: float, decimals: int, french: str, english: str) -> None:
    """1 234,5 in French, 1,234.5 in English."""
    assert words("fr").number(value, decimals) == french
    assert words("en").number(value, decimals) == english


@pytest.mark.parametrize(
    ("wishes", "accept", "language"),
    [
        ((), "", "fr"),
        ((), "en-GB,en;q=0.9,fr;q=0.8", "en"),
        ((), "de-DE,fr-CH;q=0.7,en;q=0.3", "fr"),
        ((), "de", "fr"),
        ((), "en;q=0", "fr"),
        ((), "en;q=x, ;;,,", "fr"),
        (("en",), "fr", "en"),
        (("xx", "en"), "fr", "en"),
        ((None, None), "en", "en"),
    ],
)
def test_language_is_chosen_by_the_reader(wishes: tuple[str | None, ...], accept: str, language: str) -> None:
    """The address wins, then the cookie, then the browser, then French."""
    assert choose(*wishes, accept_language=accept) == language


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00"),
        (7500, "2 h 05"),
        (363600, "4 j 5 h"),
    ],
)
def test_ages_as_people_say_them(seconds: float | None, text: str) -> None:
    """An age is seconds, minutes, hours and minutes, or days and hours."""
    assert age(seconds, words("fr")) == text


def test_every_unit_of_the_contract_has_a_symbol_for_people() -> None:
    """No canonical unit reaches a screen in its machine form."""
    shown = {quantity.name: symbol(quantity.unit, quantity.name) for quantity in QUANTITIES.values()}
    assert [name for name, text in shown.items() if re.search(r"[\[\]{}]|Cel|\.h|m3", text)] == []
    assert shown["absolute_pressure"] != shown["gauge_pressure"]


def test_every_reason_has_words() -> None:
    """Each flag of the quality integer is named, alone and together."""
    for reason in Reason:
        assert reasons(int(reason)) == [str(reason.name).lower()]
    assert len(reasons(0x1FFC)) == len(Reason)
    assert reasons(0b11) == []


def test_five_figures_are_enough_but_a_register_keeps_all() -> None:
    """Large values lose their decimals, registers keep theirs, small ones keep what the unit has."""
    assert [shown_decimals(value, 2) for value in (0.01, 99.5, 999.9, 1234.5, 99999.0, -123456.7)] == [2, 2, 2, 1, 0, 0]
    assert shown_decimals(1234567.8, 1, "counter") == 1


def palettes() -> dict[str, Mapping[str, str]]:
    """Return the colours of the style sheet, by theme."""
    css = (ROOT / "api/console/static/console.css").read_text()
    blocks = {
        "light": re.search(r":root \{(.+?)\}", css, re.DOTALL),
        "dark by device": re.search(r':root:not\(\[data-theme="light"\]\) \{(.+?)\}', css, re.DOTALL),
        "dark by choice": re.search(r':root\[data-theme="dark"\] \{(.+?)\}', css, re.DOTALL),
    }
    return {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1])) for name, block in blocks.items() if block}


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_can_be_read() -> None:
    """Text has a contrast of at least 4.5 to whatever it stands on, in light and in dark (WCAG AA)."""
    themes = palettes()
    assert set(themes) == {"light", "dark by device", "dark by choice"}
    assert themes["dark by device"] == themes["dark by choice"]
    pairs = [(text, ground) for text in ("ink", "soft", "accent", "warn", "calm") for ground in ("paper", "card")]
    pairs += [
        ("warn", "warn-paper"),
        ("soft", "warn-paper"),
        ("ink", "warn-paper"),
        ("doubt", "doubt-paper"),
        ("sim", "sim-paper"),
    ]
    for theme, colours in themes.items():
        weak = {}
        for text, ground in [*pairs, ("card", "accent")]:
            low, high = sorted((luminance(colours[text]), luminance(colours[ground])))
            ratio = (high + 0.05) / (low + 0.05)
            if ratio < 4.5:
                weak[text, ground] = round(ratio, 2)
        assert weak == {}, theme
        assert 1.05 / (luminance(colours["broken"]) + 0.05) >= 4.5  # the banner's white text


def test_a_driver_that_lasts_is_said_to() -> None:
    """A plan's page names the days before where they count, in both languages, else the point alone."""
    lasting = DriverPlan(point="store/room/pallets_in", lasts_days=3.0)
    assert explained_by(lasting, words("fr")) == "store/room/pallets_in et les jours précédents"
    assert explained_by(lasting, words("en")) == "store/room/pallets_in and the days before"
    assert explained_by(DriverPlan(point="store/room/door"), words("fr")) == "store/room/door"
