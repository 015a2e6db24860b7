"""What a report says: a verdict, figures side by side, what was left out, what stops, what is simulated."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
import numpy as np
import pytest

from locales import REPORT
from locales.words import words
from reports.charts.calendar import BASELINE, BETWEEN, LEFT_OUT, PARTLY, REPORTING, day_states
from reports.compose import compose
from reports.document import Cards, Facts, Formula, Grid, Heading, Items, Notices, Paragraph, Picture, blocks_of
from reports.equation import equation
from reports.part import Part, Restatement
from reports.reasons import reason_words
from reports.sections.restated import change_of
from reports.verdict import expectation, verdict
from savings.record import Figure
from savings.restate import CAUSES, explain
from savings.run import compute
from savings.run_table import BEYOND
from storage import aligned
from tests.reports.examples import TONNES, boiler_house, boiler_house_run, without_figure
from tests.reports.test_report_words import explanation

if TYPE_CHECKING:
    from reports.document import Report
    from savings.input_record import RunInput
    from savings.record import Run

T = TypeVar("T")
replace = msgspec.structs.replace


def found(report: Report, kind: type[T], section: int | None = None) -> list[T]:
    """Return the blocks of a kind, of the whole report or of one section."""
    blocks = blocks_of(report) if section is None else report.sections[section - 1].blocks
    return [block for block in blocks if isinstance(block, kind)]


def grid(report: Report, caption: str) -> Grid:
    """Return the first table whose caption ends so."""
    return next(each for each in found(report, Grid) if each.caption.endswith(caption))


def part(saving: Figure | None = None, percent: Figure | None = None) -> Part:
    """Return the gas of the boiler house, with another saving."""
    run = replace(boiler_house_run().meters[0], saving=saving, percent=percent)
    return Part(given=boiler_house(), rows=boiler_house().meters[0], run=run)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_report_has_twelve_sections_that_all_say_something(reports: dict[str, Report], language: str) -> None:
    """Sections are numbered one to twelve in every report, each with a title of its own and something below it."""
    sections = reports[language].sections
    assert [section.number for section in sections] == list(range(1, 13))
    assert len({section.title for section in sections}) == 12
    assert all(section.blocks for section in sections)


def test_both_languages_say_the_same_in_other_words(reports: dict[str, Report]) -> None:
    """Block by block the two reports are of one kind, and no title or caption is the same in both but for names."""
    french, english = (blocks_of(reports[language]) for language in ("fr", "en"))
    assert [type(block) for block in french] == [type(block) for block in english]
    captions = [
        (one.caption, other.caption)
        for one, other in zip(french, english, strict=True)
        if isinstance(one, Grid | Picture) and isinstance(other, Grid | Picture)
    ]
    assert len(captions) > 30
    assert {one for one, other in captions if one == other} <= {"Coefficients"}


@pytest.mark.parametrize(
    ("low", "high", "style"), [(1.0, 9.0, "good"), (-1.0, 9.0, "open"), (-9.0, -1.0, "bad"), (None, None, "open")]
)
def test_the_verdict_follows_the_interval(low: float | None, high: float | None, style: str) -> None:
    """Above zero is a saving, below it more use, around it neither; without an interval nothing is sure."""
    figure = Figure(value=4.0, low=low, high=high, unit="kW.h")
    assert verdict(part(figure), words("en", REPORT)).style == style


@pytest.mark.parametrize(("low", "high", "said"), [(1.0, 2.0, "below"), (7.0, 9.0, "above"), (2.0, 4.0, "agrees")])
def test_what_was_expected_is_held_against_what_was_measured(low: float, high: float, said: str) -> None:
    """The plan expects 3 to 6 %: an interval below it, above it, or that meets it."""
    measured = Figure(value=(low + high) / 2, low=low, high=high, unit="%")
    assert said in expectation(part(percent=measured), words("en", REPORT))


def test_two_figures_are_summed_up_together(reports: dict[str, Report]) -> None:
    """Gas and water have cards each and a common sum of euros; sections that speak of one name it."""
    report, run = reports["en"], boiler_house_run()
    assert [len(each.cards) for each in found(report, Cards)] == [4, 4]
    headings = [each.text for each in found(report, Heading, 1)]
    assert headings[:3] == ["Gas", "Make-up water", "All figures together"]
    together = dict(found(report, Facts, 1)[0].rows)
    assert run.money is not None
    assert together["In euros"].startswith(f"€{round(run.money.value, -2):,.0f}")
    for section in (3, 4, 5, 6, 7, 8, 9):
        assert {"Gas", "Make-up water"} <= {each.text for each in found(report, Heading, section)}


def test_months_add_up_to_the_whole(reports: dict[str, Report]) -> None:
    """The table's last sum is the saving of the total row, and the total is the run's."""
    table = grid(reports["en"], "by month [kWh]")
    saving = boiler_house_run().meters[0].saving
    assert saving is not None
    assert table.rows[-1][-1] == table.total[table.headings.index("Saving")]
    assert table.total[table.headings.index("Saving")] == f"{round(saving.value, -2):,.0f}"
    assert len(table.rows) == 12


def test_rows_left_out_are_told_with_their_reason(reports: dict[str, Report]) -> None:
    """Six days without gas, three without air, three of an event: each in the reader's words, with its days."""
    rows = {row[1]: row for row in grid(reports["en"], "Rows left out").rows}
    assert rows["the meter has no value"][2:] == ("6", "8–13 Apr 2025")
    assert rows["the driver “Outdoor air” is missing"][2] == "3"
    assert rows["non-routine event: Gas valve replaced"][0] == "Reporting period"


