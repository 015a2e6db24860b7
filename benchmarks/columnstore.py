"""What TimescaleDB's column store costs and brings, on the real extension in WebAssembly (needs Node.js).

    python -m benchmarks.columnstore --json

WebAssembly runs several times slower than a native server: read the ratios, not the times.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.storage_rig import START_US, minutes_of, p95_ms, port, raw_copy, seconds
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.migrate import migrate
from storage.rollups import refresh_all
from storage.series import readings
from storage.times import from_us
from storage.writer import Writer
from telemetry.batch import Decoded, Message
from tests.fixtures.timescale_wasm import running_server

if TYPE_CHECKING:
    from storage.engine import Connection
    from telemetry.batch import ReadingBatch

START = from_us(START_US)
DAY = timedelta(days=1)
MESSAGES = [Message("port/v1/bench/bench/rack/telemetry", b"", "", 0)]


def day_p95_ms(connection: Connection, points: list[int], days: int, repeats: int) -> float:
    """Return the 95th percentile of reading a raw day of one point [ms]."""
    rng = np.random.default_rng(5)

    def ask() -> None:
        start = START + int(rng.integers(days)) * DAY
        readings(connection, [points[int(rng.integers(len(points)))]], start, start + DAY)

    return p95_ms([seconds(ask) for _ in range(repeats)])


def write(dsn: str, batch: ReadingBatch) -> float:
    """Write one batch by the gateway's writer; return rows/s."""
    with Writer(dsn, gateway="bench") as writer:
        decoded = Decoded(batch=batch, refusals=(), sequences=())
        return round(len(batch) / seconds(lambda: writer.write(MESSAGES, decoded)))


def compress(connection: Connection) -> None:
    """Compress every chunk of the readings."""
    connection.execute("SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('reading') AS c")


def measure(days: int, point_count: int, repeats: int) -> dict[str, float]:
    """Fill, read, compress, read again, write late data, refresh."""
    rng = np.random.default_rng(6)
    with running_server() as dsn:
        migrate(dsn)
        apply_site(dsn, port(point_count), who="benchmark")
        points = [entry.point_id for entry in load_catalogue(dsn, "bench").points.values()]
        # Every tenth minute is left out at first: it comes late.
        batches = [minutes_of(points, first, 250, rng) for first in range(0, days * 1440, 250)]
        late = [batch.take((batch.ts_us - START_US) // 60_000_000 % 10 == 9) for batch in batches]
        on_time = [batch.take((batch.ts_us - START_US) // 60_000_000 % 10 != 9) for batch in batches]
        with connect(dsn) as connection:
            copy_s = sum(seconds(partial(raw_copy, connection, batch)) for batch in on_time)
            connection.autocommit = True
            before_ms = day_p95_ms(connection, points, days, repeats)
        late_plain = write(dsn, late[0])
        with connect(dsn, autocommit=True) as connection:
            compress_s = seconds(lambda: compress(connection))
            plain, packed = connection.execute(
                "SELECT sum(before_compression_total_bytes)::bigint, sum(after_compression_total_bytes)::bigint"
                " FROM hypertable_compression_stats('reading')"
            ).fetchone() or (0, 1)
            after_ms = day_p95_ms(connection, points, days, repeats)
        late_packed = write(dsn, late[1])
        again_packed = write(dsn, on_time[2])
        refresh_s = seconds(lambda: refresh_all(dsn))
    rows = sum(len(batch) for batch in on_time)
    return {
        "rows": rows,
        "copy_per_s": round(rows / copy_s),
        "compress_per_s": round(rows / compress_s),
        "bytes_per_row": round(plain / rows, 1),
        "compressed_bytes_per_row": round(packed / rows, 1),
        "raw_day_one_point_p95_ms": before_ms,
        "compressed_raw_day_one_point_p95_ms": after_ms,
        "late_per_s": late_plain,
        "late_into_compressed_per_s": late_packed,
        "redelivered_into_compressed_per_s": again_packed,
        "refresh_after_late_s": round(refresh_s, 2),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    result = measure(options.days, options.points, options.repeats)
    print(json.dumps(result, indent=None if options.json else 2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
