"""The demonstrators of the coverage study through OpenDSM's daily and hourly models, beside quaymeter on the same rows.

    python -m venv ENV && ENV/bin/pip install opendsm "multimethod<2"
    python -m benchmarks.coverage_opendsm --python ENV/bin/python --seeds 580 584 --json

The reporting periods are those of the study, with the rows that count there. OpenDSM takes a year of baseline at most,
so it has the last one; quaymeter has both, as in the study. Meters are perfect: OpenDSM knows no class.

OpenDSM knows temperature only, so air is all that its models get. Its interval is its own: uncertainties of rows added
in quadrature, as it gives them (`as_shipped`). Those of its hourly model are made for a confidence of 10 % where 90 %
was meant (opendsm 1.2.7, `hourly/model.py`); `at_90` puts that right by the ratio of the two quantiles.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.coverage import CONFIDENCE, MEASURE, NULL, SCENARIO, Outcome, fitted, judged, summary
from benchmarks.coverage_meters import METERS, ZONE, air_of, is_allowed, known_meter, year_after
from benchmarks.coverage_port import LIVES, kept_port
from savings.table import Frequency
from savings.uncertainty.interval import Method
from savings.uncertainty.student import two_sided_t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.coverage_meters import Known
    from benchmarks.coverage_port import PortHours
    from savings.table import Table

CHILD = Path(__file__).with_name("opendsm_child.py")
PERIODS = tuple((kind, months) for kind in (MEASURE, NULL) for months in (12, 6))


class Tried(NamedTuple):
    """One meter of one seed: its periods, and what quaymeter said of them."""

    name: str
    frequency: Frequency
    known: tuple[Known, ...]
    ours: tuple[Outcome, ...]


def prepared(port: PortHours, name: str, frequency: Frequency, life: int, path: Path) -> Tried:
    """Write a meter's case for the other Python, and let quaymeter judge it."""
    known = tuple(
        known_meter(port, name, frequency, months, null=kind == NULL, life=life) for kind, months in PERIODS
    )  # fmt: skip
    year = known_meter(port, name, frequency, PERIODS[0][1], baseline_months=12, life=life).baseline
    electric = all("energy" in point for point in METERS[name].points)
    columns: dict[str, Any] = {"frequency": frequency.value, "zone": ZONE.key, "electric": electric}
    _add(columns, "", port, year)
    for number, ((kind, _), each) in enumerate(zip(PERIODS, known, strict=True)):
        rows = year_after(port, name, each.reporting, null=kind == NULL)
        _add(columns, f"_{number}", port, rows)
        columns[f"counts_{number}"] = np.isin(rows.start, each.reporting.start)
    np.savez(path, allow_pickle=False, **columns)
    fit = fitted(known[0].baseline)
    return Tried(name, frequency, known, tuple(judged(each, (Method.REML,), fit)[Method.REML.value] for each in known))


def _without_classes(port: PortHours) -> PortHours:
    """Return a port whose meters have no class, as OpenDSM knows none."""
    return port._replace(limits=dict.fromkeys(port.limits, 0.0))


def _add(columns: dict[str, Any], suffix: str, port: PortHours, table: Table) -> None:
    columns[f"start{suffix}"] = table.start
    columns[f"celsius{suffix}"] = air_of(port, table)
    columns[f"energy{suffix}"] = table.energy


def outcome(known: Known, period: Mapping[str, float], widen: float, seconds: float) -> Outcome:
    """Return what OpenDSM said of a period [% of its adjusted baseline]."""
    percent = 100.0 / period["predicted"]
    half = widen * period["quadrature"] * percent
    saving = (period["predicted"] - period["measured"]) * percent
    truth = known.truth * percent
    return Outcome(saving - truth, half, half, saving - half > 0.0, truth, seconds, float(abs(saving - truth) <= half))


def widening(frequency: Frequency, rows: int) -> float:
    """Return by what an uncertainty of 10 % confidence is multiplied to be one of 90 %; 1 for daily models."""
    if frequency is not Frequency.HOURLY:
        return 1.0
    return two_sided_t(CONFIDENCE, rows - 1) / two_sided_t(1.0 - CONFIDENCE, rows - 1)


def measure(python: Path, kept: Path, seeds: range, frequencies: list[Frequency]) -> dict[str, Any]:
    """Judge every meter of the seeds by both; cells by scenario, meter, frequency and months."""
    with tempfile.TemporaryDirectory() as folder:
        tried = {}
        for seed in seeds:
            port = _without_classes(kept_port(kept, SCENARIO, seed))
            for frequency, life, (number, name) in product(frequencies, range(LIVES), enumerate(METERS)):
                if is_allowed(port, name, life):
                    stem = f"{seed}-{frequency}-{life}-{number}"
                    tried[stem] = prepared(port, name, frequency, life, Path(folder) / f"{stem}.npz")
        ran = subprocess.run(
            [python, CHILD, folder], check=True, capture_output=True, text=True, timeout=24 * 3600
        )  # fmt: skip
    answers = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{"case"')]
    return summed_up(tried, answers)


def summed_up(tried: Mapping[str, Tried], answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the cells, the seconds of both, and what OpenDSM refused."""
    cells: dict[str, dict[str, list[Outcome]]] = {}
    seconds: dict[str, list[tuple[float, float]]] = {}
    refused = []
    for answer in answers:
        one = tried[answer["case"]]
        if "error" in answer:
            refused.append({"meter": one.name, "frequency": one.frequency.value, "error": answer["error"][:200]})
            continue
        seconds.setdefault(one.frequency.value, []).append((one.ours[0].seconds, answer["fit_s"]))
        for (kind, months), known, ours, period in zip(PERIODS, one.known, one.ours, answer["periods"], strict=True):
            cell = cells.setdefault(f"{kind} | {one.name} | {one.frequency} | {months}", {})
            cell.setdefault("quaymeter", []).append(ours)
            cell.setdefault("opendsm_as_shipped", []).append(outcome(known, period, 1.0, answer["fit_s"]))
            cell.setdefault("opendsm_at_90", []).append(
                outcome(known, period, widening(one.frequency, period["rows"]), answer["fit_s"])
            )
    medians = {kind: np.median(np.array(each), axis=0) for kind, each in seconds.items()}
    return {
        "cells": {
            cell: {"n": len(by["quaymeter"]), **{who: summary(each) for who, each in by.items()}}
            for cell, by in cells.items()
        },
        "seconds": {
            kind: {"quaymeter_fit_and_interval": round(float(own), 4), "opendsm_fit": round(float(other), 3)}
            for kind, (own, other) in medians.items()
        },
        "refused": refused,
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="of an environment that has opendsm")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "quaymeter-ports")
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, 2], help="first seed, and the one after the last")
    parser.add_argument("--frequency", nargs="+", type=Frequency, default=[Frequency.DAILY, Frequency.HOURLY])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measure(chosen.python, chosen.kept, range(*chosen.seeds), chosen.frequency)
    print(json.dumps(found, indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
