"""The points of a site as the decoder needs them: names resolved to numbers, units to factors.

`storage` makes a catalogue from the database (which numbers the points), tests make one from a site file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telemetry.site import Point, Site


@dataclass(frozen=True, kw_only=True)
class CataloguePoint:
    """One declared point with the number that the database gave it."""

    point_id: int
    point: Point


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All points of one site, and who may publish them."""

    site: str  # site id, the third level of every topic
    points: Mapping[str, CataloguePoint]  # by key `area/asset/name`
    devices: Mapping[str, str]  # asset `area/asset` → id of the device that may publish it
    plain_topics: Mapping[str, str] = field(default_factory=dict)  # mapped topic → point key
    sparkplug: Mapping[str, str] = field(default_factory=dict)  # `group/node[/device]` → asset `area/asset`
    version: str = ""  # changes whenever the site file is applied with a change


def catalogue_of(site: Site, numbers: Mapping[str, int] | None = None) -> Catalogue:
    """Make a catalogue from a site; without `numbers` (key → point id) the points are numbered 1…n in order of key."""
    if numbers is None:
        numbers = {key: number for number, key in enumerate(sorted(point.key for point in site.points), start=1)}
    return Catalogue(
        site=site.id,
        points={point.key: CataloguePoint(point_id=numbers[point.key], point=point) for point in site.points},
        devices={asset.key: asset.device for asset in site.assets},
        plain_topics=site.plain_topics,
        sparkplug=site.sparkplug,
    )
