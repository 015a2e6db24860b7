"""What the ingest benchmark runs on: brokers, a database, a gateway and publishers, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from benchmarks.bench_site import bench_site
from benchmarks.mqtt_load import SITE
from quaymeter.broker import LocalBroker, free_port
from storage.catalogue import apply_site
from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.migrate import migrate

if TYPE_CHECKING:
    from types import TracebackType

_FILTER = f"$share/count/port/v1/{SITE}/+/+/telemetry"
_GIVE_UP_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Through:
    """One run of the whole road."""

    readings: int
    seconds: float  # from the first publish to the last commit
    cpu_s: float  # of the gateway
    p99_ms: float  # publish → committed and answered; 0 where no receipts were asked for
    published: dict[str, float]  # what the publisher says

    @property
    def per_s(self) -> float:
        """Readings committed a second."""
        return self.readings / self.seconds


class Rig:
    """Starts everything on entering and stops it on leaving."""

    def __init__(self, *, settings: dict[str, Any], dsn: str | None = None) -> None:
        """Take changes to the gateway's settings, and a database; without `dsn` an embedded server is used."""
        self._settings = settings
        self._given_dsn = dsn
        self._boot = 0
        self._last_ms = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()  # nothing went wrong: everything stays until leaving
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quaymeter-bench-")))
        # A broker of its own for the counting subscriber, so that the gateway is never in its way.
        self.broker = stack.enter_context(LocalBroker(root / "broker"))
        self.counted_broker = stack.enter_context(LocalBroker(root / "counted"))
        self.dsn = self._given_dsn or stack.enter_context(EmbeddedServer(root / "database")).dsn
        migrate(self.dsn)
        apply_site(self.dsn, bench_site(), who="benchmark")
        self._asking = stack.enter_context(closing(connect(self.dsn, autocommit=True)))
        port = free_port()
        settings = {"dsn": self.dsn, "broker_port": self.broker.port, "client_id": "bench", "http_port": port}
        gateway = _start("benchmarks.gateway_child", json.dumps(settings | self._settings))
        stack.callback(gateway.communicate)
        stack.callback(gateway.terminate)
        self.gateway = psutil.Process(gateway.pid)
        _wait_until_ready(port)

    @property
    def rss_mb(self) -> float:
        """Memory of the gateway [MB]."""
        return float(self.gateway.memory_info().rss / 1e6)

    def broker_bound(self, *, entries: int, seconds: float, receive_maximum: int = 5000) -> float:
        """Return messages/s through the broker to a subscriber that only counts and acknowledges."""
        port = str(self.counted_broker.port)
        counter = _start(
            *("benchmarks.mqtt_load", "count", "--port", port, "--filter", _FILTER),
            *("--receive-maximum", str(receive_maximum)),
        )
        assert counter.stdin is not None and counter.stdout is not None  # noqa: S101, PT018 - they are pipes
        counter.stdout.readline()  # it has subscribed
        sent = self._publish(self.counted_broker, entries=entries, seconds=seconds)["sent"]
        counted = json.loads(counter.communicate(f"{sent:.0f}\n")[0])
        if counted["received"] != sent:
            raise RuntimeError(f"the broker delivered {counted['received']} of {sent:.0f} messages")
        return float(counted["received"] / counted["seconds"])

    def through(self, *, entries: int, seconds: float, rate: float = 0.0, receipts: bool = False) -> Through:
        """Publish for so long and wait until everything is committed."""
        before = self._ledger()
        cpu_before = sum(self.gateway.cpu_times()[:2])
        started = time.perf_counter()
        published = self._publish(self.broker, entries=entries, seconds=seconds, rate=rate, receipts=receipts)
        readings = int(published["sent"]) * entries
        give_up_at = time.perf_counter() + _GIVE_UP_S
        while (done := self._ledger() - before) < readings:
            if time.perf_counter() > give_up_at:
                raise RuntimeError(f"{done} of {readings} readings arrived")
            time.sleep(0.01)
        ended = time.perf_counter()
        start_up_s = published["start_s"]
        return Through(
            readings=readings,
            seconds=ended - started - start_up_s,
            cpu_s=sum(self.gateway.cpu_times()[:2]) - cpu_before,
            p99_ms=published.get("p99_ms", 0.0),
            published=published,
        )

    def refused(self) -> int:
        """Return how many readings were not stored as new: none should be."""
        row = self._asking.execute("SELECT coalesce(sum(received - stored), 0) FROM ingest_ledger").fetchone()
        return int(row[0]) if row else 0

    def _publish(
        self, broker: LocalBroker, *, entries: int, seconds: float, rate: float = 0.0, receipts: bool = False
    ) -> dict[str, float]:
        self._boot += 1
        # Many single readings a second run ahead of the clock; no run may say again what an earlier one said.
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        given = (
            "--after-ms",
            str(self._last_ms),
            "--entries",
            str(entries),
            "--seconds",
            str(seconds),
            "--rate",
            str(rate),
            "--boot",
            str(self._boot),
        )
        launched = time.time()
        process = _start(
            *("benchmarks.mqtt_load", "publish", "--port", str(broker.port), *given),
            *(("--receipts",) if receipts else ()),
        )
        result: dict[str, float] = json.loads(process.communicate()[0])
        # The clock runs from the first publish; what comes before and after is Python starting and ending.
        self._last_ms = int(result["last_ms"])
        result["start_s"] = result["started_at"] - launched
        return result

    def _ledger(self) -> int:
        row = self._asking.execute("SELECT coalesce(sum(received), 0) FROM ingest_ledger").fetchone()
        return int(row[0]) if row else 0


def _start(*arguments: str) -> subprocess.Popen[str]:
    """Start one of our modules."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _wait_until_ready(port: int) -> None:
    """Wait for the gateway; what is published before it has subscribed is nobody's."""
    give_up_at = time.monotonic() + _GIVE_UP_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
