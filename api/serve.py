"""Runs the service with uvicorn until a signal or an event says stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from api.app import create_app
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from api.settings import ApiSettings


def run_api(
    settings: ApiSettings,
    stop: threading.Event,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    on_listening: Callable[[int], None] | None = None,
) -> None:
    """Serve until `stop` is set; `on_listening` is told the port (useful where 0 was asked for).

    Live streams are ended first: a server that waits for its listeners never stops. Signals belong to the caller.
    """
    with _listen(host, port) as listener:
        asyncio.run(_serve(settings, stop, listener, on_listening))


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the process that composes us has its own."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]  # theirs is a generator
        return contextlib.nullcontext()


async def _serve(
    settings: ApiSettings, stop: threading.Event, listener: socket.socket, on_listening: Callable[[int], None] | None
) -> None:
    app = create_app(settings)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    announced = False
    while not stop.is_set() and not serving.done():
        if server.started and not announced and on_listening is not None:
            on_listening(listener.getsockname()[1])
            announced = True
        await asyncio.sleep(0.05)
    app.state.parts.hub.close()
    server.should_exit = True
    await serving


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            place="api",
            cure="another program has the port, or the address is not of this machine; choose another port",
        ) from error
    return listener
