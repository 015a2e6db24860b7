"""Section 11: is the measure in place and working, and does the saving last."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reports.charts.time import A_BILL, A_DAY, cusum
from reports.document import Grid, Paragraph, Signatures
from reports.figures import days_between, number, percent, shown
from reports.sections.pieces import heading, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Part
    from savings.record import DailyColumns

PIECES = 4


def persistence(material: Material) -> Iterator[Block]:
    """Yield what the data say of the measure's working, and the lines that only a visit can fill in."""
    say = material.say
    yield Paragraph(
        text=say("Data cannot see whether the measure is in place: that is for a visit. What they show is whether the "
                 "saving goes on.")
    )  # fmt: skip
    yield Signatures(
        roles=(say("Measure in place and working"),),
        columns=(say("Seen by"), say("Date"), say("Remarks")),
    )
    for part in material.parts:
        daily = part.run.daily
        if daily is None:
            continue
        yield from heading(material, part)
        yield from picture(
            partial(cusum, part, say),
            caption=say("The saving as it adds up (CUSUM)"),
            alt=say("The saving summed since the start of the reporting period, with its interval: a straight rise is "
                    "a steady saving, a kink is an event."),
        )  # fmt: skip
        yield Paragraph(text=_reading(material, part))
        yield _pieces(material, part, daily)


def _pieces(material: Material, part: Part, daily: DailyColumns) -> Grid:
    """Return the saving of each quarter of the reporting period's days."""
    say, unit = material.say, shown(material.say, part.run.unit)
    rows = []
    for piece in np.array_split(np.arange(len(daily.day)), min(PIECES, len(daily.day))):
        saved = sum(daily.saving[row] for row in piece)
        adjusted = sum(daily.adjusted[row] for row in piece)
        each_day = saved / len(piece)
        rows.append((
            days_between(say, daily.day[piece[0]], daily.day[piece[-1]]),
            number(say, each_day, 1 if abs(each_day) < 100 else 0),
            percent(say, saved / adjusted if adjusted > 0 else None, 1),
        ))  # fmt: skip
    return Grid(
        caption=say("Pace of the saving over the reporting period"),
        headings=(say("Days"), say(A_BILL if part.is_monthly else A_DAY, unit=unit), say("Of the adjusted baseline")),
        align="lrr", rows=tuple(rows),
        note=say("Without intervals: seasons move them. A share that falls from quarter to quarter asks for a visit."),
    )  # fmt: skip


def _reading(material: Material, part: Part) -> str:
    """Say how many months show a saving by themselves."""
    say, months = material.say, part.run.months
    above = sum(row.saving.low is not None and row.saving.low > 0 for row in months)
    below = sum(row.saving.high is not None and row.saving.high < 0 for row in months)
    text = say("In %(above)s of %(n)s months the whole interval lies above zero.", above=number(say, above, 0),
               n=number(say, len(months), 0))  # fmt: skip
    if below:
        text += " " + say("In %(below)s it lies below.", below=number(say, below, 0))
    return text + " " + say("A straight line is a steady saving; a kink is an event or a measure that came undone; a "
                            "line that turns back is a saving lost.")  # fmt: skip
