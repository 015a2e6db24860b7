"""What a gateway counts, for Prometheus; one registry a gateway, nothing global."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

from telemetry.formats.status import DeviceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest_gateway.intake import Batch
    from storage.outcome import WriteResult
    from telemetry.batch import Decoded

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """Counters and histograms of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.messages = self._counter("messages", "MQTT messages committed")
        self.readings = Counter(
            "quaymeter_gateway_readings",
            "Entries committed, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "quaymeter_gateway_refusals",
            "Entries sent to quarantine by the decoder, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.reports = Counter(
            "quaymeter_gateway_reports",
            "Status and meta messages committed",
            ["kind"],
            registry=self.registry,
        )
        self.receipts = self._counter("receipts", "Receipts sent to publishers")
        self.unaccounted = self._counter(
            "unaccounted", "Messages quarantined whole because their entries did not add up (a defect)"
        )
        self.batches = self._counter("batches", "Transactions committed")
        self.write_failures = self._counter("write_failures", "Attempts to write a batch that failed")
        self.decode_failures = self._counter("decode_failures", "Batches that the decoder raised on (a defect)")
        self.catalogue_loads = self._counter("catalogue_loads", "Times the catalogue was loaded anew")
        self.decode_seconds = self._histogram("decode_seconds", "Time to decode a batch")
        self.write_seconds = self._histogram("write_seconds", "Time to write a batch, commit included")
        self.commit_lag_seconds = self._histogram(
            "commit_lag_seconds", "From the arrival of a batch's first message to its commit"
        )

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when it is asked for."""
        Gauge(f"quaymeter_gateway_{name}", text, registry=self.registry).set_function(value)

    def committed(self, batch: Batch, decoded: Decoded, result: WriteResult, *, n_receipts: int) -> None:
        """Count one committed batch."""
        self.messages.inc(len(batch))
        self.batches.inc()
        self.receipts.inc(n_receipts)
        self.unaccounted.inc(result.unaccounted)
        self.readings.labels("stored").inc(result.stored)
        self.readings.labels("duplicate").inc(result.duplicate)
        self.readings.labels("quarantined").inc(result.quarantined)
        for report in decoded.told:
            self.reports.labels("status" if isinstance(report, DeviceStatus) else "meta").inc()
        for refusal in decoded.refusals:
            self.refusals.labels(refusal.reason.value).inc()
        self.commit_lag_seconds.observe(time.monotonic() - batch.opened_s)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"quaymeter_gateway_{name}", text, registry=self.registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(f"quaymeter_gateway_{name}", text, registry=self.registry, buckets=_SECONDS)
