"""What every format decoder hands back: rows as parallel lists, and refusals of single entries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telemetry.batch import MessageNumber, RefusalReason
    from telemetry.points import PointTable

LONGEST_TEXT = 2000  # characters of a refused entry that are kept
FARTHEST_MS = 10**14  # beyond year 5000: times are cut here so that they cannot overflow, and are then refused
LARGEST_NUMBER = 2**62  # boot and seq
MOST_REFUSALS = 1000  # of single entries; a message with more is refused whole, or a megabyte fills the quarantine
MOST_HINTS = 5  # unknown names of a message that are compared with the known ones, which takes time


class RefusedError(Exception):
    """A whole message is refused."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        """Keep reason code and explanation."""
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs: the asset of its topic, and what may be said there."""

    site: str
    asset: str  # `area/asset`
    device: str  # the one device that may publish here
    number: int  # of the device in the clock watch
    names: Mapping[str, int]  # point name → variant in its declared unit
    table: PointTable
    strangers: frozenset[str] = frozenset()  # the site's other devices and assets


class EntryRefusal(NamedTuple):
    """One refused entry of a message."""

    reason: RefusalReason
    detail: str
    entry: str


@dataclass(slots=True)
class Rows:
    """Readings of one message before the checks on columns; the lists are parallel."""

    variants: list[int] = field(default_factory=list)  # see telemetry.points; -1 never occurs here
    values: list[float] = field(default_factory=list)  # as sent, before conversion
    ts_us: list[int] = field(default_factory=list)  # absolute
    quality: list[int] = field(default_factory=list)  # as sent
    suspect: list[int] = field(
        default_factory=list
    )  # what the server holds against it: flags of telemetry.quality.Reason
    refusals: list[EntryRefusal] = field(default_factory=list)
    number: MessageNumber | None = None
    entries: int = 0  # read from the message, refused ones included: counted apart from the lists
    backlog: bool = False  # told as historical by the device: says nothing about its clock

    def add(self, variant: int, value: float, ts_us: int, quality: int = 0, suspect: int = 0) -> None:
        """Add one reading."""
        self.variants.append(variant)
        self.values.append(value)
        self.ts_us.append(ts_us)
        self.quality.append(quality)
        self.suspect.append(suspect)

    def refuse(self, reason: RefusalReason, detail: str, entry: object) -> None:
        """Refuse one entry, or the message where too many of its entries are wrong."""
        if len(self.refusals) >= MOST_REFUSALS:
            raise RefusedError(reason, f"more than {MOST_REFUSALS} entries are refused, the last of them: {detail}")
        self.refusals.append(EntryRefusal(reason, detail, entry_text(entry)))


def entry_text(entry: object) -> str:
    """Return an entry as JSON text, cut to a bearable length, whatever it holds."""
    try:
        text = json.dumps(entry, default=repr)
    except (ValueError, TypeError, RecursionError):
        text = json.dumps(ascii(type(entry).__name__))
    return text[:LONGEST_TEXT]


def shown(value: object) -> str:
    """Return foreign text fit for a message to a person: printable, quoted, short."""
    text = value if isinstance(value, str) else type(value).__name__
    quoted = ascii(text[:60])
    return quoted if len(text) <= 60 else quoted + "…"


def whole(value: object) -> int | None:
    """Return an integer sent as 5 or 5.0 (not a bool), or None where it is neither."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return None


def as_float(number: float) -> float:
    """Return a number as a float; an integer too large for one becomes infinite, for the checks to refuse."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def clipped_ms(value: int) -> int:
    """Cut a time [ms] so that it cannot overflow."""
    return max(-FARTHEST_MS, min(FARTHEST_MS, value))


def unknown_point(name: str, names: Mapping[str, int], *, hint: bool) -> str:
    """Explain an unknown name, with the nearest known one where a hint is asked for."""
    from telemetry.units import did_you_mean  # noqa: PLC0415  only on the path that refuses

    close = did_you_mean(name, names) if hint and len(name) < 100 else ""
    return f"no point {shown(name)} under this asset – {close}declare it in the site file or mend the name"
