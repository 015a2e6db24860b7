"""The running demo: its processes in the order they need each other, and back."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quaymeter.demo.family import Child, Family, StoppedError
from quaymeter.demo.keys import Keys
from quaymeter.demo.ports import LOOPBACK, free_port
from quaymeter.demo.web import ask
from storage.catalogue import apply_site
from storage.migrate import migrate
from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from quaymeter.demo.place import Place
    from quaymeter.demo.story import Story
    from telemetry.site import Site

DATABASE_S = 180.0  # recovery after a crash may take a while
PART_S = 30.0
READY_S = 60.0
PAUSE_S = 0.1
GATEWAY_PORT = 9101
WORKER_PORT = 9102


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Ports on the loopback, chosen when the demo starts."""

    api: int
    gateway: int
    worker: int


@dataclass(frozen=True, kw_only=True)
class Broker:
    """The broker of a running demo."""

    port: int
    kind: str  # mosquitto or iotcore
    durable: bool  # whether it keeps its queue over a restart


class DemoPort:
    """Starts the processes of a demo and stops them, the source of signals first, the database last."""

    def __init__(
        self, place: Place, site_file: Path, site: Site, *, tell: Callable[[str], None], stop: threading.Event
    ) -> None:
        """Remember what to start; `tell` is given a line for each step, `stop` ends a start half way."""
        self._stop = stop
        self._place = place
        self._site_file = site_file.resolve()
        self._site = site
        self._tell = tell
        self._family = Family(place.logs)
        self._source: Child | None = None
        self._history: Child | None = None
        self._environ: Mapping[str, str] = {}
        self._keys: Keys | None = None
        self.broker = Broker(port=0, kind="", durable=False)
        self.ports = Ports(api=0, gateway=0, worker=0)

    @property
    def dsn(self) -> str:
        """The database, with the rights of the services."""
        return self.keys.app

    @property
    def keys(self) -> Keys:
        """The logins of the database, once it is up."""
        if self._keys is None:
            raise QuaymeterError("the database is not up yet", place="demo", cure="start the stores first")
        return self._keys

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self.ports.api}/"

    def start_stores(self, broker_kind: str) -> None:
        """Start database and broker side by side, then bring schema and points up to date."""
        database = self._family.start("database", ["part", "database", str(self._place.database)], {})
        kind = ["--kind", broker_kind] if broker_kind else []
        broker = self._family.start("broker", ["part", "broker", str(self._place.broker), *kind], {})
        owner = str(database.said(DATABASE_S, self._stop)["dsn"])
        self._tell("the database is up")
        applied = migrate(owner)
        self._keys = Keys.of(owner)
        changes = apply_site(self.dsn, self._site, who="quaymeter demo")
        fresh = "a new database" if applied else "the data of an earlier start are kept"
        changed = len(changes.added) + len(changes.changed) + len(changes.retired)
        self._tell(f"{self._site.name}: {len(self._site.points)} points, {changed} thing(s) changed, {fresh}")
        heard = broker.said(PART_S, self._stop)
        self.broker = Broker(port=int(str(heard["port"])), kind=str(heard["kind"]), durable=bool(heard["durable"]))

    def start_services(self, api_port: int) -> None:
        """Start gateway, worker and API, and wait until the first and the last are ready."""
        self.ports = Ports(api=free_port(api_port), gateway=free_port(GATEWAY_PORT), worker=free_port(WORKER_PORT))
        self._environ = self._settings()
        self._place.write_private(self._place.settings_file, self._environ)
        self._place.write_secret(self._place.token_file, secrets.token_urlsafe(24) + "\n")
        self._place.write_private(self._place.owner_file, {"QUAYMETER_DSN": self.keys.owner})
        self._place.write_private(self._place.truth_file, {"QUAYMETER_TRUTH_DSN": self.keys.truth})
        as_writer = {**self._environ, "QUAYMETER_DSN": self.keys.writer}
        gateway = self._family.start("gateway", ["gateway", "--lifeline"], as_writer)
        as_api = {**self._environ, "QUAYMETER_API_WRITE_TOKEN_FILE": str(self._place.token_file.resolve())}
        api = self._family.start("api", ["api", "--lifeline"], as_api)
        self._family.start("worker", ["worker", "--lifeline"], self._environ)
        with ThreadPoolExecutor(2) as pool:
            waits = [
                pool.submit(self._wait_ready, gateway, self.ports.gateway, "/ready"),
                pool.submit(self._wait_ready, api, self.ports.api, "/api/v1/health/ready"),
            ]
            for wait in waits:
                wait.result()
        self._tell(f"the gateway and the API are ready; broker: {self.broker.kind}")

    def start_source(self, story: Story | None) -> None:
        """Start the source of readings: of the port's physical model, or made-up signals where there is none.

        It needs the broker only, and a model needs a while to reach the present: it is started before the services.
        """
        arguments = ["part", "source", str(self._place.buffer), "--site-file", str(self._site_file)]
        if story is not None:
            arguments += ["--scenario", story.scenario, "--begins", story.begins.isoformat()]
        self._source = self._family.start("source", arguments, {"QUAYMETER_BROKER_PORT": str(self.broker.port)})

    def start_history(self, story: Story) -> Child:
        """Start the import of the simulated past."""
        arguments = ["part", "history", "--site-file", str(self._site_file), "--scenario", story.scenario]
        arguments += ["--begins", story.begins.isoformat(), "--until", story.live_from.isoformat()]
        arguments += ["--cadence", str(story.cadence_s)]
        environ = {"QUAYMETER_DSN": self.keys.app, "QUAYMETER_TRUTH_DSN": self.keys.truth}
        self._history = self._family.start("history", arguments, environ, may_end=True)
        return self._history

    def stop_history(self) -> None:
        """Stop the import of the past behind the day that it is at; the next start goes on there."""
        if self._history is not None:
            self._family.stop(self._history)
            self._history = None

    def stop_source(self) -> Mapping[str, object]:
        """Stop the source of signals and wait until what it sent is safe; returns what it counted."""
        if self._source is None:
            return {}
        self._source.ask_to_stop()
        counted = self._source.said(PART_S)
        self._family.stop(self._source)
        self._source = None
        return counted

    def check(self) -> None:
        """Raise the failure of a part that ended by itself."""
        self._family.check()

    def stop(self) -> None:
        """Stop everything that runs, the last started first."""
        self._family.stop_all()

    def _settings(self) -> Mapping[str, str]:
        return {
            "QUAYMETER_DSN": self.dsn,
            "QUAYMETER_SITE_FILE": str(self._site_file),
            "QUAYMETER_BROKER_PORT": str(self.broker.port),
            "QUAYMETER_GATEWAY_SLOTS": str(self._place.slots.resolve()),
            "QUAYMETER_GATEWAY_HTTP_PORT": str(self.ports.gateway),
            "QUAYMETER_WORKER_HTTP_PORT": str(self.ports.worker),
            "QUAYMETER_API_PORT": str(self.ports.api),
        }

    def pause(self) -> None:
        """Wait a moment while starting; raises where a part has ended or somebody asked to stop."""
        if self._stop.wait(PAUSE_S):
            raise StoppedError
        self._family.check()

    def _wait_ready(self, child: Child, port: int, path: str) -> None:
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if ask(port, path)[0] == 200:
                return
            self.pause()
        raise child.failure(f"was not ready within {READY_S:.0f} s")
