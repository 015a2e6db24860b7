"""How fast a port's years are made, and brought into the database.

    python -m benchmarks.simulate --json

`year_1min_s` is a year of every point by the minute, `months26_15min_s` are 26 months by the quarter of an hour: the
physics of all worlds on one core, sensors on another, nothing stored. `backfill_rows_per_s` is the whole road of
`quaymeter simulate backfill` by the minute, generation and checks included, beside raw binary COPY of the same rows
into the same table in the same run.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.storage_rig import raw_copy, seconds, served_database
from quaymeter.cli.context import default_site_file
from quaymeter.simulation.backfill import backfill
from quaymeter.simulation.plan import HistoryPlan, make_parts
from quaymeter.simulation.port_elsewhere import PortElsewhere
from simulators.port import last_day
from simulators.scenario import load_scenario
from simulators.sensors.port_readings import PortReadings, scenario_faults
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from telemetry.batch import ReadingBatch
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from telemetry.site import Site

YEAR_GOAL_S, MONTHS_GOAL_S, RATIO_GOAL = 90.0, 30.0, 0.60


class Generated(NamedTuple):
    """How long a stretch of time took."""

    seconds: float
    rows: int


def generate(site: Site, name: str, *, step_s: int, last: date, begins: date) -> Generated:
    """Make every reading of a scenario until its last day, and forget it."""
    scenario = load_scenario(name, step_s=step_s, begins=begins)
    began = time.perf_counter()
    port = PortElsewhere(site=site, scenario=scenario)
    faults = scenario_faults(scenario, site)
    readings = PortReadings(port, site, begins=begins, seed=scenario.seed, cadence_s=step_s, faults=faults)
    rows = sum(len(day.columns().value) for day in readings.days(begins, last))
    return Generated(time.perf_counter() - began, rows)


def backfill_beside_copy(site: Site, name: str, days: int, begins: date) -> dict[str, float]:
    """Bring some days by the minute into a fresh database both ways."""
    scenario = load_scenario(name, step_s=60, begins=begins)
    plan = HistoryPlan(site=site, scenario=scenario, first=begins, last=begins + timedelta(days=days - 1), cadence_s=60)
    with served_database() as dsn:
        apply_site(dsn, site, who="benchmark")
        batches = _batches(plan, dsn)
        rows = sum(map(len, batches))
        with connect(dsn, autocommit=True) as connection:
            dates = [plan.first, plan.last]
            connection.execute("SELECT ensure_reading_space(%s::date[])", (dates,))
        copied_s = seconds(partial(_copy_all, dsn, batches))
        with connect(dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE reading")
            connection.execute("CHECKPOINT")
        batches.clear()
        filled_s = seconds(lambda: backfill(plan, dsn, truth_dsn=dsn, who="benchmark"))
    return {
        "backfill_days": days,
        "backfill_rows_per_s": round(rows / filled_s),
        "copy_bound_rows_per_s": round(rows / copied_s),
        "ratio_backfill": round(copied_s / filled_s, 3),
    }


def _batches(plan: HistoryPlan, dsn: str) -> list[ReadingBatch]:
    """Return the plan's readings as COPY takes them, made beforehand."""
    catalogue = load_catalogue(dsn, plan.site.id)
    made = []
    for chunk, _ in make_parts(plan, 0):
        numbers = np.array([catalogue.points[key].point_id for key in chunk.key], np.int32)
        empty = np.zeros(len(chunk.value), np.int32)
        made.append(
            ReadingBatch(
                point_id=numbers[chunk.key_index], ts_us=chunk.ts_us, value=chunk.value, quality=chunk.quality,
                received_us=chunk.ts_us, message=empty,
            )
        )  # fmt: skip
    return made


def _copy_all(dsn: str, batches: list[ReadingBatch]) -> None:
    with connect(dsn) as connection:
        for batch in batches:
            raw_copy(connection, batch)


def measure(name: str, days: int) -> dict[str, float]:
    """Return all figures."""
    site, begins = load_site(default_site_file()), date(2024, 9, 1)
    year = generate(site, name, step_s=60, last=begins + timedelta(days=364), begins=begins)
    months = generate(site, name, step_s=900, last=last_day(26, begins), begins=begins)
    return {
        "points": len(site.points),
        "year_1min_s": round(year.seconds, 1),
        "year_1min_rows": year.rows,
        "rows_per_s": round(year.rows / year.seconds),
        "months26_15min_s": round(months.seconds, 1),
        "months26_15min_rows": months.rows,
        **backfill_beside_copy(site, name, days, begins),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="capecure")
    parser.add_argument("--days", type=int, default=20, help="days by the minute that are brought into the database")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    result = measure(options.scenario, options.days)
    if options.json:
        print(json.dumps(result))
    else:
        for name, figure in result.items():
            print(f"{name:28} {figure:>14,}")
    met = (
        result["year_1min_s"] < YEAR_GOAL_S
        and result["months26_15min_s"] < MONTHS_GOAL_S
        and result["ratio_backfill"] >= RATIO_GOAL
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
