"""`quaymeter part`: the pieces that only the demo starts; hidden, each lives on its parent's lifeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quaymeter import logs
from quaymeter.cli.kinds import BrokerKind  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import show_json
from quaymeter.lifecycle import hold_lifeline, stopping

Directory = Annotated[Path, typer.Argument(help="where its data are kept")]


def register(app: typer.Typer) -> None:
    """Add the hidden group."""
    group = typer.Typer(help="Pieces of the demo.", no_args_is_help=True)
    group.command()(database)
    group.command()(broker)
    app.add_typer(group, name="part", hidden=True)


def database(directory: Directory) -> None:
    """Run the pip-installed PostgreSQL server until the parent leaves."""
    from storage.embedded import EmbeddedServer  # noqa: PLC0415 – the other parts run without it

    logs.configure("info", "text")
    with stopping() as stop:
        server = EmbeddedServer(directory)
        dsn = server.start()
        try:
            hold_lifeline(stop)
            show_json({"dsn": dsn})
            stop.wait()
        finally:
            server.stop()


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
