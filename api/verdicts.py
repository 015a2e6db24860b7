"""What became of a demonstrator in two or three words: proven, or not, or no figure at all."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from api.language import noted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Verdict(StrEnum):
    """What an interval says."""

    PROVEN = "proven"  # all of it above zero
    OPEN = "open"  # it holds zero, or there is none
    NEGATIVE = "negative"  # all of it below zero
    STOPPED = "stopped"  # a finding forbids a figure
    WAITING = "waiting"  # nothing was computed yet
    UNDATED = "undated"  # the plan has no periods


WORDS: Mapping[Verdict, str] = {
    Verdict.PROVEN: noted("Saving proven"),
    Verdict.OPEN: noted("Cannot be told from zero"),
    Verdict.NEGATIVE: noted("Uses more than before"),
    Verdict.STOPPED: noted("No figure"),
    Verdict.WAITING: noted("Not computed yet"),
    Verdict.UNDATED: noted("Not dated yet"),
}
SIGNS: Mapping[Verdict, str] = {Verdict.PROVEN: "✓", Verdict.OPEN: "≈", Verdict.NEGATIVE: "✕"}


def judged(saving: float | None, low: float | None, high: float | None) -> Verdict:
    """Return the verdict on a saving with its interval.

    >>> judged(5.0, 1.0, 9.0), judged(5.0, -1.0, 11.0), judged(None, None, None)
    (<Verdict.PROVEN: 'proven'>, <Verdict.OPEN: 'open'>, <Verdict.STOPPED: 'stopped'>)
    """
    if saving is None:
        return Verdict.STOPPED
    if low is not None and low > 0:
        return Verdict.PROVEN
    return Verdict.NEGATIVE if high is not None and high < 0 else Verdict.OPEN


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that stands for several figures: the least favourable."""
    order = (Verdict.STOPPED, Verdict.NEGATIVE, Verdict.OPEN, Verdict.PROVEN)
    return next((each for each in order if each in verdicts), Verdict.WAITING)
