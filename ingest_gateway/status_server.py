"""Health, readiness and metrics over HTTP.

/health    200 while every thread of the gateway lives and moves; otherwise start the process again
/ready     200 while messages flow; 503 with the reasons, for people, while they do not
/metrics   Prometheus
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prometheus_client import CollectorRegistry


class StatusServer:
    """A small HTTP server in a thread of its own."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sick: Callable[[], Sequence[str]],
        not_ready: Callable[[], Sequence[str]],
        registry: CollectorRegistry,
    ) -> None:
        """`sick` and `not_ready` return reasons; none means well. Port 0 takes a free one."""

        class Handler(BaseHTTPRequestHandler):
            """Answers the three paths."""

            server_version = "quaymeter"
            sys_version = ""

            def do_GET(self) -> None:
                """Answer a request."""
                path = self.path.partition("?")[0]
                if path == "/health":
                    self._reasons("healthy", sick())
                elif path == "/ready":
                    self._reasons("ready", not_ready())
                elif path == "/metrics":
                    self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
                else:
                    self._send(HTTPStatus.NOT_FOUND, "text/plain", b"/health, /ready or /metrics\n")

            def log_message(self, *_: object) -> None:
                """Stay silent: probes come every few seconds."""

            def _reasons(self, word: str, reasons: Sequence[str]) -> None:
                status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
                body = json.dumps({word: not reasons, "reasons": list(reasons)}, ensure_ascii=False)
                self._send(status, "application/json", body.encode() + b"\n")

            def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="status", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
