"""Puts the service together: routes, errors, security, and the parts that live as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.staticfiles import StaticFiles

from api import problems
from api.console import demonstrator_pages, pages
from api.console.render import problem_page
from api.description import describe
from api.live import LiveHub
from api.metrics import Metrics, MetricsMiddleware
from api.parts import Admitted, Parts
from api.routes import (
    corrections,
    demonstrators,
    devices,
    events,
    health,
    jobs,
    ledger,
    live,
    portfolio,
    quarantine,
    readings,
    reference,
    runs,
    site,
)
from api.security import SecurityMiddleware, open_door
from api.updates import latest_updates
from storage.pool import ReadPool, WritePool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.security import Door
    from api.settings import ApiSettings

STATIC = Path(__file__).parent / "console" / "static"
DESCRIPTION = """
What a port's utilities do, live and as history, and what each improvement saves.

* **Times** are RFC 3339 with a zone, in UTC; a time without a zone is refused.
* **Units** are UCUM codes, one for each point, whatever the device sent.
* **Quality** travels with every reading; bad readings are stored and never counted, and every
  aggregate says its coverage.
* **Errors** are problem details (RFC 9457) with `place`, `detail` (the cause) and `cure`.
* **Writing** (plans, events, runs) needs the token of the installation; everything else only reads.
* Where the database holds one site, `site` may be left out.
"""
TAGS = [
    {"name": "site", "description": "The port as data: plant and points."},
    {"name": "devices", "description": "Who is online, and who believes what the site file does not say."},
    {"name": "readings", "description": "Latest values, history at any resolution, and the live stream."},
    {"name": "demonstrators", "description": "Measured improvements: their plans, and what each saved."},
    {"name": "runs", "description": "Savings runs: figures with intervals, reports, bundles for recomputing."},
    {"name": "events", "description": "Events that no baseline knows of: suggested, accepted, rejected."},
    {"name": "trust", "description": "What came in and what became of it: ledger, quarantine, losses, corrections."},
    {"name": "health", "description": "For supervisors, load balancers and Prometheus."},
]


def create_app(settings: ApiSettings, *, door: Door = open_door) -> FastAPI:
    """Return the service; nothing connects before its lifespan begins."""
    parts = _parts(settings, door)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        with contextlib.ExitStack() as stack:
            for pool in (parts.pool, parts.write_pool):
                if pool is not None:
                    stack.enter_context(pool)
            polling = asyncio.create_task(parts.hub.run(), name="live poller")
            try:
                yield
            finally:
                parts.hub.close()
                polling.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await polling

    app = FastAPI(
        title="quaymeter",
        summary="Shows, with numbers that survive an audit, what a port's utilities do.",
        description=DESCRIPTION,
        version=version("quaymeter"),
        openapi_tags=TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere; ours is at /api/v1/reference
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.parts = parts
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # the framework's documented way
    problems.install(app, page=problem_page)
    for part in (
        site,
        devices,
        readings,
        live,
        demonstrators,
        portfolio,
        runs,
        jobs,
        events,
        ledger,
        quarantine,
        corrections,
    ):
        app.include_router(part.router, prefix="/api/v1", dependencies=[Admitted])
    app.include_router(health.router, prefix="/api/v1")
    app.include_router(health.router, include_in_schema=False)  # where supervisors look by habit
    app.include_router(reference.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for shown in (demonstrator_pages.router, pages.router):
        app.include_router(shown, include_in_schema=False, dependencies=[Admitted])
    app.add_middleware(MetricsMiddleware, metrics=parts.metrics)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_bytes)  # of unknown length
    app.add_middleware(
        SecurityMiddleware, allowed_hosts=settings.allowed_hosts, max_body_bytes=settings.max_body_bytes
    )  # fmt: skip
    return app


def _parts(settings: ApiSettings, door: Door) -> Parts:
    pool = ReadPool(settings.dsn, size=settings.pool_size)
    hub = LiveHub(
        load=lambda: latest_updates(pool),
        interval_s=settings.live_interval_s,
        heartbeat_s=settings.heartbeat_s,
        max_clients=settings.max_live_clients,
    )
    return Parts(
        settings=settings,
        pool=pool,
        hub=hub,
        metrics=Metrics(hub),
        door=door,
        write_pool=WritePool(settings.dsn, size=settings.write_pool_size) if settings.write_token else None,
        downloads=threading.BoundedSemaphore(settings.max_streams),
    )
