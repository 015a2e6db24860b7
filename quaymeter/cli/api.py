"""`quaymeter api`: the HTTP service and the operators' console."""

from __future__ import annotations

from typing import Annotated

import typer

from api.serve import run_api
from api.settings import ApiSettings
from quaymeter.cli.context import Lifeline, service_settings
from quaymeter.cli.output import show_json
from quaymeter.lifecycle import hold_lifeline, stopping


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(api)


def api(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any free one.")] = None,
    lifeline: Lifeline = False,  # noqa: FBT002 – typer makes a flag of it
) -> None:
    """Serve the console and the API, on this machine's loopback unless told otherwise.

    Example:  QUAYMETER_DSN=postgresql://… quaymeter api --port 8080
    """
    settings = service_settings(context, http_host=host, api_port=port)
    wanted = ApiSettings(
        dsn=settings.conninfo,
        allowed_hosts=settings.api_hosts,
        default_language=settings.api_language,
        write_token=settings.api_write_token,
    )
    with stopping() as stop:
        if lifeline:
            hold_lifeline(stop)
        run_api(
            wanted,
            stop,
            host=settings.http_host,
            port=settings.api_port,
            on_listening=lambda taken: show_json({"listening": f"http://{settings.http_host}:{taken}"}),
        )
