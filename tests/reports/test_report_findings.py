"""Findings in the reader's language: every template can be said, with the reader's names, numbers, days and units."""

from __future__ import annotations

import ast
import dataclasses
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from locales import DIRECTORY, LANGUAGES, REPORT
from locales.__main__ import template
from locales.words import Words, words
from reports.compose import compose
from reports.document import Notices, blocks_of
from reports.findings import notices
from reports.part import Part
from reports.sentences import sentence
from savings.findings import Finding, Severity
from savings.option_a import option_a
from savings.record import FindingRecord
from savings.reporting_checks import check_reporting
from savings.run import compute
from savings.run_records import finding_record
from savings.sufficiency import check_baseline, usable_rows
from savings.table import Driver, Frequency, Role, Table
from savings.uncertainty.interval import Interval, Method
from savings.wording import Wording, said, wording_of
from telemetry.plan import Option, Stipulation
from telemetry.site import DatedValue
from tests.reports.examples import AIR, GAS, TONNES, boiler_house, boiler_house_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

    from savings.input_record import RunInput

THIN, SPACE = "\u202f", "\u00a0"
FRENCH, ENGLISH = words("fr", REPORT), words("en", REPORT)
SAVINGS = DIRECTORY.parent / "savings"
SAMPLES = {"name": AIR, "day": "2026-03-01", "unit": "kW.h", "title": "an event", "evidence": "a log"}


def part() -> Part:
    """Return the gas of the boiler house."""
    return Part(given=boiler_house(), rows=boiler_house().meters[0], run=boiler_house_run().meters[0])


def told(text: str, say: Words = FRENCH) -> str:
    """Return a sentence of the savings for a reader."""
    return sentence(part(), wording_of(text), say)


def forms(message: Message) -> tuple[str, ...]:
    """Return the English forms of a message: one, or one for each number."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def places(text: str) -> list[tuple[str | None, str | None]]:
    """Return the places of a template with the kinds of their values."""
    return sorted((name, kind) for _, name, kind, _ in string.Formatter().parse(text) if name)


def templates() -> list[Message]:
    """Return the messages of the catalogue that have named places in braces."""
    return [each for each in template(REPORT) if each.id and "%(" not in forms(each)[0] and places(forms(each)[0])]


def test_french_templates_have_the_places_of_the_english_ones() -> None:
    """Every form of a translated template names the same values, each as the same kind."""
    assert len(templates()) > 40
    for message in templates():
        one, many = forms(message)[0], forms(message)[-1]
        french = {FRENCH.template(one, many if many != one else "", n) for n in (1, 2)}
        for text in {*french, many}:
            assert places(text) == places(one), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_can_be_filled_in(language: str) -> None:
    """Whatever the template, values of the kinds it names make a whole sentence, with nothing left in braces."""
    say = words(language, REPORT)
    for message in templates():
        one, many = forms(message)[0], forms(message)[-1]
        values: dict[str, Any] = {
            str(name): SAMPLES.get(kind or "", 12345.678 if kind else 12) for name, kind in places(one)
        }
        values |= {name: "a text" for name in ("source", "parameter", "title") if name in values}
        text = sentence(part(), Wording(template=one, plural="" if many == one else many, values=values), say)
        assert text, one
        assert not set(text) & set("{}"), text


def _findings() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(SAVINGS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                yield file.name, node


def _bare(node: ast.expr) -> bool:
    """Tell whether an expression is a text that is no template."""
    if isinstance(node, ast.IfExp):
        return _bare(node.body) or _bare(node.orelse)
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)


def test_no_finding_of_the_savings_is_a_text_without_a_template() -> None:
    """Message and cure of every finding are made of templates: bare English could not be said in French."""
    found = list(_findings())
    assert len(found) > 30
    bare = [(name, node.lineno) for name, node in found for each in node.keywords
            if each.arg in {"message", "cure"} and _bare(each.value)]  # fmt: skip
    assert bare == []


def test_a_french_sentence_has_french_numbers_names_days_and_units() -> None:
    """Decimal commas, thin spaces before units, names of the run, the first of a month; one row is singular."""
    values = np.r_[np.linspace(-2.25, 25.0, 364), 31.5]
    air = Driver(name=AIR, values=values[:364], role=Role.CHANGEPOINT, unit="Cel")
    table = _table(np.full(364, 5.0) + np.arange(364) % 7, (air,))
    later = _table(np.full(1, 5.0), (Driver(name=AIR, values=values[364:], role=Role.CHANGEPOINT, unit="Cel"),),
                   first="2026-01-01")  # fmt: skip
    found = {each.code: each for each in check_reporting(table, later)}["extrapolation"]
    assert told(found.message) == (
        f"1 ligne dépasse de plus de 10{THIN}% la plage de «{SPACE}Air extérieur{SPACE}» dans la référence, de −2,25 à "
        f"25{THIN}°C{SPACE}: la période de suivi va de 31,5 à 31,5{THIN}°C."
    )
    assert told(found.message, ENGLISH) == (
        f"1 row has Outdoor air over 10% beyond the baseline's range, −2.25 to 25{THIN}°C: the reporting period goes "
        f"from 31.5 to 31.5{THIN}°C."
    )
    day = said(
        "declare a tariff that is in force from {first:day} to {last:day}", first="2026-06-01", last="2026-06-11"
    )
    assert told(day) == "déclarer un tarif en vigueur du 1er juin 2026 au 11 juin 2026"


def test_a_list_of_sentences_is_said_sentence_by_sentence() -> None:
    """What was stipulated keeps its name and source as people wrote them; its numbers are the reader's."""
    agreed = tuple(
        Stipulation(parameter=name, value=value, unit="h", standard_error=0.5, source="door log")
        for name, value in (("doors", 1250.5), ("lamps", 3.0))
    )
    interval = Interval(value=1.0, low=0.5, high=1.5, standard_error=0.2, confidence=0.9, method=Method.OLS, dof=300.0)
    (found,) = option_a(interval, agreed).findings
    assert told(found.message) == (
        f"Non mesuré mais convenu (option A){SPACE}: doors = 1{THIN}250,5{THIN}h ± 0,5 (source{SPACE}: door log)"
        f"{THIN}; lamps = 3{THIN}h ± 0,5 (source{SPACE}: door log)."
    )


