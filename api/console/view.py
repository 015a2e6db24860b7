"""What the page of a site shows: points by utility and asset, and first those that need a look."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from api.figures import ClassName, class_name, decimals, shown_decimals, symbol
from telemetry.quality import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from api.language import Words
    from storage.overview import AssetRow, LatestRow, PointRow, UtilityRow

HEADLINES = 3  # points of an asset that the wall screen shows


@dataclass(frozen=True, kw_only=True)
class PointView:
    """One row of the page."""

    key: str
    name: str
    asset: str  # the asset's name, for the lists that stand apart
    unit: str
    decimals: int
    kind: str
    value: float | None
    text: str  # the value in the reader's language
    ts: datetime | None
    age_s: float | None
    silent_after_s: float
    silent: bool
    quality: int
    class_name: str
    out_of_range: bool
    headline: bool
    search: str  # lower case, without accents

    @property
    def bad(self) -> bool:
        """Whether the value is stored and never counted."""
        return self.class_name == ClassName.BAD

    @property
    def ts_ms(self) -> int | str:
        """Milliseconds since 1970-01-01 UTC, empty where nothing was ever received."""
        return "" if self.ts is None else round(self.ts.timestamp() * 1000)


@dataclass(frozen=True, kw_only=True)
class AssetView:
    """One card of the page."""

    key: str
    name: str
    operator: str
    area: str
    points: Sequence[PointView]


@dataclass(frozen=True, kw_only=True)
class UtilityView:
    """One section of the page."""

    id: str
    name: str
    colour: int  # index into the palette of the style sheet
    assets: Sequence[AssetView]

    @property
    def n_points(self) -> int:
        """How many points the section holds."""
        return sum(len(asset.points) for asset in self.assets)


@dataclass(frozen=True, kw_only=True)
class SiteView:
    """The whole page."""

    utilities: Sequence[UtilityView]

    @property
    def points(self) -> list[PointView]:
        """All points, in the order of the page."""
        return [point for utility in self.utilities for asset in utility.assets for point in asset.points]

    @property
    def silent(self) -> list[PointView]:
        """Sensors that were heard once and are not any more: the longest silent first."""
        return sorted((p for p in self.points if p.silent and p.ts is not None), key=lambda p: -(p.age_s or 0))

    @property
    def never_heard(self) -> list[PointView]:
        """Sensors that have not sent anything yet."""
        return [point for point in self.points if point.ts is None]

    @property
    def wrong(self) -> list[PointView]:
        """Live sensors whose last value is bad or lies outside its valid range."""
        return [point for point in self.points if not point.silent and (point.out_of_range or point.bad)]

    @property
    def simulated(self) -> bool:
        """Whether any value on the page comes from a simulator."""
        return any(point.quality & Reason.SIMULATED for point in self.points)


def site_view(
    utilities: Iterable[UtilityRow],
    assets: Iterable[AssetRow],
    points: Iterable[PointRow],
    latest: Mapping[int, LatestRow],
    *,
    now: datetime,
    words: Words,
) -> SiteView:
    """Arrange the rows of the database for the reader's language."""
    by_asset: dict[str, list[PointRow]] = {}
    for point in points:
        by_asset.setdefault(point.asset, []).append(point)
    by_utility: dict[str, list[AssetView]] = {}
    for asset in assets:
        rows = by_asset.get(asset.key, [])
        if rows:
            by_utility.setdefault(asset.utility, []).append(_asset_view(asset, rows, latest, now=now, words=words))
    views = [
        UtilityView(
            id=utility.id, name=words.named(utility.name, utility.id), colour=i % 7, assets=by_utility[utility.id]
        )
        for i, utility in enumerate(utilities)
        if utility.id in by_utility
    ]
    return SiteView(utilities=views)


def _asset_view(
    asset: AssetRow, rows: Sequence[PointRow], latest: Mapping[int, LatestRow], *, now: datetime, words: Words
) -> AssetView:
    name = words.named(asset.name, asset.key)
    tagged = [row for row in rows if row.tags.get("headline")]
    headlines = {row.id for row in (tagged or [row for row in rows if row.kind == "gauge"] or rows)[:HEADLINES]}
    views = [
        point_view(row, latest.get(row.id), asset=name, headline=row.id in headlines, now=now, words=words)
        for row in rows
    ]
    times = Counter(view.name for view in views)
    views = [
        replace(view, name=f"{view.name} ({view.key.rpartition('/')[2]})") if times[view.name] > 1 else view
        for view in views
    ]
    return AssetView(key=asset.key, name=name, operator=asset.operator_name, area=asset.area, points=views)


def point_view(
    row: PointRow, last: LatestRow | None, *, asset: str, headline: bool, now: datetime, words: Words
) -> PointView:
    """Return one point as the page shows it; `last` is None where nothing was ever received."""
    places = decimals(row.unit, row.kind)
    age_s = None if last is None else max((now - last.ts).total_seconds(), 0.0)
    name = words.named(row.name, row.key)
    quality = 0 if last is None else last.quality
    return PointView(
        key=row.key,
        name=name,
        asset=asset,
        unit="" if row.kind == "state" else symbol(row.unit, row.quantity),
        decimals=places,
        kind=row.kind,
        value=None if last is None else last.value,
        text=value_text(None if last is None else last.value, row.kind, places, words),
        ts=None if last is None else last.ts,
        age_s=age_s,
        silent_after_s=row.silent_after_s,
        silent=age_s is None or age_s > row.silent_after_s,
        quality=quality,
        class_name=class_name(quality),
        out_of_range=bool(quality & Reason.RANGE),
        headline=headline,
        search=plain(f"{name} {asset} {row.key}"),
    )


def value_text(value: float | None, kind: str, places: int, words: Words) -> str:
    """Return a value as the reader writes it; states in words."""
    if value is None:
        return "–"
    if kind == "state" and value in {0.0, 1.0}:
        return words("yes") if value else words("no")
    return words.number(value, shown_decimals(value, places, kind))


def plain(text: str) -> str:
    """Return the text in lower case without accents, for searching.

    Examples
    --------
    >>> plain("Débit d'Eau")
    "debit d'eau"
    """
    parts = unicodedata.normalize("NFD", text.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
