"""Rows a second into the database: raw COPY, the writer, import of CSV and Parquet, redelivery, roll-ups.

    python -m benchmarks.history --json

All contenders write the same readings into the same table, one after the other in each round, the table emptied
before each; the figure of each is the median of the rounds. Ratios are to raw binary COPY in the same run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.csv  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.parquet  # type: ignore[import-untyped] # pyarrow brings no types

from benchmarks.storage_rig import fresh_database, make_space, minutes_of, raw_copy, seconds
from storage.engine import connect
from storage.rollups import refresh_all
from storage.transfer import ImportMapping, import_history
from storage.writer import Writer
from telemetry.batch import Decoded, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from telemetry.batch import ReadingBatch

MESSAGES = [Message("port/v1/bench/bench/rack/telemetry", b"", "", 0)]
GOAL_IMPORT = 0.60


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What all contenders share."""

    dsn: str
    batches: dict[int, list[ReadingBatch]]  # size → batches of that size
    csv: Path
    parquet: Path

    def empty(self) -> None:
        """Empty the tables, and let the server settle."""
        with connect(self.dsn, autocommit=True) as connection:
            connection.execute("TRUNCATE reading, point_latest, ingest_ledger, rollup_pending, import_job")
            connection.execute("CHECKPOINT")


def copy_all(rig: Rig, size: int) -> None:
    """Raw binary COPY, a commit a batch."""
    with connect(rig.dsn) as connection:
        for batch in rig.batches[size]:
            raw_copy(connection, batch)


def write_all(rig: Rig, size: int) -> None:
    """Write as the gateway does: readings, latest values, ledger, roll-ups to do."""
    with Writer(rig.dsn, gateway="bench") as writer:
        for batch in rig.batches[size]:
            writer.write(MESSAGES, Decoded(batch=batch, refusals=(), sequences=()))


def import_file(rig: Rig, path: Path) -> None:
    """Import of history from a file."""
    import_history(rig.dsn, path, site="bench", mapping=ImportMapping(), who="benchmark")


def contenders(rig: Rig) -> dict[str, Callable[[], None]]:
    """Return what is measured, in the order it runs in each round."""
    return {
        "copy_10k": lambda: copy_all(rig, 10_000),
        "writer_10k": lambda: write_all(rig, 10_000),
        "copy_50k": lambda: copy_all(rig, 50_000),
        "writer_50k": lambda: write_all(rig, 50_000),
        "import_csv": lambda: import_file(rig, rig.csv),
        "import_parquet": lambda: import_file(rig, rig.parquet),
    }


def write_files(directory: Path, batches: list[ReadingBatch]) -> tuple[Path, Path]:
    """Write the readings as files of history: time, point, value."""
    names = {number: f"bench/rack/p{place}" for place, number in enumerate(sorted(set(batches[0].point_id.tolist())))}
    table = pa.table(
        {
            "ts": pa.array(
                np.concatenate([b.ts_us for b in batches]).view("datetime64[us]"), pa.timestamp("us", "UTC")
            ),
            "point": [names[number] for b in batches for number in b.point_id.tolist()],
            "value": np.concatenate([b.value for b in batches]),
        }
    )
    pa.csv.write_csv(table, directory / "history.csv")
    pa.parquet.write_table(table, directory / "history.parquet")
    return directory / "history.csv", directory / "history.parquet"


def measure(rows: int, rounds: int) -> dict[str, float]:
    """Return rows a second of each contender, and the ratios."""
    rng = np.random.default_rng(1)
    with fresh_database() as (dsn, points), TemporaryDirectory() as directory:
        make_space(dsn, 3)
        batches = {}
        for size in (10_000, 50_000):
            minutes = size // len(points)
            batches[size] = [minutes_of(points, k * minutes, minutes, rng) for k in range(rows // size)]
        csv, parquet = write_files(Path(directory), batches[50_000])
        rig = Rig(dsn=dsn, batches=batches, csv=csv, parquet=parquet)
        timings: dict[str, list[float]] = {name: [] for name in contenders(rig)}
        for _ in range(rounds):
            for name, work in contenders(rig).items():
                rig.empty()
                timings[name].append(seconds(work))
        result: dict[str, float] = {f"{name}_per_s": round(rows / median(taken)) for name, taken in timings.items()}
        result["redelivered_50k_per_s"] = round(rows / seconds(lambda: import_file(rig, rig.parquet)))
        result["rollup_per_s"] = round(rows / seconds(lambda: refresh_all(dsn)))
    for name, bound in (("writer_10k", "copy_10k"), ("writer_50k", "copy_50k"), ("import_csv", "copy_50k"),
                        ("import_parquet", "copy_50k")):  # fmt: skip
        result[f"ratio_{name}"] = round(result[f"{name}_per_s"] / result[f"{bound}_per_s"], 3)
    return {"rows": rows, "rounds": rounds, **result}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000, help="readings a contender writes; a multiple of 50000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    result = measure(options.rows, options.rounds)
    if options.json:
        print(json.dumps(result))
    else:
        for name, figure in result.items():
            print(f"{name:28} {figure:>14,}")
    return 0 if min(result["ratio_import_csv"], result["ratio_import_parquet"]) >= GOAL_IMPORT else 1


if __name__ == "__main__":
    raise SystemExit(main())
