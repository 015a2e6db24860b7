"""What differs from the run before: then and now, and how much each cause makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Grid, Items, Paragraph
from reports.figures import (
    MINUS,
    NONE,
    amount,
    day,
    days_between,
    footprint,
    full,
    moment,
    number,
    plain,
    significant,
)
from reports.sections.pieces import versions_in_words
from savings.record import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from locales.words import Words
    from reports.document import Block
    from reports.part import Material, Restatement
    from savings.restate import Explanation

CAUSES = {
    "code": noted("another version of the program"),
    "formulas": noted("formulas of derived points"),
    "holidays": noted("public holidays"),
    "readings": noted("late or corrected readings"),
    "meters": noted("accuracy classes and other facts of the meters"),
    "events": noted("non-routine events"),
    "rates": noted("tariffs and emission factors"),
    "fewer days": noted("a period that ends sooner"),
    "plan": noted("the plan"),
    "new days": noted("further days"),
}
METHODS = {  # what each version of the methods brought (`savings.run`)
    "2": noted(
        "Methods 2: a meter's class joins the interval as the even error that it is; from two years of daily or hourly "
        "baseline on, noise that comes back every year is told from noise that remembers."
    ),
    "3": noted(
        "Methods 3: noise that remembers for long weighs more from the outset, so that intervals are a little wider "
        "where a baseline cannot tell how long its noise lasts."
    ),
    "4": noted(
        "Methods 4: from two years of daily or hourly baseline on, noise may be larger in one season than in another, "
        "and a total feels that of its own months."
    ),
    "5": noted(
        "Methods 5: slow noise that is a small share of all is weighed more finely, so that intervals are a little "
        "narrower where nothing speaks for a memory."
    ),
    "6": noted(
        "Methods 6: noise without memory counts from the outset as a possibility of its own, so that intervals are a "
        "little narrower where nothing speaks for one; the hourly model takes days for alike that the plan takes for "
        "alike, and keeps those segments of temperature that the sums of days ask for."
    ),
    "7": noted(
        "Methods 7: from two years of daily or hourly baseline on, what is felt for some days is told from noise that "
        "lasts, so that intervals are wider where it hid slow noise; noise without memory counts for more from the "
        "outset. Where a few rows lie far off, the size of the noise is held for less known."
    ),
    "8": noted(
        "Methods 8: what is felt for some days has a third of the weight it had at the outset, so that intervals are "
        "a little narrower where nothing speaks for it. Events are looked for on days that are left out for their "
        "drivers too, and one that takes most of the use is proposed to be left out."
    ),
    "9": noted(
        "Methods 9: where a few rows lie so far off that they make most of the variance, the noise is told beneath "
        "them too, so that noise that lasts is not hidden by them; noise without memory counts for less from the "
        "outset. Most such intervals are a little wider."
    ),
    "10": noted(
        "Methods 10: noise without memory counts for more from the outset, so that intervals are a little narrower "
        "where nothing speaks for a memory; what is told beneath spikes counts for twice as much, and long memories "
        "weigh a little more."
    ),
}
EMISSIONS = "t{CO2e}"  # what tonnes of a footprint are called here: a figure may be in tonnes of something else
CENTS = 2  # decimals of money that has any

# Parts of a plan, as people call them.
PARTS = {
    "name": noted("name"),
    "measure": noted("measure"),
    "boundary": noted("measurement boundary"),
    "option": noted("IPMVP option"),
    "meters": noted("figures"),
    "drivers": noted("drivers"),
    "day_types": noted("kinds of day"),
    "frequency": noted("length of rows"),
    "calendar": noted("calendar of public holidays"),
    "drivers_by_day": noted("drivers by hour or by day"),
    "leave_out_extrapolation": noted("rows beyond the baseline's range"),
    "periods": noted("periods"),
    "confidence": noted("confidence"),
    "method": noted("method of uncertainty"),
    "expected_saving": noted("expected saving"),
    "interactive_effects": noted("interactive effects"),
    "static_factors": noted("static factors"),
    "stipulations": noted("stipulated parameters"),
    "cost": noted("cost"),
    "responsible": noted("responsible"),
    "context": noted("points beside it"),
    "note": noted("note"),
    "ipmvp_edition": noted("IPMVP edition"),
}


def restated(material: Material, before: Restatement) -> Iterator[Block]:
    """Yield the two runs side by side, and why they differ."""
    say = material.say
    yield Paragraph(
        text=say(
            "This report restates a run known at %(known)s (hash %(hash)s).",
            known=moment(say, before.previous.known_at, material.given.timezone),
            hash=before.previous.input_hash[:12],
        )
    )
    yield _then_and_now(material, before)
    if before.explanation is None:
        yield Paragraph(text=say("Why the two differ was not worked out."))
        return
    if not before.explanation.changed:
        yield Paragraph(text=say("Nothing of the input changed between the two."))
        return
    yield _effects(material, before.explanation)
    yield from _points(material, before.explanation)
    yield Items(texts=tuple(_others(material, before.explanation)))


def _then_and_now(material: Material, before: Restatement) -> Grid:
    say = material.say
    earlier = {each.meter: each for each in before.previous.meters}
    rows = []
    for part in material.parts:
        old, now = earlier.get(part.run.meter), part.run
        name = say.named(now.name, now.meter)
        rows.append((name, say("Saving"), *_sides(say, old.saving if old else None, now.saving, now.unit)))
        for label, was, found, unit in (
            (say("In euros"), old.money if old else None, now.money, "EUR"),
            (say("Emissions avoided"), old.carbon if old else None, now.carbon, EMISSIONS),
        ):
            if was is not None or found is not None:
                rows.append((name, label, *_sides(say, was, found, unit)))
    return Grid(
        caption=say("Then and now"),
        headings=(say("Figure"), "", say("Then"), say("Now"), say("Difference")),
        align="llrrr",
        rows=tuple(rows),
    )


def _sides(say: Words, was: Figure | None, found: Figure | None, unit: str) -> tuple[str, str, str]:
    """Return a figure then, now, and by how much it changed."""
    change = None if was is None or found is None else found.value - was.value
    told = (footprint(was), footprint(found)) if unit == EMISSIONS else (was, found)
    return full(say, told[0]), full(say, told[1]), change_of(say, unit, change)


def _effects(material: Material, why: Explanation) -> Grid:
    """Return how much each kind of change moved the saving; they add up to the whole."""
    say = material.say
    units = {part.run.meter: part.run.unit for part in material.parts}
    names = {part.run.meter: say.named(part.run.name, part.run.meter) for part in material.parts}
    return Grid(
        caption=say("What each change makes of the difference"),
        headings=(say("Change"), say("Figure"), say("Saving"), say("Half of its interval"), say("In euros"),
                  say("Emissions avoided")),
        align="llrrrr",
        rows=tuple(
            (
                say(CAUSES[each.cause]) if each.cause in CAUSES else each.cause, names.get(each.meter, each.meter),
                change_of(say, units.get(each.meter, ""), each.saving),
                change_of(say, units.get(each.meter, ""), each.half_width),
                change_of(say, "EUR", each.money), change_of(say, EMISSIONS, each.carbon),
            )
            for each in why.effects
        ),
        note=say("Changes are taken over one after the other, in this order; they add up to the whole difference."),
    )  # fmt: skip


def _points(material: Material, why: Explanation) -> Iterator[Grid]:
    say = material.say
    if why.points:
        yield Grid(
            caption=say("Points whose rows changed"),
            headings=(say("Point"), say("Rows"), say("Days"), say("Then"), say("Now")),
            align="lrlrr",
            rows=tuple(
                (
                    each.point, number(say, each.rows, 0), days_between(say, each.first, each.last),
                    plain(say, each.before), plain(say, each.after),
                )
                for each in why.points
            ),
            note=say("Sums over the rows that changed; the bundle holds every row of both runs."),
        )  # fmt: skip


def _others(material: Material, why: Explanation) -> Iterator[str]:
    """Yield what else changed, by name."""
    say = material.say
    if why.plan:
        names = ", ".join(say(PARTS[each]) if each in PARTS else each for each in why.plan)
        yield say("Parts of the plan that changed: %(names)s (revision %(old)s to %(new)s).", names=names,
                  old=number(say, why.plan_revisions[0], 0), new=number(say, why.plan_revisions[1], 0))  # fmt: skip
    if why.formulas:
        yield say("Derived points whose formula changed: %(names)s.", names=", ".join(why.formulas))
    if "holidays" in why.changed:
        yield say("Public holidays: %(old)s, now %(new)s.", old=_country(say, why.holidays[0]),
                  new=_country(say, why.holidays[1]))  # fmt: skip
    if why.corrections:
        yield say("Corrections of readings that came or went: %(names)s.",
                  names=", ".join(number(say, each, 0) for each in why.corrections))  # fmt: skip
    if why.meters:
        yield say("Points whose accuracy class, calibration, kind or unit changed: %(names)s.",
                  names=", ".join(why.meters))  # fmt: skip
    if why.events:
        yield say("Events that are new, gone or changed: %(names)s.", names=", ".join(why.events))
    if why.rates:
        yield say("Tariffs and factors that changed: %(names)s.", names=", ".join(why.rates))
    if why.versions[0] != why.versions[1]:
        old, new = (versions_in_words(say, each) for each in why.versions)
        yield say("Versions: %(old)s, now %(new)s.", old=old, new=new)
        yield from _methods(say, *(int(each.get("methods", "1")) for each in why.versions))
    if why.reporting_to[0] != why.reporting_to[1]:
        yield say("Days until %(old)s, now until %(new)s.", old=day(say, why.reporting_to[0]),
                  new=day(say, why.reporting_to[1]))  # fmt: skip


def _methods(say: Words, old: int, new: int) -> Iterator[str]:
    """Yield what the methods that came between two versions of them brought."""
    yield from (say(text) for number, text in METHODS.items() if old < int(number) <= new)


def _country(say: Words, code: str) -> str:
    return say.locale.territories.get(code, code) or NONE


def change_of(say: Words, unit: str, value: float | None) -> str:
    """Return by how much something changed, with its sign and to three figures; `unit` may be EUR or EMISSIONS [t]."""
    if value is None:
        return NONE
    size = Figure(value=abs(value), low=None, high=None, unit=unit)
    size = (footprint(size) if unit == EMISSIONS else None) or size
    places = min(max(significant(size.value, 3), 0), 6)
    if unit == "EUR" and places:
        places = CENTS
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{amount(say, size.value, size.unit, places)}"
