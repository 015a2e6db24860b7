"""Options of commands that read or write files of readings: which site, which columns mean what, from when to when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from storage.catalogue import list_sites
from telemetry.errors import ConfigurationError, TransferError


class Ambiguous(StrEnum):
    """What the hour means that a clock repeats in autumn."""

    RAISE = "raise"
    EARLIEST = "earliest"
    LATEST = "latest"


SiteId = Annotated[str, typer.Option("--site", help="Site id; may be left out where the database has one site.")]
TimeColumn = Annotated[str, typer.Option("--time", help="Column of the time.")]
PointColumn = Annotated[str, typer.Option("--point", help="Column of the point's key, one reading a row.")]
ValueColumn = Annotated[str, typer.Option("--value", help="Column of the value, one reading a row.")]
QualityColumn = Annotated[str | None, typer.Option("--quality", help="Column of the quality, where there is one.")]
Columns = Annotated[
    list[str] | None, typer.Option("--map", help="column=area/asset/point[:unit]: one point a column instead.")
]
Zone = Annotated[str, typer.Option(help="Zone of times that carry none: Europe/Paris, or a fixed offset as +01:00.")]
TimeFormat = Annotated[str, typer.Option(help="How times are written (strptime); ISO 8601 unless said otherwise.")]
AmbiguousRule = Annotated[Ambiguous, typer.Option(help="Which hour is meant where one happens twice.")]
Cadence = Annotated[
    float | None,
    typer.Option(min=1, help="Seconds between readings of a file that is coarser than its points are live."),
]
Canonical = Annotated[
    bool, typer.Option("--canonical", help="Values in canonical units, qualities as stored: as exported.")
]


def only_site(dsn: str) -> str:
    """Return the id of the only site of the database.

    Raises
    ------
    ConfigurationError
        If there are several, or none.
    """
    names = list_sites(dsn)
    if len(names) == 1:
        return names[0]
    cause = f"the database has {len(names)} sites" if names else "the database knows no site"
    cure = "one of " + ", ".join(names) if names else "quaymeter site apply FILE"
    raise ConfigurationError(cause, place="--site", cure=cure)


def mapped_column(text: str) -> tuple[str, tuple[str, str]]:
    """Read `column=area/asset/point[:unit]`; returns (column, (key, unit)).

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    column, _, target = text.rpartition("=")
    key, _, unit = target.partition(":")
    if not column or key.count("/") != 2:
        raise ConfigurationError(
            f'"{text}" is not column=area/asset/point[:unit]',
            place="--map",
            cure="for example --map kwh=quay/meter/energy:kW.h",
        )
    return column, (key, unit)


def moment(option: str, text: str) -> datetime:
    """Read a moment; one without a zone could mean two different instants and is refused.

    Raises
    ------
    TransferError
        If it is none, or has no zone.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise TransferError(f'"{text}" is no time', place=option, cure="write 2026-01-01T00:00:00+01:00") from None
    if read.tzinfo is None:
        raise TransferError(f'"{text}" has no time zone', place=option, cure=f"write {text}Z for UTC, or {text}+01:00")
    return read
