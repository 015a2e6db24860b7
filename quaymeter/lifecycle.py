"""How a process of quaymeter ends: on SIGTERM or Ctrl-C, or when the process that started it is gone.

A child of the demo holds the reading end of a pipe as its stdin (its lifeline). The kernel closes the other end
when the parent dies, however it dies – kill -9 too – and the child then stops as it would on SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

log = logging.getLogger(__name__)

GRACE_S = 20.0  # a clean stop takes at most this long once the parent is gone [s]
_STDIN = 0


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; the former handlers come back afterwards."""
    stop = threading.Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        log.info("stopping on %s", signal.Signals(number).name)
        stop.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def hold_lifeline(stop: threading.Event, *, grace_s: float = GRACE_S) -> None:
    """Set `stop` when stdin closes, and end the process by force if it has not stopped `grace_s` [s] later."""
    threading.Thread(target=_watch, args=(stop, grace_s), name="lifeline", daemon=True).start()


def _watch(stop: threading.Event, grace_s: float) -> None:
    # os.read and not sys.stdin: a daemon thread that holds the lock of a buffered stream breaks the interpreter's exit.
    while os.read(_STDIN, 4096):
        pass
    if not stop.is_set():
        log.warning("the parent process is gone: stopping")
        stop.set()
    threading.Event().wait(grace_s)
    log.error("did not stop within %.0f s: ended by force", grace_s)
    os._exit(1)