def test_reasons_are_told_as_the_alignment_of_points_writes_them() -> None:
    """What storage writes of a point is recognised in all its forms, and told by the point's name without figures."""
    column = SimpleNamespace(
        row=SimpleNamespace(key="boiler/gas/volume"), coverage=np.array([0.0, 0.5, 0.5, 1.0]),
        value=np.array([np.nan, 1.0, 1.0, 1.0]), resets=np.array([0, 0, 0, 1]), readings=np.array([0, 9, 9, 9]),
        bad=np.array([0, 3, 0, 0]),
    )  # fmt: skip
    reasons = [""] * 4
    aligned._note(reasons, cast("Any", column), is_meter=True)
    assert all(reasons)
    assert [reason_words(part(), reason, words("en", REPORT)) for reason in reasons] == [
        "Gas: no reading",
        "Gas: bad readings, too little of its time is known",
        "Gas: too little of its time is known",
        "Gas: its register was reset",
    ]
    french = words("fr", REPORT)
    assert reason_words(part(), "of tomorrow", french) == "of tomorrow"
    assert reason_words(part(), f"{TONNES}: {BEYOND}", french).endswith("au-delà de ce que la référence a connu")
    machine = "non-routine event: level of use changed in the baseline period"
    assert reason_words(part(), machine, french).endswith("le niveau de consommation a changé pendant la référence")


def test_the_calendar_knows_what_became_of_each_day() -> None:
    """Days of both periods, between them and left out, each counted once."""
    states = list(day_states(part()).values())
    counts = {state: states.count(state) for state in (BASELINE, REPORTING, BETWEEN, LEFT_OUT, PARTLY)}
    assert counts == {BASELINE: 356, REPORTING: 341, BETWEEN: 21, LEFT_OUT: 12, PARTLY: 0}


def test_the_equation_can_be_worked_out_by_hand() -> None:
    """One term a line, with the numbers of the parameters and the names of the drivers."""
    lines = equation(part(), words("en", REPORT))
    assert lines[0].startswith("use of a day = 8,9")
    assert any("× Tonnes made" in line for line in lines)
    assert any("max(0, 16." in line and "− Outdoor air" in line for line in lines)