def test_no_english_is_left_in_the_findings_of_a_rough_run() -> None:
    """Gaps, error codes, a stuck sensor, unseen cold, days without prices and rates that do not fit: all in French."""
    given = _rough()
    run = compute(given)
    report = compose(given, run, "fr")
    shown = [notice for block in blocks_of(report) if isinstance(block, Notices) for notice in block.notices]
    codes = {each.code for meter in run.meters for each in meter.findings}
    assert codes >= {"gaps", "error_codes", "extrapolation", "stuck_values", "tariff_missing",
                     "emission_factor_unusable"}  # fmt: skip
    assert not any(notice.foreign for notice in shown)
    words_of = " ".join(f"{notice.message} {notice.cure}" for notice in shown).split()
    assert not {"the", "rows", "and", "of", "is", "baseline", "or"} & set(words_of)


@pytest.mark.parametrize(
    "wording",
    [
        None,
        Wording(template="A sentence of tomorrow with {count}.", values={"count": 3}),
        Wording(template="rate {rate}", values={}),
        Wording(template="rate {rate}", values={"rate": 1.5, "other": "x"}, plural="rates {rate}"),
    ],
)
def test_what_cannot_be_said_in_french_is_shown_in_english_and_marked(wording: Wording | None) -> None:
    """A run of before, a template of a later version, a value that is missing: the run's own sentence stands."""
    record = FindingRecord(code="gaps", severity="warning", message="Four days.", cure="wait", wording=wording,
                           cure_wording=wording_of(said("choose a period that has data")))  # fmt: skip
    (notice,) = notices(part(), [record], FRENCH)
    assert (notice.message, notice.cure, notice.foreign) == ("Four days.", "wait", True)


def test_templates_reach_nothing_but_their_values() -> None:
    """A bundle may hold any template: attributes and items of values are not looked up."""
    for text in ("{rate.__class__}", "{rate[0]}", "{0}"):
        assert sentence(part(), Wording(template=text, values={"rate": "x"}), ENGLISH) == ""


def test_a_finding_without_a_cure_is_in_french_too() -> None:
    """No cure is nothing to translate."""
    bare = Finding(code="gaps", severity=Severity.INFO, message=said("The reporting period has no row."), cure="")
    (notice,) = notices(part(), [finding_record(bare)], FRENCH)
    assert (notice.message, notice.foreign) == ("La période de suivi n’a aucune ligne.", False)


def test_checks_of_a_baseline_speak_french() -> None:
    """Each finding of a poor baseline is said in French, and in English with names for keys."""
    energy = 100.0 + np.arange(40) % 9
    energy[3], energy[5], energy[20:30] = -9999.0, -4.0, 7.0
    made = Driver(name=TONNES, values=np.full(40, 3.0), role=Role.LINEAR, unit="t", is_total=True)
    table = _table(energy, (made,))
    for found in check_baseline(table, usable_rows(table)[0]):
        for text in (found.message, found.cure):
            assert told(text), text
            assert told(text) != text
            assert TONNES not in told(text, ENGLISH)


def _table(energy: np.ndarray, drivers: tuple[Driver, ...], *, first: str = "2025-01-01") -> Table:
    start = np.datetime64(first) + np.arange(len(energy))
    return Table(frequency=Frequency.DAILY, start=start.astype("datetime64[s]"), hours=np.full(len(energy), 24.0),
                 energy=energy, drivers=drivers, coverage=np.ones(len(energy)), unit="kW.h")  # fmt: skip


def _rough() -> RunInput:
    """Return the boiler house with everything that goes wrong."""
    given = boiler_house()
    gas = given.meters[0]
    use, air = list(gas.energy), list(gas.drivers[0].values)
    use[40:60], reasons = [None] * 20, ["energy_missing" if 40 <= row < 60 else each
                                        for row, each in enumerate(gas.reasons)]  # fmt: skip
    use[70] = -9999.0
    air[600:612], air[560] = [11.25] * 12, -14.0
    rough = msgspec.structs.replace(
        gas, energy=tuple(use), carriers={GAS: tuple(use)}, reasons=tuple(reasons),
        drivers=(msgspec.structs.replace(gas.drivers[0], values=tuple(air)), *gas.drivers[1:]),
    )  # fmt: skip
    tariff = dataclasses.replace(given.tariffs[1], valid_to=datetime(2026, 9, 30, 22, tzinfo=UTC))
    factor = DatedValue(id="gas", quantity="mass", unit="kg/t", value=3.0, valid_from=datetime(2024, 1, 1, tzinfo=UTC),
                        valid_to=None, source="made up")  # fmt: skip
    return msgspec.structs.replace(
        given, meters=(rough,),
        plan=msgspec.structs.replace(given.plan, meters=given.plan.meters[:1], option=Option.B, stipulations=()),
        tariffs=(tariff,), emission_factors=(factor,),
    )  # fmt: skip
