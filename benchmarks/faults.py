"""Kills real processes under load and counts what is lost: `python -m benchmarks.faults --kills 50 --json`.

Each round lets the load run, kills one part or several with SIGKILL at a random moment (at once, or one after another
while the load goes on), leaves them dead for a random time, starts them again in random order, waits until the edge
keeps nothing, and compares every reading that was promised with every reading that is stored.
`--no-receipts` measures what the broker's promise alone is worth.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fault_rig import Found, Rig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = ("gateway", "broker", "database", "edge")
SCENARIOS: tuple[tuple[str, ...], ...] = (
    *((part,) for part in PARTS),
    *combinations(PARTS, 2),
    ("broker_wiped",),
    ("broker_wiped", "gateway"),
    ("broker_wiped", "database"),
    ("broker_wiped", "edge"),
    ("broker_wiped", "gateway", "database", "edge"),
)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One kill and what came of it."""

    scenario: str
    killed: int  # processes
    dead_s: float
    recovered_s: float  # from the last restart until the edge keeps nothing and the load is paused
    found: Found


def run_rounds(
    folder: Path,
    scenarios: Sequence[tuple[str, ...]],
    *,
    receipts: bool = True,
    packs_per_s: float = 60.0,
    seed: int = 1,
    on_round: Callable[[Round], None] = lambda _: None,
) -> list[Round]:
    """Kill by each scenario in turn; return what each left behind (cumulative counts)."""
    chance = random.Random(seed)
    rounds = []
    with Rig(folder, receipts=receipts, packs_per_s=packs_per_s) as rig:
        rig.settle(60)
        for scenario in scenarios:
            rounds.append(_one_round(rig, scenario, chance))
            on_round(rounds[-1])
    return rounds


def _one_round(rig: Rig, scenario: tuple[str, ...], chance: random.Random) -> Round:
    rig.load(running=True)
    time.sleep(chance.uniform(0.5, 2.0))
    killed = 0
    for part in chance.sample(scenario, len(scenario)):
        if killed and chance.random() < 0.6:  # else all at once
            time.sleep(chance.uniform(0.2, 1.5))  # the load goes on and fills whatever is still alive
        killed += rig.kill(part)
    dead_s = chance.uniform(0.1, 1.0)
    time.sleep(dead_s)
    for part in chance.sample(scenario, len(scenario)):
        rig.start(part)
        time.sleep(chance.uniform(0.0, 0.3))
    time.sleep(chance.uniform(0.0, 1.0))  # some load on the mended road
    recovered_s = rig.settle(90)
    return Round(scenario="+".join(scenario), killed=killed, dead_s=dead_s, recovered_s=recovered_s, found=rig.check())


def report_of(rounds: Sequence[Round], seconds: float, *, receipts: bool) -> dict[str, Any]:
    """Return the figures of a run."""
    last = rounds[-1].found
    lost: dict[str, list[int]] = defaultdict(list)
    before = 0
    for one in rounds:
        lost[one.scenario].append(one.found.lost - before)
        before = one.found.lost
    recovered = sorted(one.recovered_s for one in rounds)
    return {
        "receipts": receipts,
        "kills": len(rounds),
        "processes_killed": sum(one.killed for one in rounds),
        "readings": last.promised,
        "stored": last.ledger.stored,
        "lost": last.lost,
        "twice": last.twice,
        "wrong": last.wrong,
        "duplicates": last.ledger.duplicate,
        "quarantined": last.quarantined,
        "ledger_exact_after_each_kill": all(one.found.ledger_exact for one in rounds),
        "lost_by_scenario": {name: {"kills": len(each), "lost": sum(each)} for name, each in lost.items()},
        "recovered_s": {"median": round(recovered[len(recovered) // 2], 2), "longest": round(recovered[-1], 2)},
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Run from the command line; the exit code says whether anything was lost with receipts on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=len(SCENARIOS))
    parser.add_argument("--packs-per-s", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-receipts", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    options = parser.parse_args()
    began = time.monotonic()

    def tell(one: Round) -> None:
        found = one.found
        print(
            f"{one.scenario:40s} dead {one.dead_s:4.1f} s  settled {one.recovered_s:5.1f} s"
            f"  promised {found.promised:8d}  lost {found.lost}  twice {found.twice}"
            f"  duplicates {found.ledger.duplicate}  ledger {'exact' if found.ledger_exact else 'WRONG'}",
            file=sys.stderr,
        )

    with tempfile.TemporaryDirectory(prefix="quaymeter-faults-", ignore_cleanup_errors=True) as folder:
        rounds = run_rounds(
            Path(folder) / "road",
            list(islice(cycle(SCENARIOS), options.kills)),
            receipts=not options.no_receipts,
            packs_per_s=options.packs_per_s,
            seed=options.seed,
            on_round=tell,
        )
    report = report_of(rounds, time.monotonic() - began, receipts=not options.no_receipts)
    print(json.dumps(report, indent=None if options.json else 2))
    return 0 if options.no_receipts or all(one.found.clean for one in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
