"""How the records of a site become rows: one entry a table, and the comparison with what is there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from storage.engine import Connection
    from telemetry.site import Asset, DatedValue, DerivedPoint, Point, Site

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """What an apply does to one row."""

    table: str
    key: Key
    before: Row | None  # None: added
    after: Row | None  # None: retired

    def __str__(self) -> str:
        """One line for a person."""
        name = f"{self.table} {' '.join(str(part) for part in self.key if part != '')}"
        if self.before is None or self.after is None:
            return name
        before = self.before
        changed = [f"{field} {_shown(before[field])} → {_shown(value)}" for field, value in self.after.items()
                   if before[field] != value]  # fmt: skip
        if before["retired_at"] is not None:
            changed.insert(0, "in use again")
        return f"{name}: {', '.join(changed)}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the catalogue, filled from a site."""

    name: str
    key: tuple[str, ...]
    rows: Callable[[Site], Iterable[Row]]


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def _asset(asset: Asset) -> Row:
    return {
        "key": asset.key,
        "name": dict(asset.name),
        "utility": asset.utility,
        "operator": asset.operator,
        "device": asset.device,
        "kind": asset.kind,
    }


def _point(point: Point) -> Row:
    row = {field.name: getattr(point, field.name) for field in fields(point)}
    return row | {
        "name": dict(point.name),
        "tags": dict(point.tags),
        "kind": str(point.kind),
        "canonical_unit": QUANTITIES[point.quantity].unit,
    }


def _derived(point: DerivedPoint) -> Row:
    row = {field.name: getattr(point, field.name) for field in fields(point)}
    return row | {"name": dict(point.name), "inputs": dict(point.inputs)}


def _dated(value: DatedValue) -> Row:
    row = {field.name: getattr(value, field.name) for field in fields(value)}
    return {"key": row.pop("id"), **row}


DATED_KEY = ("key", "valid_from", "scope")
TABLES = (
    Table(
        name="utility",
        key=("key",),
        rows=lambda site: ({"key": one.id, "name": dict(one.name)} for one in site.utilities),
    ),
    Table(
        name="operator",
        key=("key",),
        rows=lambda site: ({"key": one.id, "name": one.name} for one in site.operators),
    ),
    Table(
        name="device",
        key=("key",),
        rows=lambda site: ({"key": key} for key in sorted({asset.device for asset in site.assets})),
    ),
    Table(name="asset", key=("key",), rows=lambda site: map(_asset, site.assets)),
    Table(name="point", key=("key",), rows=lambda site: map(_point, site.points)),
    Table(name="derived_point", key=("key",), rows=lambda site: map(_derived, site.derived_points)),
    Table(name="tariff", key=DATED_KEY, rows=lambda site: map(_dated, site.tariffs)),
    Table(name="emission_factor", key=DATED_KEY, rows=lambda site: map(_dated, site.emission_factors)),
)


def changes_of(connection: Connection, table: Table, site_id: int | None, site: Site) -> list[TableChange]:
    """Compare one table with the site's records."""
    wanted = {_key(table, row): row for row in table.rows(site)}
    present = {} if site_id is None else _present(connection, table, site_id)
    changes = [
        TableChange(table=table.name, key=key, before=present.get(key), after=row)
        for key, row in wanted.items()
        if key not in present or _differs(present[key], row)
    ]
    gone = [key for key, row in present.items() if key not in wanted and row["retired_at"] is None]
    return changes + [TableChange(table=table.name, key=key, before=present[key], after=None) for key in gone]


def _key(table: Table, row: Mapping[str, Any]) -> Key:
    return tuple(row[name] for name in table.key)


def _differs(present: Row, wanted: Row) -> bool:
    return present["retired_at"] is not None or any(present[name] != value for name, value in wanted.items())


def _present(connection: Connection, table: Table, site_id: int) -> dict[Key, Row]:
    query = sql.SQL("SELECT * FROM {} WHERE site_id = %s").format(sql.Identifier(table.name))
    with connection.cursor(row_factory=dict_row) as cursor:
        return {_key(table, row): row for row in cursor.execute(query, (site_id,))}


def save(connection: Connection, change: TableChange, site_id: int, references: Mapping[str, int]) -> None:
    """Write one change; a row no longer declared is retired, never deleted."""
    if change.after is None:
        assert change.before is not None  # noqa: S101 – one of the two is always there
        query = sql.SQL("UPDATE {} SET retired_at = now() WHERE id = %s").format(sql.Identifier(change.table))
        connection.execute(query, (change.before["id"],))
        return
    row = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in change.after.items()}
    if change.table == "point":
        row["asset_id"] = references[change.after["key"].rpartition("/")[0]]
    if change.before is None:
        _insert(connection, change.table, {"site_id": site_id, **row})
    else:
        _update(connection, change.table, change.before["id"], {**row, "retired_at": None})


def _insert(connection: Connection, table: str, row: Row) -> None:
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    connection.execute(query, list(row.values()))


def _update(connection: Connection, table: str, row_id: int, row: Row) -> None:
    pairs = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in row)
    query = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(sql.Identifier(table), pairs)
    connection.execute(query, [*row.values(), row_id])
