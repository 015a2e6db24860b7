"""What kinds of day are called in a report: by rest, and by the hour in runs of today and of before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from locales import REPORT
from locales.words import words
from reports.compose import compose
from reports.document import Facts, blocks_of
from reports.equation import equation, parameter_name
from reports.part import Part
from savings.input_record import DAY_TYPE, DriverColumn
from telemetry.plan import DayTypes
from tests.reports.examples import boiler_house, boiler_house_run

if TYPE_CHECKING:
    from savings.input_record import RunInput


def of_kinds(given: RunInput, *names: str) -> Part:
    """Return the boiler house's gas by a model of a base and these levels."""
    run = boiler_house_run().meters[0]
    assert run.model is not None
    fitted = tuple(replace(run.model.parameters[0], name=name, value=5.0) for name in ("base", *names))
    return Part(given=given, rows=given.meters[0], run=replace(run, model=replace(run.model, parameters=fitted)))


def test_days_by_rest_are_named_in_equation_and_plan() -> None:
    """A kitchen's kinds of day are said by how long it has rested, in both languages, as are its holidays."""
    given = boiler_house()
    plan = replace(given.plan, day_types=DayTypes.REST, calendar="port-week")
    given = replace(given, holidays="FR", plan=plan)
    cold = of_kinds(given, "day_type=2")
    assert equation(cold, words("en", REPORT))[1].endswith("is working day after one day of rest")
    assert equation(cold, words("fr", REPORT))[1].endswith("jour ouvré après un jour de repos")
    facts = [each for each in blocks_of(compose(given, boiler_house_run(), "fr")) if isinstance(each, Facts)]
    told = dict(pair for each in facts for pair in each.rows)
    as_rest = "France (calendrier « port-week »), jours de repos comme les samedis et les dimanches"
    assert told["Jours fériés"] == as_rest


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("day_type=5", "day_type=0"), ["Saturday", "Monday to Friday"]),
        (("day_type=1", "day_type=0"), ["Tuesday", "Monday"]),  # a run of before methods 6 knew seven days
    ],
)
def test_hours_have_the_names_of_the_days_that_share_them(names: tuple[str, str], expected: list[str]) -> None:
    """With three kinds of day Monday to Friday are one by the hour; a run of before told them apart."""
    given = boiler_house()
    week = DriverColumn(name=DAY_TYPE, label={"en": "Day"}, role="week", unit="", is_total=False, values=())
    rows = replace(given.meters[0], drivers=(week,))
    given = replace(given, plan=replace(given.plan, day_types=DayTypes.WEEK, frequency="hourly"), meters=(rows,))
    part = of_kinds(given, *names)
    say = words("en", REPORT)
    assert [parameter_name(name, part, say).rpartition("– ")[2] for name in names] == expected


@pytest.mark.parametrize(("days", "said"), [(3.0, "exp(−âge / 3 j)"), (1.5, "exp(−âge / 1,5 j)")])
def test_a_plan_tells_which_drivers_last(days: float, said: str) -> None:
    """The plan's section names the driver and its time constant, with the decimals that it has."""
    given = boiler_house()
    driver = replace(given.plan.drivers[1], lasts_days=days)
    given = replace(given, plan=replace(given.plan, drivers=(given.plan.drivers[0], driver)))
    facts = [each for each in blocks_of(compose(given, boiler_house_run(), "fr")) if isinstance(each, Facts)]
    told = dict(pair for each in facts for pair in each.rows)
    assert told["Jours précédents"].endswith(said)
