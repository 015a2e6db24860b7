"""From the records of a run to the report's document: cover, sections, footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales import REPORT
from locales.words import words
from reports.document import Report
from reports.figures import days_between, moment
from reports.part import Material, Restatement
from reports.sections import sections

if TYPE_CHECKING:
    from savings.input_record import RunInput
    from savings.record import Run


def compose(given: RunInput, run: Run, language: str, restatement: Restatement | None = None) -> Report:
    """Return a report as a document in one language.

    Raises
    ------
    KeyError
        If the language is none of `locales.LANGUAGES`.
    """
    say = words(language, REPORT)
    material = Material(given=given, run=run, say=say, restatement=restatement)
    plan = given.plan
    title = say.named(plan.name, plan.id)
    simulated = say("Simulated data") if given.simulated else ""
    return Report(
        language=language,
        kind=say("Savings report"),
        title=title,
        subtitle=say.named(plan.measure, plan.id),
        simulated=simulated and say("Simulated data: no plant was measured; every figure is an example."),
        facts=(
            (say("Site"), given.site_name),
            (say("Reporting period"), _period(material)),
            (say("Responsible"), plan.responsible or say("nobody named")),
            (say("As it was known at"), moment(say, run.known_at, given.timezone)),
            (say("Run"), run.input_hash[:12]),
        ),
        contents=say("Contents"),
        foreign=say("in English"),
        page_of=say("Page {page} of {pages}"),
        footer=" · ".join(part for part in (title, say("run %(hash)s", hash=run.input_hash[:12]), simulated) if part),
        sections=sections(material),
    )


def _period(material: Material) -> str:
    """Return the days that the saving is summed over, and those looked at where they are others."""
    say, run = material.say, material.run
    asked, summed = (run.reporting_from, run.reporting_to), material.summed
    words = days_between(say, *summed)
    return words if summed == asked else say("%(summed)s; asked for: %(asked)s", summed=words,
                                             asked=days_between(say, *asked))  # fmt: skip
