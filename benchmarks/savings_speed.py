"""How fast baselines are fitted.

    python -m benchmarks.savings_speed --json

One meter-year of days with three drivers, 1,000 meters in one call, one year of hours by TOWT: the median of several
runs, by the clock and by the processor (which other work on the machine does not move). Where OpenDSM is installed
(`pip install opendsm "multimethod<2"`, in an environment of its own) its daily model fits the same meter-year of
temperature and energy, and the ratio is given.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from savings.baseline import fit_baseline
from savings.models.changepoint import fit_changepoint
from savings.models.many import fit_many
from savings.models.towt import fit_towt
from savings.table import Driver, Frequency, Role, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DAILY_GOAL_S, MANY_GOAL_S, TOWT_GOAL_S = 0.010, 3.0, 0.3
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


def opendsm_daily(table: Table) -> float | None:
    """Return the seconds of OpenDSM's daily fit of the same energy and temperature; None where it is not installed."""
    try:
        opendsm: Any = importlib.import_module("opendsm.eemeter")
        pandas: Any = importlib.import_module("pandas")
    except ImportError:
        return None
    index = pandas.DatetimeIndex(table.start, tz="UTC")
    fahrenheit = 32.0 + 1.8 * table.driver("air").values
    frame = pandas.DataFrame({"temperature": fahrenheit, "observed": table.energy}, index=index)
    data = opendsm.DailyBaselineData(frame, is_electricity_data=True)
    return taken(lambda: opendsm.DailyModel().fit(data, ignore_disqualification=True), 3).clock


def measure() -> dict[str, object]:
    """Return every figure with its goal."""
    rng = np.random.default_rng(1)
    table, energies = port_days(rng)
    holed = np.where(rng.random(energies.shape) < 0.03, np.nan, energies)
    hours = port_hours(rng)
    figures = {
        "daily_fit": (taken(partial(fit_changepoint, table), 30), DAILY_GOAL_S),
        "daily_baseline_with_findings": (taken(partial(fit_baseline, table), 30), DAILY_GOAL_S),
        "meters_1000": (taken(partial(fit_many, table, energies), 3), MANY_GOAL_S),
        "meters_1000_with_gaps": (taken(partial(fit_many, table, holed), 3), MANY_GOAL_S),
        "towt_year": (taken(partial(fit_towt, hours), 10), TOWT_GOAL_S),
        "hourly_baseline_with_findings": (taken(partial(fit_baseline, hours), 5), TOWT_GOAL_S),
    }
    result: dict[str, object] = {
        name: {"clock_s": round(time_taken.clock, 5), "processor_s": round(time_taken.processor, 5), "goal_s": goal}
        for name, (time_taken, goal) in figures.items()
    }
    other = opendsm_daily(table)
    result["opendsm_daily_fit_s"] = other
    result["opendsm_over_daily_fit"] = None if other is None else round(other / figures["daily_fit"][0].clock, 1)
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
    result = measure()
    print(json.dumps(result) if parser.parse_args().json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
