"""Sections 4 and 5: which readings the figure rests on, what was left out and why; drivers and static factors."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from locales.words import noted
from reports.charts.calendar import calendar
from reports.corrected import correction_rows
from reports.document import Facts, Grid, Heading, Paragraph
from reports.figures import NONE, day, moment, number, plain, shown, stretches, stretches_in_words, with_unit
from reports.reasons import reason_words
from reports.sections.pieces import heading, known, picture
from reports.sections.plan import PERIODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Part
    from savings.record import DriverRange

ROLES = {"energy": noted("energy"), "driver": noted("driver")}


def data(material: Material) -> Iterator[Block]:
    """Yield points, readings, and every row that is in no sum."""
    say, given = material.say, material.given
    yield Facts(
        rows=(
            (say("Site"), given.site_name),
            (say("Time zone of days and months"), given.timezone),
            (say("As it was known at"), moment(say, given.known_at, given.timezone)),
        )
    )
    yield Paragraph(text=say("Nothing that arrived later is in these figures; a later run would say what changed."))
    for part in material.parts:
        yield from heading(material, part)
        yield _points(material, part)
        yield _left_out(material, part)
        yield from picture(
            partial(calendar, part, say),
            caption=say("Days used and days left out"),
            alt=say("A row for each month, a cell for each day: days in the baseline's or the reporting period's sum, "
                    "days left out, days between the periods."),
        )  # fmt: skip
    if material.several:
        yield Heading(text=say("Corrections"))
    yield _corrections(material)


def _corrections(material: Material) -> Block:
    """Return what somebody put in the place of readings, or that nobody did."""
    say, given = material.say, material.given
    if not given.corrections:
        return Paragraph(text=say("No correction of readings is noted in this run."))
    named = dict.fromkeys(f"{each.source} ({each.sha256[:12]})" for each in given.corrections if each.source)
    files = say("Files, with the beginning of their SHA-256: %(files)s.", files=", ".join(named)) if named else ""
    note = say("Within its days a correction counts instead of what was read; what was read is kept. Days struck out "
               "stand above as days without a reading.")  # fmt: skip
    return Grid(
        caption=say("Readings that were corrected"),
        headings=(say("No."), say("Point"), say("Days"), say("Readings"), say("By"), say("Reason")),
        align="rllrll", rows=tuple(tuple(row) for row in correction_rows(given, say)),
        note=f"{note} {files}".strip(),
    )  # fmt: skip


def _points(material: Material, part: Part) -> Grid:
    say = material.say
    rows = tuple(
        (
            say.named(each.name, each.point), say(ROLES.get(each.role, each.role)), shown(say, each.unit) or NONE,
            known(each.accuracy_class), day(say, each.calibration_due) if each.calibration_due else NONE,
            number(say, each.readings, 0), number(say, each.bad_readings, 0),
        )
        for each in part.rows.sources
    )  # fmt: skip
    return Grid(
        caption=say("Points that the figure rests on"),
        headings=(say("Point"), say("Role"), say("Unit"), say("Accuracy class"), say("Calibration due"),
                  say("Readings"), say("Rejected")),
        align="lllllrr", rows=rows,
        note=say("Rejected readings are stored and counted nowhere. A dash: not declared. Keys: %(keys)s.",
                 keys=", ".join(each.point for each in part.rows.sources)),
    )  # fmt: skip


def _left_out(material: Material, part: Part) -> Block:
    """Return the rows left out, by period and reason."""
    say = material.say
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in part.run.excluded:
        groups[each.period, reason_words(part, each.reason, say)].append(each.start)
    if not groups:
        return Paragraph(text=say("No row of either period was left out."))
    return Grid(
        caption=say("Rows left out"),
        headings=(say("Period"), say("Reason"), say("Rows"), say("Days")),
        align="llrl",
        rows=tuple(
            (
                say(PERIODS.get(period, period)), reason, number(say, len(starts), 0),
                stretches_in_words(say, starts, 8 if len(stretches(starts)) <= 8 else 6),
            )
            for (period, reason), starts in groups.items()
        ),
        note=say("They are in no sum, neither measured nor adjusted."),
    )  # fmt: skip


def drivers(material: Material) -> Iterator[Block]:
    """Yield the ranges of the drivers in both periods, and what is taken to stay as it is."""
    for part in material.parts:
        yield from heading(material, part)
        yield from _ranges(material, part)
    yield from _static(material)


def _ranges(material: Material, part: Part) -> Iterator[Block]:
    say = material.say
    if not part.run.ranges:
        yield Paragraph(text=say("The model has no driver that is a figure; nothing has a range."))
        return
    yield Grid(
        caption=say("What the baseline saw, and what the reporting period asked for"),
        headings=(say("Driver"), say("Unit"), say("Baseline"), say("Reporting period"), say("Rows beyond")),
        align="llrrr",
        rows=tuple(
            (
                say.named(each.label, each.driver), shown(say, each.unit) or NONE,
                _range(material, each.baseline_low, each.baseline_high),
                _range(material, each.reporting_low, each.reporting_high), number(say, each.rows_beyond, 0),
            )
            for each in part.run.ranges
        ),
    )  # fmt: skip
    yield Paragraph(text=_extrapolation(material, part.run.ranges))


def _range(material: Material, low: float | None, high: float | None) -> str:
    say = material.say
    if low is None or high is None:
        return NONE
    return say("%(low)s to %(high)s", low=plain(say, low, 3), high=plain(say, high, 3))


def _extrapolation(material: Material, ranges: tuple[DriverRange, ...]) -> str:
    say, beyond = material.say, max(each.rows_beyond for each in ranges)
    if not beyond:
        return say(
            "No row lies beyond the baseline's range of a driver by more than a tenth of it: nothing is extrapolated."
        )
    return say("Rows beyond the baseline's range by more than a tenth of it are extrapolated: the model has not seen "
               "such conditions. The finding “extrapolation” lists their days.")  # fmt: skip


def _static(material: Material) -> Iterator[Block]:
    say, factors = material.say, material.given.plan.static_factors
    if not factors:
        yield Paragraph(text=say("The plan names no static factor: whatever else changed on site is in the figure."))
        return
    yield Grid(
        caption=say("Static factors: taken to stay as they are"),
        headings=(say("Factor"), say("Value"), say("Since"), say("Watched by"), say("Changes seen")),
        align="lllll",
        rows=tuple(
            (
                say.named(each.name, each.id), known(each.value), day(say, each.since) if each.since else NONE,
                each.point or say("nobody"), _changes(material, each.id) if each.point else NONE,
            )
            for each in factors
        ),
        note=say("A factor that no point watches is what people said, and was not checked."),
    )  # fmt: skip


def _changes(material: Material, factor: str) -> str:
    say = material.say
    found = [each for each in material.given.factor_changes if each.factor == factor]
    if not found:
        return say("none")
    return ", ".join(
        say("%(day)s: %(before)s to %(after)s", day=day(say, each.day), before=plain(say, each.before, 3),
            after=with_unit(plain(say, each.after, 3), shown(say, each.unit)))
        for each in found
    )  # fmt: skip
