"""A report tells the days that its saving is summed over, beside those that were asked for."""

from __future__ import annotations

import pytest

from reports.compose import compose
from reports.document import Paragraph, blocks_of
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
