"""`quaymeter demonstrators`: plans, runs and non-routine events of the demonstrators in the database."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.table import Table

from quaymeter.cli.context import Json, settings_of, user_name
from quaymeter.cli.demonstrator_events import commands
from quaymeter.cli.output import ExitCode, progress, say, show_json, stdout
from storage import demonstrators as kept
from storage import events_nonroutine, savings_runs
from storage.catalogue import list_sites
from storage.engine import connect
from telemetry.errors import ConfigurationError
from worker.savings_runs import make_run

if TYPE_CHECKING:
    from storage.demonstrators import Demonstrator
    from storage.savings_runs import FigureRow, RunRow

WIDEST = 200  # characters of a line that is not written to a terminal
Site = Annotated[str, typer.Option(help="Site id, where the database holds several.")]
Name = Annotated[str, typer.Argument(help="Id of the demonstrator.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Demonstrators: plans, savings runs and non-routine events.", no_args_is_help=True)
    group.command("list")(list_)
    for command in (show, run, runs, events, *commands(_where)):
        group.command()(command)
    app.add_typer(group, name="demonstrators")


def list_(context: typer.Context, *, site: Site = "", as_json: Json = False) -> None:
    """List the demonstrators with their periods and the saving of the run that stands.

    Example:  quaymeter --env-file var/demo/settings.env demonstrators list
    """
    dsn, site = _where(context, site)
    with connect(dsn, autocommit=True) as connection:
        found = [
            (each, savings_runs.newest(connection, site, each.key)) for each in kept.demonstrators(connection, site)
        ]
    if as_json:
        show_json({"site": site, "demonstrators": [_described(each, stands) for each, stands in found]})
        return
    table = _table("demonstrator", "option", "reporting from", "figure", "saving", "of baseline")
    for each, stands in found:
        periods = each.plan.periods
        head = [each.key, str(each.plan.option), str(periods.reporting_from) if periods else "not dated"]
        for figure in stands.figures if stands else ():
            table.add_row(*head, figure.meter, _range(figure, "saving", figure.unit), _range(figure, "percent", "%"))
            head = ["", "", ""]
        if stands is None:
            table.add_row(*head, "no run yet", "", "")
    _print(table)


def show(context: typer.Context, name: Name, *, site: Site = "", as_json: Json = False) -> None:
    """Show the plan of a demonstrator, its revisions and the run that stands."""
    dsn, site = _where(context, site)
    with connect(dsn, autocommit=True) as connection:
        found = kept.the_demonstrator(connection, site, name)
        stands = savings_runs.newest(connection, site, name)
        revisions = kept.revisions(connection, site, name)
    if as_json:
        show_json(
            _described(found, stands)
            | {
                "plan": msgspec.to_builtins(found.plan),
                "revisions": [
                    {"revision": each.revision, "origin": each.origin, "by": each.declared_by, "at": each.declared_at,
                     "reason": each.reason}
                    for each in revisions
                ],
            }
        )  # fmt: skip
        return
    plan = found.plan
    say(
        f"{name}: {plan.name.get('en', '')}, option {plan.option}, {plan.frequency}, revision {found.revision.revision}"
    )
    for meter in plan.meters:
        points = ", ".join(
            each.point if each.factor == 1 else f"{each.factor:g} × {each.point}" for each in meter.points
        )
        say(f"  {meter.id} [{meter.unit}]: {points}; by {', '.join(each.point for each in plan.drivers_of(meter))}")
    for each in revisions:
        say(f"  revision {each.revision} by {each.declared_by} ({each.origin}), {each.declared_at:%Y-%m-%d %H:%M} UTC")
    if stands is not None:
        _show_runs([stands])


def run(
    context: typer.Context,
    name: Name,
    *,
    site: Site = "",
    known_at: Annotated[
        str,
        typer.Option(
            help="As it was known at this moment (ISO, with its offset): kept beside the others. Readings, "
            "corrections, plan and events of later are left out; prices and emission factors are those of today."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Compute a demonstrator now and keep the run; where nothing is new, show the one that stands.

    Exit 1 where a finding forbids a figure.

    Example:  quaymeter demonstrators run steam-traps --known-at 2026-10-01T00:00:00Z
    """
    dsn, site = _where(context, site)
    moment = _moment(known_at)
    with connect(dsn, autocommit=True) as connection, progress() as bar:
        meters = len(kept.the_demonstrator(connection, site, name).plan.meters)
        task = bar.add_task(name, total=meters + 1, note="reads the rows")

        def told(meter: str) -> None:
            bar.update(task, advance=1, note=meter)

        made = make_run(connection, site, name, asked_by=user_name(), known_at=moment, progress=told)
        bar.update(task, completed=meters + 1, note="kept")
        row = savings_runs.run_row(connection, made.run_id)
    if row is None:  # it was kept a moment ago
        raise typer.Exit(ExitCode.NOT_IN_ORDER)
    if as_json:
        show_json(_run(row) | {"fresh": made.fresh})
    else:
        say("a new run" if made.fresh else "nothing is new: the run that stands")
        _show_runs([row])
    if row.stopped:
        raise typer.Exit(ExitCode.NOT_IN_ORDER)


