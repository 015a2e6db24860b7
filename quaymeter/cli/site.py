"""`quaymeter site`: the port as data – check the file, apply it, show what is in force, let devices in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from quaymeter.access import access_list, make_secrets
from quaymeter.cli.context import Json, settings_of, user_name
from quaymeter.cli.output import ExitCode, say, show_json, show_table
from storage.catalogue import apply_site, list_sites, load_catalogue
from telemetry.errors import SiteFileError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from storage.catalogue import SiteChanges
    from telemetry.site import Site

File = Annotated[
    Path, typer.Argument(help="The site file, for example sites/capecure.toml.", exists=True, dir_okay=False)
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The port as data: its site file.", no_args_is_help=True)
    for command in (check, apply, show, acl, secrets):
        group.command()(command)
    app.add_typer(group, name="site")


def check(file: File, *, as_json: Json = False) -> None:
    """Explain every mistake of a site file with file, line, cause and cure; exit 1 where there is one.

    Example:  quaymeter site check sites/capecure.toml
    """
    try:
        site = load_site(file)
    except SiteFileError as error:
        if not as_json:
            raise
        mistakes = [
            {"file": one.file, "line": one.line, "cause": one.cause, "cure": one.cure} for one in error.mistakes
        ]
        show_json({"ok": False, "mistakes": mistakes})
        raise typer.Exit(ExitCode.NOT_IN_ORDER) from error
    if as_json:
        show_json({"ok": True, "mistakes": [], **_figures(site)})
    else:
        say(f"{file} is in order: " + ", ".join(f"{count} {name}" for name, count in _figures(site).items()))


def apply(
    context: typer.Context,
    file: File,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
    who: Annotated[str, typer.Option(help="Who applies it, for the audit log.")] = "",
    as_json: Json = False,
) -> None:
    """Bring the database in line with a site file: show what changes, never delete history, record who and when.

    Applying the same file again changes nothing.

    Example:  quaymeter site apply sites/capecure.toml --dry-run
    """
    site = load_site(file)
    changes = apply_site(settings_of(context).conninfo, site, who=who or user_name(), dry_run=dry_run)
    if as_json:
        show_json({"site": site.id, "dry_run": dry_run, **_changes(changes)})
        return
    for sign, names in (("+", changes.added), ("~", changes.changed), ("-", changes.retired)):
        for name in names:
            sys.stdout.write(f"{sign} {name}\n")
    total = sum(len(names) for names in _changes(changes).values())
    done = "would change" if dry_run else "changed"
    say(f"{site.id}: {total} thing(s) {done}" if total else f"{site.id}: nothing to change")


def show(context: typer.Context, site: Annotated[str, typer.Argument()] = "", *, as_json: Json = False) -> None:
    """Show the points that are in force in the database.

    Example:  quaymeter site show capecure
    """
    dsn = settings_of(context).conninfo
    names = [site] if site else list_sites(dsn)
    rows = [
        (name, entry.point_id, entry.point) for name in names for entry in load_catalogue(dsn, name).points.values()
    ]
    if as_json:
        show_json(
            [
                {"site": name, "id": number, "key": point.key, "quantity": point.quantity, "unit": point.unit}
                | {"kind": str(point.kind), "period_s": point.period_s, "silent_after_s": point.silent_after_s}
                for name, number, point in rows
            ]
        )
        return
    table = Table("site", "id", "point", "quantity", "unit", "kind", "every [s]", title=f"{len(rows)} points")
    for name, number, point in rows:
        table.add_row(name, str(number), point.key, point.quantity, point.unit, str(point.kind), f"{point.period_s:g}")
    show_table(table)


def acl(file: File) -> None:
    """Write mosquitto's access list to stdout: a device may write only under its own branch.

    Example:  quaymeter site acl sites/capecure.toml > deploy/secrets/broker_acl
    """
    sys.stdout.write(access_list(load_site(file)))


def secrets(
    file: File,
    directory: Annotated[Path, typer.Argument(help="Where to write them; docker-compose.yml reads deploy/secrets.")],
    *,
    as_json: Json = False,
) -> None:
    """Make the passwords of database, gateway and every device, and the broker's password and access files.

    What is there already is kept: run it again after the site file has grown, then restart the broker. A device's
    password is in DIRECTORY/devices/.

    Example:  quaymeter site secrets sites/capecure.toml deploy/secrets
    """
    made = dict(make_secrets(load_site(file), directory))
    if as_json:
        show_json({"directory": str(directory), "written": [name for name, new in made.items() if new]})
        return
    say(f"{sum(made.values())} written, {len(made) - sum(made.values())} kept as they were, in {directory}")


def _figures(site: Site) -> dict[str, int]:
    return {
        "points": len(site.points),
        "assets": len(site.assets),
        "devices": len({asset.device for asset in site.assets}),
        "operators": len(site.operators),
        "derived points": len(site.derived_points),
    }


def _changes(changes: SiteChanges) -> dict[str, list[str]]:
    return {"added": list(changes.added), "changed": list(changes.changed), "retired": list(changes.retired)}
