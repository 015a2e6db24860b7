"""`quaymeter db`: the schema."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import Annotated

import typer

from quaymeter.cli.context import Json, settings_of
from quaymeter.cli.output import ExitCode, say, show_json
from storage import migrate as migrations
from storage.catalogue import apply_site
from telemetry.site_file import load_site


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The database's schema.", no_args_is_help=True)
    group.command()(migrate)
    group.command()(status)
    app.add_typer(group, name="db")


def migrate(
    context: typer.Context,
    *,
    site: Annotated[Path | None, typer.Option(help="Apply this site file afterwards.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Bring the schema up to date; needs the database's owner. Two at a time wait for each other.

    Example:  quaymeter db migrate --site sites/capecure.toml
    """
    dsn = settings_of(context).conninfo
    described = load_site(site) if site else None  # its mistakes come out before anything is changed
    applied = migrations.migrate(dsn)
    changes = apply_site(dsn, described, who="quaymeter db migrate") if described else None
    counts = None
    if changes is not None:
        counts = {"added": len(changes.added), "changed": len(changes.changed), "retired": len(changes.retired)}
    if as_json:
        show_json({"applied": applied, "site": counts})
        return
    say("\n".join(f"applied {name}" for name in applied) or "the schema was up to date")
    if described and counts:
        say(f"site {described.id}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def status(context: typer.Context, *, as_json: Json = False) -> None:
    """Show what is applied and what is not yet; exit 1 where the schema is not up to date."""
    found = migrations.status(settings_of(context).conninfo)
    if as_json:
        show_json(
            {"engine": str(found.engine), "up_to_date": found.up_to_date, "applied": found.applied}
            | {"pending": found.pending, "unknown": found.unknown}
        )
    else:
        say(f"engine {found.engine}, {len(found.applied)} applied")
        for name in found.pending:
            say(f"pending  {name}  (quaymeter db migrate applies it)")
        for name in found.unknown:
            say(f"unknown  {name}  (a newer quaymeter applied it: run that version)")
    raise typer.Exit(ExitCode.OK if found.up_to_date else ExitCode.NOT_IN_ORDER)
