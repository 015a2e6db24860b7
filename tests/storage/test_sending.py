"""The room that a batch has on its way to the server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, cast

import psycopg

from storage.sending import widen

if TYPE_CHECKING:
    from storage.engine import Connection


def room(one: socket.socket) -> int:
    """Return how much a socket takes unread [bytes], as the kernel counts it."""
    return one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def test_a_local_socket_takes_more() -> None:
    """As much as the kernel allows, which is more than it gives unasked; the socket stays open."""
    one, other = socket.socketpair()
    with one, other:
        before = room(one)
        widen(cast("Connection", one))
        assert room(one) > before
        one.send(b"x")
        assert other.recv(1) == b"x"


def test_tcp_is_left_alone() -> None:
    """A size that is set would end the system's own choice."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        before = room(one)
        widen(cast("Connection", one))
        assert room(one) == before


def test_a_connection_that_is_gone_is_no_error_here() -> None:
    """Whoever uses it next is told better."""

    class Gone:
        def fileno(self) -> int:
            raise psycopg.OperationalError("the connection is closed")

    widen(cast("Connection", Gone()))
    one, other = socket.socketpair()
    one.close()
    other.close()
    widen(cast("Connection", one))
