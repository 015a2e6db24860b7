"""What the service says about itself to Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.live import LiveHub

PREFIX = "/api/v1"
# From a cached page to a download of a year [s].
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    """The counters of one service; its own registry, so that several can live in one process."""

    def __init__(self, hub: LiveHub) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "quaymeter_api_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "quaymeter_api_request_seconds",
            "Time to the end of the answer (live streams left out)",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.rows = Counter(
            "quaymeter_api_readings_sent", "Readings sent to clients", ["format"], registry=self.registry
        )
        self._gauge("quaymeter_api_live_clients", "Open live streams", lambda: hub.clients)
        self._gauge("quaymeter_api_live_polls", "Looks at the latest readings so far", lambda: hub.polls)
        self._gauge("quaymeter_api_live_failures", "Looks that the database did not answer", lambda: hub.failures)

    def _gauge(self, name: str, text: str, read: object) -> None:
        Gauge(name, text, registry=self.registry).set_function(read)  # type: ignore[arg-type]  # a function without arguments


class MetricsMiddleware:
    """Counts and times every request by its route's template, never by its path: labels stay few."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it when its answer has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = _template(scope)
            self._metrics.requests.labels(scope["method"], route, status).inc()
            if not route.endswith("/live") or status != 200:
                self._metrics.seconds.labels(route).observe(time.perf_counter() - started)


def _template(scope: Scope) -> str:
    """Return the whole template of the route that answered; a router knows its own part without the prefix."""
    own: str | None = getattr(scope.get("route"), "path", None)
    if own is None:
        return "unmatched"
    return own if own.startswith(PREFIX) or not scope["path"].startswith(PREFIX) else PREFIX + own
