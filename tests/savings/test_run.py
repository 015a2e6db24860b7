"""A savings run from its input: figures, rows left out, what stops it, and that it is a pure function."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from savings.adjustments import row_days
from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.record import Run, decode_input, decode_run, encoded
from savings.run import compute
from savings.run_table import period_rows
from telemetry.errors import ContractError
from telemetry.plan import DayTypes, EventMethod, NonRoutineEvent, Option, Periods, Status, Stipulation
from tests.savings.days import counted, hourly
from tests.savings.made_up import by_month, made_up
from tests.savings.run_inputs import made_up_input, made_up_plan, without

if TYPE_CHECKING:
    from savings.input_record import RunInput


@pytest.fixture(scope="module")
def given() -> RunInput:
    """Return the input of a made-up demonstrator with a fortnight without readings."""
    return made_up_input(without(made_up(saved=0.08), 500, 514))


@pytest.fixture(scope="module")
def run(given: RunInput) -> Run:
    """Return its run."""
    return compute(given)


def test_a_run_is_what_the_library_says(run: Run) -> None:
    """Saving and model error are those of the library on the same rows; the interval holds the meter's error too."""
    table = without(made_up(saved=0.08), 500, 514)
    expected = avoided_use(fit_baseline(table.take(slice(0, 365))), table.take(slice(365, None)))
    meter = run.meters[0]
    assert meter.saving is not None
    assert meter.percent is not None
    assert meter.saving.value == expected.savings
    assert meter.error_parts["model"] == pytest.approx(expected.standard_error)
    assert meter.error_parts["meter"] == pytest.approx(expected.savings * 0.01 / np.sqrt(3))
    both = math.hypot(meter.error_parts["model"], meter.error_parts["meter"])
    assert meter.saving.standard_error == pytest.approx(both)
    assert (meter.saving.low or 0.0) < expected.low < expected.high < (meter.saving.high or 0.0)
    assert meter.percent.value == expected.percent
    assert set(meter.methods) >= {"reml", "guideline14", "ols"}


def test_tables_add_up(run: Run) -> None:
    """Months and days sum to the saving, and the last cumulative band is its interval."""
    meter = run.meters[0]
    assert meter.daily is not None
    assert meter.saving is not None
    assert sum(meter.daily.saving) == pytest.approx(meter.saving.value)
    assert sum(month.saving.value for month in meter.months) == pytest.approx(meter.saving.value)
    assert meter.months[-1].cumulative == pytest.approx(meter.saving.value)
    assert meter.daily.cumulative_low[-1] == pytest.approx(meter.saving.low)
    assert len(meter.daily.day) == 365 - 14


def test_rows_left_out_are_listed(run: Run) -> None:
    """Each row without a reading is named with the reason that the input gave."""
    left = run.meters[0].excluded
    assert len(left) == 14
    assert {each.period for each in left} == {"reporting"}
    assert {each.reason for each in left} == {"no reading"}
    reporting = run.meters[0].coverage[1]
    assert (reporting.rows, reporting.used) == (365, 351)


def test_days_beyond_the_baseline_are_left_out_where_the_plan_says_so(given: RunInput) -> None:
    """They are listed with the driver and are in no sum, and nothing is extrapolated any more."""
    plan = msgspec.structs.replace(given.plan, leave_out_extrapolation=True)
    kept, left = compute(given).meters[0], compute(msgspec.structs.replace(given, plan=plan)).meters[0]
    beyond = {each.start[:10] for each in left.excluded if each.reason == "air: beyond what the baseline has seen"}
    (found,) = [each for each in kept.findings if each.code == "extrapolation"]
    assert beyond == set(found.days)
    assert left.coverage[1].used == kept.coverage[1].used - len(beyond)
    assert "extrapolation" not in {each.code for each in left.findings}
    assert left.ranges == kept.ranges


def test_the_same_input_gives_the_same_bytes(given: RunInput, run: Run) -> None:
    """An input read back from its JSON gives a run whose JSON is the same, byte for byte."""
    again = compute(decode_input(encoded(given)))
    assert encoded(again) == encoded(run)
    assert decode_run(encoded(run)) == run


def test_too_short_a_baseline_gives_no_figure() -> None:
    """Ten days of baseline stop the figure with a finding, and nothing is made up in its place."""
    table = made_up()
    thin = replace(table, energy=np.where(np.arange(730) < 355, np.nan, table.energy))
    meter = compute(made_up_input(thin)).meters[0]
    assert meter.saving is None
    assert meter.money is None
    assert meter.daily is None
    assert meter.findings[0].severity == "stop"
    assert meter.findings[0].code == "baseline_too_short"


