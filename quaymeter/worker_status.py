"""What a worker tells over HTTP: /health, /ready and /metrics, as the gateway does."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest_gateway.status_server import StatusServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client.core import Metric

    from worker.rollups import RollupCounters
    from worker.tasks import JobCounters

STALE_S = 60.0  # without a round that went well for so long, the roll-ups are not in step [s]
STUCK_S = 900.0  # for so long, the process is better started again [s]


class RollupCollector(Collector):
    """Hands the loop's counters to Prometheus."""

    def __init__(self, counters: RollupCounters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Yield the counters as they are now."""
        now = self._counters
        for name, text, total in (
            ("batches", "Batches of the gateways whose roll-ups were made", now.batches),
            ("windows", "Stretches of points that were made anew", now.windows),
            ("busy", "Rounds that found another worker at work", now.busy),
            ("set_aside", "Stretches of points that the database could not make", now.set_aside),
            ("failures", "Rounds that failed and were tried again", now.failures),
        ):
            yield CounterMetricFamily(f"quaymeter_worker_rollup_{name}", text, value=total)
        for name, text, level in (
            ("waiting_batches", "Batches that wait for their roll-ups", float(now.waiting)),
            ("lag_seconds", "Age of the oldest batch that waits", now.lag_s),
            ("last_success_timestamp_seconds", "When a round last went well", now.last_success),
        ):
            yield GaugeMetricFamily(f"quaymeter_worker_rollup_{name}", text, value=level)


class JobCollector(Collector):
    """Hands the counters of savings runs to Prometheus."""

    def __init__(self, counters: JobCounters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Yield the counters as they are now."""
        now = self._counters
        for name, text, total in (
            ("made", "Savings runs that said something new", now.made),
            ("unchanged", "Savings runs that would have said what the one before says", now.unchanged),
            ("failures", "Attempts at a savings run that failed", now.failures),
        ):
            yield CounterMetricFamily(f"quaymeter_worker_savings_{name}", text, value=total)


@contextmanager
def status_of(counters: RollupCounters, jobs: JobCounters, host: str, port: int) -> Iterator[StatusServer]:
    """Answer on `host`:`port` for as long as the worker runs."""
    began = time.time()

    def silence_s() -> float:
        return time.time() - max(counters.last_success, began)

    def sick() -> Sequence[str]:
        silence = silence_s()
        return [f"no round of roll-ups went well for {silence:.0f} s"] if silence > STUCK_S else []

    def not_ready() -> Sequence[str]:
        if counters.last_success == 0:
            return ["no round of roll-ups went well yet – is the database reachable and migrated?"]
        silence = silence_s()
        return [f"no round of roll-ups went well for {silence:.0f} s"] if silence > STALE_S else []

    registry = CollectorRegistry()
    registry.register(RollupCollector(counters))
    registry.register(JobCollector(jobs))
    server = StatusServer(host, port, sick=sick, not_ready=not_ready, registry=registry)
    server.start()
    try:
        yield server
    finally:
        server.stop()
