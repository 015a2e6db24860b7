"""What the routes work with: made by `create_app`, found by each route through a dependency."""

import threading
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from api.live import LiveHub
from api.metrics import Metrics
from api.run_files import Reports
from api.security import Door, Principal
from api.settings import ApiSettings
from storage.pool import ReadPool, WritePool


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of one running service."""

    settings: ApiSettings
    pool: ReadPool
    hub: LiveHub
    metrics: Metrics
    door: Door
    reports: Reports = field(default_factory=Reports)
    write_pool: WritePool | None = None  # none where nobody may write
    downloads: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(2))


def get_parts(request: Request) -> Parts:
    """Return the parts of the service that a request came to."""
    return cast("Parts", request.app.state.parts)


def admitted(request: Request) -> Principal:
    """Ask the door who a request comes from."""
    return get_parts(request).door(request)


WithParts = Annotated[Parts, Depends(get_parts)]
Admitted = Depends(admitted)
