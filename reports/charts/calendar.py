"""The days of both periods as a calendar: which are in a sum, which are left out, which lie between."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from babel import dates

from reports.charts.axes import Key, legend, legend_height
from reports.charts.canvas import OUT, PAPER, SOFT, Canvas

if TYPE_CHECKING:
    from locales.words import Words
    from reports.part import Part

BASELINE, REPORTING, PARTLY, LEFT_OUT, BETWEEN = "baseline", "reporting", "partly", "left out", "between"
DARK = "#46525c"
LIGHT = {BASELINE: "#a9c8dc", REPORTING: "#a9d8d2", PARTLY: OUT, LEFT_OUT: DARK, BETWEEN: PAPER}


def calendar(part: Part, say: Words, width: float) -> str:
    """Draw a row of days for each month."""
    states = day_states(part)
    if not states:
        return ""
    summed = part.run.saving is not None  # where a finding stops, days that could be used are in no sum either
    keys = [
        Key(say("used, baseline") if summed else say("usable, baseline"), LIGHT[BASELINE], "box"),
        Key(say("used, reporting") if summed else say("usable, reporting"), LIGHT[REPORTING], "box"),
        Key(say("left out"), DARK, "box"),
        Key(say("in neither period"), PAPER, "box"),
    ]
    if PARTLY in states.values():
        keys.insert(2, Key(say("some hours left out"), OUT, "box"))
    months = sorted({(day.year, day.month) for day in states})
    top, label = legend_height(width, keys) + 18, 62.0
    side = (width - label - 4) / 31
    tall = min(max(side * 0.8, 9.0), 10.5)
    canvas = Canvas(width, top + tall * len(months) + 4)
    for number in (1, 5, 10, 15, 20, 25, 31):
        canvas.text(label + side * (number - 0.5), top - 4, str(number), anchor="middle", size=9.5)
    for row, (year, month) in enumerate(months):
        name = dates.format_skeleton("yMMM", date(year, month, 1), locale=say.locale)
        canvas.text(label - 6, top + tall * (row + 1) - 2, name, anchor="end", size=min(9.5, tall))
    for state, color in LIGHT.items():
        cells = [
            (label + side * (day.day - 1) + 0.5, top + tall * months.index((day.year, day.month)) + 0.5)
            for day, own in states.items()
            if own == state
        ]
        canvas.cells(cells, side - 1, tall - 1, color, edge=SOFT if state == BETWEEN else "none")
    legend(canvas, keys)
    return canvas.svg()


def day_states(part: Part) -> dict[date, str]:
    """Return what became of each day from the first of the baseline to the last that was looked at.

    Rows of months stand for all their days.
    """
    periods = part.given.plan.periods
    if periods is None:
        return {}
    left: dict[tuple[str, str], int] = {}
    for each in part.run.excluded:
        key = each.period, each.start[:10]
        left[key] = left.get(key, 0) + 1
    states: dict[date, str] = {}
    for start, count in _rows_by_day(part).items():
        day = date.fromisoformat(start)
        period = _period(part, day)
        gone = left.get((period, start), 0)
        state = period if not gone else LEFT_OUT if gone >= count else PARTLY
        for offset in range(_length(part, start)):
            states[day + timedelta(days=offset)] = state
    return states


def _period(part: Part, day: date) -> str:
    periods = part.given.plan.periods
    if periods is not None and periods.baseline_from <= day <= periods.baseline_to:
        return BASELINE
    last = part.given.reporting_to
    if periods is not None and periods.reporting_from <= day <= min(periods.reporting_to or last, last):
        return REPORTING
    return BETWEEN


def _rows_by_day(part: Part) -> dict[str, int]:
    rows: dict[str, int] = {}
    for start in part.rows.start:
        rows[start[:10]] = rows.get(start[:10], 0) + 1
    return rows


def _length(part: Part, start: str) -> int:
    """Return the days that a row stands for."""
    if not part.is_monthly:
        return 1
    row = next(index for index, each in enumerate(part.rows.start) if each.startswith(start))
    return max(round(part.rows.hours[row] / 24), 1)
