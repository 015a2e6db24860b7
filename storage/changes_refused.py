"""Changes of a site that would give what is stored already another meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from storage.catalogue_tables import Row, TableChange
    from storage.engine import Connection

MEANING = ("quantity", "canonical_unit", "kind")


def refuse_relabelling(connection: Connection, changes: Iterable[TableChange], swapped: Collection[str]) -> None:
    """Refuse another quantity, unit or kind for a point with readings, and another pulse weight without a meter swap.

    `swapped` are the points of the meter swaps that come with the change.
    """
    for change in changes:
        if change.table != "point" or change.before is None or change.after is None:
            continue
        key, before, after = change.key[0], change.before, change.after
        relabelled = [name for name in MEANING if before[name] != after[name]]
        reweighed = before["pulse_weight"] != after["pulse_weight"] and key not in swapped
        if (relabelled or reweighed) and _has_readings(connection, before["id"]):
            raise _relabelled(key, before, after, relabelled) if relabelled else _reweighed(key, before, after)


def _has_readings(connection: Connection, point_id: int) -> bool:
    query = "SELECT EXISTS (SELECT FROM point_latest WHERE point_id = %s)"
    return connection.execute(query, (point_id,)).fetchone() == (True,)


def _relabelled(key: str, before: Row, after: Row, names: list[str]) -> ConfigurationError:
    changed = ", ".join(f"{name} {before[name]} → {after[name]}" for name in names)
    return ConfigurationError(
        f"{changed}: its stored readings would be relabelled",
        place=f"point {key}",
        cure="declare the new meaning under a new key; the old point is retired and keeps its history",
    )


def _reweighed(key: str, before: Row, after: Row) -> ConfigurationError:
    return ConfigurationError(
        f"pulse_weight {before['pulse_weight']} → {after['pulse_weight']}: the jump of the register would count as"
        " consumption",
        place=f"point {key}",
        cure="declare a [[meter_swaps]] of this point at the time of the change, with the register before and after",
    )
