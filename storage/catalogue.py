"""Sites in the database: apply a site file's records, and load them back as the decoder needs them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from storage.catalogue_tables import TABLES, changes_of, save
from storage.changes_refused import refuse_relabelling
from storage.claims import refuse_claimed
from storage.demonstrators import plan_changes, save_plan_changes
from storage.engine import connect, storage_errors
from storage.rollup_rebuild import forget_rollups, pend_point
from storage.statements import statement
from telemetry.catalogue import Catalogue, CataloguePoint
from telemetry.errors import StorageError
from telemetry.site import Kind, MeterSwap, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storage.catalogue_tables import TableChange
    from storage.demonstrators import PlanChange
    from storage.engine import Connection
    from telemetry.site import Site

SHAPE_OF_ROLLUPS = {"kind", "period_s", "silent_after_s", "modulus", "rate_limit"}


@dataclass(frozen=True, kw_only=True)
class SiteChanges:
    """What applying a site changes, as lines for a person."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]
    version: str  # of the catalogue after the change

    def __bool__(self) -> bool:
        """Say whether anything changes."""
        return bool(self.added or self.changed or self.retired)


def apply_site(dsn: str, site: Site, *, who: str, dry_run: bool = False) -> SiteChanges:
    """Bring the database in line with a site; applying it again changes nothing.

    What the site no longer declares is retired: its history stays. With `dry_run` nothing is written.
    """
    with storage_errors("apply a site"), connect(dsn) as connection:
        refuse_claimed(connection, site)
        row = connection.execute(statement("catalogue", "site_row"), (site.id,)).fetchone()
        site_id, version = row or (None, "")
        header = _header_changes(connection, site_id, site)
        tables = [change for table in TABLES for change in changes_of(connection, table, site_id, site)]
        swaps = _swap_changes(connection, site_id, site)
        plans = plan_changes(connection, site_id, site.demonstrators)
        refuse_relabelling(connection, tables, {swap.point for kind, swap in swaps if kind != "retired"})
        changes = _changes(site, site_id, header, tables, swaps, plans, version)
        if changes and not dry_run:
            _save(connection, site, header, tables, swaps, plans, changes, who)
            connection.commit()
        else:
            connection.rollback()
        return changes


def load_catalogue(dsn: str, site_id: str) -> Catalogue:
    """Load the points of one site, numbered by the database."""
    with storage_errors("load the catalogue"), connect(dsn, autocommit=True) as connection:
        query = "SELECT id, version, plain_topics, sparkplug FROM site WHERE key = %s"
        row = connection.execute(query, (site_id,)).fetchone()
        if row is None:
            raise StorageError(
                f"no site {site_id!r} in the database",
                cure=f"apply its file: quaymeter site apply sites/{site_id}.toml",
            )
        number, version, plain_topics, sparkplug = row
        points = connection.execute(statement("catalogue", "points_of_site"), (number,)).fetchall()
        devices = connection.execute(statement("catalogue", "devices_of_assets"), (number,)).fetchall()
    return Catalogue(
        site=site_id,
        points={point[1]: CataloguePoint(point_id=point[0], point=_point(point[1:])) for point in points},
        devices=dict(devices),
        plain_topics=plain_topics,
        sparkplug=sparkplug,
        version=version,
    )


def list_sites(dsn: str) -> list[str]:
    """Return the ids of the sites in the database, in order."""
    with storage_errors("list the sites"), connect(dsn, autocommit=True) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM site ORDER BY key")]


def site_version(dsn: str, site_id: str) -> str:
    """Return the catalogue's version, for a gateway that asks whether to load it again; "" where there is none."""
    with storage_errors("read the catalogue's version"), connect(dsn, autocommit=True) as connection:
        row = connection.execute("SELECT version FROM site WHERE key = %s", (site_id,)).fetchone()
    return str(row[0]) if row else ""


def _point(row: tuple[Any, ...]) -> Point:
    names = (
        "key", "name", "quantity", "unit", "kind", "period_s", "silent_after_s", "valid_min", "valid_max",
        "rate_limit", "modulus", "pulse_weight", "accuracy_class", "calibration_due", "tags",
    )  # fmt: skip
    values = dict(zip(names, row, strict=True))
    return Point(**values | {"kind": Kind(values["kind"])})


def _header(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "timezone": site.timezone.key,
        "plain_topics": dict(site.plain_topics),
        "sparkplug": dict(site.sparkplug),
        "calendars": _plain(site.calendars),
        "alarm_rules": _plain(site.alarm_rules),
    }


def _plain(records: Iterable[Mapping[str, object]]) -> list[dict[str, Any]]:
    """Return records as JSON holds them: dates and times become text."""
    plain: list[dict[str, Any]] = json.loads(json.dumps([dict(record) for record in records], default=str))
    return plain


