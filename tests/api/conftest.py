"""A small port in a real database, with readings written by the real writer, and the service over it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import anyio
import httpx
import numpy as np
import pytest

from api.serve import run_api
from api.settings import ApiSettings
from storage.catalogue import apply_site, load_catalogue
from storage.writer import Writer
from telemetry.batch import Decoded, Message, MessageNumber, ReadingBatch, Refusal, RefusalReason
from telemetry.quality import Reason
from telemetry.site import Asset, Kind, Operator, Point, Site, Utility
from tests.fixtures.database import create_database, drop_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.embedded import EmbeddedServer
    from telemetry.catalogue import Catalogue

# anyio imports its parts when they are first used, which would be in the service's thread, and pytest rewrites what it
# imports of anyio: two threads that parse at once end in a SystemError of CPython 3.11. So its parts are imported here.
anyio.open_file, anyio.Path, anyio.create_task_group, anyio.CapacityLimiter, anyio.Event  # noqa: B018

ROOT = Path(__file__).parent.parent.parent
SIMULATED = int(Reason.SIMULATED)
OUT_OF_RANGE = 2 | int(Reason.RANGE)
ASSETS = (
    ("loop/pump-1", "Pompe de boucle 1", "Loop pump 1", "seawater"),
    ("store/room-1", "Chambre froide 1", "Cold room 1", "cold"),
    ("store/room-2", "Chambre froide 2", "Cold room 2", "cold"),
)
# name, French, English, quantity, unit, kind, valid range
POINTS = (
    ("t_air", "Température d'air", "Air temperature", "temperature", "Cel", Kind.GAUGE, (-40.0, 40.0)),
    ("flow", "Débit", "Flow", "volume_flow", "m3/h", Kind.GAUGE, (0.0, 5000.0)),
    ("energy", "Énergie", "Energy", "energy", "kW.h", Kind.COUNTER, (None, None)),
    ("running", "Marche", "Running", "state", "1", Kind.STATE, (None, None)),
)


def small_port(*, site_id: str = "small", silent_after_s: float = 300.0) -> Site:
    """Return a port of three assets and twelve points."""
    assets = tuple(
        Asset(
            key=key, name={"fr": fr, "en": en}, utility=utility, operator="maree", device=f"plc-{i}", kind="cold_room"
        )
        for i, (key, fr, en, utility) in enumerate(ASSETS, 1)
    )
    points = tuple(
        Point(
            key=f"{asset.key}/{name}",
            name={"fr": fr, "en": en},
            quantity=quantity,
            unit=unit,
            kind=kind,
            period_s=60.0,
            silent_after_s=silent_after_s,
            valid_min=limits[0],
            valid_max=limits[1],
            tags={"haccp": "yes"} if name == "t_air" else {},
        )
        for asset in assets
        for name, fr, en, quantity, unit, kind, limits in POINTS
    )
    return Site(
        id=site_id,
        name="Petit port",
        latitude=50.7,
        longitude=1.6,
        timezone=ZoneInfo("Europe/Paris"),
        utilities=(
            Utility(id="seawater", name={"fr": "Eau de mer", "en": "Seawater"}),
            Utility(id="cold", name={"fr": "Froid", "en": "Cold"}),
        ),
        operators=(Operator(id="maree", name="Marée du Quai"),),
        assets=assets,
        points=points,
    )


@dataclass(frozen=True, kw_only=True)
class Port:
    """A database with a site, and a pen to write readings with."""

    dsn: str
    site: Site
    catalogue: Catalogue

    def write(
        self,
        readings: Sequence[tuple[str, datetime, float, int]],
        *,
        refused: Sequence[Refusal] = (),
        numbers: Sequence[MessageNumber] = (),
        payload: bytes = b'{"v": 1}',
    ) -> None:
        """Store readings (key, time, value, quality) as a gateway would."""
        now_us = round(datetime.now(UTC).timestamp() * 1e6)
        ids = [self.catalogue.points[key].point_id for key, *_ in readings]
        batch = ReadingBatch(
            point_id=np.array(ids, np.int32),
            ts_us=np.array([round(ts.timestamp() * 1e6) for _, ts, _, _ in readings], np.int64),
            value=np.array([value for _, _, value, _ in readings], np.float64),
            quality=np.array([quality for *_, quality in readings], np.int16),
            received_us=np.full(len(ids), now_us, np.int64),
            message=np.zeros(len(ids), np.int32),
        )
        message = Message(f"port/v1/{self.site.id}/store/room-1/telemetry", payload, "", now_us)
        mine = [number._replace(site=self.site.id) for number in numbers]
        with Writer(self.dsn, gateway="gateway-test") as writer:
            writer.write([message], Decoded(batch=batch, refusals=list(refused), sequences=mine))

    def write_everything(self, *, age_s: float = 10.0, value: float = 1234.5) -> None:
        """Give every point one reading of the given age."""
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        values = {"running": 1.0, "t_air": -21.46}
        rows = [(key, at, values.get(key.rpartition("/")[2], value), SIMULATED) for key in self.catalogue.points]
        self.write(rows)


@pytest.fixture
def port(database: str) -> Port:
    """Apply a small port, without readings."""
    site = small_port()
    apply_site(database, site, who="test")
    return Port(dsn=database, site=site, catalogue=load_catalogue(database, site.id))


@pytest.fixture
def settings(port: Port) -> ApiSettings:
    """Make the service quick enough for tests."""
    return ApiSettings(dsn=port.dsn, live_interval_s=0.05, heartbeat_s=0.5, pool_size=4)


@pytest.fixture
def address(settings: ApiSettings) -> Iterator[str]:
    """Run the service on a real socket; give its address."""
    with serving(settings) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Give a client of the running service."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A service that only reads, over the small port with two runs of one demonstrator."""

    address: str
    runs: list[int]  # oldest first


