"""Plain values: one number as text on a topic that the site file maps to a point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from telemetry.batch import RefusalReason
from telemetry.formats.rows import RefusedError, Rows, shown
from telemetry.quality import Reason

if TYPE_CHECKING:
    from telemetry.formats.rows import Place

LONGEST = 64  # characters
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE
)


def plain_value(payload: bytes, place: Place, received_us: int) -> Rows:
    """Read a number in the point's declared unit; it gets the time of its arrival."""
    if len(payload) > LONGEST:
        raise RefusedError(RefusalReason.UNDECODABLE, f"{len(payload)} bytes are more than a number has")
    try:
        text = str(payload, "ascii").strip()
    except UnicodeDecodeError:
        raise RefusedError(RefusalReason.UNDECODABLE, "not a number in plain text") from None
    if _NUMBER.fullmatch(text) is None:
        cure = " – write the decimal point as ." if "," in text else ""
        raise RefusedError(RefusalReason.UNDECODABLE, f"{shown(text)} is not a number{cure}")
    rows = Rows(entries=1)
    rows.add(next(iter(place.names.values())), float(text), received_us, 0, Reason.CLOCK)
    return rows
