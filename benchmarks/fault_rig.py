"""A whole road of real processes to be killed: edge, mosquitto, gateway, PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import psutil

from benchmarks.fault_processes import DEVICE, POINTS, READINGS, SITE, promised
from quaymeter.broker import LocalBroker
from storage.catalogue import apply_site, load_catalogue
from storage.embedded import EmbeddedServer
from storage.engine import connect
from storage.ledger import LedgerTotals, totals
from storage.migrate import migrate
from telemetry.errors import StorageError
from telemetry.site_file import load_site

REPO = Path(__file__).parents[1]
STATUS_FRESH_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the database holds against what the edge has promised."""

    promised: int  # readings
    lost: int
    twice: int
    wrong: int  # stored, but never promised or with another value
    quarantined: int
    ledger_exact: bool
    ledger: LedgerTotals

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, twice, wrong or refused, and the ledger is exact."""
        return self.ledger_exact and not (self.lost or self.twice or self.wrong or self.quarantined)


class Rig:
    """Starts, kills and restarts the four; everything lives in one folder."""

    def __init__(self, folder: Path, *, receipts: bool = True, packs_per_s: float = 60.0) -> None:
        self.folder = folder
        self.start_ms = int(time.time() * 1000) - 86_400_000
        self._receipts = receipts
        self._packs_per_s = packs_per_s
        self._server = EmbeddedServer(folder / "database")
        self._broker = LocalBroker(folder / "broker", prefer="mosquitto")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        """Start everything, with the load paused."""
        (self.folder / "edge").mkdir(parents=True)
        self.load(running=False)
        self._dsn = self._server.start()
        migrate(self._dsn)
        apply_site(self._dsn, load_site(REPO / "sites" / "capecure.toml"), who="faults")
        self._broker.start()
        for part in ("gateway", "edge"):
            self.start(part)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything that is left."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        for log in self._logs:
            log.close()
        self._broker.stop()
        self._server.stop(immediately=True)

    def load(self, *, running: bool) -> None:
        """Let the edge make packs, or pause."""
        (self.folder / "edge" / "load").write_text("run" if running else "pause")

    def kill(self, part: str) -> int:
        """`kill -9` one part; return how many processes that were."""
        if part == "database":
            return self._kill_database()
        if part in {"broker", "broker_wiped"}:
            self._broker.kill()
            if part == "broker_wiped":
                for file in self._broker.directory.glob("*.db*"):
                    file.unlink()
            return 1
        process = self._processes.pop(part)
        process.kill()
        process.wait()
        return 1

    def start(self, part: str) -> None:
        """Start one part again, on the data it had."""
        if part == "database":
            self._start_database()
        elif part in {"broker", "broker_wiped"}:
            self._broker.start()
        else:
            log = (self.folder / f"{part}.log").open("ab")
            self._logs.append(log)
            self._processes[part] = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.fault_processes", part, json.dumps(self._settings(part))],
                cwd=REPO,
                stdout=log,
                stderr=log,
            )

    def status(self) -> dict[str, Any] | None:
        """Return what the edge says of itself, None while it says nothing."""
        with suppress(OSError, ValueError):
            said: dict[str, Any] = json.loads((self.folder / "edge" / "status").read_text())
            if time.time() - said["at"] < STATUS_FRESH_S:
                return said
        return None

    def settle(self, timeout_s: float) -> float:
        """Pause the load and wait until the edge keeps nothing and the database stands still; return how long [s]."""
        began = time.monotonic()
        self.load(running=False)
        while True:
            said = self.status()
            if said is not None and not said["running"] and said["kept"] == 0 and self._still():
                return time.monotonic() - began
            if time.monotonic() - began > timeout_s:
                raise TimeoutError(f"the road did not settle in {timeout_s} s: the edge says {said}\n{self._tails()}")
            time.sleep(0.05)

    def _tails(self) -> str:
        """Return the ends of the logs, for whoever has to find out why."""
        logs = [self.folder / "gateway.log", self.folder / "edge.log", self.folder / "database" / "postgresql.log"]
        texts = [(log, log.read_text(errors="replace")) for log in [*logs, self._broker.log_path] if log.exists()]
        return "\n".join(f"--- {log.name}\n{text[-3000:]}" for log, text in texts)

    def _still(self) -> bool:
        """With receipts an empty buffer says it all; without, wait until nothing more comes."""
        if self._receipts:
            return True
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 8.0:  # longer than the gateway waits between two tries at its database
            now = self._received()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.2)
        return True

    def _received(self) -> int:
        with connect(self._dsn) as connection:
            return totals(connection).received

    def check(self) -> Found:
        """Compare every reading promised with every reading stored."""
        want = promised(self.start_ms, int((self.folder / "edge" / "promised").read_text()))
        points = load_catalogue(self._dsn, SITE).points
        ids = np.array([points[f"quay/substation/{name}"].point_id for name in POINTS])
        wanted = {*zip(ids[want.point].tolist(), want.ts_ms.tolist(), want.value.tolist(), strict=True)}
        with connect(self._dsn) as connection:
            rows = connection.execute(
                "SELECT point_id, (extract(epoch FROM ts) * 1000)::bigint, value FROM reading"
            ).fetchall()
            ledger = totals(connection, audit=True)
        have = {*rows}
        return Found(
            promised=len(wanted),
            lost=len(wanted - have),
            twice=len(rows) - len(have),
            wrong=len(have - wanted),
            quarantined=ledger.quarantined,
            ledger_exact=ledger.balanced,
            ledger=ledger,
        )

    def _settings(self, part: str) -> dict[str, Any]:
        if part == "gateway":
            return {"dsn": self._dsn, "broker_port": self._broker.port, "client_id": "faults-gateway", "sites": (SITE,)}
        return {
            "folder": str(self.folder / "edge"),
            "port": self._broker.port,
            "start_ms": self.start_ms,
            "packs_per_s": self._packs_per_s,
            "receipts": self._receipts,
        }

    def _kill_database(self) -> int:
        """Kill the postmaster and its children: orphans would hold the shared memory and block the restart."""
        pid = self._server.pid
        if pid is None:
            raise RuntimeError("the database is not running")
        postmaster = psutil.Process(pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)
        return len(family)

    def _start_database(self) -> None:
        for attempt in range(5):
            try:
                self._server.start()
            except StorageError:  # the kernel may still be clearing up after the killed ones
                if attempt == 4:
                    raise
                time.sleep(0.5)
            else:
                return


__all__ = ["DEVICE", "READINGS", "Found", "Rig"]
