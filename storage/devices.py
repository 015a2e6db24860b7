"""What devices say about themselves, as it stands: state, losses, and beliefs that differ from the site file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from storage.engine import connect, storage_errors
from storage.statements import statement
from telemetry.formats.meta import MetaPoint
from telemetry.meta_check import Difference, MetaDifference, meta_differences

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from storage.engine import Connection
    from telemetry.catalogue import Catalogue


class DeviceRow(NamedTuple):
    """One device of a site."""

    device: str
    assets: Sequence[str]  # area/asset, in the order of the site file
    state: str  # online, offline, or unknown where it never said
    since: datetime | None  # of this state
    last_will: bool  # offline because the connection broke: nobody said goodbye
    status_at: datetime | None  # of its newest status
    last_seen: datetime | None  # arrival of anything of it: a status, a numbered message, a reading
    boot: int | None
    via: str  # the agent that speaks for it; "" where it is itself
    clock: str  # ntp, rtc, none, or "" where not told
    packs: int | None  # kept and not yet safe
    kept_bytes: int | None  # [B]
    oldest: datetime | None  # time of the oldest pack kept
    dropped_packs: int | None  # lost to a full buffer
    dropped_readings: int | None
    missing: int  # messages that were numbered and never came


class MetaRow(NamedTuple):
    """What is told of the points of one asset."""

    asset: str  # area/asset
    device: str
    at: datetime
    catalogue: str  # version of the site file that the device was configured from, as told
    points: int
    compared: bool  # with any version of the catalogue
    differences: Sequence[MetaDifference]


class ChangeRow(NamedTuple):
    """One change of a device's state or boot."""

    device: str
    state: str
    at: datetime
    boot: int | None
    via: str


class Standing(NamedTuple):
    """How the devices stand, in two figures."""

    offline: int  # devices
    differing: int  # devices that believe what the site file does not say


def devices(connection: Connection, site: str) -> list[DeviceRow]:
    """Return the devices of a site by name, those that never said anything too."""
    return [DeviceRow(*row) for row in connection.execute(statement("devices", "devices"), {"site": site})]


def metas(connection: Connection, site: str) -> list[MetaRow]:
    """Return what is told of the points of a site's assets, in the order of the site file."""
    rows = connection.execute(statement("devices", "metas"), {"site": site})
    return [MetaRow._make((*told, [_difference(**one) for one in differing])) for *told, differing in rows]


def changes(connection: Connection, site: str, *, device: str | None = None, limit: int = 100) -> list[ChangeRow]:
    """Return the latest changes of a site's devices, newest first; the newest 100 of each device are kept."""
    values = {"site": site, "device": device, "limit": limit}
    return [ChangeRow(*row) for row in connection.execute(statement("devices", "changes"), values)]


def _difference(*, point: str, what: str, told: str, declared: str) -> MetaDifference:
    return MetaDifference(point, Difference(what), told, declared)


def compare_metas(dsn: str, catalogues: Collection[Catalogue]) -> Standing:
    """Compare what was told since, or before a site file was applied anew, with the catalogues; return the standing.

    Told and declared may change at any time, so neither the message nor the site file is the moment to compare: this
    is, and it is asked for every few seconds. Where nothing is new it writes nothing.
    """
    with storage_errors("compare what devices believe"), connect(dsn, autocommit=True) as connection:
        for catalogue in catalogues:
            _compare(connection, catalogue)
        sites = [catalogue.site for catalogue in catalogues]
        row = connection.execute(statement("devices", "standing"), {"sites": sites}).fetchone()
    return Standing(*row) if row else Standing(0, 0)


def _compare(connection: Connection, catalogue: Catalogue) -> None:
    about = {"site": catalogue.site, "version": catalogue.version}
    for asset, points in connection.execute(statement("devices", "not_compared"), about).fetchall():
        found = meta_differences(asset, msgspec.convert(points, list[MetaPoint]), catalogue)
        differences = Jsonb([one._asdict() for one in found])
        values = {**about, "asset": asset, "points": Jsonb(points), "differences": differences}
        connection.execute(statement("devices", "keep_differences"), values)
