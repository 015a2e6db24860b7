"""`quaymeter gateway`: MQTT to committed rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest_gateway.retiring import retire as retire_gateway
from ingest_gateway.service import run_gateway
from ingest_gateway.settings import GatewaySettings, TlsSettings
from quaymeter.cli.context import Lifeline, service_settings
from quaymeter.cli.output import say
from quaymeter.lifecycle import hold_lifeline, stopping
from quaymeter.slots import default_directory, name_with_slot, stopped_name

if TYPE_CHECKING:
    from quaymeter.settings import Settings

DAY_S = 86_400


def register(app: typer.Typer) -> None:
    """Add the command, and the one below it."""
    group = typer.Typer()
    group.callback(invoke_without_command=True)(gateway)
    group.command("retire")(retire)
    app.add_typer(group, name="gateway")


def gateway(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Option(help="Client id and ledger name; {slot} is the first free number.")
    ] = None,
    http_port: Annotated[int | None, typer.Option(help="Health and metrics; 0 takes any free port.")] = None,
    lifeline: Lifeline = False,  # noqa: FBT002 – typer makes a flag of it
) -> None:
    """Take messages from the broker, write them, acknowledge after the commit.

    Any number of gateways share the load: each takes a name of its own and all subscribe to one shared
    subscription. SIGTERM stops it cleanly; what is not committed stays with the broker.

    Example:  QUAYMETER_DSN=postgresql://… quaymeter gateway
    """
    if context.invoked_subcommand is not None:
        return
    settings = service_settings(context, gateway_name=name, gateway_http_port=http_port)
    with stopping() as stop, name_with_slot(settings.gateway_name, _slots(settings)) as own_name:
        if lifeline:
            hold_lifeline(stop)
        run_gateway(gateway_settings(settings, own_name), stop)


def retire(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Its name: gateway-3, without a slot.")]
) -> None:
    """Take over what waits at the broker for a gateway that was stopped for good, and end its session.

    Until then the broker may go on giving it a share of the messages.

    Example:  quaymeter gateway retire gateway-3
    """
    settings = service_settings(context)
    with stopped_name(name, _slots(settings)):
        taken = retire_gateway(gateway_settings(settings, name))
    say(f"{name}: {taken} messages taken over, its session has ended")


def _slots(settings: Settings) -> Path:
    return Path(settings.gateway_slots) if settings.gateway_slots else default_directory()


def gateway_settings(settings: Settings, name: str) -> GatewaySettings:
    """Return what the gateway room needs to know."""
    return GatewaySettings(
        dsn=settings.conninfo,
        broker_host=settings.broker_host,
        broker_port=settings.port_of_broker,
        username=settings.broker_username or None,
        password=settings.broker_password or None,
        tls=_tls(settings) if settings.broker_tls else None,
        client_id=name,
        group=settings.gateway_group,
        sites=settings.sites,
        client="stock" if settings.gateway_client == "stock" else "bulk",
        sparkplug=settings.gateway_sparkplug,
        session_expiry_s=settings.gateway_session_days * DAY_S,
        receive_maximum=settings.gateway_receive_maximum,
        batch_rows=settings.gateway_batch_rows,
        batch_ms=settings.gateway_batch_ms,
        writers=settings.gateway_writers,
        max_held_bytes=settings.gateway_held_mb * 1_000_000,
        retention_s=float(settings.retention_days * DAY_S),
        http_host=settings.http_host,
        http_port=settings.gateway_http_port,
    )


def _tls(settings: Settings) -> TlsSettings:
    return TlsSettings(
        ca_file=Path(settings.broker_ca) if settings.broker_ca else None,
        certificate_file=Path(settings.broker_certificate) if settings.broker_certificate else None,
        key_file=Path(settings.broker_key) if settings.broker_key else None,
    )
