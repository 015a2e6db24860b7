"""How fast baselines are fitted.

    python -m benchmarks.savings_speed --json
    python -m benchmarks.savings_speed --opendsm ENV/bin/python --json

One meter-year of days with three drivers, 1,000 meters in one call, one year of hours by TOWT, and the whole of a
demonstrator: fit, findings, the default interval of the total, of every month and of the cumulative saving. The median
of several runs, by the clock and by the processor (which other work on the machine does not move). With the Python of
an environment that has OpenDSM (`pip install opendsm "multimethod<2"`) its daily and hourly models fit the same
meter-years of temperature and energy in a process of their own, and the ratios are given.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.models.changepoint import fit_changepoint
from savings.models.many import fit_many
from savings.models.towt import fit_towt
from savings.table import Driver, Frequency, Role, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DAILY_GOAL_S, MANY_GOAL_S, TOWT_GOAL_S, INTERVAL_GOAL_S = 0.010, 3.0, 0.3, 2.0
CHILD = Path(__file__).with_name("opendsm_child.py")
METERS, DAYS, HOURS = 1000, 365, 8760


class Taken(NamedTuple):
    """How long something took: median of the runs [s]."""

    clock: float
    processor: float


def taken(work: Callable[[], object], runs: int) -> Taken:
    """Run something once to warm up, then several times."""
    work()
    clocks, processors = [], []
    for _ in range(runs):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        clocks.append(time.perf_counter() - clock)
        processors.append(time.process_time() - processor)
    return Taken(statistics.median(clocks), statistics.median(processors))


def port_days(rng: np.random.Generator) -> tuple[Table, NDArray[np.float64]]:
    """Return a meter-year with air (bent), tonnes and two types of day, and the energies of 1,000 such meters."""
    day = np.arange(float(DAYS))
    air = 12.0 - 8.0 * np.cos(2.0 * np.pi * (day - 20.0) / 365.0) + rng.normal(0.0, 3.0, DAYS)
    weekend = np.where(day % 7 >= 5, 1.0, 0.0)
    tonnes = rng.gamma(4.0, 10.0, DAYS) * (1.0 - 0.8 * weekend)
    cool = rng.uniform(5.0, 30.0, (METERS, 1)) * np.maximum(air - rng.uniform(10.0, 16.0, (METERS, 1)), 0.0)
    heat = rng.uniform(-20.0, 20.0, (METERS, 1)).clip(0.0) * np.maximum(rng.uniform(4.0, 9.0, (METERS, 1)) - air, 0.0)
    energies = 500.0 + cool + heat + 3.0 * tonnes - 60.0 * weekend + rng.normal(0.0, 40.0, (METERS, DAYS))
    drivers = (
        Driver(name="air", role=Role.CHANGEPOINT, values=air, unit="Cel"),
        Driver(name="tonnes", role=Role.LINEAR, values=tonnes, unit="t", is_total=True),
        Driver(name="weekend", role=Role.CATEGORY, values=weekend),
    )
    return _table(Frequency.DAILY, energies[0], drivers), energies


def port_hours(rng: np.random.Generator) -> Table:
    """Return a year of hours with a working week and a temperature."""
    hour = np.arange(HOURS)
    season = -8.0 * np.cos(2.0 * np.pi * (hour / 24.0 - 20.0) / 365.0)
    air = 12.0 + season + 5.0 * np.sin(2.0 * np.pi * (hour - 8.0) / 24.0) + rng.normal(0.0, 1.0, HOURS)
    worked = (hour % 24 >= 8) & (hour % 24 < 18) & (hour % 168 < 120)
    energy = 20.0 + 15.0 * worked + np.maximum(air - 15.0, 0.0) + rng.normal(0.0, 2.0, HOURS)
    return _table(Frequency.HOURLY, energy, (Driver(name="air", role=Role.CHANGEPOINT, values=air, unit="Cel"),))


def opendsm_seconds(python: Path, tables: dict[str, Table]) -> dict[str, float]:
    """Return the seconds of OpenDSM's fits of the same energy and temperature by frequency, the best of three."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            for run in range(3):
                columns = {"start": table.start, "celsius": table.driver("air").values, "energy": table.energy}
                path = Path(folder) / f"{name}-{run}.npz"
                np.savez(
                    path,
                    allow_pickle=False,
                    frequency=np.array(name),
                    zone=np.array("UTC"),
                    electric=np.ones(()),
                    **columns,
                )
        ran = subprocess.run([python, CHILD, folder], check=True, capture_output=True, text=True, timeout=3600)
    seconds: dict[str, float] = {}
    for line in ran.stdout.splitlines():
        if line.startswith('{"case"'):
            found = json.loads(line)
            name = str(found["case"]).partition("-")[0]
            seconds[name] = min(seconds.get(name, float("inf")), float(found["fit_s"]))
    return seconds


