"""Suspected events in the words of who reads of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from locales import REPORT
from locales.words import words
from reports.suggestions import evidence_words, size_words, title_words
from savings import run_events
from tests.reports.examples import boiler_house


@pytest.mark.parametrize(("per_day", "kind"), [(20.3, "step"), (-61.6, "window")])
def test_suspected_events_are_told_in_the_readers_words(per_day: float, kind: str) -> None:
    """What the machine writes of a suggestion is recognised in all its forms; what a person wrote stays."""
    found = SimpleNamespace(
        first_day="2026-03-01", last_day="2026-03-30", days=30, per_day=per_day, kind=kind, score=9.9, total=1848.6,
        standard_error=210.0,
    )  # fmt: skip
    event = run_events._suggested(boiler_house().meters[0], cast("Any", found), "baseline", "kW.h")
    say = words("fr", REPORT)
    assert title_words(event.title, say) == "le niveau de consommation a changé pendant la référence"
    told = evidence_words(event.evidence, say)
    assert told.startswith(f"{abs(per_day):.1f}".replace(".", ","))
    assert ("de plus que les autres jours, jusqu’à la fin" in told) == (per_day > 0)
    assert ("de moins que les autres jours, pendant 30 jours" in told) == (per_day < 0)
    counting = evidence_words(f"{event.evidence}; 3 of its days count, the others are left out already", say)
    assert counting == f"{told} ; 3 de ces jours comptent, les autres sont déjà écartés"
    gone = evidence_words(f"{event.evidence}; 86% of the use is gone, so that its days had better be left out", say)
    assert gone == f"{told} ; il manque 86\u202f% de la consommation, si bien que mieux vaut écarter ces jours"
    assert size_words(found.total, found.standard_error, "kW.h", say).startswith("1\u202f850\u202fkWh")
    assert evidence_words("log book", say) == "log book"
