"""Corrections in words: what counts instead of raw readings, by whose hand, why and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from reports.figures import day, days_between, number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from locales.words import Words
    from savings.input_record import CorrectionRecord, RunInput


class CorrectionRow(NamedTuple):
    """One correction, as a reader wants it."""

    number: str
    point: str  # by name
    days: str
    readings: str  # how many count instead, or that there are none
    made: str  # by whom, and on which day
    why: str


def correction_rows(given: RunInput, say: Words) -> Iterator[CorrectionRow]:
    """Yield the corrections that a run rests on, in the words of the report's catalogue."""
    names = {each.point: each.name for meter in given.meters for each in meter.sources}
    zone = ZoneInfo(given.timezone)
    for each in given.corrections:
        yield CorrectionRow(
            number=number(say, each.number, 0), point=say.named(names.get(each.point, {}), each.point),
            days=_days(say, each, zone),
            readings=number(say, each.readings, 0) if each.readings else say("struck out"),
            made=say("%(who)s, %(day)s", who=each.who, day=day(say, each.made_at.astimezone(zone).date())),
            why=each.why,
        )  # fmt: skip


def _days(say: Words, one: CorrectionRecord, zone: ZoneInfo) -> str:
    """Return the window as days where it is made of whole ones, else with its times of day."""
    starts, ends = one.starts.astimezone(zone), one.ends.astimezone(zone)
    if _is_midnight(starts) and _is_midnight(ends):
        return days_between(say, starts.date(), ends.date() - timedelta(days=1))
    low, high = (say.time(moment, zone, style="short") for moment in (starts, ends))
    return say("%(low)s to %(high)s", low=low, high=high)


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
