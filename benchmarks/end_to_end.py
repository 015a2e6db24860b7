"""From 26 months in the database to savings that are judged by the truth: every demonstrator of the simulated port.

    python -m benchmarks.end_to_end --json                one port, about a minute and a half
    python -m benchmarks.end_to_end --seeds 10 --json     how often the interval holds the truth

Each seed is a port of its own, that has run a year, in a database of its own: sensors with their noise and faults,
import, roll-ups, plans with periods, runs as the worker makes them, a non-routine event that is found and agreed upon.
On the first one it is also looked at what must and must not change a run: readings that come late, readings that are
corrected, a meter that is swapped, days of 23 and 25 hours.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.progress import track

from benchmarks.coverage_port import settled
from benchmarks.end_to_end_checks import EVENT_DEMONSTRATOR, dst_days, event_check, late_and_corrected, swap_check
from benchmarks.storage_rig import served_database
from quaymeter.cli.context import default_site_file
from quaymeter.demo.plans import periods_of
from quaymeter.simulation.backfill import backfill
from quaymeter.simulation.plan import HistoryPlan
from savings.record import decode_run
from simulators.port import last_day
from simulators.scenario import load_scenario
from storage import truth
from storage.catalogue import apply_site
from storage.demonstrators import declare, demonstrators
from storage.engine import connect
from storage.rollups import refresh_all
from storage.savings_runs import run_bytes
from telemetry.derived import in_order
from telemetry.site_file import load_site
from worker.savings_runs import make_run

if TYPE_CHECKING:
    from savings.record import MeterRun, Run
    from simulators.scenario import Scenario
    from storage.engine import Connection
    from telemetry.plan import Plan
    from telemetry.site import Site

BEGINS, MONTHS = date(2024, 9, 1), 26
NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)  # the port's last month is over
WHO = "benchmark"


def demonstrators_only(site: Site) -> Site:
    """Return a site with the points that its plans rest on and no others: the same physics, a quarter of the rows."""
    keys: set[str] = set()
    for plan in site.demonstrators:
        keys |= {point.point for meter in plan.meters for point in meter.points}
        keys |= {driver.point for meter in plan.meters for driver in plan.drivers_of(meter)}
        keys |= {factor.point for factor in plan.static_factors}
    derived = {point.key: point for point in site.derived_points}
    made = {step.key: step for key in keys & set(derived) for step in in_order(derived, key)}
    keys |= {point for step in made.values() for point in step.inputs.values()}
    plans = tuple(msgspec.structs.replace(plan, context=()) for plan in site.demonstrators)
    points = tuple(point for point in site.points if point.key in keys)
    return replace(site, points=points, derived_points=tuple(made.values()), alarm_rules=(), demonstrators=plans)


def fill(dsn: str, site: Site, scenario: Scenario, cadence_s: int) -> None:
    """Bring 26 months of a scenario in, roll them up and date the plans."""
    apply_site(dsn, site, who=WHO)
    plan = HistoryPlan(
        site=site, scenario=scenario, first=BEGINS, last=last_day(MONTHS, BEGINS), cadence_s=cadence_s
    )  # fmt: skip
    backfill(plan, dsn, truth_dsn=dsn, who=WHO)
    refresh_all(dsn)
    dated = periods_of(scenario, site.timezone)
    with connect(dsn, autocommit=True) as connection:
        for each in demonstrators(connection, site.id):
            if each.key in dated:
                declare(connection, site.id, msgspec.structs.replace(each.plan, periods=dated[each.key]), who=WHO)


def run_of(connection: Connection, site: str, demonstrator: str, *, cause: str = "asked") -> Run:
    """Make a run as the worker does and read it back."""
    made = make_run(connection, site, demonstrator, cause=cause, asked_by=WHO, now=NOW)
    return decode_run(run_bytes(connection, made.run_id))


def judge(connection: Connection, site: Site, run: Run) -> list[dict[str, Any]]:
    """Hold every figure of a run against the truth of the days that it sums."""
    plan = next(each for each in site.demonstrators if each.id == run.demonstrator)
    kept = truth.runs(connection, site.id)[-1].number
    days = truth.days_of(connection, kept, demonstrator=run.demonstrator)
    return [_judged(run.demonstrator, plan, meter, days) for meter in run.meters]


def _judged(demonstrator: str, plan: Plan, meter: MeterRun, days: list[truth.DayTruth]) -> dict[str, Any]:
    factors = {point.point: point.factor for point in plan.meter(meter.meter).points}
    found: dict[str, Any] = {"demonstrator": demonstrator, "meter": meter.meter, "unit": meter.unit,
                             "findings": sorted({each.code for each in meter.findings})}  # fmt: skip
    if meter.saving is None or meter.daily is None:
        return {**found, "saving": None, "holds": False}
    summed = set(meter.daily.day)
    true = sum(factors[day.point] * day.saving for day in days if day.point in factors and str(day.day) in summed)
    low, high = meter.saving.low or 0.0, meter.saving.high or 0.0
    percent = 100.0 / (meter.adjusted or 1.0)
    return {
        **found,
        "saving": round(meter.saving.value), "low": round(low), "high": round(high), "truth": round(true),
        "holds": low <= true <= high, "error_percent": round((meter.saving.value - true) * percent, 2),
        "half_width_percent": round((high - low) / 2 * percent, 2), "model": meter.model and meter.model.form,
    }  # fmt: skip


def measure(seeds: int, cadence_s: int) -> dict[str, Any]:
    """Run every seed; the first is examined."""
    site = demonstrators_only(load_site(default_site_file()))
    judged: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    for seed in track(range(seeds), description="ports", console=Console(stderr=True)):
        scenario = settled(load_scenario("capecure", begins=BEGINS, seed=seed))
        with served_database() as dsn:
            fill(dsn, site, scenario, cadence_s)
            with connect(dsn, autocommit=True) as connection:
                found = [one for each in site.demonstrators
                         for one in judge(connection, site, run_of(connection, site.id, each.id))]  # fmt: skip
                agreed = event_check(connection, site, lambda one: _again(connection, site, one))
            # A person has decided before a figure is defended: judged is the run with the event agreed upon.
            judged += [agreed["after"] if each["demonstrator"] == EVENT_DEMONSTRATOR else each for each in found]
            events.append(agreed)
            if seed == 0:
                result |= _examined(dsn, site)
    holds = [each["holds"] for each in judged]
    return {
        "figures": len(judged), "held": sum(holds), "coverage_percent": round(100 * sum(holds) / len(holds), 1),
        "events_found": sum(each["as_it_must_be"] for each in events), "event": events[0], **result, "judged": judged,
    }  # fmt: skip


def _examined(dsn: str, site: Site) -> dict[str, Any]:
    """Do to a port what may be done to one, and say what became of its runs."""

    def again(demonstrator: str) -> Run:
        refresh_all(dsn)
        with connect(dsn, autocommit=True) as connection:
            return run_of(connection, site.id, demonstrator, cause="nightly")

    return {
        "dst": dst_days(dsn, site, again),
        "late": late_and_corrected(dsn, site, again),
        "swap": swap_check(dsn, site, again),
    }


def _again(connection: Connection, site: Site, demonstrator: str) -> tuple[Run, list[dict[str, Any]]]:
    run = run_of(connection, site.id, demonstrator)
    return run, judge(connection, site, run)


def main() -> int:
    """Measure and print; 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cadence", type=int, default=3600, help="of the history [s]")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    result = measure(options.seeds, options.cadence)
    print(json.dumps(result, indent=None if options.json else 2))
    checks = (result["event"], result["dst"], result["late"], result["swap"])
    return 0 if all(each["as_it_must_be"] for each in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