def test_events_are_told_with_size_and_agreement(reports: dict[str, Report]) -> None:
    """An accepted event has evidence, method, size with its error and who agreed; a rejected one is in no figure."""
    facts = [dict(each.rows) for each in found(reports["en"], Facts, 8)]
    assert facts[0]["Evidence"] == "log book, page 12"
    assert ", standard error 3,700" in facts[0]["Added to the adjusted baseline"]
    assert facts[0]["Agreed by"] == "A. Martin and C. Petit (1 Jun 2026)"
    assert facts[1]["Added to the adjusted baseline"] == "its days are in no sum"
    assert "rejected, in no figure (A. Martin)" in grid(reports["en"], "in no figure").rows[0]


def test_departures_from_the_plan_are_named(reports: dict[str, Report]) -> None:
    """A driver that the model does without and a static factor that moved."""
    told = found(reports["en"], Items, 2)[0].texts
    assert "Make-up water: the driver “Outdoor air” of the plan is not in the model." in told
    assert "The static factor “Steam pressure” changed on 5 Oct 2026." in told


def test_what_the_interval_holds_is_said(reports: dict[str, Report]) -> None:
    """Noise, coefficients, events, stipulations and the meters' own error are in it, part by part; prices are not."""
    held, lacking = found(reports["en"], Items, 9)[:2]
    assert len(held.texts) == 5
    assert any("accepted events" in text for text in held.texts)
    assert any("by their accuracy class" in text for text in held.texts)
    causes = [row[0] for row in grid(reports["en"], "standard error is made of").rows]
    assert {"accepted events", "the meters' own error"} <= set(causes)
    assert any("prices" in text for text in lacking.texts)


def test_simulated_data_are_called_so_on_cover_and_footer(reports: dict[str, Report]) -> None:
    """No reader can take an example for a plant; measured data are not called simulated."""
    assert "no plant was measured" in reports["en"].simulated
    assert reports["en"].footer.endswith("Simulated data")
    measured = compose(replace(boiler_house(), simulated=False), boiler_house_run(), "en")
    assert measured.simulated == ""
    assert "imulated" not in measured.footer


@pytest.fixture(scope="module")
def stopped() -> tuple[RunInput, Run]:
    """Compute a run of meters that never read."""
    given = without_figure(boiler_house())
    return given, compute(given)


def test_a_run_that_stops_says_why_and_gives_no_figure(stopped: tuple[RunInput, Run]) -> None:
    """No card, a verdict that judges, the finding that stops with its cure, and still twelve sections."""
    report = compose(*stopped, "fr")
    assert found(report, Cards) == []
    assert [each.style for each in found(report, Paragraph, 1)] == ["lead", "bad", "bad"]
    notices = [notice for block in found(report, Notices, 1) for notice in block.notices]
    assert {(notice.severity, notice.title) for notice in notices} == {
        ("stop", "La référence n’a aucune ligne utilisable")
    }
    assert all(not notice.foreign and notice.cure for notice in notices)
    assert {notice.message for notice in notices} == {
        "La référence n’a aucune ligne utilisable.",
    }
    assert len(report.sections) == 12


@pytest.mark.parametrize(
    ("language", "struck", "days"), [("fr", "écartées", "8–13 avr. 2025"), ("en", "struck out", "8–13 Apr 2025")]
)
def test_an_auditor_sees_what_was_corrected(reports: dict[str, Report], language: str, struck: str, days: str) -> None:
    """Each correction is told with its point, days, hand and reason, and its file by name and hash; none too."""
    told = found(reports[language], Grid, 4)[-1]
    (first, second) = told.rows
    assert first[0] == "3"
    assert (first[2], first[3], first[5]) == (days, struck, "index bloqué")
    assert first[4].startswith("C. Petit, 20 ")
    assert "14:00" in second[2]
    assert "eau.csv (abababababab)" in told.note
    nothing = compose(replace(boiler_house(), corrections=()), boiler_house_run(), "en")
    assert "No correction of readings" in found(nothing, Paragraph, 4)[-1].text


