"""Why a row was left out, in the reader's words: rows are told by kind of reason, not one by one with their figures.

Reasons are written by code that knows no reader. Those that are always written alike are recognised here; others are
shown as they stand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from locales.words import noted
from reports.equation import label_of
from reports.suggestions import title_words
from savings.run_table import BEYOND

if TYPE_CHECKING:
    from locales.words import Words
    from reports.part import Part

WHOLE = {
    "duplicate_timestamp": noted("a time that comes twice"),
    "error_code": noted("an error code instead of a value"),
    "energy_missing": noted("the meter has no value"),
    "coverage_low": noted("too little of the row is covered"),
    "no reading": noted("no reading"),
    "not used by the fit: too little of it is covered, a value twice, or an error code": noted(
        "not used by the fit: too little covered, a value twice, or an error code"
    ),
    "a kind that the baseline never saw, or an error code": noted(
        "a kind that the baseline never saw, or an error code"
    ),
}
# What the alignment of points writes behind a point's key.
OF_A_POINT = (
    (re.compile(r"beyond what the baseline has seen"), noted("%(point)s: beyond what the baseline has seen")),
    (re.compile(r"no reading"), noted("%(point)s: no reading")),
    (re.compile(BEYOND), noted("%(point)s: beyond what the baseline has seen")),
    (re.compile(r"its register was reset"), noted("%(point)s: its register was reset")),
    (
        re.compile(r"\d+ bad readings, \d+% of its time is known, .*"),
        noted("%(point)s: bad readings, too little of its time is known"),
    ),
    (
        re.compile(r"less than \d+% of the days before is known"),
        noted("%(point)s: too little of the days before is known"),
    ),
    (re.compile(r"\d+% of its time is known, .*"), noted("%(point)s: too little of its time is known")),
)


def reason_words(part: Part, reason: str, say: Words) -> str:
    """Return a reason in the reader's language, as far as it is known."""
    if reason in WHOLE:
        return say(WHOLE[reason])
    head, _, rest = reason.partition(": ")
    if head == "driver_missing":
        return say("the driver “%(driver)s” is missing", driver=label_of(rest, part, say))
    if head == "non-routine event":
        return say("non-routine event: %(title)s", title=title_words(rest, say))
    words = next((words for pattern, words in OF_A_POINT if pattern.fullmatch(rest)), None)
    return say(words, point=label_of(head, part, say)) if words else reason
