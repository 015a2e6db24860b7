"""Sections 2 and 3: the plan and what departs from it; the periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Facts, Grid, Items, Paragraph
from reports.figures import day, days_between, number, percent, shown, stated, with_unit
from reports.methods import method_name
from reports.sections.pieces import heading, known, named
from reports.verdict import expected_share
from telemetry.plan import DayTypes, Option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from reports.document import Block
    from reports.part import Material

OPTIONS = {
    Option.A: noted("A – retrofit isolation: the key parameter is measured, another is stipulated"),
    Option.B: noted("B – retrofit isolation: all parameters are measured"),
    Option.C: noted("C – whole facility: the site's own meter"),
}
FREQUENCIES = {"hourly": noted("hour"), "daily": noted("day"), "monthly": noted("month")}
PERIODS = {"baseline": noted("Baseline"), "reporting": noted("Reporting period")}
_YEAR = 365


def plan(material: Material) -> Iterator[Block]:
    """Yield what was agreed before anything was computed, and where the run departs from it."""
    say, it = material.say, material.given.plan
    rows = [
        (say("Demonstrator"), f"{named(say, it.name)} ({it.id})"),
        (say("Measure"), named(say, it.measure)),
        (say("Measurement boundary"), named(say, it.boundary)),
        (say("IPMVP option"), say(OPTIONS[it.option])),
        (say("IPMVP edition"), it.ipmvp_edition),
        (say("Interactive effects"), say.named(it.interactive_effects, say("none declared"))),
        (say("Expected saving"), _expected(material)),
        (say("Confidence of intervals"), percent(say, it.confidence, 0)),
        (say("Method of uncertainty"), method_name(it.method, say)),
        (say("Responsible"), it.responsible or say("nobody named")),
        (say("Revision of the plan"), number(say, material.given.plan_revision, 0)),
        *_drivers(material),
    ]  # fmt: skip
    if it.note:
        rows.append((say("Note"), it.note))
    yield Facts(rows=tuple(rows))
    if it.stipulations:
        yield _stipulations(material)
    elif it.option is Option.A:
        yield Paragraph(text=say("Option A, but the plan names no stipulated parameter: it ought to."), style="bad")
    yield from _deviations(material)


def _drivers(material: Material) -> Iterator[tuple[str, str]]:
    """Yield what makes drivers something else than readings: public holidays, means of days, formulas."""
    say, given = material.say, material.given
    it = given.plan
    if it.calendar:
        code = given.holidays  # a run of before it was kept knows the calendar alone
        country = say.locale.territories.get(code, code) or say("country not kept in this run")
        as_sundays = noted("%(country)s (calendar “%(calendar)s”), counted as Sundays")
        as_rest = noted("%(country)s (calendar “%(calendar)s”), days of rest as Saturdays and Sundays are")
        counted = as_rest if it.day_types is DayTypes.REST else as_sundays
        yield say("Public holidays"), say(counted, country=country, calendar=it.calendar)
    if it.drivers_by_day and it.frequency == "hourly":
        yield say("Drivers of an hour"), say("their mean over its local day")
    names = {each.point: each.name for meter in given.meters for each in meter.sources}
    lasting = {each.point: each.lasts_days for meter in it.meters for each in it.drivers_of(meter) if each.lasts_days}
    for point, days in lasting.items():
        yield say("Days before"), say("%(driver)s: their mean beside the day's own, weighted by exp(−age / %(days)s d)",
                                      driver=say.named(names.get(point, {}), point),
                                      days=number(say, days, len(f"{days:g}".partition(".")[2])))  # fmt: skip
    derived = {each.point: each for meter in given.meters for each in meter.sources if each.formula}
    for each in derived.values():
        name = say.named(each.name, each.point)
        yield say("Made of other points"), say("%(name)s: %(formula)s", name=name, formula=each.formula)


def _expected(material: Material) -> str:
    """Return the expected range; it speaks of the first figure, which is the measure's own."""
    say, expected = material.say, material.given.plan.expected_saving
    if expected is None:
        return say("none declared")
    first = material.parts[0].run
    name = f" ({say.named(first.name, first.meter)})" if material.several else ""
    return expected_share(*expected, say) + name


def _stipulations(material: Material) -> Grid:
    say = material.say
    return Grid(
        caption=say("Stipulated parameters"),
        headings=(say("Parameter"), say("Value"), say("Standard error"), say("Source")),
        align="lrrl",
        rows=tuple(
            (
                each.parameter, with_unit(stated(say, each.value), shown(say, each.unit)),
                with_unit(stated(say, each.standard_error), shown(say, each.unit)), known(each.source),
            )
            for each in material.given.plan.stipulations
        ),
    )  # fmt: skip


