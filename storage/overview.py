"""What a service shows of a site: its plant, its latest readings, and what was lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from storage.statements import statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from storage.engine import Connection

MOST_HOLES = 50  # holes in the numbers of one boot that are named one by one


class SiteRow(NamedTuple):
    """One site."""

    id: str
    name: str
    latitude: float  # [deg]
    longitude: float  # [deg]
    timezone: str  # IANA name
    version: str  # changes whenever the site file is applied with a change
    applied_at: datetime
    assets: int
    points: int


class UtilityRow(NamedTuple):
    """One utility of a site."""

    id: str
    name: Mapping[str, str]  # by language


class OperatorRow(NamedTuple):
    """One company of a site."""

    id: str
    name: str


class AssetRow(NamedTuple):
    """One piece of plant."""

    key: str  # area/asset
    name: Mapping[str, str]  # by language
    utility: str
    operator: str
    operator_name: str
    device: str
    kind: str
    points: int

    @property
    def area(self) -> str:
        """The first level of the key."""
        return self.key.partition("/")[0]


class PointRow(NamedTuple):
    """One measured quantity."""

    id: int
    key: str  # area/asset/name
    name: Mapping[str, str]  # by language
    asset: str  # area/asset
    utility: str
    quantity: str
    unit: str  # canonical: the unit of every stored value
    kind: str
    period_s: float
    silent_after_s: float
    valid_min: float | None
    valid_max: float | None
    rate_limit: float | None  # [canonical unit per second]
    modulus: float | None
    accuracy_class: str
    calibration_due: date | None
    tags: Mapping[str, str]
    retired: bool


class LatestRow(NamedTuple):
    """The latest reading of one point."""

    site: str
    point_id: int
    key: str
    ts: datetime
    value: float
    quality: int
    received_at: datetime


class LossRow(NamedTuple):
    """The message numbers of one boot of one device."""

    device: str
    boot: int  # -1: boots that are no longer kept one by one, added up
    first: int
    last: int
    seen: int  # different numbers that came
    holes: list[list[int]]  # first and last missing number of each hole, the first ones
    last_at: datetime

    @property
    def missing(self) -> int:
        """Numbers between first and last that never came."""
        return self.last - self.first + 1 - self.seen


def sites(connection: Connection) -> list[SiteRow]:
    """Return all sites."""
    return [SiteRow(*row) for row in connection.execute(statement("overview", "sites"))]


def utilities(connection: Connection, site: str) -> list[UtilityRow]:
    """Return the utilities of a site, in its own order."""
    return [UtilityRow(*row) for row in connection.execute(statement("overview", "utilities"), {"site": site})]


def operators(connection: Connection, site: str) -> list[OperatorRow]:
    """Return the companies of a site, in its own order."""
    return [OperatorRow(*row) for row in connection.execute(statement("overview", "operators"), {"site": site})]


def assets(connection: Connection, site: str) -> list[AssetRow]:
    """Return the plant of a site, in its own order."""
    return [AssetRow(*row) for row in connection.execute(statement("overview", "assets"), {"site": site})]


def points(connection: Connection, site: str, *, retired: bool = False) -> list[PointRow]:
    """Return the points of a site, in its own order; with `retired` also those no longer in use."""
    rows = connection.execute(statement("overview", "points"), {"site": site, "retired": retired})
    return [PointRow(*row) for row in rows]


def latest(connection: Connection, site: str | None = None) -> dict[int, LatestRow]:
    """Return the latest reading of each point that was ever heard, by point id; of one site, or of all."""
    return {row[1]: LatestRow(*row) for row in connection.execute(statement("overview", "latest"), {"site": site})}


def losses(connection: Connection, site: str) -> list[LossRow]:
    """Return the message numbers of the site's devices, boot by boot."""
    rows = connection.execute(statement("overview", "losses"), {"site": site, "holes": MOST_HOLES})
    return [LossRow(*row) for row in rows]
