"""What a report says of how drivers were made, and of how the method joins causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reports.compose import compose
from reports.document import Facts, Grid, Items, Paragraph
from savings.run import METHODS
from tests.reports.examples import AIR, boiler_house, boiler_house_run

if TYPE_CHECKING:
    from reports.document import Report
    from savings.input_record import RunInput
    from savings.record import Run

FORMULA = "t - 4; t = plant/weather/t_roof"


def made(holidays: str = "FR") -> RunInput:
    """Return the boiler house by the hour, with public holidays, means of days and a derived air temperature."""
    given = boiler_house()
    meters = tuple(
        replace(meter, sources=tuple(
            replace(each, formula=FORMULA) if each.point == AIR else each for each in meter.sources
        ))
        for meter in given.meters
    )  # fmt: skip
    plan = replace(given.plan, calendar="port-week", frequency="hourly", drivers_by_day=True)
    return replace(given, meters=meters, plan=plan, holidays=holidays)


def facts(given: RunInput, language: str) -> list[tuple[str, str]]:
    """Return the facts of the section on the plan."""
    (found,) = (each for each in compose(given, boiler_house_run(), language).sections[1].blocks
                if isinstance(each, Facts))  # fmt: skip
    return [(label, text) for label, text in found.rows]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                ("Public holidays", "France (calendar “port-week”), counted as Sundays"),
                ("Drivers of an hour", "their mean over its local day"),
                ("Made of other points", f"Outdoor air: {FORMULA}"),
            ],
        ),
        (
            "fr",
            [
                ("Jours fériés", "France (calendrier «\xa0port-week\xa0»), comptés comme des dimanches"),
                ("Variables d’une heure", "leur moyenne sur son jour local"),
                ("Calculé à partir d’autres points", f"Air extérieur\xa0: {FORMULA}"),
            ],
        ),
    ],
)
def test_the_plan_says_how_drivers_were_made(language: str, expected: list[tuple[str, str]]) -> None:
    """Country of the holidays, means of days, and each formula once though two figures rest on it; else none."""
    told = facts(made(), language)
    assert [row for row in told if row[0] in dict(expected)] == expected
    plain = dict(facts(boiler_house(), language))
    assert set(plain) & set(dict(expected)) == set()


def test_a_country_that_was_not_kept_is_not_guessed() -> None:
    """A run of before has the calendar's name alone."""
    told = dict(facts(made(""), "en"))
    assert told["Public holidays"] == "country not kept in this run (calendar “port-week”), counted as Sundays"


def section_nine(run: Run) -> tuple[str, str, str]:
    """Return the first sentence of how sure, the note on causes and the first item of what the interval holds."""
    blocks = compose(boiler_house(), run, "en").sections[8].blocks
    first = next(each.text for each in blocks if isinstance(each, Paragraph))
    note = next(each.note for each in blocks if isinstance(each, Grid) and "standard error is made of" in each.caption)
    return first, note, next(each.texts[0] for each in blocks if isinstance(each, Items))


def test_the_default_method_joins_classes_by_their_distributions() -> None:
    """Standard errors add in quadrature, the interval is not t times them; what comes back every year is told."""
    first, note, held = section_nine(boiler_house_run())
    assert "from two years of daily or hourly baseline on" in first
    assert note.startswith("Independent of each other, standard errors add in quadrature.")
    assert "by their distributions (JCGM 101)" in note
    assert held.endswith("what they miss every year")


@pytest.mark.parametrize("before", [True, False])
def test_other_methods_and_runs_of_before_join_in_quadrature(before: bool) -> None:  # noqa: FBT001 – of pytest
    """By another method, and in a run of the first methods, half widths add as standard errors do."""
    run = boiler_house_run()
    versions = {name: text for name, text in run.versions.items() if name != "methods"}
    first, note, held = section_nine(replace(run, versions=versions) if before else replace(run, method="hac"))
    assert "two years" not in first + held
    assert "JCGM" not in note
    assert note.endswith("So do the half widths of the interval.")


@pytest.mark.parametrize(("version", "told"), [("6", False), ("7", True)])
def test_a_run_tells_of_its_own_version_of_the_method(version: str, told: bool) -> None:  # noqa: FBT001 – of pytest
    """What is felt for some days is spoken of where the run weighed it, what comes back every year in both."""
    run = boiler_house_run()
    first = section_nine(replace(run, versions={**run.versions, "methods": version}))[0]
    assert ("felt for some days" in first) == told
    assert "comes back every year" in first


def test_versions_are_named_in_both_languages() -> None:
    """The closing section names the methods among the versions, those of a run of before too."""
    run = boiler_house_run()
    old = replace(run, versions={"quaymeter": "0.1.0"})
    assert f"methods {METHODS}" in versions_of(compose(boiler_house(), run, "en"))
    assert versions_of(compose(boiler_house(), old, "fr")) == "quaymeter 0.1.0, méthodes 1"


def versions_of(report: Report) -> str:
    """Return the versions that the closing section names."""
    (found,) = (each for each in report.sections[-1].blocks if isinstance(each, Facts))
    return dict(found.rows)["Versions"]
