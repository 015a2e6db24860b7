"""`quaymeter quarantine`: what was refused, why, and its second way in."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from quaymeter.cli.context import Json, settings_of, user_name
from quaymeter.cli.output import ExitCode, progress, say, show_json, show_table
from quaymeter.quarantine_replay import Outcome, Replayed, choose
from quaymeter.quarantine_replay import replay as replay_messages
from storage import quarantine
from storage.engine import connect
from telemetry.batch import RefusalReason

if TYPE_CHECKING:
    from storage.quarantine import QuarantineEntry

ReasonOption = Annotated[RefusalReason | None, typer.Option("--reason", help="Only entries refused for this reason.")]
DAY_S = 86_400.0


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="What was refused: list it, show it, replay it, close it.", no_args_is_help=True)
    group.command("list")(list_)
    group.command()(show)
    group.command()(replay)
    group.command()(close)
    app.add_typer(group, name="quarantine")


def list_(
    context: typer.Context,
    *,
    reason: ReasonOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Show replayed and closed entries too.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """List refused entries, newest first, after a count by reason.

    Example:  quaymeter quarantine list --reason unknown_point
    """
    with connect(settings_of(context).conninfo, autocommit=True) as connection:
        counts = quarantine.counts(connection)
        entries = quarantine.list_(
            connection, reason=reason.value if reason else None, open_only=not everything, limit=limit
        )
    if as_json:
        show_json({"counts": [asdict(count) for count in counts], "entries": [_document(one) for one in entries]})
        return
    say(", ".join(f"{one.reason} {one.open} open of {one.entries}" for one in counts) or "nothing was ever refused")
    if not entries:
        return
    table = Table("id", "arrived [UTC]", "reason", "topic", "detail")
    for one in entries:
        table.add_row(str(one.id), f"{one.arrived_at:%Y-%m-%d %H:%M:%S}", one.reason, one.topic, one.detail)
    show_table(table)


def show(
    context: typer.Context, entry: Annotated[int, typer.Argument(help="Id from the list.")], *, as_json: Json = False
) -> None:
    """Show one refused entry with the message it came in.

    Example:  quaymeter quarantine show 17
    """
    with connect(settings_of(context).conninfo, autocommit=True) as connection:
        found = quarantine.show(connection, entry)
    if as_json:
        show_json(_document(found))
        return
    for name, value in _document(found).items():
        sys.stdout.write(f"{name:>14}: {value}\n")


def replay(
    context: typer.Context,
    ids: Annotated[list[int] | None, typer.Argument(help="Ids from the list; none: all that are open.")] = None,
    *,
    reason: ReasonOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go in, write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Send refused messages in again, once the cause is mended (the site file applied, the clock set).

    What would be refused again stays open. Entries of a message that were stored the first time count as duplicates.
    Exit 1 where something is still refused.

    Example:  quaymeter quarantine replay --reason unknown_point
    """
    settings = settings_of(context)
    chosen = choose(settings.conninfo, ids or [], reason.value if reason else None)
    results: list[Replayed] = []
    with progress() as bar:
        task = bar.add_task("replaying", total=len(chosen), note="")
        for result in replay_messages(
            settings.conninfo, chosen, who=user_name(), retention_s=settings.retention_days * DAY_S, dry_run=dry_run
        ):
            results.append(result)
            bar.advance(task, len(result.ids))
    _tell(results, dry_run=dry_run, as_json=as_json)
    still = any(result.outcome is not Outcome.STORED for result in results)
    raise typer.Exit(ExitCode.NOT_IN_ORDER if still else ExitCode.OK)


def close(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(help="Ids from the list.")],
    *,
    as_json: Json = False,
) -> None:
    """Close refused entries whose cause will not be mended: they are no longer open, and forgotten one day.

    Who closed what is in the audit log.

    Example:  quaymeter quarantine close 17 18
    """
    with connect(settings_of(context).conninfo, autocommit=True) as connection:
        closed = quarantine.close(connection, ids, who=user_name())
    if as_json:
        show_json({"closed": closed})
        return
    say(f"{closed} closed")


def _tell(results: list[Replayed], *, dry_run: bool, as_json: bool) -> None:
    figures = {
        "messages": len(results),
        "replayed": sum(result.outcome is Outcome.STORED for result in results),
        "still_refused": sum(result.outcome is not Outcome.STORED for result in results),
        "stored": sum(result.stored for result in results),
        "duplicate": sum(result.duplicate for result in results),
        "quarantined": sum(result.quarantined for result in results),
    }
    if as_json:
        show_json({"dry_run": dry_run, **figures, "results": [asdict(result) for result in results]})
        return
    for result in results:
        if result.outcome is not Outcome.STORED:
            say(f"{', '.join(map(str, result.ids))}: {result.outcome}: {result.detail}")
    say(("would be: " if dry_run else "") + ", ".join(f"{name} {count}" for name, count in figures.items()))


def _document(entry: QuarantineEntry) -> dict[str, object]:
    """Return an entry for a program; a payload that is no text is given as hexadecimal digits."""
    document = asdict(entry)
    payload = document.pop("payload")
    if payload is not None:
        document["complete"] = entry.complete
        try:
            document["payload"] = payload.decode("utf-8")
        except UnicodeDecodeError:
            document["payload_hex"] = payload.hex()
    return document
