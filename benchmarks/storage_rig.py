"""A database of its own for the storage benchmarks, and a port's year of readings to fill it with."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from storage.binary_copy import pack_readings
from storage.catalogue import apply_site, load_catalogue
from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.migrate import migrate
from storage.statements import statement
from telemetry.batch import ReadingBatch
from telemetry.site import Asset, Kind, Operator, Point, Site, Utility

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from storage.engine import Connection

START_US = 1_735_689_600_000_000  # 2025-01-01 UTC
MINUTE_US = 60_000_000
POINTS = 200


def port(points: int = POINTS) -> Site:
    """Return a site of `points` gauges, one reading a minute each."""
    return Site(
        id="bench",
        name="Benchmark",
        latitude=50.7,
        longitude=1.6,
        timezone=ZoneInfo("Europe/Paris"),
        utilities=(Utility(id="cold", name={"en": "cold"}),),
        operators=(Operator(id="port", name="Port"),),
        assets=(Asset(key="bench/rack", name={"en": "rack"}, utility="cold", operator="port", device="dev"),),
        points=tuple(
            Point(
                key=f"bench/rack/p{number}",
                name={"en": str(number)},
                quantity="temperature",
                unit="Cel",
                kind=Kind.GAUGE,
                period_s=60.0,
                silent_after_s=300.0,
            )
            for number in range(points)
        ),
    )


@contextmanager
def served_database(directory: Path | None = None) -> Iterator[str]:
    """Run a durable server of its own; give the connection string of a migrated database."""
    home = Path(tempfile.mkdtemp(prefix="quaymeter-bench-", dir=directory))
    try:
        with EmbeddedServer(home / "db") as server:
            migrate(server.dsn)
            yield server.dsn
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(directory: Path | None = None) -> Iterator[tuple[str, list[int]]]:
    """Give the connection string of a database with the benchmark's site, and the numbers of its points."""
    with served_database(directory) as dsn:
        apply_site(dsn, port(), who="benchmark")
        yield dsn, [entry.point_id for entry in load_catalogue(dsn, "bench").points.values()]


def minutes_of(points: list[int], first_minute: int, minutes: int, rng: np.random.Generator) -> ReadingBatch:
    """Return `minutes` × points readings in order of time, like temperatures of a rack of sensors."""
    count = minutes * len(points)
    minute = first_minute + np.arange(count) // len(points)
    ts_us = START_US + minute * MINUTE_US
    return ReadingBatch(
        point_id=np.tile(np.array(points, np.int32), minutes),
        ts_us=ts_us.astype(np.int64),
        value=np.round(rng.normal(4.0, 2.0, count), 2),
        quality=np.zeros(count, np.int16),
        received_us=(ts_us + 1_500_000).astype(np.int64),
        message=np.zeros(count, np.int32),
    )


def raw_copy(connection: Connection, batch: ReadingBatch) -> None:
    """Copy a batch and commit: the bound that everything is measured against."""
    with connection.cursor().copy(statement("writer", "copy_readings")) as copy:
        copy.write(pack_readings(batch))
    connection.commit()


def make_space(dsn: str, months: int) -> None:
    """Make the partitions of `months` months beforehand, for all contenders alike."""
    first = np.datetime64(START_US, "us").astype("datetime64[M]")
    dates = [(first + month).astype("datetime64[D]").item() for month in range(months)]
    with connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT ensure_reading_space(%s::date[])", (dates,))


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes [s]."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def p95_ms(timings_s: list[float]) -> float:
    """Return the 95th percentile [ms] of timings [s]."""
    return round(quantiles(timings_s, n=20, method="inclusive")[18] * 1000, 2)
