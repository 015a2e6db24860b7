"""What the machine writes of a suspected event, in the reader's words; what people wrote stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from locales.words import noted
from reports.figures import number, percent, plain, shown, significant, with_unit

if TYPE_CHECKING:
    from locales.words import Words

TITLES = {
    "level of use changed in the reporting period": noted("level of use changed in the reporting period"),
    "level of use changed in the baseline period": noted("level of use changed in the baseline period"),
}
EVIDENCE = re.compile(
    r"(?P<amount>\S+) (?P<unit>\S+) a day (?P<how>more|less) than on other days, "
    r"(?P<until>to the end of the period|for (?P<days>\d+) days) \(score (?P<score>[\d.]+)\)"
    r"(; (?P<counting>\d+) of its days count, the others are left out already)?"
    r"(; (?P<gone>\d+)% of the use is gone, so that its days had better be left out)?"
)


def title_words(title: str, say: Words) -> str:
    """Return the title of an event: the machine's in the reader's language, a person's as it was written."""
    return say(TITLES[title]) if title in TITLES else title


def evidence_words(evidence: str, say: Words) -> str:
    """Return the evidence of an event, likewise."""
    found = EVIDENCE.fullmatch(evidence)
    if found is None:
        return evidence
    amount = with_unit(plain(say, float(found["amount"]), 3), shown(say, found["unit"]))
    how = (
        say("%(amount)s a day more than on other days", amount=amount)
        if found["how"] == "more"
        else say("%(amount)s a day less than on other days", amount=amount)
    )
    until = (
        say.plural("for %(n)s day", "for %(n)s days", int(found["days"]))
        if found["days"]
        else say("to the end of the period")
    )
    told = say(
        "%(how)s, %(until)s (score %(score)s)", how=how, until=until, score=number(say, float(found["score"]), 1)
    )
    if found["counting"]:
        told += say.plural(
            "; %(n)s of its days counts, the others are left out already",
            "; %(n)s of its days count, the others are left out already",
            int(found["counting"]),
        )
    if not found["gone"]:
        return told
    gone = percent(say, float(found["gone"]) / 100.0, 0)
    return told + say("; %(share)s of the use is gone, so that its days had better be left out", share=gone)


def size_words(amount: float | None, error: float | None, unit: str, say: Words) -> str:
    """Return the size of an event with its standard error, to the figures that the error bears; "" where unknown."""
    if amount is None:
        return ""
    places = significant(error, 2) if error else significant(amount)
    sized = with_unit(number(say, amount, places), shown(say, unit))
    return say(
        "%(amount)s, standard error %(error)s",
        amount=sized,
        error=with_unit(number(say, error, places), shown(say, unit)),
    )