def _deviations(material: Material) -> Iterator[Block]:
    """Yield what departs from the plan, as far as the records show it."""
    say = material.say
    found = tuple(_departures(material))
    yield Paragraph(
        text=say("Departures from the plan that the records show:")
        if found
        else say("The records show no departure from the plan.")
    )
    if found:
        yield Items(texts=found)


def _departures(material: Material) -> Iterator[str]:
    say, it, run = material.say, material.given.plan, material.run
    if run.method != it.method:
        yield say("The interval is by %(used)s, the plan asked for %(planned)s.", used=method_name(run.method, say),
                  planned=method_name(it.method, say))  # fmt: skip
    periods = it.periods
    if periods and periods.reporting_to and run.reporting_to < periods.reporting_to:
        yield say("The reporting period is not complete: data until %(until)s, planned until %(planned)s.",
                  until=day(say, run.reporting_to), planned=day(say, periods.reporting_to))  # fmt: skip
    for part in material.parts:
        name = say.named(part.run.name, part.run.meter)
        labels = {each.name: say.named(each.label, each.name) for each in part.rows.drivers}
        used = part.run.model.terms if part.run.model else ()
        if part.run.model is not None:
            for driver in it.drivers_of(part.rows.meter):
                if driver.point not in used:
                    yield say("%(name)s: the driver “%(driver)s” of the plan is not in the model.", name=name,
                              driver=labels.get(driver.point, driver.point))  # fmt: skip
    for change in material.given.factor_changes:
        factor = next((each for each in it.static_factors if each.id == change.factor), None)
        yield say("The static factor “%(factor)s” changed on %(day)s.", day=day(say, change.day),
                  factor=say.named(factor.name, factor.id) if factor else change.factor)  # fmt: skip


def periods(material: Material) -> Iterator[Block]:
    """Yield the periods and how much of them could be used."""
    say, it, run = material.say, material.given.plan.periods, material.run
    if it is None:
        yield Paragraph(text=say("The plan has no dates yet."), style="bad")
        return
    baseline_days = (it.baseline_to - it.baseline_from).days + 1
    reporting_days = (run.reporting_to - run.reporting_from).days + 1
    between = (it.reporting_from - it.baseline_to).days - 1
    yield Facts(
        rows=(
            (say("Baseline"), _span(material, days_between(say, it.baseline_from, it.baseline_to), baseline_days)),
            (
                say("Installation, in neither period"),
                say.plural("%(n)s day", "%(n)s days", between) if between else say("none"),
            ),
            (say("Reporting period"),
             _span(material, days_between(say, run.reporting_from, run.reporting_to), reporting_days)),
            (say("Time step"), say(FREQUENCIES.get(material.given.plan.frequency, material.given.plan.frequency))),
        )
    )  # fmt: skip
    if material.summed != (run.reporting_from, run.reporting_to):
        yield Paragraph(text=say("The saving is summed over %(days)s.", days=days_between(say, *material.summed)))
    yield Paragraph(text=_cycles(material, baseline_days, _days(material.summed)))
    for part in material.parts:
        yield from heading(material, part)
        yield Grid(
            caption=say("What could be used"),
            headings=(say("Period"), say("Rows"), say("Used"), say("Share used"), say("Valid time behind the rows")),
            align="lrrrr",
            rows=tuple(
                (
                    say(PERIODS.get(each.period, each.period)), number(say, each.rows, 0), number(say, each.used, 0),
                    percent(say, each.used / each.rows if each.rows else None, 1), percent(say, each.coverage, 1),
                )
                for each in part.run.coverage
            ),
        )  # fmt: skip


def _days(period: tuple[date, date]) -> int:
    return (period[1] - period[0]).days + 1


def _span(material: Material, words: str, days: int) -> str:
    length = material.say.plural("%(n)s day", "%(n)s days", days)
    return f"{words} ({length})"


def _cycles(material: Material, baseline_days: int, reporting_days: int) -> str:
    """Say whether both periods hold whole years, the cycle of weather and seasons."""
    say = material.say
    if baseline_days < _YEAR:
        return say("The baseline is shorter than a year: it has not seen all seasons.")
    if reporting_days % _YEAR > 1:
        return say("The baseline holds whole seasons; the reporting period is no whole number of years, so that its "
                   "saving speaks of its own seasons and must not be scaled to a year.")  # fmt: skip
    return say("Both periods hold whole years, so that all seasons count alike.")
