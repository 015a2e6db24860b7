"""`quaymeter simulate live`: a process of its own that publishes a simulated port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.buffer import Buffer
from quaymeter.cli.context import default_site_file
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from pathlib import Path

    from quaymeter.broker import LocalBroker


def test_a_live_port_publishes_and_goes_on_where_it_stopped(broker: LocalBroker, tmp_path: Path) -> None:
    """Started twice with a pause, it leaves a position that moved on and a buffer that holds what no gateway took."""
    command = [sys.executable, "-m", "quaymeter", "simulate", "live", "--scenario", "plain"]
    command += ["--begins", datetime.now(UTC).date().isoformat(), "--buffer", str(tmp_path / "port.sqlite")]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QUAYMETER_")}
    position, positions = tmp_path / "port.position", [0]
    for _ in range(2):
        with subprocess.Popen(command, env={**environ, "QUAYMETER_BROKER_PORT": str(broker.port)}) as process:
            end = time.monotonic() + 90
            while not position.exists() or int(position.read_text()) <= positions[-1] + 1:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        positions.append(int(position.read_text()))
    assert positions == sorted(positions)
    with closing(Buffer(tmp_path / "port.sqlite")) as kept:
        packs = kept.after(0, 100_000)
    assert sum(pack.pack.readings for pack in packs) >= len(load_site(default_site_file()).points) / 2
    assert all(pack.pack.topic.startswith("port/v1/capecure/") for pack in packs)
