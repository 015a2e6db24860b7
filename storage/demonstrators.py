"""Demonstrators and their plans: revision after revision, none of them ever changed; the newest is in force.

Plans come from the site file and from the API. A site file that is applied adds a revision only where it says
something else of a demonstrator than it said last; then the file's word holds, except that the periods of the plan in
force stay where the file has none. So periods that were given by the API outlive the file, and whatever else the API
declares holds until the file itself says something new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from storage import audit
from storage.engine import storage_errors
from storage.statements import statement
from telemetry.errors import ContractError, StorageError
from telemetry.plan import Plan
from telemetry.plan_bounds import refuse_beyond_bounds
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.engine import Connection


class PlanRevision(NamedTuple):
    """One revision of a plan."""

    revision: int
    origin: str  # "site" or "api"
    plan: Plan
    declared_by: str
    declared_at: datetime
    reason: str


class Demonstrator(NamedTuple):
    """A demonstrator with the plan in force."""

    site: str
    key: str
    origin: str  # who declared it first: "site" or "api"
    retired_at: datetime | None
    revision: PlanRevision

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self.revision.plan


class PlanChange(NamedTuple):
    """What applying a site file does to one demonstrator."""

    kind: str  # added, changed, retired
    key: str
    detail: str  # for a person
    plan: Plan | None  # what the file says; None where nothing new is declared
    number: int | None  # of the demonstrator, where there is one
    revision: int  # of the plan in force; 0: none
    in_force: Plan | None

    def __str__(self) -> str:
        """One line for a person."""
        return f"demonstrator {self.key}{self.detail}"


def demonstrators(connection: Connection, site: str, *, retired: bool = False) -> list[Demonstrator]:
    """Return the demonstrators of a site in its own order; with `retired` also those no longer declared."""
    return _read(connection, {"site": site, "key": None, "retired": retired})


def demonstrator(connection: Connection, site: str, key: str) -> Demonstrator | None:
    """Return one demonstrator, also a retired one; None where there is none."""
    found = _read(connection, {"site": site, "key": key, "retired": True})
    return found[0] if found else None


def the_demonstrator(connection: Connection, site: str, key: str) -> Demonstrator:
    """Return one demonstrator; StorageError with the nearest name where there is none."""
    found = demonstrator(connection, site, key)
    if found is not None:
        return found
    known = [each.key for each in demonstrators(connection, site)]
    cure = did_you_mean(key, known).strip() or f"known: {', '.join(known) or 'none'}"
    raise StorageError(f"no demonstrator {key!r}", place=f"site {site}", cure=cure)


def revisions(connection: Connection, site: str, key: str) -> list[PlanRevision]:
    """Return every revision of a plan, the newest first; empty where there is no such demonstrator."""
    with storage_errors("read the revisions of a plan"):
        rows = connection.execute(statement("savings", "revisions"), {"site": site, "key": key}).fetchall()
    return [_revision(row) for row in rows]


def declare(connection: Connection, site: str, plan: Plan, *, who: str, reason: str = "") -> PlanRevision:
    """Declare a plan by the API and commit: the next revision, or the one in force where it says the same.

    Raises
    ------
    StorageError
        If there is no such site, or somebody else declared a revision at the same moment.
    ContractError
        If the plan names a point, a price or a factor that the site does not have, or holds more than a plan may.
    """
    refuse_beyond_bounds(plan, place=f"demonstrator {plan.id}")
    with storage_errors("declare a plan"), connection.transaction():
        row = connection.execute(statement("savings", "site_number"), (site,)).fetchone()
        if row is None:
            raise StorageError(f"no site {site!r} in the database", cure="apply its file: quaymeter site apply")
        _refuse_unknown(connection, row[0], plan)
        present = demonstrator(connection, site, plan.id)
        if present is None:
            number, revision = _added(connection, row[0], plan.id, "api"), 0
        else:
            if present.plan == plan and present.retired_at is None:
                return present.revision
            number, revision = demonstrator_number(connection, site, plan.id), present.revision.revision
            connection.execute(statement("savings", "retire_demonstrator"), {"demonstrator": number, "retired": False})
        _add_plan(connection, number, revision + 1, "api", plan, plan, who, reason)
    return revisions(connection, site, plan.id)[0]


def retire(connection: Connection, site: str, key: str, *, who: str, reason: str = "") -> Demonstrator:
    """Take a demonstrator that the API declared out of lists, sums and nightly runs; all of it is kept.

    Declaring its plan again brings it back. Who retired it, and why, is in the audit log.

    Raises
    ------
    StorageError
        If there is no such demonstrator.
    ContractError
        If the site file declares it, which would bring it back.
    """
    with storage_errors("retire a demonstrator"), connection.transaction():
        found = the_demonstrator(connection, site, key)
        if found.origin == "site":
            cure = "take it out of the site file, and apply that: quaymeter site apply"
            raise ContractError("the site file declares it", place=f"demonstrator {key}", cure=cure)
        if found.retired_at is None:
            number = demonstrator_number(connection, site, key)
            connection.execute(statement("savings", "retire_demonstrator"), {"demonstrator": number, "retired": True})
            audit.note(
                connection, who=who, what="demonstrator_retire", subject=f"{site}/{key}", detail={"reason": reason}
            )
    return the_demonstrator(connection, site, key)


def demonstrator_number(connection: Connection, site: str, key: str) -> int:
    """Return the number of a demonstrator; StorageError where there is none."""
    row = connection.execute(statement("savings", "demonstrator_number"), {"site": site, "key": key}).fetchone()
    if row is None:
        the_demonstrator(connection, site, key)  # raises, with the nearest name
    return int(row[0]) if row else 0


def plan_changes(connection: Connection, site_id: int | None, plans: Sequence[Plan]) -> list[PlanChange]:
    """Compare the plans of a site file with what it said last."""
    rows = [] if site_id is None else connection.execute(statement("savings", "plans_of_site"), (site_id,)).fetchall()
    present = {row[0]: row[1:] for row in rows}
    found = []
    for plan in plans:
        number, _, retired_at, revision, in_force, said = present.get(plan.id, (None, "", None, 0, None, None))
        before = _plan(said) if said is not None else None
        if number is None:
            found.append(PlanChange("added", plan.id, "", plan, None, 0, None))
        elif before != plan or retired_at is not None:
            detail = _told(before, plan) if retired_at is None else ": in use again"
            new = plan if before != plan else None
            found.append(PlanChange("changed", plan.id, detail, new, number, revision, _plan(in_force)))
    kept = {plan.id for plan in plans}
    for key, (number, origin, retired_at, revision, _, _) in present.items():
        if key not in kept and origin == "site" and retired_at is None:
            found.append(PlanChange("retired", key, "", None, number, revision, None))
    return found


def save_plan_changes(connection: Connection, site_id: int, changes: Sequence[PlanChange], *, who: str) -> None:
    """Write what `plan_changes` found; part of the transaction that applies the site."""
    for change in changes:
        number = change.number if change.number is not None else _added(connection, site_id, change.key, "site")
        retired = {"demonstrator": number, "retired": change.kind == "retired"}
        connection.execute(statement("savings", "retire_demonstrator"), retired)
        if change.plan is not None:
            merged = with_periods_kept(change.plan, change.in_force)
            _add_plan(connection, number, change.revision + 1, "site", change.plan, merged, who, "")


def with_periods_kept(said: Plan, in_force: Plan | None) -> Plan:
    """Return what holds when a site file says a plan: the file's word, with the periods of before where it has none."""
    if said.periods is not None or in_force is None or in_force.periods is None:
        return said
    return msgspec.structs.replace(said, periods=in_force.periods)


