"""Child processes that live no longer than this one.

Each child gets a pipe as its stdin, its lifeline (see `quaymeter.lifecycle`), and a session of its own, so that a
Ctrl-C in the terminal reaches only the parent, which then stops its children in the right order.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class StoppedError(Exception):
    """Somebody asked to stop while the family was still starting."""


_TAIL = 15  # lines of a child's log that are shown when it fails


@dataclass(frozen=True, kw_only=True, eq=False)
class Child:
    """One running child process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    may_end: bool = False  # by itself, its work done
    _said: queue.Queue[dict[str, object]] = field(default_factory=queue.Queue)

    def ask_to_stop(self) -> None:
        """Close the lifeline: the child stops as it would on SIGTERM."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def wait(self, timeout_s: float) -> int:
        """Wait for the end, killing the child after `timeout_s` [s]; returns its exit code."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def said(self, timeout_s: float, stop: threading.Event | None = None) -> dict[str, object]:
        """Return the next JSON line that the child wrote to stdout, at most `timeout_s` [s] from now."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                return self._said.get(timeout=0.05)
            except queue.Empty:
                if stop is not None and stop.is_set():
                    raise StoppedError from None
                if self.process.poll() is not None and self._said.empty():
                    raise self.failure() from None
                if time.monotonic() > end:
                    raise self.failure(f"was not ready within {timeout_s:.0f} s") from None

    def news(self) -> list[dict[str, object]]:
        """Return the JSON lines that it wrote to stdout since it was last asked, without waiting."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._said.get_nowait())
        return found

    def failure(self, what: str = "") -> QuaymeterError:
        """Return the error that explains this child's end, with the last lines of its log."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
            tail = "\n".join(f"    {line}" for line in lines)
            what = what or f"ended with exit code {self.process.poll()}"
            return QuaymeterError(f"{what}\n{tail}", place=self.name, cure=f"the whole log is in {self.log}")
        return QuaymeterError(what or "ended", place=self.name, cure=f"its log {self.log} cannot be read")

    def listen(self) -> None:
        """Collect the JSON lines that the child writes to stdout, in the background."""
        stream = self.process.stdout
        if stream is not None:
            threading.Thread(target=self._listen, args=(stream,), name=f"{self.name} stdout", daemon=True).start()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with contextlib.suppress(ValueError):
                    document = json.loads(line)
                    if isinstance(document, dict):
                        self._said.put(document)


class Family:
    """Starts children in order and stops them in the opposite order."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def start(self, name: str, arguments: Sequence[str], environ: Mapping[str, str], *, may_end: bool = False) -> Child:
        """Start `python -m quaymeter ARGUMENTS` with exactly these QUAYMETER_* variables."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("QUAYMETER_")}
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "quaymeter", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**clean, **environ},
                start_new_session=True,
            )
        child = Child(name=name, process=process, log=log, may_end=may_end)
        child.listen()
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise the failure of a child that has ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None and not (child.may_end and code == 0):
                raise child.failure()

    def stop(self, child: Child, *, timeout_s: float = 25.0) -> int:
        """Stop one child cleanly; returns its exit code."""
        child.ask_to_stop()
        code = child.wait(timeout_s)
        self._children.remove(child)
        return code

    def stop_all(self) -> None:
        """Stop all children, the last started first."""
        for child in reversed(list(self._children)):
            self.stop(child)
