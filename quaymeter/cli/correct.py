"""`quaymeter correct`: what counts instead of wrong readings – from a file, struck out, listed, shown, withdrawn."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table
from typer.core import TyperGroup

from quaymeter.cli.context import Json, settings_of, user_name
from quaymeter.cli.history_file import (
    Ambiguous,
    AmbiguousRule,
    Cadence,
    Canonical,
    Columns,
    PointColumn,
    QualityColumn,
    SiteId,
    TimeColumn,
    TimeFormat,
    ValueColumn,
    Zone,
    mapped_column,
    moment,
    only_site,
)
from quaymeter.cli.output import say, show_json, show_table
from storage.catalogue import load_catalogue
from storage.correction_file import Window, from_file, source_of, strike
from storage.corrections import content, find, list_, preview
from storage.corrections import correct as make_corrections
from storage.corrections import withdraw as withdraw_corrections
from storage.engine import connect
from storage.transfer import ImportMapping
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.correction_file import Proposal
    from storage.corrections import Correction, DayChange, DayFigure

MAKE = "make"  # the command where none is named

By = Annotated[str, typer.Option("--by", help="Who corrects; who runs this if left out.")]
Why = Annotated[str, typer.Option("--why", help="Why, for whoever audits it; not needed for a dry run.")]
Numbers = Annotated[list[int], typer.Argument(help="Numbers from the list.")]


class FileOrCommand(TyperGroup):
    """Takes `quaymeter correct FILE …` for `quaymeter correct make FILE …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 – typer keeps its context's type private
        """Put the command in where the first word is none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [MAKE, *args]
        return list(super().parse_args(ctx, args))


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        cls=FileOrCommand,
        help="What counts instead of wrong readings: quaymeter correct FILE … The readings themselves stay.",
        no_args_is_help=True,
    )
    group.command(MAKE)(make)
    group.command("list")(list_corrections)
    group.command()(show)
    group.command()(withdraw)
    app.add_typer(group, name="correct")


def make(  # noqa: PLR0913 – each is an option of the command
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="CSV or Parquet with the right readings.", exists=True, dir_okay=False)
    ] = None,
    *,
    why: Why = "",
    by: By = "",
    start: Annotated[str, typer.Option("--from", help="First moment corrected; the file's first if left out.")] = "",
    end: Annotated[
        str, typer.Option("--to", help="Moment after the last; when the reading after the file's last is due.")
    ] = "",
    struck: Annotated[
        list[str] | None, typer.Option("--strike", help="Instead of a file: a point of which nothing counts.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change by day, write nothing.")] = False,
    site: SiteId = "",
    time: TimeColumn = "ts",
    point: PointColumn = "point",
    value: ValueColumn = "value",
    quality: QualityColumn = None,
    columns: Columns = None,
    tz: Zone = "",
    time_format: TimeFormat = "",
    ambiguous: AmbiguousRule = Ambiguous.RAISE,
    canonical: Canonical = False,
    cadence: Cadence = None,
    as_json: Json = False,
) -> None:
    """Have the readings of a file count instead of what was measured, from its first to its last or --from to --to.

    What was measured stays and comes back with `withdraw`. Of several corrections of one time the newest decides. All
    figures are made anew where they change, savings with the next run. A file is taken whole or not at all. A register
    goes on from the raw reading before the window and to the one after it. A file by the quarter of an hour for points
    that live speak every minute needs --cadence 900.

    Example:  quaymeter correct meter.csv --tz Europe/Paris --why "sent tenfold since the swap" --dry-run

    Example:  quaymeter correct --strike quay/intake/flow --from 2026-11-02T00:00Z --to 2026-11-09T00:00Z --why stuck
    """
    if (file is None) == (not struck):
        raise ConfigurationError(
            "a file and --strike at once" if struck else "neither a file nor --strike",
            place="quaymeter correct",
            cure="name the file with the right readings, or with --strike the points of which nothing counts",
        )
    dsn = settings_of(context).conninfo
    catalogue = load_catalogue(dsn, site or only_site(dsn))
    window = Window(moment("--from", start) if start else None, moment("--to", end) if end else None)
    if file is None:
        source, proposals = None, strike(catalogue, struck or [], window)
    else:
        mapped = dict(mapped_column(text) for text in columns or [])
        mapping = ImportMapping(
            time=time, point=point, value=value, quality=quality, canonical=canonical, timezone=tz,
            time_format=time_format, ambiguous=ambiguous.value,
            points={column: key for column, (key, _) in mapped.items()},
            units={key: unit for key, unit in mapped.values() if unit},
        )  # fmt: skip
        source, proposals = source_of(file), from_file(file, catalogue, mapping, window=window, cadence_s=cadence)
    _warn(proposals)
    if dry_run:
        _tell_changes(preview(dsn, proposals, source=source), as_json=as_json)
    else:
        made = make_corrections(dsn, proposals, who=by or user_name(), why=_said("--why", why), source=source)
        _tell_made(made, as_json=as_json)


def list_corrections(
    context: typer.Context,
    *,
    site: SiteId = "",
    point: Annotated[str, typer.Option("--point", help="Only of this point.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Show withdrawn ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List the corrections in force, the newest first.

    Example:  quaymeter correct list --point quay/meter/energy
    """
    with connect(settings_of(context).conninfo, autocommit=True) as connection:
        found = list_(connection, site=site or None, point=point or None, withdrawn=everything)
    if as_json:
        show_json({"corrections": [asdict(one) for one in found]})
    elif found:
        _show(found)
    else:
        say("nothing is corrected")


def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number from the list.")],
    *,
    as_json: Json = False,
) -> None:
    """Show one correction and, day by day, its readings beside the raw ones that it covers.

    Example:  quaymeter correct show 3
    """
    with connect(settings_of(context).conninfo, autocommit=True) as connection:
        (found,) = find(connection, [number])
        days = content(connection, number)
    if as_json:
        show_json({**asdict(found), "days": [asdict(day) for day in days]})
        return
    for name, text in asdict(found).items():
        if text is not None:
            say(f"{name:>13}: {text}")
    table = Table("day", "readings", "mean", "raw readings", "raw mean")
    for day in days:
        table.add_row(str(day.day), str(day.readings), _figure(day.mean), str(day.raw_readings), _figure(day.raw_mean))
    show_table(table)


def withdraw(context: typer.Context, numbers: Numbers, *, why: Why = "", by: By = "", as_json: Json = False) -> None:
    """Withdraw corrections: what counted before them counts again. They stay on record.

    Example:  quaymeter correct withdraw 3 --why "the file was of another meter"
    """
    withdrawn = withdraw_corrections(
        settings_of(context).conninfo, numbers, who=by or user_name(), why=_said("--why", why)
    )
    if as_json:
        show_json({"withdrawn": [asdict(one) for one in withdrawn]})
    else:
        say(f"withdrawn: {', '.join(str(one.number) for one in withdrawn)}; figures follow within moments")


def _said(option: str, text: str) -> str:
    if not text.strip():
        raise ConfigurationError("says nothing", place=option, cure="write the reason: an auditor will ask for it")
    return text.strip()


def _warn(proposals: Sequence[Proposal]) -> None:
    """Say what of the file will not count, and why."""
    for one in proposals:
        if one.outside:
            say(f"{one.point}: {one.outside} readings of the file lie outside the window and are left alone")
        if one.bad:
            say(f"{one.point}: {one.bad} readings are bad (outside the valid range, or told so) and will not count")


def _tell_made(made: Sequence[Correction], *, as_json: bool) -> None:
    if as_json:
        show_json({"corrections": [asdict(one) for one in made]})
        return
    _show(made)
    say("figures follow within moments, savings with the next run")


def _show(corrections: Sequence[Correction]) -> None:
    table = Table("number", Column("point", overflow="fold"), "from, to [UTC]", "what", "who, why")
    for one in corrections:
        what = f"{one.readings} readings of {one.source}" if one.readings else "struck out"
        gone = f"\nwithdrawn by {one.withdrawn_by}: {one.withdrawn_why}" if one.withdrawn_at else ""
        table.add_row(
            str(one.number), one.point, f"{one.starts:%Y-%m-%d %H:%M:%S}\n{one.ends:%Y-%m-%d %H:%M:%S}", what,
            f"{one.who}: {one.why}{gone}",
        )  # fmt: skip
    show_table(table)


def _tell_changes(changes: Sequence[DayChange], *, as_json: bool) -> None:
    if as_json:
        show_json({"dry_run": True, "days": [asdict(change) for change in changes]})
        return
    if not changes:
        say("nothing would change")
        return
    folded = [
        Column(name, overflow="fold") for name in ("point", "day", "unit", "was", "would be", "readings", "coverage")
    ]
    table = Table(*folded)
    for one in changes:
        table.add_row(
            one.point, str(one.day), one.unit, _figure(one.before.value), _figure(one.after.value),
            f"{one.before.readings} → {one.after.readings}", f"{_share(one.before)} → {_share(one.after)}",
        )  # fmt: skip
    show_table(table)
    say("nothing was written")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.6g}"


def _share(figure: DayFigure) -> str:
    return f"{figure.coverage:.1%}"
