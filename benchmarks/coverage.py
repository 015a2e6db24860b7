"""How often the nominal 90 % interval truly holds the saving, method beside method.

    python -m benchmarks.coverage --json                      # small: some made-up meters, one port
    python -m benchmarks.coverage --draws 0 --seeds 100 160 --frequency daily hourly --kept FOLDER --json

`synthetic` are made-up meters (change-point on air, tonnes, two day types, 8 % saving or none) in noise of known
memory; `measure` are the demonstrators of the simulated port in each of the first years of their measures' lives, and
`null` the same meters as they would have been without any. `measures` sums up a kind's demonstrators by frequency, all
lengths together. Errors, bias and half widths are percent of the adjusted baseline; a false claim is an interval above
0 where nothing was saved. `standard_error` is that of the default's coverage, from port to port: what one port gives
shares its luck.

Meters read too much or too little by anything within their class. No meter is drawn: what a perfect one gives is known,
an error of a meter adds to it in proportion, and a case counts for the share of all meters of the class with which the
interval holds the truth. So a study's luck is that of its ports.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.coverage_meters import METERS, is_allowed, known_meter
from benchmarks.coverage_noise import CELLS, made_up_meter
from benchmarks.coverage_port import LIVES, kept_port
from savings.adjustments import METER, Adjustment, whole_period
from savings.avoided_use import adjusted_intervals, avoided_use
from savings.baseline import fit_baseline
from savings.findings import InsufficientDataError
from savings.table import Frequency
from savings.uncertainty.interval import Method
from savings.uncertainty.reml import uniform_sum

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.coverage_meters import Known
    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.table import Table

FAST = tuple(method for method in Method if method is not Method.BOOTSTRAP)
SCENARIO = "capecure"
SYNTHETIC, MEASURE, NULL = "synthetic", "measure", "null"
CONFIDENCE = 0.9


class Case(NamedTuple):
    """One baseline to be tried: of a made-up meter, or of a demonstrator of a port in a year of its measure's life."""

    of_port: bool
    name: str
    frequency: Frequency
    months: tuple[int, ...]  # lengths of the reporting period
    seed: int
    life: int = 0
    baseline_months: int = 12


class Outcome(NamedTuple):
    """What one method said of one meter [% of the adjusted baseline]."""

    error: float  # with perfect meters
    down: float  # from the value to the lower end
    up: float
    claimed: bool  # the interval lies above 0
    truth: float  # what was saved
    seconds: float  # of fit and interval
    held: float  # share of meters of the class with which the interval holds the truth
    of_meters: float = 0.0  # standard deviation of what they add to the error


class Tried(NamedTuple):
    """One meter and period of a port, or of a made-up draw, that was tried."""

    seed: int
    found: dict[str, Outcome]  # by method; empty where a finding stopped


class Cell(NamedTuple):
    """What is summed up together."""

    kind: str
    name: str
    frequency: Frequency
    months: int


class Fitted(NamedTuple):
    """A baseline and how long its fit took, with what it tells of its noise."""

    baseline: Baseline
    seconds: float


def fitted(table: Table) -> Fitted:
    """Fit a baseline; raises InsufficientDataError as `fit_baseline` does."""
    begun = time.process_time()
    baseline = fit_baseline(table)
    assert baseline.noise  # noqa: S101 – found now, so that it is counted with the fit
    return Fitted(baseline, time.process_time() - begun)


