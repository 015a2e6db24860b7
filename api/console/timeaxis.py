"""Marks on the axis of time: at round local times, also where the clock is put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from api.language import Words

MOST = 9  # marks on a wide chart
STEPS_S = (60, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600)
STEPS_DAYS = (1, 2, 7, 14)


def ticks(start: datetime, end: datetime, zone: ZoneInfo, say: Words, *, most: int = MOST) -> list[tuple[float, str]]:
    """Return (seconds since 1970-01-01 UTC, label) of at most about `most` marks between two zone-aware times."""
    span_s = (end - start).total_seconds()
    for step_s in STEPS_S:
        if span_s / step_s <= most:
            return _within_days(start, end, zone, say, step_s)
    for days in STEPS_DAYS:
        if span_s / 86400 / days <= most:
            return _days(start, end, zone, say, days)
    return _months(start, end, zone, say, most)


def _within_days(start: datetime, end: datetime, zone: ZoneInfo, say: Words, step_s: int) -> list[tuple[float, str]]:
    """Walk in real minutes and keep the times that are round on the local clock."""
    walk_s = min(step_s, 1800)  # no zone is off by less than half an hour at its changes
    at = start.timestamp() // walk_s * walk_s
    marks = []
    while at <= end.timestamp():
        local = datetime.fromtimestamp(at, zone)
        since_midnight_s = local.hour * 3600 + local.minute * 60
        if at >= start.timestamp() and since_midnight_s % step_s == 0:
            marks.append((at, local.strftime("%H:%M") if since_midnight_s else say.day(local)))
        at += walk_s
    return marks


def _days(start: datetime, end: datetime, zone: ZoneInfo, say: Words, days: int) -> list[tuple[float, str]]:
    day = start.astimezone(zone).date()
    marks = []
    while (midnight := datetime(day.year, day.month, day.day, tzinfo=zone)) <= end:
        if midnight >= start and day.toordinal() % days == 0:
            marks.append((midnight.astimezone(UTC).timestamp(), say.day(midnight)))
        day += timedelta(days=1)
    return marks


def _months(start: datetime, end: datetime, zone: ZoneInfo, say: Words, most: int) -> list[tuple[float, str]]:
    first = start.astimezone(zone)
    count = first.year * 12 + first.month - 1
    last = end.astimezone(zone)
    stride = max(1, -(-(last.year * 12 + last.month - count) // most))
    marks = []
    for number in range(count, last.year * 12 + last.month):
        month = datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)
        if start <= month <= end and number % stride == 0:
            marks.append((month.astimezone(UTC).timestamp(), say.month(month)))
    return marks
