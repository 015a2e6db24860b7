"""The report's two languages: nothing is left untranslated, every finding has a title, numbers are each one's own."""

from __future__ import annotations

import gettext
import io
import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.mofile import read_mo

from locales import DIRECTORY, LANGUAGES, REPORT
from locales.__main__ import compiled, missing, source, template, text_of, updated
from locales.words import Words, words
from reports import compose as composing
from reports.figures import (
    amount,
    day,
    days_between,
    footprint,
    interval_of,
    number,
    percent,
    shown,
    stated,
    stretches_in_words,
    value_of,
)
from reports.findings import TITLES, title
from reports.part import Restatement
from reports.sections.restated import PARTS
from savings.record import Figure
from savings.restate import CAUSES, ChangedPoint, Effect, Explanation
from telemetry.plan import Plan
from tests.api.conftest import ROOT
from tests.reports.examples import AIR, boiler_house, boiler_house_run, short_run, without_figure

if TYPE_CHECKING:
    from savings.input_record import RunInput
    from savings.record import Run

THIN = "\u202f"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reports_catalogue_is_in_step_with_the_code(language: str) -> None:
    """The catalogue holds every sentence of the report, translated, and no other; mend with: python -m locales."""
    assert source(language, REPORT).read_bytes() == text_of(updated(language, REPORT))
    assert missing(updated(language, REPORT)) == []
    held = read_mo(io.BytesIO(source(language, REPORT).with_suffix(".mo").read_bytes()))
    fresh = read_mo(io.BytesIO(compiled(source(language, REPORT).read_bytes(), language)))
    assert {str(each.id): str(each.string) for each in held if each.id} == {
        str(each.id): str(each.string) for each in fresh if each.id
    }


def test_translated_sentences_keep_their_figures() -> None:
    """A French sentence names the same figures as the English one, or filling it in would fail."""
    french = gettext.translation(REPORT, DIRECTORY, languages=["fr"])
    for message in template(REPORT):
        if isinstance(message.id, str) and message.id:
            places = [
                sorted(re.findall(r"%\(\w+\)s|%%|\{\w+\}", text)) for text in (message.id, french.gettext(message.id))
            ]
            assert places[0] == places[1]


class _Recording(Words):
    """Words that remember what they were asked for."""

    asked: set[str]

    def __call__(self, message: str, **figures: object) -> str:
        self.asked.add(message)
        return super().__call__(message, **figures)

    def template(self, one: str, many: str, n: int) -> str:
        self.asked.add(one)
        return super().template(one, many, n)