def test_a_plan_without_periods_is_refused() -> None:
    """A plan that has no dates cannot be computed, and the error says what to do."""
    undated = msgspec.structs.replace(made_up_plan(), periods=None)
    with pytest.raises(ContractError, match="no periods") as caught:
        compute(made_up_input(plan=undated))
    assert "baseline" in caught.value.cure


def test_the_reporting_period_ends_where_it_was_asked_to(given: RunInput) -> None:
    """A run that looks at half a year has no row beyond it."""
    half = msgspec.structs.replace(given, reporting_to=given.reporting_to.replace(month=6, day=30))
    meter = compute(half).meters[0]
    assert meter.daily is not None
    assert meter.daily.day[-1] == "2026-06-30"


def test_a_row_belongs_to_a_period_with_all_of_its_days() -> None:
    """A month that the baseline's last day or the reporting's first day cuts is in neither; days and hours stay."""
    periods = Periods(baseline_from=date(2025, 1, 1), baseline_to=date(2025, 11, 20), reporting_from=date(2025, 12, 5))
    plan = msgspec.structs.replace(made_up_plan(), periods=periods, frequency="monthly")
    given = made_up_input(by_month(made_up(saved=0.08)), plan=plan)
    before, after = period_rows(given, given.meters[0])
    assert [str(each)[:7] for each in before.start[[0, -1]]] == ["2025-01", "2025-10"]
    assert [str(each)[:7] for each in after.start[[0, -1]]] == ["2026-01", "2026-12"]
    daily = made_up_input(plan=msgspec.structs.replace(plan, frequency="daily"))
    assert [len(each.start) for each in period_rows(daily, daily.meters[0])] == [324, 392]


def test_the_last_day_of_a_row_is_that_of_its_last_hour() -> None:
    """Days of 23 and 25 hours end on their own day, an hour on that on which it begins, a month on its last."""
    starts = ["2025-03-30T00", "2025-10-26T00", "2025-10-27T23", "2026-03-01T00"]
    _, ends = row_days(np.array(starts, "datetime64[s]"), np.array([23.0, 25.0, 1.0, 31 * 24.0 - 1]))
    assert (ends - 1).astype(str).tolist() == ["2025-03-30", "2025-10-26", "2025-10-27", "2026-03-31"]


def test_a_period_is_told_as_it_is_summed() -> None:
    """Readings that end a month early and begin a week late are told, and their days count as missing."""
    table = without(without(made_up(saved=0.08), 700, 730), 365, 372)
    meter = compute(made_up_input(table)).meters[0]
    after = meter.coverage[1]
    assert (after.used_from, after.used_to) == (date(2026, 1, 8), date(2026, 12, 1))
    assert (after.rows, after.used) == (365, 328)
    found = {each.code: each for each in meter.findings}
    assert "7 days into" in found["readings_begin_late"].message
    assert "2026-12-01, 30 days before" in found["readings_end_early"].message
    event = NonRoutineEvent(
        id="e", meter="energy", first_day=date(2026, 12, 1), last_day=date(2026, 12, 31), title="works",
        status=Status.ACCEPTED, method=EventMethod.EXCLUDED, agreed_by="A. Martin",
    )  # fmt: skip
    read = compute(made_up_input(events=(event,))).meters[0]
    assert not {"readings_end_early", "readings_begin_late"} & {each.code for each in read.findings}
    assert read.coverage[1].used_to == date(2026, 11, 30)


def test_a_month_that_is_not_over_is_not_missed() -> None:
    """A monthly run in the middle of December counts to November and says no more; in January it asks for December."""
    plan = msgspec.structs.replace(made_up_plan(), frequency="monthly")
    given = made_up_input(by_month(made_up(699, saved=0.08)), plan=plan)
    for last, codes, rows in ((date(2026, 12, 20), set(), 11), (date(2027, 1, 5), {"readings_end_early"}, 12)):
        run = compute(msgspec.structs.replace(given, reporting_to=last))
        meter = decode_run(encoded(run)).meters[0]
        assert {each.code for each in meter.findings} & {"readings_end_early"} == codes
        assert meter.coverage[1].used_to == date(2026, 11, 30)
        assert (meter.coverage[1].rows, meter.coverage[1].used) == (rows, 11)


