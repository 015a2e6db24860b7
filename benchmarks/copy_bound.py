"""The bound that the database sets: binary COPY into the table of readings, one connection, nothing else."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.mqtt_load import ASSETS, POINTS
from storage.binary_copy import pack_readings
from storage.engine import connect
from storage.space import ReadingSpace
from storage.statements import statement
from telemetry.batch import ReadingBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Before any time that the load uses; every batch takes a stretch of its own.
_FIRST_US = 1_600_000_000_000_000
_stretches: Iterator[int] = itertools.count()


def batch_of(rows: int, first_point: int) -> ReadingBatch:
    """Return readings ordered as packs bring them: asset after asset, each with 50 points at one time."""
    number = np.arange(rows)
    pack = number // POINTS
    first_us = _FIRST_US + next(_stretches) * 1_000_000_000
    return ReadingBatch(
        point_id=(first_point + pack % ASSETS * POINTS + number % POINTS).astype(np.int32),
        ts_us=first_us + pack // ASSETS * 1000,
        value=20.0 + number % 100 / 8,
        quality=np.zeros(rows, np.int16),
        received_us=first_us + pack // ASSETS * 1000 + 500,
        message=pack.astype(np.int32),
    )


def copy_bound(dsn: str, seconds: float, batch_rows: int) -> float:
    """Return rows/s of COPY and COMMIT; packing is done beforehand and not counted."""
    with connect(dsn) as connection:
        row = connection.execute("SELECT min(id) FROM point").fetchone()
        first_point = int(row[0]) if row else 1
        rows, spent_s = 0, 0.0
        while spent_s < seconds:
            batch = batch_of(batch_rows, first_point)
            ReadingSpace().ensure(connection, batch)
            connection.commit()
            packed = pack_readings(batch)
            started = time.perf_counter()
            with connection.cursor().copy(statement("writer", "copy_readings")) as copy:
                copy.write(packed)
            connection.commit()
            spent_s += time.perf_counter() - started
            rows += batch_rows
    return rows / spent_s
