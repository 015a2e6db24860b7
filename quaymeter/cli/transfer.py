"""`quaymeter import` and `quaymeter export`: readings from and to files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from quaymeter.cli.output import ExitCode, progress, say, show_json
from storage.engine import connect
from storage.series import Resolution
from storage.transfer import Format, ImportMapping, Selection, export_, import_history
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.transfer import ImportResult

STDOUT = Path("-")
SUFFIXES = {".csv": Format.CSV, ".parquet": Format.PARQUET, ".arrow": Format.ARROW, ".arrows": Format.ARROW}


Start = Annotated[str, typer.Option("--from", help="First moment, with its zone: 2026-01-01T00:00:00+01:00.")]
End = Annotated[str, typer.Option("--to", help="Moment after the last; now if left out.")]
Points = Annotated[list[str] | None, typer.Option("--point", help="Key of a point, once for each; all if left out.")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("import")(import_)
    app.command("export")(export)


def import_(  # noqa: PLR0913 – each is an option of the command
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or Parquet.", exists=True, dir_okay=False)],
    *,
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
    """Bring history into the database, past the broker but through the same checks and the same ledger.

    An import that was interrupted goes on where it stopped; the same file again stores nothing twice. A history by the
    quarter of an hour of points that live speak every minute needs --cadence 900: without it, each reading holds only
    as long as its point may be silent, and the rest of the quarter counts as unknown.

    Example:  quaymeter import exported.parquet --canonical --quality quality

    Example:  quaymeter import meter.csv --time date --map kwh=quay/meter/energy:kW.h --tz Europe/Paris --cadence 900
    """
    dsn = settings_of(context).conninfo
    mapped = dict(mapped_column(text) for text in columns or [])
    mapping = ImportMapping(
        time=time,
        point=point,
        value=value,
        quality=quality,
        points={column: key for column, (key, _) in mapped.items()},
        units={key: unit for key, unit in mapped.values() if unit},
        canonical=canonical,
        timezone=tz,
        time_format=time_format,
        ambiguous=ambiguous.value,
    )
    with progress() as bar:
        task = bar.add_task(file.name, total=None, note="")

        def move(now: ImportResult) -> None:
            bar.update(task, note=f"{now.rows} rows, {now.stored} stored, {now.duplicate} seen before")

        result = import_history(
            dsn, file, site=site or only_site(dsn), mapping=mapping, who=user_name(), cadence_s=cadence, progress=move
        )
    _tell(file, result, as_json=as_json)


def _tell(file: Path, result: ImportResult, *, as_json: bool) -> None:
    if as_json:
        show_json({"file": str(file), **asdict(result)})
    else:
        resumed = f" (went on at row {result.resumed_at})" if result.resumed_at else ""
        say(
            f"{file.name}: {result.rows} rows, {result.stored} stored, {result.duplicate} seen before, "
            f"{result.quarantined} refused{resumed}"
        )
        if result.quarantined:
            say("quaymeter quarantine list says why")
    raise typer.Exit(ExitCode.NOT_IN_ORDER if result.quarantined else ExitCode.OK)


def export(  # noqa: PLR0913 – each is an option of the command
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to; - is stdout. .csv, .parquet or .arrow chooses the format.")],
    *,
    site: SiteId = "",
    start: Start = "1900-01-01T00:00:00Z",
    end: End = "",
    points: Points = None,
    resolution: Annotated[Resolution, typer.Option(help="Raw readings, or a roll-up.")] = Resolution.RAW,
    form: Annotated[Format | None, typer.Option("--format", help="Format, where the name does not tell.")] = None,
    as_json: Json = False,
) -> None:
    """Write readings or roll-ups to a file, however many, with flat memory. Values are in canonical units.

    Example:  quaymeter export day.parquet --from 2026-03-29T00:00:00+01:00 --to 2026-03-30T00:00:00+02:00

    Example:  quaymeter export - --format csv --point quay/intake/flow --resolution 1h
    """
    dsn = settings_of(context).conninfo
    chosen = form or SUFFIXES.get(file.suffix)
    if chosen is None:
        raise ConfigurationError(
            "the name does not tell the format",
            place=str(file),
            cure="end it in .csv, .parquet or .arrow, or give --format",
        )
    if file == STDOUT and as_json:
        raise ConfigurationError("the readings go to stdout already", place="--json", cure="name a file")
    selection = Selection(
        site=site or only_site(dsn),
        start=moment("--from", start),
        end=moment("--to", end) if end else datetime.now(UTC),
        points=points or None,
        resolution=resolution,
    )
    with connect(dsn) as connection, progress() as bar:
        task = bar.add_task(file.name, total=None, note="")
        target = sys.stdout.buffer if file == STDOUT else file
        rows = export_(connection, selection, target, chosen, progress=_rows(bar.update, task))
    if as_json:
        show_json({"file": str(file), "format": chosen.value, "rows": rows, "bytes": file.stat().st_size})
    else:
        say(f"{rows} rows")


def _rows(update: Callable[..., None], task: object) -> Callable[[int], None]:
    """Return what moves a progress bar that knows only the rows so far."""
    return lambda rows: update(task, note=f"{rows} rows")