@pytest.mark.parametrize("given_and_run", ["whole", "short", "stopped", "restated"])
def test_no_sentence_is_asked_for_that_the_catalogue_lacks(given_and_run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a report says, with figures or without, is a sentence of the catalogue."""
    given, run, restatement = _material(given_and_run)
    recording = _Recording("fr", REPORT)
    recording.asked = set()
    monkeypatch.setattr(composing, "words", lambda *_: recording)
    composing.compose(given, run, "fr", restatement)
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in template(REPORT)}
    assert recording.asked - known == set()
    assert len(recording.asked) > 100


def _material(which: str) -> tuple[RunInput, Run, Restatement | None]:
    given, run = boiler_house(), boiler_house_run()
    if which == "short":
        return *short_run(), None
    if which == "stopped":
        from savings.run import compute  # noqa: PLC0415 – this case alone computes

        dead = without_figure(given)
        return dead, compute(dead), None
    if which == "restated":
        return given, run, Restatement(previous=run, explanation=explanation())
    return given, run, None


def explanation() -> Explanation:
    """Return why a run differs, with every kind of cause."""
    return Explanation(
        against=4, changed=CAUSES, meters=("boiler/gas/volume",), corrections=(3, 4), formulas=(AIR,),
        holidays=("FR", "BE"),
        points=(ChangedPoint(meter="gas", point="boiler/gas/volume", rows=3, first="2026-05-01T00:00:00",
                             last="2026-05-03T00:00:00", before=0.0, after=41_200.0),),
        rows=(), plan=("note",), plan_revisions=(2, 3), events=("flush",), rates=("gas",),
        versions=({"quaymeter": "0.1.0"}, {"quaymeter": "0.2.0", "methods": "2"}),
        reporting_to=(boiler_house().reporting_to.replace(month=11, day=30), boiler_house().reporting_to),
        effects=tuple(
            Effect(cause=cause, meter="gas", saving=1234.5, half_width=0.0, money=-82.75, carbon=0.295)
            for cause in CAUSES
        ),
    )  # fmt: skip


def test_every_finding_of_a_run_has_a_title_in_both_languages() -> None:
    """Each code that the savings room can write has a title, another one in French than in English."""
    text = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "savings").rglob("*.py")))
    codes = set(re.findall(r'code="(\w+)"', text))
    codes |= {f"{what}_{end}" for what in ("tariff", "emission_factor") for end in ("missing", "unusable")}
    assert codes - set(TITLES) == set()
    for code in TITLES:
        french, english = (title(code, words(language, REPORT)) for language in ("fr", "en"))
        assert len({french, english, code}) == 3


def test_every_part_of_a_plan_has_a_name_for_people() -> None:
    """What changed in a plan is told by name, not by the field of the record."""
    assert set(PARTS) == set(Plan.__struct_fields__) - {"id"}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "fr",
            [
                f"1{THIN}234,5",
                f"−8,40{THIN}%",
                f"1{THIN}235{THIN}€",
                f"12{THIN}300{THIN}kWh",
                f"−1,5E300{THIN}kWh",
                f"1E300{THIN}€",
            ],
        ),
        ("en", ["1,234.5", "−8.40%", "€1,235", f"12,300{THIN}kWh", f"−1.5E300{THIN}kWh", f"1E300{THIN}€"]),
    ],
)
def test_numbers_are_written_as_each_language_does(language: str, expected: list[str]) -> None:
    """Thousands, decimals, percent, money, units and endless numbers in both languages; minus is a minus sign."""
    say = words(language, REPORT)
    written = [
        number(say, 1234.5, 1),
        percent(say, -0.084, 2),
        amount(say, 1234.56, "EUR", 0),
        amount(say, 12_345.0, "kW.h", -2),
        amount(say, -1.5e300, "kW.h", 2),
        amount(say, 1e300, "EUR", 0),
    ]
    assert written == expected


def test_figures_are_shown_to_what_their_interval_bears() -> None:
    """An interval of ± 7,225 bears hundreds: 51,682 is 51,700; percents keep one decimal; no interval, four figures."""
    say = words("en", REPORT)
    saving = Figure(value=51_682.0, low=44_457.0, high=58_906.0, unit="kW.h")
    assert value_of(say, saving) == f"51,700{THIN}kWh"
    assert interval_of(say, saving) == f"from 44,500 to 58,900{THIN}kWh"
    assert value_of(say, Figure(value=7.6612, low=6.662, high=8.64, unit="%")) == "7.7%"
    assert value_of(say, Figure(value=712.345, low=None, high=None, unit="kW.h/t")) == f"712.3{THIN}kWh/t"
    assert interval_of(say, None) == "–"


def test_a_footprint_says_of_what_it_is() -> None:
    """Emissions are tonnes of CO₂ equivalent, kilograms below one tonne; a meter in tonnes stays in tonnes."""
    say = words("fr", REPORT)
    assert value_of(say, footprint(Figure(value=64.2, low=52.0, high=76.0, unit="t"))) == f"64{THIN}t éq. CO₂"
    assert value_of(say, footprint(Figure(value=0.2565, low=0.249, high=0.264, unit="t"))) == f"256,5{THIN}kg éq. CO₂"
    assert amount(say, 12.0, "t", 0) == f"12{THIN}t"
    assert footprint(None) is None


def test_stated_numbers_keep_their_decimals() -> None:
    """A tariff of 0.062 is 0.062, not 0.06200; a factor of 1 is 1."""
    say = words("en", REPORT)
    assert [stated(say, value) for value in (0.062, 1.0, 10.9, 18_000.0)] == ["0.062", "1", "10.9", "18,000"]


def test_days_are_as_short_as_the_language_writes_them() -> None:
    """Stretches of one month share it; French calls the first of a month so."""
    french, english = words("fr", REPORT), words("en", REPORT)
    assert days_between(english, "2026-05-04", "2026-05-14") == "4–14 May 2026"
    assert day(french, "2026-06-01") == "1er juin 2026"
    assert day(french, "2026-06-11") == "11 juin 2026"
    days = [f"2026-01-{number:02d}" for number in (1, 2, 3, 9)]
    assert stretches_in_words(english, days) == "1–3 Jan 2026, 9 Jan 2026"
    assert stretches_in_words(english, days, most=1) == "1–3 Jan 2026, and 1 more"


def test_a_slope_by_a_quotient_has_brackets() -> None:
    """Energy by kJ/kg is no energy by kJ, by kg; of two units nothing changes."""
    say = words("fr", REPORT)
    assert [shown(say, unit) for unit in ("kW.h/kJ/kg", "kW.h/t", "kW.h", "kJ/kg")] == [
        "kWh/(kJ/kg)", "kWh/t", "kWh", "kJ/kg"
    ]  # fmt: skip


def test_an_unknown_code_is_shown_as_it_is() -> None:
    """A finding of a later version has no title yet: its code stands in for it."""
    assert title("of_tomorrow", words("fr", REPORT)) == "of_tomorrow"