def test_a_figure_is_worth_what_its_rates_say(run: Run) -> None:
    """At one price all year the money is the saving times the price, its interval too; carbon alike, in tonnes."""
    meter = run.meters[0]
    assert meter.saving is not None
    assert meter.money is not None
    assert meter.carbon is not None
    for worth, rate in ((meter.money, 0.15), (meter.carbon, 0.05e-3)):
        assert worth.value == pytest.approx(rate * meter.saving.value)
        assert worth.low == pytest.approx(rate * (meter.saving.low or 0.0))
    assert (run.money, run.carbon) == (meter.money, meter.carbon)


def test_a_tariff_that_does_not_exist_gives_a_finding_and_no_money(given: RunInput) -> None:
    """The saving stands, the money does not, and the reader is told why."""
    meter = compute(msgspec.structs.replace(given, tariffs=())).meters[0]
    assert meter.saving is not None
    assert meter.money is None
    assert meter.carbon is not None
    assert "tariff_unusable" in {each.code for each in meter.findings}


def test_what_option_a_stipulates_multiplies_and_widens() -> None:
    """Twice the measured part, known to 5 %, gives twice the saving and an error that holds both."""
    stipulation = Stipulation(parameter="doors", value=2.0, unit="1", standard_error=0.1, source="count of 2025")
    plan = msgspec.structs.replace(made_up_plan(), option=Option.A, stipulations=(stipulation,))
    one, two = (compute(made_up_input(plan=each)).meters[0] for each in (made_up_plan(), plan))
    assert one.saving is not None
    assert two.saving is not None
    assert two.saving.value == pytest.approx(2 * one.saving.value)
    assert one.saving.standard_error is not None
    expected = np.hypot(2 * one.saving.standard_error, 0.05 * two.saving.value)
    assert two.saving.standard_error == pytest.approx(expected)
    assert "stipulated" in {each.code for each in two.findings}
    assert sum(month.saving.value for month in two.months) == pytest.approx(two.saving.value)


def test_the_model_is_asked_for_months_that_it_has_not_seen(run: Run) -> None:
    """Errors out of sample are told for each month of the baseline, with the ranges and curves of the drivers."""
    meter = run.meters[0]
    assert meter.out_of_sample is not None
    assert len(meter.out_of_sample.months) == 12
    assert abs(meter.out_of_sample.nmbe or 1.0) < 0.01
    assert [each.driver for each in meter.ranges] == ["air", "tonnes"]
    assert {each.driver for each in meter.curves} == {"air", "tonnes"}


def test_use_a_tonne_is_told_before_and_after(run: Run) -> None:
    """Energy by tonnes falls by the saving, and its intervals are a few percent wide, not the season's swing."""
    (specific,) = run.meters[0].indicators
    before, after = specific.baseline, specific.reporting
    assert before.unit == "kW.h/t"
    assert after.value / before.value == pytest.approx(0.92, abs=0.04)
    assert 0.005 < ((before.high or 0.0) - before.value) / before.value < 0.05


def test_a_meter_of_unknown_accuracy_is_named(given: RunInput) -> None:
    """Its error is not in the interval, and the reader is told which meter that is."""
    source = msgspec.structs.replace(given.meters[0].sources[0], accuracy_class="")
    meter = msgspec.structs.replace(given.meters[0], sources=(source,))
    found = compute(msgspec.structs.replace(given, meters=(meter,))).meters[0]
    assert found.error_parts["meter"] == 0.0
    assert [each.days for each in found.findings if each.code == "meter_accuracy_unknown"] == [("quay/store/energy",)]


@pytest.mark.parametrize(
    ("day_types", "expected"), [(DayTypes.WEEK, [0, 0, 0, 0, 0, 5, 6]), (DayTypes.WEEKDAY, [0, 1, 2, 3, 4, 5, 6])]
)
def test_hours_are_of_the_days_that_the_plan_takes_for_alike(day_types: DayTypes, expected: list[int]) -> None:
    """The input says which day of the week each hour counts as; the model's rows share what the plan takes for one."""
    rows = hourly(np.ones(168), counted(np.repeat(np.arange(7), 24), "air"))
    periods = Periods(
        baseline_from=date(2025, 1, 6), baseline_to=date(2025, 1, 12), reporting_from=date(2025, 1, 13)
    )  # fmt: skip
    given = made_up_input(rows, plan=made_up_plan(frequency="hourly", day_types=day_types, periods=periods))
    baseline, _ = period_rows(given, given.meters[0])
    assert baseline.table.week_hour[::24].tolist() == [24 * day for day in expected]
    assert given.meters[0].drivers[0].values[24::24] == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
