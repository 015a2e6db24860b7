"""Which site and which points a request is about."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated

from fastapi import Query

from api.problems import ProblemError, not_found, refused
from storage import overview
from storage.engine import Connection

SiteQuery = Annotated[
    str | None,
    Query(alias="site", max_length=100, description="Site id; may be left out where there is one site."),
]


def choose_site(connection: Connection, wanted: str | None) -> overview.SiteRow:
    """Return the site that is asked for, or the only one."""
    rows = overview.sites(connection)
    known = ", ".join(row.id for row in rows)
    if not rows:
        raise not_found("site", "the database holds no site yet", place="site", cure="run: quaymeter site apply FILE")
    if wanted is None:
        if len(rows) > 1:
            raise refused("site-missing", "there are several sites", place="site", cure=f"add ?site= one of {known}")
        return rows[0]
    for row in rows:
        if row.id == wanted:
            return row
    raise not_found("site", f"there is no site {wanted!r}", place="site", cure=f"known: {known}")


def unknown_point(key: str, known: Iterable[str]) -> ProblemError:
    """Return the problem of a point that is not there, with the nearest that is."""
    near = difflib.get_close_matches(key[:200], list(known), n=1)
    cure = f"did you mean {near[0]!r}?" if near else "the list is at /api/v1/points"
    return not_found("point", f"there is no point {key[:200]!r}", place="points", cure=cure)


def choose_points(known: Mapping[str, overview.PointRow], keys: list[str], *, limit: int) -> list[overview.PointRow]:
    """Return the points named by their keys, each once, in the order asked for; `known` are those of the site."""
    if not keys:
        raise refused("points-missing", "no point is named", place="points", cure="add ?points=area/asset/name,…")
    if len(keys) > limit:
        raise refused(
            "too-many-points",
            f"{len(keys)} points are more than {limit}",
            place="points",
            cure="ask in several requests",
        )
    for key in keys:
        if key not in known:
            raise unknown_point(key, known)
    return [known[key] for key in dict.fromkeys(keys)]
