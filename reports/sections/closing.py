"""Section 12: what differs from the run before, who answers for it, and how anyone can compute it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.document import Facts, Grid, Paragraph, Signatures
from reports.figures import NONE, full, moment, number, shown, with_unit
from reports.sections.pieces import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Restatement


def closing(material: Material) -> Iterator[Block]:
    """Yield restatement, signatures, versions and hash."""
    say, run = material.say, material.run
    if material.restatement is None:
        yield Paragraph(text=say("No earlier run is compared with: this report restates nothing."))
    else:
        yield from _restated(material, material.restatement)
    yield Paragraph(
        text=say("A run is a pure function of its input. Whoever holds the bundle computes every figure again, to the "
                 "last digit, offline, with: quaymeter savings verify BUNDLE")
    )  # fmt: skip
    yield Facts(
        rows=(
            (say("Hash of the input (SHA-256)"), run.input_hash),
            (say("Versions"), ", ".join(f"{name} {version}" for name, version in run.versions.items())),
            (say("As it was known at"), moment(say, run.known_at, material.given.timezone)),
        )
    )
    yield Signatures(
        roles=(say("Prepared by"), say("Reviewed by"), say("For the client")),
        columns=(say("Name"), say("Date"), say("Signature")),
    )


def _restated(material: Material, before: Restatement) -> Iterator[Block]:
    say = material.say
    yield Paragraph(
        text=say(
            "This report restates a run known at %(known)s (hash %(hash)s).",
            known=moment(say, before.previous.known_at, material.given.timezone),
            hash=before.previous.input_hash[:12],
        )
    )
    earlier = {each.meter: each for each in before.previous.meters}
    rows = []
    for part in material.parts:
        old = earlier.get(part.run.meter)
        was, now = old.saving if old else None, part.run.saving
        change = NONE if was is None or now is None else with_unit(
            number(say, now.value - was.value, 0), shown(say, part.run.unit)
        )  # fmt: skip
        rows.append((say.named(part.run.name, part.run.meter), full(say, was), full(say, now), change))
    yield Grid(
        caption=say("Then and now"),
        headings=(say("Figure"), say("Then"), say("Now"), say("Difference")),
        align="lrrr", rows=tuple(rows),
    )  # fmt: skip
    if before.differences:
        yield Grid(
            caption=say("Why they differ"),
            headings=(say("What"), say("Detail")),
            align="ll",
            rows=tuple((each.what, known(each.detail)) for each in before.differences),
        )
    else:
        yield Paragraph(text=say("No difference of data, plan or versions was named."))
