"""What each measure truly saves over many seeds, against the bands that practice and the prototype of the design give.

    python -m benchmarks.bands --json --seeds 20

Every seed is a year of the whole port with all measures in force from the first day, in worlds with and without each.
The condenser is tried twice: against a fixed head and, in a second port, against a floating one.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.progress import track

from simulators.port import Port
from simulators.scenario import Measure, Scenario
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SITE = Path(__file__).parents[1] / "sites" / "capecure.toml"
BEGINS = date(2025, 1, 1)
DAYS = 365


class Case(NamedTuple):
    """One measure at one boundary, and the band it is expected in [% of the boundary's use without it]."""

    name: str
    kind: str
    asset: str
    point: str
    low: float
    high: float
    per: str = ""  # point that the use is divided by, where what counts is use for each unit of it


PLANT = "mole/refrigeration"
UNBOUNDED = -100.0  # a measure that another one is held against
CASES = (
    Case("seawater against fixed head", "seawater_condenser", PLANT, f"{PLANT}/energy", 19, 30),
    Case("floating head, chill", "floating_head", "fillets/chill_room", "fillets/chill_room/energy", 8, 18),
    Case("strip doors, room meter", "strip_doors", "estran/cold_store", "estran/cold_store/energy", 3, 10),
    Case("demand defrost, evaporators", "demand_defrost", "mole/frozen_2", "mole/frozen_2/evaporator_energy", -2, 12),
    Case("demand defrost, room meter", "demand_defrost", "mole/frozen_2", "mole/frozen_2/energy", -2, 12),
    Case("traps", "trap_repair", "cannery/boiler", "cannery/boiler/gas", 5, 11),
    Case("condensate, gas", "condensate_return", "darse/boiler", "darse/boiler/gas", 3, 6),
    Case("condensate, make-up", "condensate_return", "darse/boiler", "darse/boiler/make_up", 30, 40),
    Case("seawater for water", "seawater_substitution", "fillets/water", "fillets/water/volume", 15, 35),
    Case("variable speed, per m3", "variable_speed", "quay/intake", "quay/intake/energy", 25, 35, "quay/intake/volume"),
    Case("nothing at all", "null", PLANT, f"{PLANT}/energy", 0, 0),
)
AGAINST_FLOATING = (
    Case("seawater against floating head", "seawater_condenser", PLANT, f"{PLANT}/energy", 11, 16),
    Case("(its base)", "floating_head", PLANT, f"{PLANT}/energy", UNBOUNDED, 100),
)
FLOATING = (Case("floating head, ammonia plant", "floating_head", PLANT, f"{PLANT}/energy", 8, 18),)


def saved(cases: tuple[Case, ...], seed: int) -> list[float]:
    """Return the true saving of each case in one year [%]."""
    points: dict[tuple[str, str], list[str]] = defaultdict(list)  # by measure: two cases may look at one measure
    for case in cases:
        points[case.kind, case.asset] += [case.point, *([case.per] if case.per else [])]
    measures = [
        Measure(demonstrator=f"{kind} {asset}", kind=kind, asset=asset, start=BEGINS.isoformat(), energy=tuple(energy))
        for (kind, asset), energy in points.items()
    ]
    port = Port(load_site(SITE), Scenario(name="bands", begins=BEGINS, seed=seed, measures=tuple(measures)))
    last = BEGINS + timedelta(days=DAYS - 1)
    for _ in port.days(BEGINS, last):
        pass
    sums: dict[tuple[str, str], NDArray[np.float64]] = defaultdict(lambda: np.zeros(2))
    for row in port.truth().rows(BEGINS, last):
        sums[row.demonstrator, row.point] += row.without, row.with_
    return [_percent(case, sums) for case in cases]


def _percent(case: Case, sums: Mapping[tuple[str, str], NDArray[np.float64]]) -> float:
    name = f"{case.kind} {case.asset}"
    without, with_ = sums[name, case.point] / (sums[name, case.per] if case.per else 1.0)
    return float(100 * (without - with_) / without)


def main() -> None:
    """Run all seeds and print each measure's spread beside its band."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    found = []
    with ProcessPoolExecutor(given.processes) as pool:
        for cases in (CASES, AGAINST_FLOATING, FLOATING):
            runs = pool.map(partial(saved, cases), range(1, given.seeds + 1))
            shares = np.array(list(track(runs, total=given.seeds, disable=given.as_json)))
            lines = [_line(case, shares[:, column]) for column, case in enumerate(cases)]
            found += [line for line in lines if line["low"] != UNBOUNDED]
    if given.as_json:
        print(json.dumps({"seeds": given.seeds, "measures": found}, indent=1))
        return
    for line in found:
        spread = f"{line['min']:6} {line['median']:6} {line['max']:6} %"
        print(f"{line['measure']:32} {spread}   band {line['low']} to {line['high']}")


def _line(case: Case, shares: np.ndarray) -> dict[str, float | str | bool]:
    inside = bool(case.low <= shares.min() and shares.max() <= case.high)
    return {
        "measure": case.name,
        "min": round(float(shares.min()), 2),
        "median": round(float(np.median(shares)), 2),
        "max": round(float(shares.max()), 2),
        "low": case.low,
        "high": case.high,
        "inside": inside,
    }


if __name__ == "__main__":
    main()
