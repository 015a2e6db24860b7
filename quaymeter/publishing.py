"""How the processes of ours that publish reach the broker, made from the settings."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.publisher import PublisherSettings
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from edge.agent import Agent
    from edge.reports import OwnAsset
    from quaymeter.settings import Settings


def agent_settings(
    settings: Settings, site: str, client_id: str, *, assets: tuple[OwnAsset, ...] = ()
) -> PublisherSettings:
    """Return how an agent of this name publishes for a site, and for which assets it keeps status and meta."""
    if settings.broker_tls and not settings.broker_ca:
        raise ConfigurationError(
            "TLS is asked for without the CA that signed the broker's certificate",
            place="QUAYMETER_BROKER_CA",
            cure="name the CA's file; of the machine's own, usually /etc/ssl/certs/ca-certificates.crt",
        )
    return PublisherSettings(
        client_id=client_id,
        site=site,
        host=settings.broker_host,
        port=settings.port_of_broker,
        username=settings.broker_username,
        password=settings.broker_password,
        ca_file=Path(settings.broker_ca) if settings.broker_tls else None,
        assets=assets,
    )


def drain(agent: Agent, longest_s: float) -> None:
    """Wait for the last receipts, but not for a broker that is gone: what is kept goes out at the next start."""
    end = time.monotonic() + longest_s
    while agent.buffer.packs and agent.publisher.connected and time.monotonic() < end:
        time.sleep(0.02)
