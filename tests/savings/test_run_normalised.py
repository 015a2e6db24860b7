"""The normalised saving of a run: a year or nothing, events left out, and all errors that the avoided use has."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from savings.baseline import fit_baseline
from savings.normalised import normalised_savings
from savings.run import compute
from telemetry.plan import EventMethod, NonRoutineEvent, Option, Status, Stipulation
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, made_up_plan, without

if TYPE_CHECKING:
    from savings.input_record import RunInput
    from savings.record import Figure
    from savings.table import Table


def normalised(given: RunInput) -> Figure | None:
    """Return the normalised saving of an input's one figure."""
    return compute(given).meters[0].normalised


def event(first: date, last: date, method: EventMethod = EventMethod.EXCLUDED, amount: float | None = None) -> RunInput:
    """Return an input with one accepted event."""
    error = None if amount is None else 10.0
    agreed = NonRoutineEvent(
        id="e", meter="energy", first_day=first, last_day=last, title="works", status=Status.ACCEPTED, method=method,
        amount=amount, standard_error=error, agreed_by="A. Martin",
    )  # fmt: skip
    return made_up_input(events=(agreed,))


def test_it_is_scaled_to_a_year_and_holds_the_meters_error() -> None:
    """Ten lost days of the baseline are made up for; a meter of class 1 joins as it joins the avoided use."""
    table = without(made_up(saved=0.08), 100, 110)
    before, after = fit_baseline(table.take(slice(0, 365))), fit_baseline(table.take(slice(365, None)))
    kept = table.take(slice(0, 365)).take(table.valid[:365])
    plain = normalised_savings(before, after, kept)
    found = normalised(made_up_input(table))
    assert found is not None
    assert found.value == pytest.approx(plain.value * 365 / 355)
    meter = found.value * 0.01 / math.sqrt(3)
    assert found.standard_error == pytest.approx(math.hypot(plain.standard_error * 365 / 355, meter))


@pytest.mark.parametrize(("first", "last"), [(180, 242), (545, 640)])
def test_less_than_a_year_is_none(first: int, last: int) -> None:
    """A baseline without its summer, or a reporting period without it, has no year: no figure is called one."""
    table: Table = without(made_up(saved=0.08), first, last)
    run = compute(made_up_input(table)).meters[0]
    assert run.saving is not None
    assert run.normalised is None


def test_days_of_accepted_events_do_not_move_it() -> None:
    """Thrice the use over a fortnight, stated as an event, moves the reporting model only as long as it is not told."""
    table = made_up(saved=0.08)
    table.energy[500:514] *= 3.0
    plain, odd = normalised(made_up_input()), normalised(made_up_input(table))
    told = event(date(2026, 5, 16), date(2026, 5, 29), EventMethod.STATED, 50_000.0)
    agreed = normalised(made_up_input(table, events=told.meters[0].events))
    assert plain is not None
    assert odd is not None
    assert agreed is not None
    assert abs(odd.value - plain.value) > 0.2 * plain.value
    assert agreed.value == pytest.approx(plain.value, rel=0.03)
    assert normalised(event(date(2025, 7, 1), date(2025, 8, 31))) is None


@pytest.mark.parametrize("method", [EventMethod.EXCLUDED, EventMethod.INDICATOR])
def test_an_event_of_forty_days_leaves_it(method: EventMethod) -> None:
    """Excluded days were seen as well: up to two months the reporting model bridges, however they are treated."""
    assert normalised(event(date(2026, 5, 1), date(2026, 6, 9), method)) is not None
    assert normalised(event(date(2026, 5, 1), date(2026, 7, 9), method)) is None


def test_what_is_stipulated_widens_it() -> None:
    """A stipulated factor known to 5 % leaves 5 % of the saving open, beside what it had."""
    stipulation = Stipulation(parameter="doors", value=2.0, unit="1", standard_error=0.1, source="count of 2025")
    plan = msgspec.structs.replace(made_up_plan(), option=Option.A, stipulations=(stipulation,))
    one, two = normalised(made_up_input()), normalised(made_up_input(plan=plan))
    assert one is not None
    assert two is not None
    assert two.value == pytest.approx(2 * one.value)
    assert two.standard_error == pytest.approx(math.hypot(2 * (one.standard_error or 0.0), 0.05 * two.value))


def test_a_figure_that_is_stopped_has_none() -> None:
    """A dead meter in the reporting period forbids this figure with the other."""
    table = made_up()
    table.energy[365:] = 0.0
    assert normalised(made_up_input(table)) is None
