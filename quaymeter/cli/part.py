"""`quaymeter part`: the pieces that only the demo starts; hidden, each lives on its parent's lifeline."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from edge.agent import Agent
from edge.buffer import Buffer
from edge.reports import own_assets
from quaymeter import logs
from quaymeter.cli.context import service_settings
from quaymeter.cli.kinds import BrokerKind  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import show_json
from quaymeter.lifecycle import hold_lifeline, stopping
from quaymeter.publishing import agent_settings
from storage.embedded import EmbeddedServer
from telemetry.site_file import load_site

HISTORY_S = 3600.0
DRAIN_S = 15.0
SOURCE = "demo-source"  # speaks for every device of the site

Directory = Annotated[Path, typer.Argument(help="where its data are kept")]


def register(app: typer.Typer) -> None:
    """Add the hidden group."""
    group = typer.Typer(help="Pieces of the demo.", no_args_is_help=True)
    group.command()(database)
    group.command()(broker)
    group.command()(source)
    app.add_typer(group, name="part", hidden=True)


def database(directory: Directory) -> None:
    """Run the pip-installed PostgreSQL server until the parent leaves."""
    logs.configure("info", "text")
    with stopping() as stop:
        server = EmbeddedServer(directory, passwords=True)
        dsn = server.start()
        try:
            hold_lifeline(stop)
            show_json({"dsn": dsn})
            stop.wait()
        finally:
            _stop_server(server)


def broker(directory: Directory, kind: Annotated[BrokerKind | None, typer.Option()] = None) -> None:
    """Run a broker on the loopback until the parent leaves."""
    from quaymeter.broker import LocalBroker  # noqa: PLC0415 – the other parts run without it

    logs.configure("info", "text")
    with stopping() as stop:
        local = LocalBroker(directory, prefer=kind.value if kind else None)
        port = local.start()
        try:
            hold_lifeline(stop)
            show_json({"port": port, "kind": local.kind, "durable": local.durable})
            while not stop.wait(0.5):
                if not local.running:
                    raise typer.Exit(1)
        finally:
            local.stop()


def source(
    context: typer.Context,
    buffer: Annotated[Path, typer.Argument(help="Where it keeps what is not yet safe.")],
    site_file: Annotated[Path, typer.Option()],
    history_s: Annotated[float, typer.Option(help="How much of the past is sent first [s].")] = HISTORY_S,
) -> None:
    """Publish simulated signals for every point until the parent leaves, then wait for the last receipts."""
    from simulators.source import SignalSource  # noqa: PLC0415 – the other parts run without it

    settings = service_settings(context)
    site = load_site(site_file)
    with (
        stopping() as stop,
        closing(Buffer(buffer)) as kept,
        Agent(agent_settings(settings, site.id, SOURCE, assets=own_assets(site)), kept) as agent,
    ):
        hold_lifeline(stop, grace_s=DRAIN_S + 10)
        signals = SignalSource(site, agent, history_s=history_s)
        signals.run(stop)
        _drain(agent)
        show_json({"sent": signals.readings, "unsafe": kept.packs})


def _stop_server(server: EmbeddedServer) -> None:
    """Stop the server, by its process id too: its own tools cannot see it where its directory was closed meanwhile."""
    try:
        server.stop()
    finally:
        pid = server.pid
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        while server.pid is not None:
            time.sleep(0.05)


def _drain(agent: Agent) -> None:
    """Wait for the last receipts, but not for a broker that is gone: what is kept goes out at the next start."""
    end = time.monotonic() + DRAIN_S
    while agent.buffer.packs and agent.publisher.connected and time.monotonic() < end:
        time.sleep(0.02)
