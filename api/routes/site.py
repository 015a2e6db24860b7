"""The port as data: sites, assets, points."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api import answers, schemas
from api.choice import SiteQuery, choose_site, unknown_point
from api.parts import WithParts
from api.problems import responses
from storage import overview

router = APIRouter(tags=["site"], responses=responses(503))


class PointFilter(BaseModel):
    """Narrows a list of points; every filter that is given has to fit."""

    utility: str | None = Field(None, max_length=100, description="Utility id.")
    area: str | None = Field(None, max_length=100, description="First level of the key.")
    asset: str | None = Field(None, max_length=200, description="area/asset")
    quantity: str | None = Field(None, max_length=100, description="Name of a quantity.")
    kind: Literal["gauge", "counter", "state", "event"] | None = Field(None, description="Kind of point.")
    tag: str | None = Field(None, max_length=200, description="A tag's name, or name:value.")
    q: str | None = Field(None, max_length=200, description="Part of the key or of a name, in any case.")

    def fits(self, row: overview.PointRow) -> bool:
        """Say whether a point passes every filter."""
        equal = (
            (self.utility, row.utility),
            (self.area, row.key.partition("/")[0]),
            (self.asset, row.asset),
            (self.quantity, row.quantity),
            (self.kind, row.kind),
        )
        if any(wanted is not None and wanted != given for wanted, given in equal):
            return False
        return self._has_tag(row) and self._contains(row)

    def _has_tag(self, row: overview.PointRow) -> bool:
        if self.tag is None:
            return True
        name, colon, value = self.tag.partition(":")
        return name in row.tags and (not colon or str(row.tags[name]) == value)

    def _contains(self, row: overview.PointRow) -> bool:
        return self.q is None or self.q.lower() in " ".join((row.key, *row.name.values())).lower()


class PointQuery(PointFilter):
    """A filter over the points of one site."""

    site: str | None = Field(None, max_length=100, description="Site id; may be left out where there is one site.")
    retired: bool = Field(default=False, description="Also points that are no longer in the site file.")
    derived: bool | None = Field(None, description="Only derived points, or only measured ones.")

    def fits(self, row: overview.PointRow) -> bool:
        """Say whether a point passes every filter."""
        wanted = self.derived is None or self.derived == (row.derived is not None)
        return wanted and (self.retired or not row.retired) and super().fits(row)


@router.get("/sites", summary="All sites")
def sites(parts: WithParts) -> list[schemas.Site]:
    """List the sites in the database."""
    with parts.pool.connection() as connection:
        return [answers.site(row) for row in overview.sites(connection)]


@router.get("/sites/{site}", summary="One site with its utilities and companies", responses=responses(404))
def site(site: str, parts: WithParts) -> schemas.SiteDetail:
    """Describe one site."""
    with parts.pool.connection() as connection:
        row = choose_site(connection, site)
        utilities = [schemas.Utility(**utility._asdict()) for utility in overview.utilities(connection, row.id)]
        operators = [schemas.Operator(**operator._asdict()) for operator in overview.operators(connection, row.id)]
    return schemas.SiteDetail(**row._asdict(), utilities=utilities, operators=operators)


@router.get("/assets", summary="The plant of a site", responses=responses(404, 422))
def assets(parts: WithParts, site: SiteQuery = None) -> list[schemas.Asset]:
    """List the assets in the order of the site file."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        return [answers.asset(row) for row in overview.assets(connection, chosen.id)]


@router.get("/points", summary="The points of a site, filtered", responses=responses(404, 422))
def points(parts: WithParts, query: Annotated[PointQuery, Query()]) -> list[schemas.Point]:
    """List points with quantity, unit, kind, ranges and tags; derived ones, with their formulas, come last."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, query.site)
        measured = overview.points(connection, chosen.id, retired=True)
        rows = [*measured, *overview.derived_points(connection, chosen.id, measured, retired=True)]
    return [answers.point(row) for row in rows if query.fits(row)]


@router.get("/points/{area}/{asset}/{name}", summary="One point", responses=responses(404, 422))
def point(area: str, asset: str, name: str, parts: WithParts, site: SiteQuery = None) -> schemas.Point:
    """Describe one point."""
    key = f"{area}/{asset}/{name}"
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        known = overview.points_by_key(connection, chosen.id)
    if key not in known:
        raise unknown_point(key, known)
    return answers.point(known[key])