def runs(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Id of a demonstrator; all if left out.")] = "",
    *,
    site: Site = "",
    current: Annotated[bool, typer.Option("--current", help="Only runs that nothing has taken the place of.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List savings runs, the newest first, each with how it differs from the one before."""
    dsn, site = _where(context, site)
    with connect(dsn, autocommit=True) as connection:
        found = savings_runs.runs(connection, site, name or None, current=current, limit=limit)
    if as_json:
        show_json({"site": site, "runs": [_run(row) for row in found]})
    else:
        _show_runs(found)


def events(context: typer.Context, name: Name, *, site: Site = "", as_json: Json = False) -> None:
    """List the non-routine events of a demonstrator: suspected, accepted, rejected, taken back."""
    dsn, site = _where(context, site)
    with connect(dsn, autocommit=True) as connection:
        kept.the_demonstrator(connection, site, name)
        found = events_nonroutine.events(connection, site, name, withdrawn=True)
    if as_json:
        said = [
            {**msgspec.to_builtins(row.event), "what": row.what, "by": row.who, "at": row.at, "reason": row.reason}
            for row in found
        ]
        show_json({"site": site, "demonstrator": name, "events": said})
        return
    table = _table("event", "figure", "days", "title", "method", "status", "by")
    for row in found:
        event = row.event
        days = f"{event.first_day} – {event.last_day}"
        status = "withdrawn" if row.withdrawn else event.status
        table.add_row(row.key, event.meter, days, event.title, event.method, status, row.who)
    _print(table)


def _where(context: typer.Context, site: str) -> tuple[str, str]:
    """Return the database and the site that is meant."""
    dsn = settings_of(context).conninfo
    known = list_sites(dsn)
    if site in known:
        return dsn, site
    if not site and len(known) == 1:
        return dsn, known[0]
    raise ConfigurationError(
        f"no site {site!r} in the database" if site else f"the database holds {len(known)} sites", place="--site",
        cure=f"one of: {', '.join(known)}" if known else "apply a site file: quaymeter site apply sites/capecure.toml",
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is None or moment.tzinfo is None or moment > datetime.now(UTC):
        raise ConfigurationError(
            f'"{text}" is no moment of the past', place="--known-at", cure="write 2026-10-01T00:00:00Z, with its offset"
        )
    return moment


def _described(each: Demonstrator, stands: RunRow | None) -> dict[str, Any]:
    plan = each.plan
    return {
        "demonstrator": each.key, "name": plan.name, "measure": plan.measure, "option": plan.option,
        "revision": each.revision.revision, "declared_by": each.revision.declared_by,
        "periods": msgspec.to_builtins(plan.periods), "run": _run(stands) if stands else None,
    }  # fmt: skip


def _run(row: RunRow) -> dict[str, Any]:
    said = row._asdict()
    return said | {"current": row.current, "figures": [figure._asdict() for figure in row.figures]}


def _show_runs(found: list[RunRow]) -> None:
    table = _table("run", "demonstrator", "known at (UTC)", "cause", "figure", "saving", "of baseline", "changed")
    for row in found:
        changed = ", ".join(row.explanation.get("changed", ())) or ("first" if row.explanation.get("first") else "")
        number = str(row.id) if row.current else f"({row.id})"
        head = [number, row.demonstrator, f"{row.known_at:%Y-%m-%d %H:%M}", row.cause]
        for figure in row.figures:
            table.add_row(
                *head, figure.meter, _range(figure, "saving", figure.unit), _range(figure, "percent", "%"), changed
            )
            head, changed = ["", "", "", ""], ""
    _print(table)


def _table(*columns: str) -> Table:
    """Return an empty table that keeps each cell on one line: what is cut could not be copied."""
    table = Table(box=None)
    for name in columns:
        table.add_column(name, no_wrap=True, overflow="ignore")
    return table


def _print(table: Table) -> None:
    """Write a table; as wide as it is where it is not written to a terminal."""
    console = stdout()
    if not console.is_terminal:
        console.width = WIDEST
    console.print(table)


def _range(figure: FigureRow, name: str, unit: str) -> str:
    value, low, high = (getattr(figure, f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    places = ",.1f" if unit == "%" else ",.0f"
    band = "" if low is None or high is None else f" ({low:{places}} … {high:{places}})"
    return f"{value:{places}} {unit}{band}"
