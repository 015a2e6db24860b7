"""The demonstrators of the demo are dated by its scenario, once its past is rolled up."""

from __future__ import annotations

import threading
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from quaymeter.demo.plans import ask_for_savings, periods_of
from simulators.scenario import Measure, Scenario, load_scenario
from storage.catalogue import apply_site
from storage.demonstrators import declare, the_demonstrator
from storage.engine import connect
from storage.jobs import job_status
from telemetry.plan import Periods
from tests.storage.aligned_site import a_plan, a_site

PARIS = ZoneInfo("Europe/Paris")
PERIODS = Periods(baseline_from=date(2024, 11, 1), baseline_to=date(2025, 10, 31), reporting_from=date(2025, 11, 1))


def test_a_year_before_the_measure_is_the_baseline() -> None:
    """All eight are dated; the baseline ends the day before the first stage; without a year before there is none."""
    found = periods_of(load_scenario("capecure", begins=date(2024, 9, 1)), PARIS)
    assert len(found) == 8
    assert found["seawater-condenser"] == Periods(
        baseline_from=date(2024, 10, 1), baseline_to=date(2025, 9, 30), reporting_from=date(2025, 10, 1)
    )
    assert found["strip-doors"] == PERIODS
    young = Measure(demonstrator="heat", kind="null", asset="quay/pump", start="P11M")
    assert periods_of(Scenario(name="young", begins=date(2024, 9, 1), measures=(young,)), PARIS) == {}


def test_plans_are_dated_once_and_runs_are_asked_for(database: str) -> None:
    """A plan without periods gets the scenario's; one that somebody dated keeps its own; each gets a job."""
    plan = a_plan(date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1), periods=None)
    apply_site(database, a_site(plan), who="test")
    measure = Measure(demonstrator="heat", kind="null", asset="quay/pump", start="P14M")
    scenario = Scenario(name="test", begins=date(2024, 9, 1), measures=(measure,))
    (job,) = ask_for_savings(database, "quay", scenario, threading.Event())
    with connect(database, autocommit=True) as connection:
        dated = the_demonstrator(connection, "quay", "heat")
        assert (dated.plan.periods, dated.revision.declared_by) == (PERIODS, "demo")
        waits = job_status(connection, job)
        assert waits is not None
        assert waits.arguments["demonstrator"] == "heat"
        own = replace(dated.plan, periods=Periods(
            baseline_from=date(2024, 10, 1), baseline_to=date(2025, 9, 30), reporting_from=date(2025, 11, 1)
        ))  # fmt: skip
        declare(connection, "quay", own, who="A")
        assert ask_for_savings(database, "quay", scenario, threading.Event()) == [job]
        assert the_demonstrator(connection, "quay", "heat").plan == own
