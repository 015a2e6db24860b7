"""The twelve sections of a savings report, in their order; their numbers are the same in every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Section
from reports.sections.closing import closing
from reports.sections.data import data, drivers
from reports.sections.events import events
from reports.sections.model import model
from reports.sections.months import months
from reports.sections.persistence import persistence
from reports.sections.plan import periods, plan
from reports.sections.prices import prices
from reports.sections.summary import summary
from reports.sections.uncertainty import uncertainty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.document import Block
    from reports.part import Material

SECTIONS: tuple[tuple[str, Callable[[Material], Iterator[Block]]], ...] = (
    (noted("Summary"), summary),
    (noted("Plan, and departures from it"), plan),
    (noted("Periods"), periods),
    (noted("Data"), data),
    (noted("Drivers and static factors"), drivers),
    (noted("Baseline model"), model),
    (noted("Adjusted baseline by month"), months),
    (noted("Non-routine events"), events),
    (noted("Uncertainty"), uncertainty),
    (noted("Tariffs, emission factors, cost"), prices),
    (noted("Operational verification and persistence"), persistence),
    (noted("Restatement, signatures, recomputation"), closing),
)


def sections(material: Material) -> tuple[Section, ...]:
    """Return all sections."""
    return tuple(
        Section(number=number, title=material.say(title), blocks=tuple(build(material)))
        for number, (title, build) in enumerate(SECTIONS, 1)
    )
