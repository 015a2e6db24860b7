"""Health, readiness and metrics of a running gateway over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.ingest_gateway.quay import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingest_gateway.quay import Books, Device, Running


def test_a_running_gateway_is_healthy_and_ready_and_counts(
    start: Callable[..., Running], device: Device, books: Books
) -> None:
    """The figures that Prometheus sees are those of the ledger."""
    running = start().ready()
    device.pack([{"n": "t00", "v": 1.0}, {"n": "nobody", "v": 1.0}])
    books.received(2)
    assert running.status("/health") == (200, '{"healthy": true, "reasons": []}\n')
    assert running.status("/ready") == (200, '{"ready": true, "reasons": []}\n')
    assert running.status("/nowhere")[0] == 404

    def samples() -> dict[str, float]:
        families = text_string_to_metric_families(running.status("/metrics")[1])
        named = [sample for family in families for sample in family.samples]
        return {"/".join((sample.name, *sorted(sample.labels.values()))): sample.value for sample in named}

    prefix = "quaymeter_gateway"
    wait_until(lambda: samples()[f"{prefix}_messages_total"] == 1, "the message to be counted")
    figures = samples()
    assert figures[f"{prefix}_readings_total/stored"] == 1
    assert figures[f"{prefix}_readings_total/quarantined"] == 1
    assert figures[f"{prefix}_refusals_total/unknown_point"] == 1
    assert figures[f"{prefix}_connected"] == 1
    assert figures[f"{prefix}_held_bytes"] == 0
    assert figures["process_resident_memory_bytes"] > 0


def test_a_dead_writer_makes_the_gateway_sick(start: Callable[..., Running]) -> None:
    """A writer that is gone is seen at once: the process has to be started again."""
    running = start().ready()
    running.gateway.intake.close()  # ends the writers as nothing else should
    wait_until(lambda: running.status("/health")[0] == 503, "sickness")
    assert json.loads(running.status("/health")[1])["reasons"] == ["a writer has ended"]
