"""From a publish in another process to a committed row, beside the bounds of broker and database in the same run.

    python -m benchmarks.ingest --json

`ratio_packs` is what comes through with 50 readings a message, over the lower of the two bounds; `ratio_singles` what
comes through with one reading a message, over the broker's bound. Bounds and runs alternate, and medians are given,
so that a machine with other work does little harm to the ratios.

COPY alone commits every `--batch-rows` readings, as the gateway does while it keeps up. A gateway that is behind joins
up to three such batches; `copy_bound_joined_per_s` is COPY alone with transactions of that size, and
`ratio_packs_joined` the road over it (or over the broker, if that is lower), so that nobody has to guess what the
larger batches do by themselves.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.copy_bound import copy_bound
from benchmarks.ingest_rig import Rig
from benchmarks.mqtt_load import POINTS
from ingest_gateway.intake import MOST_JOINED

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH_ROWS = 20_000
# Packs are offered a little above the lower bound: enough to saturate, not so much that the broker's queue is measured.
OFFERED = 1.1


@dataclass
class Figures:
    """All measured values, one list an item, a value a round."""

    copy_bound_per_s: list[float] = field(default_factory=list)
    copy_bound_joined_per_s: list[float] = field(default_factory=list)
    broker_bound_packs_per_s: list[float] = field(default_factory=list)  # readings/s
    broker_bound_singles_per_s: list[float] = field(default_factory=list)
    packs_per_s: list[float] = field(default_factory=list)  # readings/s
    singles_per_s: list[float] = field(default_factory=list)
    ratio_packs: list[float] = field(default_factory=list)
    ratio_packs_joined: list[float] = field(default_factory=list)
    ratio_singles: list[float] = field(default_factory=list)
    cpu_us_per_reading: list[float] = field(default_factory=list)  # of the gateway, with packs
    cpu_us_per_single: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return the median of each list."""
        return {name: statistics.median(values) for name, values in vars(self).items() if values}


def one_round(rig: Rig, figures: Figures, given: argparse.Namespace, tell: Callable[[str], None]) -> None:
    """Measure bounds and road once, one after the other."""
    seconds = given.seconds
    tell("COPY alone")
    figures.copy_bound_per_s.append(copy_bound(rig.dsn, seconds, given.batch_rows))
    tell("COPY alone, batches joined")
    figures.copy_bound_joined_per_s.append(copy_bound(rig.dsn, seconds, MOST_JOINED * given.batch_rows))
    tell("broker alone, packs")
    figures.broker_bound_packs_per_s.append(POINTS * rig.broker_bound(entries=POINTS, seconds=seconds))
    bound = min(figures.copy_bound_per_s[-1], figures.broker_bound_packs_per_s[-1])
    tell("the whole road, packs")
    packs = rig.through(entries=POINTS, seconds=seconds, rate=OFFERED * bound / POINTS)
    figures.packs_per_s.append(packs.per_s)
    figures.ratio_packs.append(packs.per_s / bound)
    joined = min(figures.copy_bound_joined_per_s[-1], figures.broker_bound_packs_per_s[-1])
    figures.ratio_packs_joined.append(packs.per_s / joined)
    figures.cpu_us_per_reading.append(packs.cpu_s / packs.readings * 1e6)
    tell("broker alone, single readings")
    figures.broker_bound_singles_per_s.append(rig.broker_bound(entries=1, seconds=seconds))
    tell("the whole road, single readings")
    singles = rig.through(entries=1, seconds=seconds)
    figures.singles_per_s.append(singles.per_s)
    figures.ratio_singles.append(singles.per_s / figures.broker_bound_singles_per_s[-1])
    figures.cpu_us_per_single.append(singles.cpu_s / singles.readings * 1e6)
    tell("delay at half of the maximum")
    half = rig.through(entries=POINTS, seconds=seconds, rate=packs.per_s / POINTS / 2, receipts=True)
    figures.p99_ms.append(half.p99_ms)


def _tell_round(tell: Callable[[str], None], number: int, text: str) -> None:
    tell(f"round {number}: {text}")


def soak(rig: Rig, seconds: float, per_s: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run at so many readings a second, with receipts, and watch the gateway's memory."""
    step_s = min(20.0, seconds)
    steps = max(1, round(seconds / step_s))
    rss_mb, p99_ms = [rig.rss_mb], 0.0
    for step in range(steps):
        run = rig.through(entries=POINTS, seconds=step_s, rate=per_s / POINTS, receipts=True)
        rss_mb.append(rig.rss_mb)
        p99_ms = max(p99_ms, run.p99_ms)
        tell(f"soak {step + 1}/{steps}: {rss_mb[-1]:.1f} MB, p99 {run.p99_ms:.0f} ms")
    return {
        "soak_s": seconds,
        "soak_per_s": round(per_s),
        "soak_rss_mb": [round(value, 1) for value in rss_mb],
        "soak_p99_ms": round(p99_ms, 1),
    }


def measure(given: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run everything and return the document."""
    figures = Figures()
    settings = {"client": given.client, "batch_rows": given.batch_rows, "batch_ms": given.batch_ms}
    settings |= {"writers": given.writers}
    with Rig(settings=settings, dsn=given.dsn) as rig:
        rig.through(entries=POINTS, seconds=2.0)  # warm: caches, partitions, the gateway's buffers
        rss_mb_start = rig.rss_mb
        for number in range(given.rounds):
            one_round(rig, figures, given, partial(_tell_round, tell, number + 1))
        medians = figures.medians()
        soaked = soak(rig, given.soak, given.soak_share * medians["packs_per_s"], tell) if given.soak else {}
        document: dict[str, Any] = {name: float(f"{value:.4g}") for name, value in medians.items()}
        document |= {"rss_mb_start": round(rss_mb_start, 1), "rss_mb_end": round(rig.rss_mb, 1)}
        document |= {"broker": rig.broker.kind, "not_stored": rig.refused(), **soaked}
    return document


def main() -> None:
    """Measure, and print a table or one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measurement [s]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak", type=float, default=0.0, help="watch the memory for so long afterwards [s]")
    parser.add_argument("--soak-share", type=float, default=0.25, help="its load as a share of the maximum")
    parser.add_argument("--client", choices=("bulk", "stock"), default="bulk")
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS)
    parser.add_argument("--batch-ms", type=int, default=50)
    parser.add_argument("--dsn", help="a database to write to; an embedded server otherwise")
    given = parser.parse_args()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting")
        document = measure(given, lambda text: progress.update(task, description=text))
    if given.json:
        print(json.dumps(document))
        return
    table = Table("figure", "median", title="ingest")
    for name, value in document.items():
        table.add_row(name, str(value))
    Console().print(table)


if __name__ == "__main__":
    main()
