"""Why something was refused, in the reader's language: the reason is the key, what is free stays as it was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from api.language import noted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.language import Words

TITLES: Mapping[str, str] = {
    "undecodable": noted("unreadable"),
    "schema": noted("wrong shape"),
    "unknown_point": noted("unknown point"),
    "unit": noted("unit"),
    "future": noted("in the future"),
    "too_late": noted("too late"),
    "range_reject": noted("impossible value"),
    "conflict": noted("conflict"),
    "not_allowed": noted("not allowed"),
    "too_large": noted("too large"),
}
# Cause and cure, where no more is known than the reason.
EXPLANATIONS: Mapping[str, str] = {
    "undecodable": noted("not the format that it claims to be – mend the sender, or its content type"),
    "schema": noted("readable, but not shaped as the contract says – mend the sender"),
    "unknown_point": noted("no such point – declare it in the site file or mend the name"),
    "unit": noted("a unit that is unknown, or not one of the point's quantity – mend the sender or the site file"),
    "future": noted("ahead of its arrival by more than is allowed – set the device's clock"),
    "too_late": noted("older than the retention limit – import it as history, or mend the device's clock"),
    "range_reject": noted("not finite, or physically impossible for the quantity – check unit and sensor"),
    "conflict": noted(
        "another value is stored for the same point and time; the first is kept – find the second sender"
    ),
    "not_allowed": noted("a topic or point that is not the device's own – name the device in the site file"),
    "too_large": noted("larger than a message may be – send it in several"),
}
# Details that are always written alike, as telemetry.validate and telemetry.checks do.
FIXED = {
    *EXPLANATIONS.values(),
    noted("quality is not one from 0 to 8191"),
    noted("true or false where a number belongs – only a point of kind state takes them"),
}
_ROW = re.compile(r"row (\d+): (.*)", re.DOTALL)


class Explained(NamedTuple):
    """Cause and cure of one refusal."""

    text: str  # in the reader's language
    detail: str  # what more is known, in English; empty where the text says it all


def explained(reason: str, detail: str, say: Words) -> Explained:
    """Return a refusal's cause and cure in the reader's language, and what its free detail adds."""
    found = _ROW.fullmatch(detail)
    row, free = (None, detail) if found is None else found.groups()
    text = say(free if free in FIXED else EXPLANATIONS.get(reason, reason))
    if row is not None:
        text = say("row %(n)s: %(text)s", n=row, text=text)
    return Explained(text, "" if free in FIXED else free)
