"""Section 1: how much, how sure, against what was expected, and what must be known."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports.charts.time import measured_and_baseline
from reports.document import Block, Card, Cards, Facts, Grid, Heading, Notices, Paragraph
from reports.figures import amount, day, footprint, full, interval_of, percent, significant, value_of
from reports.findings import notices
from reports.sections.pieces import heading, picture
from reports.verdict import expectation, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.part import Material, Part
    from savings.record import Indicator


def summary(material: Material) -> Iterator[Block]:
    """Yield the blocks of the section: what every figure says, all together, the drawings, what must be known."""
    say = material.say
    yield Paragraph(text=_question(material), style="lead")
    for part in material.parts:
        yield from heading(material, part)
        yield verdict(part, say)
        yield from _found(material, part, "stop")
        if part.run.saving is not None:
            yield from _figures(material, part)
    if material.several and material.run.money is not None:
        yield from _together(material)
    for part in material.parts:
        yield from _drawn(material, part)
    for part in material.parts:
        yield from _found(material, part, "warning")


def _found(material: Material, part: Part, severity: str) -> Iterator[Block]:
    """Yield the findings of one severity, under a heading where they do not stand under the figure's own."""
    found = [each for each in part.run.findings if each.severity == severity]
    if found and severity == "warning":
        yield Heading(text=_titled(material, part, material.say("What must be known")))
    if found:
        yield Notices(notices=notices(part, found, material.say))


def _titled(material: Material, part: Part, text: str) -> str:
    return f"{material.say.named(part.run.name, part.run.meter)} – {text}" if material.several else text


def _question(material: Material) -> str:
    """Say what the report answers, in one sentence."""
    say, plan, (first, last) = material.say, material.given.plan, material.summed
    return say(
        "What did “%(measure)s” save from %(first)s to %(last)s, and how sure is that?",
        measure=say.named(plan.measure, plan.id), first=day(say, first), last=day(say, last),
    )  # fmt: skip


def _figures(material: Material, part: Part) -> Iterator[Block]:
    say, run = material.say, part.run
    confidence = percent(say, material.run.confidence, 0)
    yield Cards(cards=tuple(_cards(material, part)))
    yield Paragraph(
        text=say(
            "Without the measure %(adjusted)s would have been used under the conditions of the reporting period (the "
            "adjusted baseline); %(measured)s were. Intervals hold the true figure with %(confidence)s confidence.",
            adjusted=_whole(material, part, run.adjusted), measured=_whole(material, part, run.measured),
            confidence=confidence,
        )
    )  # fmt: skip
    warnings = sum(each.severity == "warning" for each in run.findings)
    if warnings:
        yield Paragraph(
            text=say.plural(
                "%(n)s warning qualifies this figure: it stands below, under “What must be known”.",
                "%(n)s warnings qualify this figure: they stand below, under “What must be known”.",
                warnings,
            )
        )
    expected = expectation(part, say) if part is material.parts[0] else ""  # of the measure's own figure
    if expected:
        yield Paragraph(text=expected)
    if run.normalised is not None:
        yield Paragraph(
            text=say(
                "Under the conditions of the baseline's year the saving would be %(normalised)s.",
                normalised=full(say, run.normalised),
            )
        )


def _drawn(material: Material, part: Part) -> Iterator[Block]:
    """Yield the drawing of both periods, and key figures."""
    say = material.say
    title = say("Measured use and adjusted baseline")
    yield from picture(
        partial(measured_and_baseline, part, say),
        caption=_titled(material, part, title),
        alt=say("Measured use and the baseline model over both periods: before the measure they follow each other, "
                "after it the gap between them is the saving."),
    )  # fmt: skip
    if part.run.indicators:
        yield _indicators(material, part)


def _cards(material: Material, part: Part) -> Iterator[Card]:
    say, run = material.say, part.run
    yield Card(label=say("Saving"), value=value_of(say, run.saving), interval=interval_of(say, run.saving))
    if run.percent is not None:
        yield Card(
            label=say("Of the adjusted baseline"),
            value=value_of(say, run.percent),
            interval=interval_of(say, run.percent),
        )
    if run.money is not None:
        yield Card(label=say("In euros"), value=value_of(say, run.money), interval=interval_of(say, run.money))
    carbon = footprint(run.carbon)
    if carbon is not None:
        yield Card(label=say("Emissions avoided"), value=value_of(say, carbon), interval=interval_of(say, carbon))


def _whole(material: Material, part: Part, value: float | None) -> str:
    return amount(material.say, value, part.run.unit, min(significant(value or 0.0), 0) if value else 0)


def _indicators(material: Material, part: Part) -> Grid:
    say = material.say
    return Grid(
        caption=_titled(material, part, say("Key figures before and after")),
        headings=(say("Key figure"), say("Baseline"), say("Reporting period")),
        align="lrr",
        rows=tuple(
            (_indicator(material, each), full(say, each.baseline), full(say, each.reporting))
            for each in part.run.indicators
        ),
    )


def _indicator(material: Material, each: Indicator) -> str:
    """Return what a key figure is called: one of use by a driver has the driver's name."""
    say, name = material.say, material.say.named(each.name, each.id)
    return say("Use by: %(driver)s", driver=name) if each.id.startswith("use by ") else name


def _together(material: Material) -> Iterator[Block]:
    say, run = material.say, material.run
    yield Heading(text=say("All figures together"))
    rows = [(say("In euros"), full(say, run.money))]
    if run.carbon is not None:
        rows.append((say("Emissions avoided"), full(say, footprint(run.carbon))))
    yield Facts(rows=tuple(rows))
    yield Paragraph(
        text=say("Intervals of several figures are added up, as nothing says that their errors are independent."),
        style="note",
    )
