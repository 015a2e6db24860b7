"""Section 12: what differs from the run before, who answers for it, and how anyone can compute it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.document import Facts, Paragraph, Signatures
from reports.figures import moment
from reports.sections.pieces import versions_in_words
from reports.sections.restated import restated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material


def closing(material: Material) -> Iterator[Block]:
    """Yield restatement, signatures, versions and hash."""
    say, run = material.say, material.run
    if material.restatement is None:
        yield Paragraph(text=say("No earlier run is compared with: this report restates nothing."))
    else:
        yield from restated(material, material.restatement)
    yield Paragraph(
        text=say("A run is a pure function of its input. Whoever holds the bundle computes every figure again, to the "
                 "last digit, offline, with: quaymeter savings verify BUNDLE")
    )  # fmt: skip
    yield Facts(
        rows=(
            (say("Hash of the input (SHA-256)"), run.input_hash),
            (say("Versions"), versions_in_words(say, run.made_by)),
            (say("As it was known at"), moment(say, run.known_at, material.given.timezone)),
        )
    )
    yield Signatures(
        roles=(say("Prepared by"), say("Reviewed by"), say("For the client")),
        columns=(say("Name"), say("Date"), say("Signature")),
    )