def judged(known: Known, methods: Iterable[Method], fit: Fitted | None = None) -> dict[str, Outcome]:
    """Return what each method says of a meter whose saving is known, its meters' class joined as a run joins it.

    The seconds are those of fit, saving and the first method's interval; what methods share, and other periods of the
    same baseline, is not made again for the others.
    """
    baseline, seconds = fit or fitted(known.baseline)
    begun = time.process_time()
    saving = avoided_use(baseline, known.reporting, confidence=CONFIDENCE)
    seconds += time.process_time() - begun
    meters, percent = _meters(known, saving), 100.0 / float(saving.adjusted.sum())
    limits = np.array([limit for each in meters for limit in each.limits])
    add = uniform_sum(limits)
    every, found = np.ones((1, len(saving.start)), np.bool_), {}
    for method in methods:
        interval = adjusted_intervals(saving.totals, every, meters, CONFIDENCE, method)[0]
        value, low, high = interval.value, interval.low, interval.high
        held = float(np.mean((low + add <= known.truth) & (known.truth <= high + add)))
        found[method.value] = Outcome(
            (value - known.truth) * percent, (value - low) * percent, (high - value) * percent, low > 0.0,
            known.truth * percent, seconds, held, float(np.sqrt((limits**2).sum() / 3.0)) * percent,
        )  # fmt: skip
    return found


def _meters(known: Known, saving: AvoidedUse) -> tuple[Adjustment, ...]:
    """Return the error of the meters' class over the whole period."""
    limits = known.limits(float(saving.adjusted.sum()))
    days, error = whole_period(saving.totals.reporting), math.hypot(*limits) / math.sqrt(3.0)
    return (Adjustment(days=days, amount=0.0, standard_error=error, reason=METER, limits=limits),) if limits else ()


def simulated(kept: Path, seed: int) -> None:
    """Make sure that a port is kept: of the cases of one port only one shall simulate it."""
    kept_port(kept, SCENARIO, seed)


def tried(case: Case, kept: Path, methods: tuple[Method, ...]) -> dict[Cell, dict[str, Outcome]]:
    """Return the outcomes of a baseline with each reporting period, none where a finding stops."""
    if not case.of_port:
        return {
            Cell(SYNTHETIC, case.name, case.frequency, months): judged(
                made_up_meter(case.name, case.frequency, months, case.seed), methods
            )
            for months in case.months
        }
    port, found, fit = kept_port(kept, SCENARIO, case.seed), {}, None
    if not is_allowed(port, case.name, case.life):
        return {}
    for months, kind in product(case.months, (MEASURE, NULL)):
        known = known_meter(
            port, case.name, case.frequency, months,
            null=kind == NULL, baseline_months=case.baseline_months, life=case.life,
        )  # fmt: skip
        cell = Cell(kind, case.name, case.frequency, months)
        try:  # all periods have the same baseline
            fit = fit or fitted(known.baseline)
            found[cell] = judged(known, methods, fit)
        except InsufficientDataError:  # no figure is given: neither held nor missed, and counted as such
            found[cell] = {}
    return found


def summary(outcomes: list[Outcome]) -> dict[str, float]:
    """Return coverage [%], bias, scatter and half width [% of use] and claims [%] of one method in one cell."""
    error, down, up, claimed, truth, seconds, held, of_meters = np.array(outcomes, np.float64).T
    return {
        "coverage": round(100 * float(held.mean()), 1),
        "truth": round(float(np.median(truth)), 2),
        "median_bias": round(float(np.median(error)), 3),
        "half_width": round(float(np.median((down + up) / 2)), 3),
        "scatter": round(float(np.sqrt(error.var() + np.mean(of_meters**2))), 3),
        "claims": round(100 * float(claimed.mean()), 1),
        "seconds": round(float(np.median(seconds)), 4),
    }


