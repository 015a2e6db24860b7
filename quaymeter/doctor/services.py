"""The processes: does each answer, and is its port its own."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from quaymeter.demo.web import ask
from quaymeter.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quaymeter.settings import Settings

LIVE = {"gateway": "/health", "worker": "/health", "api": "/api/v1/health/live"}
READY = {"gateway": "/ready", "worker": "/ready", "api": "/api/v1/health/ready"}


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at the gateway, the worker and the API of this machine."""
    ports = {
        "gateway": settings.gateway_http_port,
        "worker": settings.worker_http_port,
        "api": settings.api_port,
    }
    if len(set(ports.values())) == 1:  # a container: one process, whichever it is, on the port of all
        yield _only_process(settings.api_port)
        return
    for name, port in ports.items():
        yield _service(name, port)


def _only_process(port: int) -> Finding:
    for path in ("/ready", "/health/ready"):
        status, body = ask(port, path)
        if status == 200:
            return ok("process", f"ready on port {port}")
        if status == 503:
            return fail("process", f"alive on port {port} but not ready: {body}", "its log says why")
    return warn("process", f"nothing answers on port {port} of this machine", "is the process of this container up?")


def _service(name: str, port: int) -> Finding:
    variable = "QUAYMETER_API_PORT" if name == "api" else f"QUAYMETER_{name.upper()}_HTTP_PORT"
    if port == 0:
        return warn(name, f"{variable} is 0: any port, so nobody can look at it", f"choose a port in {variable}")
    live, _ = ask(port, LIVE[name])
    if live == 0:
        if _taken(port):
            return fail(name, f"another program holds port {port}", f"stop it, or choose another port in {variable}")
        return warn(name, f"nothing answers on port {port} of this machine", f"start it: quaymeter {name}")
    if live != 200:
        return fail(name, f"port {port} answers {live}: it is not a {name}", f"choose another port in {variable}")
    ready, body = ask(port, READY[name])
    if ready == 200:
        return ok(name, f"ready on port {port}")
    return fail(name, f"alive on port {port} but not ready: {body}", "its log says why; database and broker are above")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
