"""How often the nominal 90 % interval truly holds the saving, method beside method.

    python -m benchmarks.coverage --json                      # small, minutes
    python -m benchmarks.coverage --draws 1000 --seeds 60 --kept FOLDER --processes 8 --json

`synthetic` are made-up meters (change-point on air, tonnes, two day types, 8 % saving or none) in noise of known
memory; `port` are the demonstrators of the simulated port, with their measures (`capecure`) and without any (`null`).
Errors, bias and half widths are percent of the adjusted baseline; a false claim is an interval above 0 where nothing
was saved.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.coverage_meters import METERS, known_meter
from benchmarks.coverage_noise import CELLS, made_up_meter
from benchmarks.coverage_port import kept_port
from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.table import Frequency
from savings.uncertainty.interval import Method

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.coverage_meters import Known

FAST = tuple(method for method in Method if method is not Method.BOOTSTRAP)
CONFIDENCE = 0.9


class Case(NamedTuple):
    """One meter to be tried: of a cell of made-up noise, or of a scenario of the port."""

    kind: str  # "synthetic" or a scenario
    name: str
    frequency: Frequency
    months: int  # of the reporting period
    seed: int


class Outcome(NamedTuple):
    """What one method said of one meter [% of the adjusted baseline]."""

    error: float
    down: float  # from the value to the lower end
    up: float
    claimed: bool  # the interval lies above 0


def judged(known: Known, methods: Iterable[Method]) -> dict[str, Outcome]:
    """Return what each method says of a meter whose saving is known."""
    baseline = fit_baseline(known.baseline, candidates=known.forms)
    found = {}
    for method in methods:
        saving = avoided_use(baseline, known.reporting, confidence=CONFIDENCE, method=method)
        percent = 100.0 / float(saving.adjusted.sum())
        error, down, up = saving.savings - known.truth, saving.savings - saving.low, saving.high - saving.savings
        found[method.value] = Outcome(error * percent, down * percent, up * percent, saving.low > 0)
    return found


def tried(case: Case, kept: Path, methods: tuple[Method, ...]) -> dict[str, Outcome]:
    """Return the outcomes of a case."""
    if case.kind == "synthetic":
        return judged(made_up_meter(case.name, case.frequency, case.months, case.seed), methods)
    port = kept_port(kept, case.kind, case.seed)
    return judged(known_meter(port, case.name, case.frequency, case.months, null=case.kind == "null"), methods)


def summary(outcomes: list[Outcome]) -> dict[str, float]:
    """Return coverage [%], bias, scatter and half width [% of use] and claims [%] of one method in one cell."""
    error, down, up, claimed = np.array(outcomes, np.float64).T
    holds = (error <= down) & (-error <= up)
    return {
        "coverage": round(100 * float(holds.mean()), 1),
        "median_bias": round(float(np.median(error)), 3),
        "half_width": round(float(np.median((down + up) / 2)), 3),
        "scatter": round(float(error.std()), 3),
        "claims": round(100 * float(claimed.mean()), 1),
    }


def measure(cases: list[Case], kept: Path, methods: tuple[Method, ...], processes: int) -> dict[str, object]:
    """Try all cases and sum up by cell."""
    with ProcessPoolExecutor(processes) as pool:
        made = pool.map(partial(tried, kept=kept, methods=methods), cases, chunksize=4)
        outcomes = list(track(made, total=len(cases), description="meters", console=Console(stderr=True)))
    cells: dict[str, list[dict[str, Outcome]]] = {}
    for case, found in zip(cases, outcomes, strict=True):
        cells.setdefault(f"{case.kind} | {case.name} | {case.frequency} | {case.months}", []).append(found)
    return {
        cell: {"n": len(found), **{m.value: summary([each[m.value] for each in found]) for m in methods}}
        for cell, found in cells.items()
    }


def cases_of(draws: int, seeds: int, frequencies: tuple[Frequency, ...], months: tuple[int, ...]) -> list[Case]:
    """Return every case, those of one simulated port side by side."""
    made_up = product(["synthetic"], CELLS, frequencies, months, range(draws))
    port = (
        (k, n, f, m, s) for s, k, f, m, n in product(range(seeds), ("capecure", "null"), frequencies, months, METERS)
    )
    return [Case(*each) for each in (*made_up, *port)]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40, help="made-up meters of a cell")
    parser.add_argument("--seeds", type=int, default=0, help="simulated ports of each scenario, half a minute each")
    parser.add_argument("--frequency", nargs="+", type=Frequency, default=[Frequency.DAILY], choices=list(Frequency))
    parser.add_argument("--months", nargs="+", type=int, default=[12, 6], help="lengths of the reporting period")
    parser.add_argument("--bootstrap", action="store_true", help="with the bootstrap, seconds a meter")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "quaymeter-ports")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    methods = tuple(Method) if chosen.bootstrap else FAST
    cases = cases_of(chosen.draws, chosen.seeds, tuple(chosen.frequency), tuple(chosen.months))
    found = measure(cases, chosen.kept, methods, chosen.processes)
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    for cell, figures in found.items():
        print(cell, figures)


if __name__ == "__main__":
    main()
