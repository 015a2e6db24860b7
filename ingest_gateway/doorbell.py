"""A way to wake a thread that waits in `select`."""

from __future__ import annotations

import contextlib
import socket


class Doorbell:
    """Wakes `select` from another thread; rings lost before `open` and after `close` are nobody's loss."""

    def __init__(self) -> None:
        self._out: socket.socket | None = None
        self._into: socket.socket | None = None

    def open(self) -> None:
        """Make the pair of sockets."""
        self._out, self._into = socket.socketpair()
        self._out.settimeout(0)
        self._into.settimeout(0)

    def fileno(self) -> int:
        """Return what `select` waits on."""
        return -1 if self._out is None else self._out.fileno()

    def ring(self) -> None:
        """Wake the loop; a ring too many does not matter."""
        if self._into is not None:
            with contextlib.suppress(OSError):
                self._into.send(b"1")

    def hush(self) -> None:
        """Forget all rings."""
        if self._out is not None:
            with contextlib.suppress(BlockingIOError):
                self._out.recv(4096)

    def close(self) -> None:
        """Give the sockets back."""
        for end in (self._out, self._into):
            if end is not None:
                end.close()