def whole(table: Table, reporting: Table) -> None:
    """Fit a baseline and work out all that a run holds: total, months, and the cumulative saving's band day by day."""
    saving = avoided_use(fit_baseline(table), reporting)
    day = saving.start.astype("datetime64[D]").astype(np.int64)
    _ = saving.by_month, saving.cumulative_band(np.flatnonzero(np.diff(day, append=day[-1] + 1)))


def measure(opendsm: Path | None) -> dict[str, object]:
    """Return every figure with its goal."""
    rng = np.random.default_rng(1)
    table, energies = port_days(rng)
    holed = np.where(rng.random(energies.shape) < 0.03, np.nan, energies)
    hours = port_hours(rng)
    later = [replace(each, start=each.start + np.timedelta64(DAYS, "D")) for each in (table, hours)]
    figures = {
        "daily_fit": (taken(partial(fit_changepoint, table), 30), DAILY_GOAL_S),
        "daily_baseline_with_findings": (taken(partial(fit_baseline, table), 30), DAILY_GOAL_S),
        "meters_1000": (taken(partial(fit_many, table, energies), 3), MANY_GOAL_S),
        "meters_1000_with_gaps": (taken(partial(fit_many, table, holed), 3), MANY_GOAL_S),
        "towt_year": (taken(partial(fit_towt, hours), 10), TOWT_GOAL_S),
        "hourly_baseline_with_findings": (taken(partial(fit_baseline, hours), 5), TOWT_GOAL_S),
        "demonstrator_daily": (taken(partial(whole, table, later[0]), 5), INTERVAL_GOAL_S),
        "demonstrator_hourly": (taken(partial(whole, hours, later[1].take(slice(0, HOURS))), 3), INTERVAL_GOAL_S),
    }
    result: dict[str, object] = {
        name: {"clock_s": round(time_taken.clock, 5), "processor_s": round(time_taken.processor, 5), "goal_s": goal}
        for name, (time_taken, goal) in figures.items()
    }
    if opendsm is not None:
        seconds = opendsm_seconds(opendsm, {"daily": table, "hourly": hours})
        result["opendsm_fit_s"] = {name: round(each, 3) for name, each in seconds.items()}
        fits = {"daily": "daily_fit", "hourly": "towt_year"}
        result["opendsm_over_ours"] = {
            name: round(each / figures[fits[name]][0].clock, 1) for name, each in seconds.items()
        }
    return result


def _table(frequency: Frequency, energy: NDArray[np.float64], drivers: tuple[Driver, ...]) -> Table:
    """Return a complete table that begins on a Monday."""
    step = np.timedelta64(int(frequency.unit_hours * 3600), "s")
    return Table(
        frequency=frequency,
        start=np.datetime64("2025-01-06", "s") + np.arange(len(energy)) * step,
        hours=np.full(len(energy), frequency.unit_hours),
        energy=energy,
        drivers=drivers,
        coverage=np.ones(len(energy)),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    parser.add_argument("--opendsm", type=Path, help="Python of an environment that has opendsm")
    chosen = parser.parse_args()
    result = measure(chosen.opendsm)
    print(json.dumps(result) if chosen.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
