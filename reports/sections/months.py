"""Section 7: adjusted baseline, measured use and saving, month by month."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports.charts.savings import months as months_drawn
from reports.document import Grid, Paragraph
from reports.figures import decimals_of, month, number, shown
from reports.sections.pieces import heading, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Part


def months(material: Material) -> Iterator[Block]:
    """Yield the months of each figure."""
    say = material.say
    for part in material.parts:
        yield from heading(material, part)
        if not part.run.months:
            yield Paragraph(text=say("No saving may be given, so there is none by month."))
            continue
        yield _table(material, part)
        yield from picture(
            partial(months_drawn, part, say),
            caption=say("Saving by month, with its interval"),
            alt=say("A bar for the saving of each month with its interval."),
        )


def _table(material: Material, part: Part) -> Grid:
    say, run = material.say, part.run
    unit = shown(say, run.unit)
    places = min(decimals_of(row.saving) for row in run.months) + 1  # so that what is added up still adds up
    adjusted = any(row.adjustments for row in run.months)
    rows = []
    for row in run.months:
        cells = [month(say, row.month), number(say, row.rows, 0), *_amounts(material, (row.adjusted,), places)]
        if adjusted:
            cells += _amounts(material, (row.adjustments,), places)
        cells += _amounts(material, (row.measured, row.saving.value), places)
        rows.append((*cells, _interval(material, row.saving.low, row.saving.high, places),
                     *_amounts(material, (row.cumulative,), places)))  # fmt: skip
    total = [
        say("Total"),
        number(say, sum(row.rows for row in run.months), 0),
        *_amounts(material, (run.adjusted,), places),
    ]
    if adjusted:
        total += _amounts(material, (run.adjustments,), places)
    saving = run.saving
    total += _amounts(material, (run.measured, saving.value if saving else None), places)
    total += [_interval(material, saving.low, saving.high, places) if saving else "", ""]
    return Grid(
        caption=say("Adjusted baseline, measured use and saving by month [%(unit)s]", unit=unit),
        headings=(
            say("Month"), say("Rows"), say("Adjusted baseline"), *((say("of it events"),) if adjusted else ()),
            say("Measured"), say("Saving"), say("Interval"), say("Summed up"),
        ),
        align="lr" + "r" * (6 if adjusted else 5), rows=tuple(rows), total=tuple(total),
        note=say("Months are not independent of each other: their intervals do not add up to the whole's."),
    )  # fmt: skip


def _amounts(material: Material, values: tuple[float | None, ...], places: int) -> list[str]:
    return [number(material.say, value, places) for value in values]


def _interval(material: Material, low: float | None, high: float | None, places: int) -> str:
    say = material.say
    return say("%(low)s to %(high)s", low=number(say, low, places), high=number(say, high, places))
