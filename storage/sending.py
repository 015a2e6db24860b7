"""Room for a whole batch on its way to the server."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from storage.engine import Connection

_BYTES = 4_000_000  # 60,000 rows of a COPY; the kernel gives what it allows (Linux: net.core.wmem_max)


def widen(connection: Connection) -> None:
    """Let a local socket take a batch at once; it is no error where the system does not.

    A full Unix socket takes more only when three quarters of it are read. Until the sending thread has the interpreter
    again, the server has nothing to do. TCP sizes its buffers by itself, and better than we could.
    """
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        if duplicate.family == getattr(socket, "AF_UNIX", None):
            duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BYTES)
