"""Why a row was left out, in the reader's words: rows are told by kind of reason, not one by one with their figures.

Reasons are written by code that knows no reader. Those that are always written alike are recognised here; others are
shown as they stand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from locales.words import noted

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
    (re.compile(r"no reading"), noted("%(point)s: no reading")),
    (re.compile(r"its register was reset"), noted("%(point)s: its register was reset")),
    (
        re.compile(r"\d+ bad readings, \d+% of its time is known, .*"),
        noted("%(point)s: bad readings, too little of its time is known"),
    ),
    (re.compile(r"\d+% of its time is known, .*"), noted("%(point)s: too little of its time is known")),
)


def reason_words(part: Part, reason: str, say: Words) -> str:
    """Return a reason in the reader's language, as far as it is known."""
    if reason in WHOLE:
        return say(WHOLE[reason])
    head, _, rest = reason.partition(": ")
    if head == "driver_missing":
        return say("the driver “%(driver)s” is missing", driver=_name(part, rest, say))
    if head == "non-routine event":
        return say("non-routine event: %(title)s", title=rest)
    words = next((words for pattern, words in OF_A_POINT if pattern.fullmatch(rest)), None)
    return say(words, point=_name(part, head, say)) if words else reason


def _name(part: Part, key: str, say: Words) -> str:
    """Return the name of a point of the figure, its key where it has none."""
    names = {each.point: each.name for each in part.rows.sources}
    names |= {each.name: each.label for each in part.rows.drivers if each.name not in names}
    return say.named(names.get(key, {}), key)
