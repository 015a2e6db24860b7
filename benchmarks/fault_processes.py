"""The processes that the fault suite kills: an edge under load and a gateway. Started by `benchmarks.fault_rig`.

The edge makes packs that are a pure function of their number, so that what must be in the database can be worked out
from one integer: how many packs were promised.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.agent import Agent
from edge.buffer import Buffer, WhenFull
from edge.pack import Sampled
from edge.publisher import PublisherSettings
from edge.reports import OwnAsset
from ingest_gateway.service import run_gateway
from ingest_gateway.settings import GatewaySettings
from telemetry.formats.envelope import series

SITE = "capecure"
ASSET = "quay/substation"
DEVICE = "meter-quay"
POINTS = ("power", "power_reactive", "voltage", "current", "frequency")
SAMPLES = 10  # of each point in a pack
READINGS = SAMPLES * len(POINTS)
STEP_MS = 20  # between two samples of a point


class Promised(NamedTuple):
    """What the database must hold after `n` packs: all of length n × READINGS."""

    point: Any  # index into POINTS (int)
    ts_ms: Any
    value: Any


def promised(start_ms: int, packs: int) -> Promised:
    """Work out every reading of the first packs."""
    pack, sample, point = np.meshgrid(np.arange(packs), np.arange(SAMPLES), np.arange(len(POINTS)), indexing="ij")
    number = pack * SAMPLES + sample
    return Promised(point.ravel(), (start_ms + STEP_MS * number).ravel(), (number + point / 8).ravel().astype(float))


def pack_of(start_ms: int, number: int) -> Sampled:
    """Return one pack of the load."""
    offsets = [STEP_MS * sample for sample in range(SAMPLES)]
    first = number * SAMPLES
    entries = [
        series(name, offsets, [first + sample + index / 8 for sample in range(SAMPLES)])
        for index, name in enumerate(POINTS)
    ]
    return Sampled(asset=ASSET, ts_ms=start_ms + STEP_MS * first, entries=entries)


def run_edge(folder: Path, port: int, start_ms: int, packs_per_s: float, *, receipts: bool) -> None:
    """Put packs at a steady rate while the file `load` says `run`; say in `status` what is promised and kept."""
    buffer = Buffer(folder / "buffer.db", when_full=WhenFull.REFUSE)
    settings = PublisherSettings(
        client_id=DEVICE,
        site=SITE,
        port=port,
        receipts=receipts,
        resend_after_s=3.0,
        reconnect_least_s=0.2,
        reconnect_most_s=1.0,
        assets=(OwnAsset(key=ASSET),),
    )
    journal = folder / "promised"
    number = int(journal.read_text()) if journal.exists() else 0
    with Agent(settings, buffer) as agent:
        if journal.exists():
            # The next pack may be in the buffer already, put just before the kill and not written down: the same again.
            agent.send(pack_of(start_ms, number), device=DEVICE)
            number += 1
            _replace(journal, str(number))
        due = time.monotonic()
        while True:
            running = (folder / "load").read_text() == "run"
            while running and due <= time.monotonic():
                agent.send(pack_of(start_ms, number), device=DEVICE)
                number += 1
                due += 1 / packs_per_s
                _replace(journal, str(number))
            due = max(due, time.monotonic() - 0.5)
            status = {"promised": number, "kept": buffer.packs, "running": running, "at": time.time()}
            _replace(folder / "status", json.dumps(status))
            time.sleep(0.02)


def _replace(path: Path, text: str) -> None:
    """Write a file in one piece: a kill leaves the old one or the new one."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text)
    os.replace(beside, path)  # noqa: PTH105 – the same call, as it is known


def main() -> None:
    """Run one of the two, as the command line says: `edge|gateway JSON`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    what, settings = sys.argv[1], json.loads(sys.argv[2])
    if what == "edge":
        run_edge(Path(settings.pop("folder")), **settings)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_gateway(GatewaySettings(**settings), stop)


if __name__ == "__main__":
    main()
