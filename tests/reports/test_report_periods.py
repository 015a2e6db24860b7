"""A report tells the days that its saving is summed over, beside those asked for; days and models in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from locales import REPORT
from locales.words import words
from reports.compose import compose
from reports.document import Paragraph, blocks_of
from reports.methods import form_words
from savings.run import compute
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, without


@pytest.mark.parametrize(
    ("language", "period", "question"),
    [
        ("en", "1 Jan – 1 Dec 2026; asked for: 1 Jan – 31 Dec 2026", "to 1 Dec 2026"),
        ("fr", "1er janv. – 1er déc. 2026 ; demandée : 1er janv. – 31 déc. 2026", "au 1er déc. 2026"),
    ],
)
def test_readings_that_end_early_end_the_period_told(language: str, period: str, question: str) -> None:
    """Cover and first sentence name the last day summed, and the cover the days asked for too."""
    given = made_up_input(without(made_up(saved=0.08), 700, 730))
    report = compose(given, compute(given), language)
    told = [value.replace("\u202f", " ").replace("\xa0", " ") for _, value in report.facts]
    assert period in told
    sentences = [block.text.replace("\xa0", " ") for block in blocks_of(report) if isinstance(block, Paragraph)]
    assert any(question in each for each in sentences)


def test_forms_that_are_words_are_said_in_the_readers() -> None:
    """A constant use is told in words; 4P is a name that engineers look up, and keeps it."""
    assert form_words("mean", words("fr", REPORT)) == "une consommation constante"
    assert form_words("4P", words("fr", REPORT)).startswith("4P (")


def test_the_first_of_a_month_is_so_called_in_french() -> None:
    """Also with a time of day, and in the short form; the eleventh and the English day are not."""
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    say = words("fr")
    assert say.time(moment, UTC).startswith("1er nov. 2026")
    assert (say.day(moment), say.date(date(2026, 11, 11))) == ("1er nov.", "11 nov. 2026")
    assert words("en").day(moment) == "1 Nov"
