"""A gateway: connection, writers, catalogue and status page, put together and stopped cleanly."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from ingest_gateway.connection import Connection
from ingest_gateway.decoding import SiteDecoders
from ingest_gateway.device_watch import DeviceWatch
from ingest_gateway.intake import Intake
from ingest_gateway.metrics import Metrics
from ingest_gateway.pipeline import Pipeline, Writing
from ingest_gateway.rubbish import seldom_collected
from ingest_gateway.status_server import StatusServer
from storage.catalogue import list_sites, load_catalogue, site_version
from storage.ownership import Ownership
from storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ingest_gateway.device_watch import Owning
    from ingest_gateway.settings import GatewaySettings
    from telemetry.catalogue import Catalogue

log = logging.getLogger(__name__)


class Gateway:
    """One gateway. The seams to the database can be given; they are the real ones by default."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        load: Callable[[], Mapping[str, Catalogue]] | None = None,
        make_writer: Callable[[], Writing] | None = None,
        ownership: Owning | None = None,
    ) -> None:
        """Nothing connects before `run`."""
        self.settings = settings
        self.metrics = Metrics()
        self.intake = Intake(
            batch_rows=settings.batch_rows,
            batch_ms=settings.batch_ms,
            max_held_bytes=settings.max_held_bytes,
        )
        self.connection = Connection(settings, self.intake)
        self.decoders = SiteDecoders(load or DatabaseCatalogues(settings.dsn, settings.sites), settings, self.metrics)
        self.pipeline = Pipeline(
            self.intake,
            self.decoders,
            make_writer
            or partial(Writer, settings.dsn, gateway=settings.client_id, turn=threading.Semaphore(settings.copies)),
            self.connection,
            self.metrics,
            writers=settings.writers,
        )
        self._ownership = ownership or Ownership(settings.dsn, f"sparkplug of group {settings.group}")
        self.owns_sparkplug = False
        self.devices = DeviceWatch(settings.dsn, Ownership(settings.dsn, f"devices of group {settings.group}"))
        self._started = False
        self.status: StatusServer | None = None
        self._gauges()

    def sick(self) -> list[str]:
        """Return why the process should be started again; empty while all is well."""
        reasons = [] if self.connection.alive else ["the network thread does not move"]
        if self._started and not self.pipeline.alive:
            reasons.append("a writer has ended")
        if self.connection.unreadable.often:
            reasons.append("the broker sends again and again what cannot be read as MQTT 5 – see the log, report it")
        return reasons

    def not_ready(self) -> list[str]:
        """Return why messages do not flow; empty while they do."""
        reasons = [self.connection.reason, self.decoders.reason, self.pipeline.reason]
        if self.connection.refused_filters:
            reasons.append(
                f"the broker refused the subscriptions {', '.join(sorted(self.connection.refused_filters))} – "
                "give the gateway's user the right to read them"
            )
        elif self.connection.connected and not self.connection.subscribed:
            reasons.append("the broker has not confirmed the subscriptions yet")
        if self.intake.full:
            reasons.append(f"{self.intake.held_messages} messages wait for the database; the broker is held back")
        return list(dict.fromkeys(reason for reason in reasons if reason))

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set; then write what is in hand, acknowledge it and disconnect."""
        if self.settings.http_port is not None:
            self.status = StatusServer(
                self.settings.http_host,
                self.settings.http_port,
                sick=self.sick,
                not_ready=self.not_ready,
                registry=self.metrics.registry,
            )
            self.status.start()
            log.info("status on http://%s:%d/ready", self.settings.http_host, self.status.port)
        self.connection.start()
        try:
            while not stop.is_set():
                self._look_after()
                # Soon at first: the database may be starting beside us.
                stop.wait(self.settings.catalogue_check_s if self._started else 0.5)
        finally:
            self._drain()

    def _look_after(self) -> None:
        """See to catalogue, subscriptions, Sparkplug and devices; called every few seconds."""
        self.decoders.refresh()
        if self.decoders.loaded and not self._started:
            self._started = True
            self.pipeline.start()
        self.owns_sparkplug = self.settings.sparkplug and self.decoders.speaks_sparkplug and self._ownership.held()
        if self.decoders.loaded:
            reachable = self.connection.connected or not self.connection.connections
            self.devices.look(self.decoders.catalogues, reachable=reachable)
        wanted = self.decoders.filters(sparkplug=self.owns_sparkplug, reports=self.devices.owned)
        # A session that the broker kept may still have the topics that another gateway owns by now.
        self.connection.subscribe(wanted, never=self.decoders.filters(sparkplug=True, reports=True) - wanted)

    def _drain(self) -> None:
        log.info("stopping: %d messages in hand", self.intake.held_messages)
        self.connection.stop_reading()
        done = self.pipeline.drain(self.settings.drain_s) if self._started else not self.intake.held_messages
        if not done:
            log.warning(
                "%d messages are left to the broker, which sends them again: %s",
                self.intake.held_messages,
                self.pipeline.reason,
            )
        self.connection.stop()
        self._ownership.release()
        self.devices.release()
        if self.status is not None:
            self.status.stop()
        log.info("stopped")

    def _gauges(self) -> None:
        gauge = self.metrics.gauge
        gauge("held_messages", "Messages in hand, not yet committed", lambda: self.intake.held_messages)
        gauge("held_bytes", "Bytes in hand, not yet committed", lambda: self.intake.held_bytes)
        gauge("paused", "1 while the socket is left alone", lambda: self.intake.full)
        gauge("connected", "1 while the broker is connected", lambda: self.connection.connected)
        gauge("connections", "Connections to the broker since the start", lambda: self.connection.connections)
        gauge("ready", "1 while messages flow", lambda: not self.not_ready())
        gauge("owns_sparkplug", "1 on the gateway that has the Sparkplug topics", lambda: self.owns_sparkplug)
        gauge("owns_devices", "1 on the gateway that has the status and meta topics", lambda: self.devices.owned)
        gauge("devices_offline", "Devices that are offline, on that gateway", lambda: self.devices.standing.offline)
        gauge(
            "devices_differing",
            "Devices that believe what the site file does not say, on that gateway",
            lambda: self.devices.standing.differing,
        )


def run_gateway(settings: GatewaySettings, stop: threading.Event) -> None:
    """Run one gateway until `stop` is set."""
    with seldom_collected():
        Gateway(settings).run(stop)


class DatabaseCatalogues:
    """Loads the catalogues of a gateway's sites; only those that were applied anew since the last time."""

    def __init__(self, dsn: str, sites: Collection[str]) -> None:
        """`sites` none means all that the database has."""
        self._dsn = dsn
        self._sites = sites
        self._loaded: dict[str, Catalogue] = {}

    def __call__(self) -> Mapping[str, Catalogue]:
        """Return the catalogues by site, as they are now."""
        for site in list_sites(self._dsn):
            wanted = not self._sites or site in self._sites
            if wanted and (site not in self._loaded or site_version(self._dsn, site) != self._loaded[site].version):
                self._loaded[site] = load_catalogue(self._dsn, site)
        return dict(self._loaded)