def measure(cases: list[Case], kept: Path, methods: tuple[Method, ...], processes: int) -> dict[str, object]:
    """Try all cases and sum up by cell, by kind and frequency, and by measure."""
    with ProcessPoolExecutor(processes) as pool:
        ports = sorted({case.seed for case in cases if case.of_port})
        there = pool.map(partial(simulated, kept), ports)
        list(track(there, total=len(ports), description="ports", console=Console(stderr=True)))
        made = pool.map(partial(tried, kept=kept, methods=methods), cases, chunksize=len(METERS))
        outcomes = list(track(made, total=len(cases), description="meters", console=Console(stderr=True)))
    cells: dict[str, list[Tried]] = {}
    pooled: dict[str, list[Tried]] = {}
    measures: dict[str, list[Tried]] = {}
    for case, outcome in zip(cases, outcomes, strict=True):
        for cell, found in outcome.items():
            one = Tried(case.seed, found)
            cells.setdefault(f"{cell.kind} | {cell.name} | {cell.frequency} | {cell.months}", []).append(one)
            pooled.setdefault(f"{cell.kind} | {cell.frequency}", []).append(one)
            if cell.kind != SYNTHETIC:
                measure_of = cell.name.split(" ", maxsplit=1)[0]  # a demonstrator may have two figures
                measures.setdefault(f"{cell.kind} | {measure_of} | {cell.frequency}", []).append(one)
    return {
        "measures": _summaries(measures, methods), "cells": _summaries(cells, methods),
        "pooled": _summaries(pooled, methods),
    }  # fmt: skip


def _summaries(groups: dict[str, list[Tried]], methods: tuple[Method, ...]) -> dict[str, object]:
    """Return the number of meters in each group, how many of them get no figure, and each method's summary."""
    return {
        name: {
            "n": len(tries),
            "refused": len([each for each in tries if not each.found]),
            "standard_error": standard_error(tries),
            **{method.value: summary([each.found[method.value] for each in tries if each.found]) for method in methods},
        }
        for name, tries in groups.items()
    }


def standard_error(tries: list[Tried]) -> float | None:
    """Return the standard error [%] of the default's coverage, from port to port; None where there is one port."""
    by_seed: dict[int, list[float]] = {}
    for seed, found in tries:
        if found:
            by_seed.setdefault(seed, []).append(found[Method.REML.value].held)
    if len(by_seed) < 2:
        return None
    count = np.array([len(each) for each in by_seed.values()])
    held = np.array([sum(each) for each in by_seed.values()])
    left = held - count * held.sum() / count.sum()
    return round(100 * float(np.sqrt(len(count) / (len(count) - 1) * (left @ left)) / count.sum()), 1)


def cases_of(
    draws: int, seeds: range, frequencies: tuple[Frequency, ...], months: tuple[int, ...], baseline_months: int = 24
) -> list[Case]:
    """Return every case, those of one simulated port side by side."""
    ports = product(seeds, range(LIVES), frequencies, METERS)
    made_up = product(CELLS, frequencies, range(draws))
    return [
        *(Case(True, name, freq, months, seed, life, baseline_months) for seed, life, freq, name in ports),  # noqa: FBT003 – by place, like the rest
        *(Case(False, name, frequency, months, seed) for name, frequency, seed in made_up),  # noqa: FBT003 – the same
    ]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10, help="made-up meters of a cell")
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=[0, 1], metavar=("FIRST", "END"),
        help="simulated ports, a minute each; END is left out",
    )  # fmt: skip
    parser.add_argument("--baseline", type=int, default=24, choices=(12, 24), help="months before the measure")
    parser.add_argument("--frequency", nargs="+", type=Frequency, default=[Frequency.DAILY], choices=list(Frequency))
    parser.add_argument("--months", nargs="+", type=int, default=[12, 6], help="lengths of the reporting period")
    parser.add_argument("--bootstrap", action="store_true", help="with the bootstrap, seconds a meter")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "quaymeter-ports")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    methods = tuple(Method) if chosen.bootstrap else FAST
    cases = cases_of(chosen.draws, range(*chosen.seeds), tuple(chosen.frequency), tuple(chosen.months), chosen.baseline)
    found = measure(cases, chosen.kept, methods, chosen.processes)
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    for group in found.values():
        for cell, figures in dict(group).items():  # type: ignore[call-overload]
            print(cell, figures)


if __name__ == "__main__":
    main()
