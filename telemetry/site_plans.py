"""Reading the demonstrators of a site file into plans, every reference and every unit held against the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from telemetry.plan import Cost, DayTypes, DriverPlan, Option, Periods, Plan, StaticFactor, Stipulation
from telemetry.plan_bounds import beyond_bounds
from telemetry.site_extras import declared_calendars
from telemetry.site_meters import Known, known_point, listed, read_drivers, read_energy, read_meters, tables
from telemetry.site_section import Book, Section, identified
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telemetry.plan import MeterPlan

FREQUENCIES = ("daily", "hourly", "monthly")
METHODS = ("reml", "guideline14", "guideline14_126", "hac", "bootstrap", "ols")  # of uncertainty, see docs/savings.md
EDITION = "IPMVP Core Concepts 2022"
OPTIONS = {
    "A": "the measured part of a retrofit, the rest stipulated",
    "B": "all parameters of the retrofit measured",
    "C": "the whole facility's meter",
}


@dataclass(frozen=True, kw_only=True)
class _Boundary:
    """What is metered, and what explains it."""

    meters: tuple[MeterPlan, ...]
    drivers: tuple[DriverPlan, ...]


def read_demonstrators(book: Book, document: Mapping[str, object], known: Known) -> tuple[Plan, ...]:
    """Read demonstrators: what is measured to prove a saving."""
    calendars = declared_calendars(document)
    sections = identified(book, document, "demonstrators", "demonstrator")
    found = [_read_plan(section, known, calendars) for section in sections]
    return tuple(plan for plan in found if plan is not None)


def _read_plan(section: Section, known: Known, calendars: Mapping[str, object]) -> Plan | None:
    before = len(section.book.mistakes)
    name, measure, boundary = section.names(), section.names("measure"), section.names("boundary")
    option = _read_option(section)
    metered = _read_boundary(section, known)
    expected = section.pair("expected_saving", required=False)
    if expected is not None and not -1 <= expected[0] <= expected[1] <= 1:
        section.wrong("expected_saving", "is a share of the adjusted baseline, from -1 to 1", "write 0.11 for 11 %")
    confidence = section.number("confidence", required=False)
    if confidence is not None and not 0.5 < confidence < 1:
        section.wrong("confidence", f"`confidence` is {confidence:g}", "write a share above 0.5 and below 1, as 0.9")
    day_types = section.choice("day_types", [str(each) for each in DayTypes], required=False)
    calendar = _read_calendar(section, calendars)
    by_day, left_out = section.flag("drivers_by_day"), section.flag("leave_out_extrapolation")
    frequency = section.choice("frequency", FREQUENCIES, required=False)
    method = section.choice("method", METHODS, required=False)
    periods = _read_periods(section)
    stipulations = _read_stipulations(section, option)
    static_factors = _read_static_factors(section, known)
    cost = _read_cost(section)
    effects = section.names("interactive_effects", required=False) if section.has("interactive_effects") else {}
    context = _read_context(section, known)
    responsible, note = section.text("responsible", required=False), section.text("note", required=False)
    edition = section.text("ipmvp_edition", required=False)
    section.done()
    if len(section.book.mistakes) > before or option is None or metered is None:
        return None
    plan = Plan(
        id=section.text("id"), name=name, measure=measure, boundary=boundary, option=option, meters=metered.meters,
        drivers=metered.drivers, day_types=DayTypes(day_types or DayTypes.WEEK), frequency=frequency or "daily",
        calendar=calendar, drivers_by_day=by_day, leave_out_extrapolation=left_out, periods=periods,
        confidence=confidence or 0.9, method=method or "reml", expected_saving=expected,
        interactive_effects=effects, static_factors=static_factors, stipulations=stipulations, cost=cost,
        responsible=responsible, context=context, note=note, ipmvp_edition=edition or EDITION,
    )  # fmt: skip
    for beyond in beyond_bounds(plan):
        key = beyond.place.replace("[", ".").partition(".")[0]
        section.wrong(key if key in section.table else "id", f"{beyond.place}: {beyond.cause}", beyond.cure)
    try:
        return msgspec.convert(msgspec.to_builtins(plan), Plan)  # as it will be read back
    except msgspec.ValidationError as error:
        section.wrong("id", str(error), "correct what it names")
        return None


def _read_calendar(section: Section, calendars: Mapping[str, object]) -> str:
    """Read the id of a calendar that has public holidays."""
    given = section.text("calendar", required=False)
    if given and given not in calendars:
        known = f"known: {', '.join(calendars)}" if calendars else "declare it under [[calendars]]"
        section.wrong("calendar", f'unknown calendar "{given}"', did_you_mean(given, calendars).strip() or known)
    elif given and not calendars[given]:
        section.wrong("calendar", f'calendar "{given}" has no public holidays', 'add `holidays = "FR"` to it')
    return given


def _read_option(section: Section) -> Option | None:
    """Read IPMVP's option; D is none of ours."""
    if section.table.get("ipmvp") == "D":
        section.wrong(
            "ipmvp", "option D, a calibrated simulation, is not computed here",
            "draw the boundary so that it is metered: B for the measure's own meters, C for the whole facility's",
        )  # fmt: skip
        section.has("ipmvp")
        return None
    given = section.text("ipmvp")
    if given and given not in OPTIONS:
        cure = "; ".join(f"{letter}: {meaning}" for letter, meaning in OPTIONS.items())
        section.wrong("ipmvp", f'unknown option "{given}"', cure)
    return Option(given) if given in OPTIONS else None


