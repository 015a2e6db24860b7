"""What a service shows of a site: its plant, its latest readings, and what was lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from storage.statements import statement
from telemetry.derived import kind_of
from telemetry.quantities import QUANTITIES
from telemetry.site import DerivedPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
    """One measured quantity, or one that is derived from others."""

    id: int  # below zero where it is derived: those are numbered apart
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
    derived: DerivedPoint | None = None  # the formula and its inputs


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


def calendars(connection: Connection, site: str) -> list[Mapping[str, Any]]:
    """Return the calendars of a site as its file declares them, times as text; none of a site that is not there."""
    row = connection.execute(statement("overview", "calendars"), {"site": site}).fetchone()
    return list(row[0]) if row else []


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


def points_by_key(connection: Connection, site: str) -> dict[str, PointRow]:
    """Return every point of a site by its key, derived and retired ones too; one in use goes before a retired one."""
    measured = points(connection, site, retired=True)
    rows = [*measured, *derived_points(connection, site, measured, retired=True)]
    return {row.key: row for row in sorted(rows, key=lambda row: not row.retired)}


def derived_points(
    connection: Connection, site: str, measured: Iterable[PointRow], *, retired: bool = False
) -> list[PointRow]:
    """Return the derived points of a site, in its own order; their periods are the longest of what they are made of.

    `measured` are the points of the site, retired ones too.
    """
    rows = connection.execute(statement("overview", "derived_points"), {"site": site}).fetchall()
    pace = {row.key: (row.period_s, row.silent_after_s) for row in measured}
    inputs = {row[1]: list(row[8].values()) for row in rows}
    found = [_derived_row(row, *_pace(row[1], pace, inputs)) for row in rows]
    return [row for row in found if retired or not row.retired]


def _pace(key: str, pace: Mapping[str, tuple[float, float]], inputs: Mapping[str, list[str]]) -> tuple[float, float]:
    """Return the longest period and silence [s] of the measured points that a derived one is made of."""
    seen, left, paces = set[str](), [key], [(0.0, 0.0)]
    while left:
        if (one := left.pop()) in seen:
            continue
        seen.add(one)
        if one in inputs:
            left += inputs[one]
        elif one in pace:
            paces.append(pace[one])
    return max(period for period, _ in paces), max(silent for _, silent in paces)


def _derived_row(row: tuple[Any, ...], period_s: float, silent_after_s: float) -> PointRow:
    number, key, name, asset, utility, quantity, unit, formula, inputs, retired = row
    return PointRow(
        id=-number,
        key=key,
        name=name,
        asset=asset,
        utility=utility,
        quantity=quantity,
        unit=QUANTITIES[quantity].unit,
        kind=str(kind_of(quantity)),
        period_s=period_s,
        silent_after_s=silent_after_s,
        valid_min=None,
        valid_max=None,
        rate_limit=None,
        modulus=None,
        accuracy_class="",
        calibration_due=None,
        tags={},
        retired=retired,
        derived=DerivedPoint(key=key, name=name, quantity=quantity, unit=unit, formula=formula, inputs=inputs),
    )


def latest(connection: Connection, site: str | None = None) -> dict[int, LatestRow]:
    """Return the latest reading of each point that was ever heard, by point id; of one site, or of all."""
    return {row[1]: LatestRow(*row) for row in connection.execute(statement("overview", "latest"), {"site": site})}


def losses(connection: Connection, site: str) -> list[LossRow]:
    """Return the message numbers of the site's devices, boot by boot."""
    rows = connection.execute(statement("overview", "losses"), {"site": site, "holes": MOST_HOLES})
    return [LossRow(*row) for row in rows]