def _told(before: Plan | None, after: Plan) -> str:
    """Name the parts of a plan that changed."""
    if before is None:
        return ": declared by the site file"
    names = [name for name in Plan.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    return f": {', '.join(names)}"


def _added(connection: Connection, site_id: int, key: str, origin: str) -> int:
    parameters = {"site": site_id, "key": key, "origin": origin}
    row = connection.execute(statement("savings", "add_demonstrator"), parameters).fetchone()
    return int(row[0]) if row else 0


def _add_plan(
    connection: Connection, number: int, revision: int, origin: str, said: Plan, holds: Plan, who: str, reason: str
) -> None:
    parameters = {
        "demonstrator": number, "revision": revision, "origin": origin, "declared": _json(said), "plan": _json(holds),
        "who": who, "reason": reason,
    }  # fmt: skip
    connection.execute(statement("savings", "add_plan"), parameters)


def _refuse_unknown(connection: Connection, site_id: int, plan: Plan) -> None:
    """Refuse a plan that names what the site does not have."""
    known: dict[str, set[str]] = {"point": set(), "tariff": set(), "emission factor": set(), "calendar": set()}
    for kind, key in connection.execute(statement("savings", "known_keys"), {"site": site_id}):
        known[kind].add(key)
    metered = [point for meter in plan.meters for point in meter.points]
    drivers = [driver.point for meter in plan.meters for driver in plan.drivers_of(meter)]
    watched = [factor.point for factor in plan.static_factors if factor.point]
    asked = {
        "point": [*(point.point for point in metered), *drivers, *watched, *plan.context],
        "tariff": [tariff for point in metered for tariff in point.tariff],
        "emission factor": [point.emission_factor for point in metered if point.emission_factor],
        "calendar": [plan.calendar] if plan.calendar else [],
    }
    for kind, keys in asked.items():
        for key in keys:
            if key not in known[kind]:
                cure = did_you_mean(key, known[kind]).strip() or "name one that the site file declares"
                raise ContractError(f"unknown {kind} {key!r}", place=f"demonstrator {plan.id}", cure=cure)


def _read(connection: Connection, parameters: dict[str, Any]) -> list[Demonstrator]:
    with storage_errors("read the demonstrators"):
        rows = connection.execute(statement("savings", "demonstrators"), parameters).fetchall()
    return [Demonstrator(row[0], row[1], row[2], row[3], _revision(row[4:])) for row in rows]


def _revision(row: tuple[Any, ...]) -> PlanRevision:
    return PlanRevision(row[0], row[1], _plan(row[2]), *row[3:])


def _plan(value: Any) -> Plan:  # noqa: ANN401 – JSON
    return msgspec.convert(value, Plan)


def _json(plan: Plan) -> Jsonb:
    return Jsonb(msgspec.json.decode(msgspec.json.encode(plan)))