def _read_boundary(section: Section, known: Known) -> _Boundary | None:
    """Read figures and drivers: `energy = [points]` in short, `meters` in full, not both."""
    drivers = read_drivers(section, "drivers", known, required=not section.has("meters"))
    if section.has("energy") and section.has("meters"):
        section.wrong("energy", "`energy` and `meters` say the same", "keep one: `meters` where points have prices")
        return None
    meters = read_meters(section, known) if section.has("meters") else read_energy(section, known)
    for meter in meters:
        own = {each.point for each in meter.points}
        for driver in (*meter.drivers, *(() if meter.drivers else drivers)):
            if driver.point in own:
                section.wrong(
                    "drivers", f'"{driver.point}" is the meter of {meter.id}: it would explain every saving away',
                    "name what causes the use: weather, production, hours",
                )  # fmt: skip
    return _Boundary(meters=meters, drivers=drivers) if meters else None


def _read_context(section: Section, known: Known) -> tuple[str, ...]:
    points = listed(section, "context", "points", required=False)
    return tuple(str(point) for point in points if known_point(section, point, known, "context"))


def _read_periods(section: Section) -> Periods | None:
    """Read `baseline = [first, last]`, `reporting_from` and `reporting_to`; a plan may be dated later."""
    baseline = section.value("baseline", required=False)
    begins, ends = section.day("reporting_from"), section.day("reporting_to")
    if baseline is None:
        for key in ("reporting_from", "reporting_to"):
            if section.has(key):
                section.wrong(key, "a reporting period without a baseline", "add `baseline = [first day, last day]`")
        return None
    days = isinstance(baseline, list) and len(baseline) == 2 and all(_is_day(day) for day in baseline)
    if not days:
        section.wrong("baseline", "`baseline` is not two days", "write `baseline = [2025-09-01, 2026-08-31]`")
        return None
    if begins is None:
        section.wrong("baseline", "no reporting period", "add `reporting_from = 2026-10-01`, a day after the baseline")
        return None
    try:
        return Periods(baseline_from=baseline[0], baseline_to=baseline[1], reporting_from=begins, reporting_to=ends)
    except ValueError as error:
        section.wrong("baseline", str(error), "give `baseline` and then a later `reporting_from`, in order of time")
        return None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _read_static_factors(section: Section, known: Known) -> tuple[StaticFactor, ...]:
    """Read what is taken to stay as it is; a point may watch it."""
    found: dict[str, StaticFactor] = {}
    for one in tables(section, "static_factors", "static factor"):
        identity, name, value = one.name("id"), one.names(), one.text("value")
        since, point = one.day("since"), one.text("point", required=False)
        tolerance = one.positive("tolerance", required=False)
        if point and known_point(one, point, known, "point") and tolerance is None:
            one.wrong("point", f'"{point}" watches it, and no tolerance says when', "add `tolerance`, in its unit")
        if tolerance is not None and not point:
            one.wrong("tolerance", "a tolerance without a point", "name the `point` that watches it")
        if identity in found:
            one.wrong("id", f'"{identity}" is declared twice', "rename or remove one")
        one.done()
        if identity:
            found[identity] = StaticFactor(
                id=identity, name=name, value=value, since=since, point=point, tolerance=tolerance
            )
    return tuple(found.values())


def _read_stipulations(section: Section, option: Option | None) -> tuple[Stipulation, ...]:
    """Read what option A does not measure."""
    found = []
    for one in tables(section, "stipulations", "stipulation"):
        parameter, unit, source = one.text("parameter"), one.text("unit"), one.text("source")
        value, error = one.number("value"), one.number("standard_error")
        if error is not None and error < 0:
            one.wrong("standard_error", f"`standard_error` is {error:g}", "it has to be 0 or more")
        one.done()
        if value is not None and error is not None:
            found.append(Stipulation(parameter=parameter, value=value, unit=unit, standard_error=error, source=source))
    if option is Option.A and not section.has("stipulations"):
        cure = "add `stipulations = [{ parameter, value, unit, standard_error, source }]`, or choose option B"
        section.wrong("ipmvp", "option A without a stipulated parameter", cure)
    if option in (Option.B, Option.C) and section.has("stipulations"):
        section.wrong("stipulations", f"option {option} stipulates nothing", 'write `ipmvp = "A"`, or remove them')
    return tuple(found)


def _read_cost(section: Section) -> Cost | None:
    """Read what the measure costs."""
    if not section.has("cost"):
        return None
    one = Section(section.book, section.at("cost"), section.value("cost"), f"{section.what}: its cost")
    known = {key: one.number(key, required=False) for key in ("investment_eur", "yearly_eur")}
    known["life_years"] = one.positive("life_years", required=False)
    known["discount_rate"] = one.number("discount_rate", required=False)
    if (known["investment_eur"] or 0.0) < 0:
        one.wrong("investment_eur", "an investment below 0", "a grant is taken off the investment")
    if not 0 <= (known["discount_rate"] or 0.0) < 1:
        one.wrong("discount_rate", "is a share, from 0 to less than 1", "write 0.05 for 5 %")
    source = one.text("source")
    one.done()
    return Cost(source=source, **{key: value for key, value in known.items() if value is not None})