def test_a_change_of_price_is_told_in_money() -> None:
    """Between two runs that differ by a tariff the saving stays, and what it is worth is told then, now and between."""
    given, run = boiler_house(), boiler_house_run()
    dearer = tuple(
        dataclasses.replace(each, value=2 * each.value) if each.id == "gas" else each for each in given.tariffs
    )
    again = replace(given, tariffs=dearer)
    gas = run.meters[0]
    assert gas.money is not None
    doubled = replace(gas, money=Figure(value=2 * gas.money.value, low=None, high=None, unit="EUR"))
    new = replace(run, meters=(doubled, *run.meters[1:]))
    why = explain(4, (given, run), (again, new), compute)
    report = compose(again, new, "en", Restatement(previous=run, explanation=why))
    (saving, money, *_) = grid(report, "Then and now").rows
    assert saving[4] == "0\u202fkWh"
    assert money[4] == change_of(words("en", REPORT), "EUR", gas.money.value)
    assert why.changed == ("rates",)
    assert [row[4] for row in grid(report, "of the difference").rows] == [money[4], "€0"]


def test_a_restatement_tells_each_cause_and_what_it_makes() -> None:
    """Then and now, the effect of every kind of change, the points whose rows changed, and the rest by name."""
    run = boiler_house_run()
    before = replace(run, input_hash="f" * 64)
    report = compose(boiler_house(), run, "en", Restatement(previous=before, explanation=explanation()))
    captions = [each.caption for each in found(report, Grid, 12)]
    assert captions == ["Then and now", "What each change makes of the difference", "Points whose rows changed"]
    effects = grid(report, "of the difference").rows
    assert len(effects) == len(CAUSES)
    assert effects[2][2:] == ("+1,234\u202fkWh", "0\u202fkWh", "\u2212€82.75", "+295\u202fkg CO₂e")
    assert "a period that ends sooner" in [row[0] for row in effects]
    sides = [row[:2] for row in grid(report, "Then and now").rows]
    assert sides[:3] == [("Gas", "Saving"), ("Gas", "In euros"), ("Gas", "Emissions avoided")]
    texts = found(report, Items, 12)[0].texts
    assert len(texts) == 10
    assert "Public holidays: France, now Belgium." in texts
    assert "Derived points whose formula changed: plant/weather/t_air." in texts
    assert any(text.startswith("Methods 2: a meter's class joins") for text in texts)
    assert any(text.startswith("Corrections of readings") and "3, 4" in text for text in texts)
    unexplained = compose(boiler_house(), run, "en", Restatement(previous=before))
    assert any("was not worked out" in each.text for each in found(unexplained, Paragraph, 12))


def test_the_equation_has_lines_for_a_day_type_and_two_change_points() -> None:
    """Offsets of kinds of day, waves of a year and both arms of a five-parameter model are written out."""
    run = part().run
    assert run.model is not None
    names = {"base": 100.0, "day_type=1": -20.0, "season.sine": -5.0, f"{TONNES}.season.cosine": 6.0,
             "plant/weather/t_air.slope_below": 3.0,
             "plant/weather/t_air.slope_above": 2.0, "plant/weather/t_air.knot_below": 10.0,
             "plant/weather/t_air.knot_above": 18.0}  # fmt: skip
    fitted = tuple(
        replace(run.model.parameters[0], name=name, value=value, unit="Cel" if "knot" in name else "kW.h")
        for name, value in names.items()
    )
    five = Part(
        given=boiler_house(), rows=boiler_house().meters[0],
        run=replace(run, model=replace(run.model, parameters=fitted)),
    )  # fmt: skip
    thin = "\u202f"
    assert equation(five, words("en", REPORT)) == (
        f"use of a day = 100.0{thin}kWh",
        f"− 20.00{thin}kWh where kind of day is Saturday",
        f"− 5.000{thin}kWh × sin(2π × day of the year / 365.2425)",
        f"+ 6.000{thin}kWh × Tonnes made × cos(2π × day of the year / 365.2425)",
        f"+ 3.000{thin}kWh × max(0, 10.00{thin}°C − Outdoor air)",
        f"+ 2.000{thin}kWh × max(0, Outdoor air − 18.00{thin}°C)",
    )
    assert found(compose(boiler_house(), boiler_house_run(), "en"), Formula, 6)