def _header_changes(connection: Connection, site_id: int | None, site: Site) -> list[str]:
    wanted = _header(site)
    if site_id is None:
        return []
    present = connection.execute(f"SELECT {', '.join(wanted)} FROM site WHERE id = %s", (site_id,)).fetchone() or ()
    pairs = zip(wanted.items(), present, strict=True)
    return [name for (name, value), before in pairs if before != value]


def _swap_changes(connection: Connection, site_id: int | None, site: Site) -> list[tuple[str, MeterSwap]]:
    rows = () if site_id is None else connection.execute(statement("catalogue", "swaps_of_site"), (site_id,)).fetchall()
    present = {(row[0], row[1]): MeterSwap(point=row[0], at=row[1], register_before=row[2], register_after=row[3],
                                           by=row[4]) for row in rows}  # fmt: skip
    wanted = {(swap.point, swap.at): swap for swap in site.meter_swaps}
    changes = [("changed" if key in present else "added", swap) for key, swap in wanted.items()
               if present.get(key) != swap]  # fmt: skip
    return changes + [("retired", swap) for key, swap in present.items() if key not in wanted]


def _changes(
    site: Site,
    site_id: int | None,
    header: list[str],
    tables: list[TableChange],
    swaps: list[tuple[str, MeterSwap]],
    plans: list[PlanChange],
    version: str,
) -> SiteChanges:
    lines: dict[str, list[str]] = {"added": [], "changed": [], "retired": []}
    if site_id is None:
        lines["added"].append(f"site {site.id}")
    if header:
        lines["changed"].append(f"site {site.id}: {', '.join(header)}")
    for change in tables:
        kind = "added" if change.before is None else "retired" if change.after is None else "changed"
        lines[kind].append(str(change))
    for kind, swap in swaps:
        lines[kind].append(f"meter_swap {swap.point} {swap.at.isoformat()}")
    for plan in plans:
        lines[plan.kind].append(str(plan))
    if any(lines.values()):
        version = sha256(
            "\n".join([version, *lines["added"], *lines["changed"], *lines["retired"]]).encode()
        ).hexdigest()[:16]
    return SiteChanges(**{kind: tuple(texts) for kind, texts in lines.items()}, version=version)


def _save(
    connection: Connection,
    site: Site,
    header: list[str],
    tables: list[TableChange],
    swaps: list[tuple[str, MeterSwap]],
    plans: list[PlanChange],
    changes: SiteChanges,
    who: str,
) -> None:
    # A refresher at work would store what it made by the rules of before.
    connection.execute(statement("rollups", "wait_for_lock"))
    values = {name: Jsonb(value) if isinstance(value, (dict, list)) else value for name, value in _header(site).items()}
    row = connection.execute(
        statement("catalogue", "save_site"), {"key": site.id, "version": changes.version, **values}
    ).fetchone()
    site_id: int = row[0] if row else 0
    for change in tables:
        if change.table == "point":
            continue
        save(connection, change, site_id, {})
    assets = _numbers(connection, "asset", site_id)
    for change in tables:
        if change.table == "point":
            save(connection, change, site_id, assets)
    _pend_rollups(connection, site_id, zone_changed="timezone" in header, tables=tables)
    for kind, swap in swaps:
        _save_swap(connection, site_id, kind, swap)
    save_plan_changes(connection, site_id, plans, who=who)
    detail = {"added": changes.added, "changed": changes.changed, "retired": changes.retired}
    parameters = {"who": who, "what": "site_apply", "subject": site.id, "detail": Jsonb(detail)}
    connection.execute(statement("catalogue", "audit"), parameters)


def _numbers(connection: Connection, table: str, site_id: int) -> dict[str, int]:
    """Return the numbers of a site's rows by key."""
    rows = connection.execute(f"SELECT key, id FROM {table} WHERE site_id = %s", (site_id,))
    return {key: number for key, number in rows}  # noqa: C416 – dict() loses the types


def _pend_rollups(connection: Connection, site_id: int, *, zone_changed: bool, tables: list[TableChange]) -> None:
    """Have roll-ups made anew where what they are made by has changed."""
    points = _numbers(connection, "point", site_id)
    reshaped = {
        change.key[0]
        for change in tables
        if change.table == "point" and change.before and change.after
        and any(change.before[name] != change.after[name] for name in SHAPE_OF_ROLLUPS)
    }  # fmt: skip
    for key in points if zone_changed else reshaped:
        forget_rollups(connection, points[key])


def _save_swap(connection: Connection, site_id: int, kind: str, swap: MeterSwap) -> None:
    query = "SELECT id FROM point WHERE site_id = %s AND key = %s"
    row = connection.execute(query, (site_id, swap.point)).fetchone()
    if row is None:
        raise StorageError(f"meter swap of unknown point {swap.point!r}", cure="correct the key in the site file")
    parameters = {
        "point_id": row[0],
        "at": swap.at,
        "register_before": swap.register_before,
        "register_after": swap.register_after,
        "by": swap.by,
    }
    connection.execute(statement("catalogue", "drop_swap" if kind == "retired" else "save_swap"), parameters)
    pend_point(connection, row[0], swap.at, swap.at)
