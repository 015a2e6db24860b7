"""`quaymeter demonstrators accept|reject|retire|bundle`: what a person decides, and a run to take away."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from quaymeter.cli.context import Json, user_name
from quaymeter.cli.output import say, show_json
from storage import demonstrators, events_nonroutine, savings_runs
from storage.engine import connect
from telemetry.errors import ConfigurationError, StorageError, TransferError
from telemetry.plan import EventMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.engine import Connection
    from storage.events_nonroutine import EventRow
    from telemetry.plan import NonRoutineEvent

    Where = Callable[[typer.Context, str], tuple[str, str]]

Name = Annotated[str, typer.Argument(help="Id of the demonstrator.")]
Event = Annotated[str, typer.Argument(help="The event, as `quaymeter demonstrators events` lists it.")]
Site = Annotated[str, typer.Option(help="Site id, where the database holds several.")]
By = Annotated[str, typer.Option("--by", help="Who decides; who runs this if left out.")]


def commands(where: Where) -> tuple[Callable[..., None], ...]:
    """Return the commands; `where` finds the database and the site that is meant."""

    def accept(  # noqa: PLR0913 – each is an option of the command
        context: typer.Context,
        name: Name,
        event: Event,
        *,
        evidence: Annotated[str, typer.Option(help="What shows that it happened: a log, an invoice, a photo.")],
        by: By = "",
        method: Annotated[
            EventMethod | None,
            typer.Option(help="How its size is found; stated where one is given, as suggested if left out."),
        ] = None,
        amount: Annotated[float | None, typer.Option(help="Stated: added to the adjusted baseline [unit].")] = None,
        error: Annotated[float | None, typer.Option("--standard-error", help="Stated: of the amount [unit].")] = None,
        title: Annotated[str, typer.Option(help="What happened, in a few words.")] = "",
        site: Site = "",
        as_json: Json = False,
    ) -> None:
        """Agree to a non-routine event: the next run adjusts for it, with its own uncertainty, or leaves its days out.

        Refused where an accepted event of the figure has one of its days: the same use would be counted twice.

        Example:  quaymeter demonstrators accept seawater-condenser EVENT --evidence "maintenance log of April"
        """
        dsn, site = where(context, site)
        who = by or user_name()
        with connect(dsn, autocommit=True) as connection:
            known = _event(connection, site, name, event)
            said = _said(known, method=method, amount=amount, error=error, evidence=evidence, title=title)
            with connection.transaction():
                if said != known:
                    events_nonroutine.change(connection, site, name, said, who=who, reason=evidence)
                row = events_nonroutine.accept(connection, site, name, event, who=who, reason=evidence)
        leaves_out = row.event.method is EventMethod.EXCLUDED
        told = "the next run leaves its days out" if leaves_out else "the next run adjusts for it"
        _tell(row, f"accepted: {told}", as_json=as_json)

    def reject(
        context: typer.Context,
        name: Name,
        event: Event,
        *,
        why: Annotated[str, typer.Option(help="Why it is none, for whoever audits it.")],
        by: By = "",
        site: Site = "",
        as_json: Json = False,
    ) -> None:
        """Say that a suspected event is none: no run adjusts for it, and it is not suggested again."""
        dsn, site = where(context, site)
        with connect(dsn, autocommit=True) as connection:
            _event(connection, site, name, event)
            row = events_nonroutine.reject(connection, site, name, event, who=by or user_name(), reason=why)
        _tell(row, "rejected: it is in no figure", as_json=as_json)

    def retire(
        context: typer.Context,
        name: Name,
        *,
        why: Annotated[str, typer.Option(help="Why it is used no longer.")],
        by: By = "",
        site: Site = "",
        as_json: Json = False,
    ) -> None:
        """Take a demonstrator that the API declared out of lists, sums and nightly runs; all of it is kept.

        One of the site file is taken out there. Declaring its plan again brings it back.
        """
        dsn, site = where(context, site)
        with connect(dsn, autocommit=True) as connection:
            found = demonstrators.retire(connection, site, name, who=by or user_name(), reason=why)
        if as_json:
            show_json({"demonstrator": name, "retired_at": found.retired_at})
        else:
            say(f"{name} is used no longer; its plans, runs and events are kept")

    def bundle(
        context: typer.Context,
        name: Name,
        *,
        out: Annotated[Path, typer.Option(help="Where to.", dir_okay=False)],
        number: Annotated[int, typer.Option("--run", help="Number of the run; the one that stands if left out.")] = 0,
        site: Site = "",
    ) -> None:
        """Write the bundle of a run: for `quaymeter savings verify` and `report`, on any machine.

        Example:  quaymeter demonstrators bundle steam-traps --out steam-traps.zip
        """
        from savings.bundle import pack  # noqa: PLC0415 – imports wait until they are needed
        from savings.record import decode_input, decode_run  # noqa: PLC0415

        dsn, site = where(context, site)
        with connect(dsn, autocommit=True) as connection:
            row = savings_runs.run_row(connection, number) if number else savings_runs.newest(connection, site, name)
            if row is None or (row.site, row.demonstrator) != (site, name):
                cure = (
                    f"see `quaymeter demonstrators runs {name}`, or make one with `quaymeter demonstrators run {name}`"
                )
                raise StorageError(f"no run {number or ''} of {name}".replace("  ", " "), place=name, cure=cure)
            held = [read(connection, row.id) for read in (savings_runs.input_bytes, savings_runs.run_bytes)]
        try:
            out.write_bytes(pack(decode_input(held[0]), decode_run(held[1])))
        except OSError as problem:
            cure = "name a place that you may write"
            raise TransferError(f"cannot be written: {problem.strerror}", place=str(out), cure=cure) from problem
        say(f"run {row.id} of {name}: {out}")

    return accept, reject, retire, bundle


def _event(connection: Connection, site: str, name: str, key: str) -> NonRoutineEvent:
    rows = {row.key: row.event for row in events_nonroutine.events(connection, site, name)}
    if key not in rows:
        raise ConfigurationError(
            f"{name} has no event {key!r}", place="event",
            cure=f"one of: {', '.join(rows)}" if rows else "`quaymeter demonstrators events` lists none",
        )  # fmt: skip
    return rows[key]


def _said(
    event: NonRoutineEvent, *, method: EventMethod | None, amount: float | None, error: float | None, evidence: str,
    title: str,
) -> NonRoutineEvent:  # fmt: skip
    """Return the event as the person describes it."""
    try:
        sized = event.with_size(method=method, amount=amount, standard_error=error)
        return replace(sized, evidence=evidence, title=title or event.title)
    except ValueError as problem:
        cure = "give --amount and --standard-error, which are stated, or neither of them"
        raise ConfigurationError(str(problem), place="event", cure=cure) from problem


def _tell(row: EventRow, text: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"event": row.key, "status": str(row.event.status), "by": row.who, "at": row.at})
    else:
        say(f"{row.key} {text}")
