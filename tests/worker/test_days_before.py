"""Drivers whose days before count: as columns of a run's input, named, with the rows that they lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from savings.days_before import before
from storage.aligned import aligned
from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.plan import DriverPlan
from telemetry.plan_bounds import beyond_bounds
from tests.storage.aligned_site import a_plan, a_site
from worker.days_before import with_days_before
from worker.run_input import run_input

if TYPE_CHECKING:
    from storage.aligned import AlignedFigure
    from telemetry.plan import Plan

AIR = "quay/pump/t_air"
LASTING = (DriverPlan(point=AIR, role="changepoint", lasts_days=1.5), DriverPlan(point="quay/pump/landed"))


def lasting_plan() -> Plan:
    """Return a plan of three weeks whose air lasts for a day and a half."""
    return a_plan(date(2025, 4, 7), date(2025, 4, 20), date(2025, 4, 21), drivers=LASTING)


@pytest.fixture
def figure(database: str) -> AlignedFigure:
    """Return the plan's figure, its air ten degrees and then one day of forty."""
    with connect(database, autocommit=True) as connection:
        apply_site(database, a_site(lasting_plan()), who="test")
        found = aligned(connection, "quay", "Europe/Paris", lasting_plan(), last_day=date(2025, 4, 27)).figures[0]
    column = found.drivers[AIR]
    air = np.where(np.arange(len(found.clock)) == 10, 40.0, 10.0)
    return replace(found, drivers={**found.drivers, AIR: replace(column, value=air)}, reasons=("",) * len(air))


def test_the_days_before_are_a_column_of_their_own(figure: AlignedFigure) -> None:
    """It stands under its own name in both languages, sees a hot day afterwards, and loses the very first day."""
    found = with_days_before(lasting_plan(), figure)
    (column,) = found.drivers
    assert (column.name, column.role, column.is_total) == (before(AIR), "linear", False)
    assert column.label["en"].endswith("days before (time constant of 1.5 d)")
    assert column.label["fr"].endswith("jours précédents (constante de temps de 1,5 j)")
    assert column.values[0] is None
    assert column.values[10] == pytest.approx(10.0)
    assert column.values[11] is not None
    assert column.values[11] > 20.0
    assert found.reasons[0] == f"{AIR}: less than 50% of the days before is known"
    assert not any(found.reasons[2:])


def test_what_an_amount_brought_is_a_mean(figure: AlignedFigure) -> None:
    """Of tonnes as well: a report would else tell of the use for each tonne of the days before."""
    plan = msgspec.structs.replace(lasting_plan(), drivers=(DriverPlan(point="quay/pump/landed", lasts_days=2.0),))
    assert figure.drivers["quay/pump/landed"].is_total
    assert not with_days_before(plan, figure).drivers[0].is_total


def test_a_plan_without_such_drivers_stays_as_it_is(figure: AlignedFigure) -> None:
    """Nothing is added and no row is lost."""
    plain = msgspec.structs.replace(lasting_plan(), drivers=(DriverPlan(point=AIR, role="changepoint"),))
    assert with_days_before(plain, figure) == ((), figure.reasons)


@pytest.mark.parametrize(
    ("driver", "frequency", "cause"),
    [
        (DriverPlan(point=AIR, lasts_days=-1.0), "daily", "no time constant"),
        (DriverPlan(point=AIR, lasts_days=31.0), "daily", "no time constant"),
        (DriverPlan(point=AIR, role="category", lasts_days=2.0), "daily", "a category has no mean"),
        (DriverPlan(point=AIR, lasts_days=2.0), "monthly", "only days and hours know the days before"),
    ],
)
def test_what_cannot_last_is_refused(driver: DriverPlan, frequency: str, cause: str) -> None:
    """Too long, negative, a category, months: each is told with its place and a cure."""
    plan = msgspec.structs.replace(lasting_plan(), drivers=(driver,), frequency=frequency)
    (found,) = (each for each in beyond_bounds(plan) if "lasts_days" in each.place)
    assert found.place == "drivers[0].lasts_days"
    assert cause in found.cause
    assert found.cure


def test_an_input_has_the_column(database: str) -> None:
    """A run's input holds it beside the other drivers, before the kind of day."""
    with connect(database, autocommit=True) as connection:
        apply_site(database, a_site(lasting_plan()), who="test")
        given = run_input(connection, "quay", "heat", now=datetime(2025, 4, 28, 12, tzinfo=UTC))
    names = [each.name for each in given.meters[0].drivers]
    assert names == [AIR, "quay/pump/landed", before(AIR), "day_type"]