@pytest.fixture(scope="session")
def saved(embedded_server: EmbeddedServer, template_database: str) -> Iterator[Saved]:
    """Store two runs of a demonstrator, and one of another that gives no figure; nothing may be written there."""
    from tests.api.saved_runs import stored, stored_stop, suspected, with_demonstrators  # noqa: PLC0415 – it needs this module
    from tests.savings.run_inputs import KNOWN_AT  # noqa: PLC0415 – as above

    create_database(embedded_server.dsn, "test_saved_runs", template=template_database)
    dsn = embedded_server.database_dsn("test_saved_runs")
    with_demonstrators(dsn)
    runs = [stored(dsn, saved=0.06, known_at=KNOWN_AT - timedelta(days=9)), stored(dsn)]
    stored_stop(dsn)
    suspected(dsn)
    with serving(ApiSettings(dsn=dsn)) as address:
        yield Saved(address=address, runs=runs)
    drop_database(embedded_server.dsn, "test_saved_runs")


class serving:  # noqa: N801 - used like a function, in a with statement
    """Runs the service in a thread."""

    def __init__(self, settings: ApiSettings, port: int = 0) -> None:
        self._settings, self._port = settings, port
        self._stop, self._up = threading.Event(), threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="api under test")

    def _run(self) -> None:
        run_api(self._settings, self._stop, port=self._port, on_listening=self._listening)

    def _listening(self, port: int) -> None:
        self.port = port
        self._up.set()

    def __enter__(self) -> str:
        """Start, and return the address once it answers."""
        self._thread.start()
        assert self._up.wait(15), "the service did not start"
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        """Stop, and insist that it does."""
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the service did not stop"


def refusal(detail: str = "unit 'F' is not one of temperature: use Cel or K") -> Refusal:
    """Return one refused entry."""
    return Refusal(0, RefusalReason.UNIT, detail, '{"n": "t_air", "v": 12, "u": "F"}')
