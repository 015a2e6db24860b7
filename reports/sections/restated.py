"""What differs from the run before: then and now, and how much each cause makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Grid, Items, Paragraph
from reports.figures import NONE, day, days_between, full, moment, number, plain, shown, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Restatement
    from savings.restate import Explanation

CAUSES = {
    "code": noted("another version of the program"),
    "readings": noted("late or corrected readings"),
    "events": noted("non-routine events"),
    "rates": noted("tariffs and emission factors"),
    "plan": noted("the plan"),
    "new days": noted("further days"),
}


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
        old = earlier.get(part.run.meter)
        was, now = old.saving if old else None, part.run.saving
        change = None if was is None or now is None else now.value - was.value
        rows.append(
            (
                say.named(part.run.name, part.run.meter),
                full(say, was),
                full(say, now),
                _amount(material, part.run.unit, change),
            )
        )
    return Grid(
        caption=say("Then and now"),
        headings=(say("Figure"), say("Then"), say("Now"), say("Difference")),
        align="lrrr",
        rows=tuple(rows),
    )


def _effects(material: Material, why: Explanation) -> Grid:
    """Return how much each kind of change moved the saving; they add up to the whole."""
    say = material.say
    units = {part.run.meter: part.run.unit for part in material.parts}
    names = {part.run.meter: say.named(part.run.name, part.run.meter) for part in material.parts}
    return Grid(
        caption=say("What each change makes of the difference"),
        headings=(say("Change"), say("Figure"), say("Saving")),
        align="llr",
        rows=tuple(
            (
                say(CAUSES[each.cause]) if each.cause in CAUSES else each.cause, names.get(each.meter, each.meter),
                _amount(material, units.get(each.meter, ""), each.saving),
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
    if why.events:
        yield say("Events that are new, gone or changed: %(names)s.", names=", ".join(why.events))
    if why.rates:
        yield say("Tariffs and factors that changed: %(names)s.", names=", ".join(why.rates))
    if why.versions[0] != why.versions[1]:
        yield say("Versions: %(old)s, now %(new)s.", old=_versions(why.versions[0]), new=_versions(why.versions[1]))
    if why.reporting_to[0] != why.reporting_to[1]:
        yield say("Days until %(old)s, now until %(new)s.", old=day(say, why.reporting_to[0]),
                  new=day(say, why.reporting_to[1]))  # fmt: skip


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _amount(material: Material, unit: str, value: float | None) -> str:
    say = material.say
    return NONE if value is None else with_unit(plain(say, value, 3), shown(say, unit))
