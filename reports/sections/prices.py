"""Section 10: what a unit costs and emits, since when, by whose word; what the measure costs and when it has paid."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from reports.document import Facts, Grid, Paragraph
from reports.figures import NONE, day, full, money, number, shown, stated
from reports.sections.pieces import known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from reports.document import Block
    from reports.part import Material
    from savings.record import Figure
    from telemetry.site import DatedValue

_YEAR = 365.25


def prices(material: Material) -> Iterator[Block]:
    """Yield tariffs and factors with their dates and sources, and the measure's own cost."""
    say, given = material.say, material.given
    yield _points(material)
    if given.tariffs:
        yield _dated(material, given.tariffs, say("Tariffs"))
    else:
        yield Paragraph(text=say("No tariff is known: the saving is not told in euros."))
    if given.emission_factors:
        yield _dated(material, given.emission_factors, say("Emission factors, in kilograms of CO₂ equivalent"))
    else:
        yield Paragraph(text=say("No emission factor is known: the saving is not told in tonnes of CO₂ equivalent."))
    yield Paragraph(
        text=say("Each day is valued at what was in force on it. Values are taken for exact."), style="note"
    )
    yield from _cost(material)


def _points(material: Material) -> Grid:
    say = material.say
    rows = []
    for part in material.parts:
        names = {each.point: say.named(each.name, each.point) for each in part.rows.sources}
        rows += [
            (
                names.get(each.point, each.point), stated(say, each.factor),
                ", ".join(each.tariff) or NONE, each.emission_factor or NONE,
            )
            for each in part.rows.meter.points
        ]  # fmt: skip
    return Grid(
        caption=say("Points and what values them"),
        headings=(say("Point"), say("Factor"), say("Tariffs"), say("Emission factor")),
        align="lrll", rows=tuple(rows),
        note=say("Factor: unit of the figure for each unit of the point."),
    )  # fmt: skip


def _dated(material: Material, values: tuple[DatedValue, ...], caption: str) -> Grid:
    say, zone = material.say, ZoneInfo(material.given.timezone)
    return Grid(
        caption=caption,
        headings=(say("Name"), say("Value"), say("Unit"), say("From"), say("Until"), say("Source")),
        align="lrllll",
        rows=tuple(
            (
                each.id, stated(say, each.value), shown(say, each.unit),
                day(say, each.valid_from.astimezone(zone).date()),
                day(say, _last(each.valid_to, zone)) if each.valid_to else say("today"), known(each.source),
            )
            for each in sorted(values, key=lambda value: (value.id, value.valid_from))
        ),
    )  # fmt: skip


def _last(end: datetime, zone: ZoneInfo) -> date:
    """Return the last local day before an instant at which a value ceases to be in force."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date()


def _cost(material: Material) -> Iterator[Block]:
    """Yield cost and simple payback; none without cost."""
    say, cost = material.say, material.given.plan.cost
    if cost is None:
        yield Paragraph(text=say("The plan states no cost of the measure, so no payback is given."))
        return
    yield Facts(
        rows=(
            (say("Investment"), money(say, cost.investment_eur, 0)),
            (say("Yearly cost"), money(say, cost.yearly_eur, 0)),
            (say("Life"), say("%(years)s years", years=number(say, cost.life_years, 0))),
            (say("Source of the cost"), known(cost.source)),
            (say("Saving of the reporting period"), full(say, material.run.money)),
            (say("Simple payback"), _payback(material, material.run.money, cost.investment_eur, cost.yearly_eur)),
        )
    )  # fmt: skip


def _payback(material: Material, saved: Figure | None, investment: float, yearly: float) -> str:
    """Return the years until the saving has paid for the measure, at this period's pace."""
    say, (first, last) = material.say, material.summed
    if saved is None:
        return NONE
    years = ((last - first).days + 1) / _YEAR
    if years < 330 / _YEAR:
        return say("not given: the reporting period is shorter than a year")
    value, low, high = (_years(investment, end, years, yearly) for end in (saved.value, saved.low, saved.high))
    if value is None:
        return say("never, at this pace")
    longest = say("without end") if low is None else say("%(years)s years", years=number(say, low, 1))
    return say("%(years)s years (from %(shortest)s to %(longest)s)", years=number(say, value, 1),
               shortest=number(say, high, 1), longest=longest)  # fmt: skip


def _years(investment: float, saved: float | None, years: float, yearly: float) -> float | None:
    gain = saved / years - yearly if saved is not None else 0.0
    return investment / gain if gain > 0 else None
