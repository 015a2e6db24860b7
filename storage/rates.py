"""Prices and emission factors of a site, each in force from a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.engine import storage_errors
from storage.statements import statement
from telemetry.site import DatedValue

if TYPE_CHECKING:
    from collections.abc import Collection

    from storage.engine import Connection


def tariffs(connection: Connection, site: str, ids: Collection[str]) -> tuple[DatedValue, ...]:
    """Return every value in use of these tariffs, by id and in order of time."""
    return _read(connection, "tariffs", site, ids)


def emission_factors(connection: Connection, site: str, ids: Collection[str]) -> tuple[DatedValue, ...]:
    """Return every value in use of these emission factors, by id and in order of time."""
    return _read(connection, "emission_factors", site, ids)


def _read(connection: Connection, name: str, site: str, ids: Collection[str]) -> tuple[DatedValue, ...]:
    with storage_errors(f"read the {name.replace('_', ' ')}"):
        rows = connection.execute(statement("savings", name), {"site": site, "ids": sorted(ids)}).fetchall()
    return tuple(
        DatedValue(
            id=row[0], quantity=row[1], unit=row[2], value=row[3], valid_from=row[4], valid_to=row[5], source=row[6],
            scope=row[7],
        )
        for row in rows
    )  # fmt: skip
