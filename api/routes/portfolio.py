"""All demonstrators of a site together."""

from fastapi import APIRouter
from starlette.responses import Response

from api.choice import SiteQuery, choose_site
from api.parts import WithParts
from api.portfolio import Portfolio, portfolio, standing_runs
from api.problems import responses
from api.records import answer
from api.records import answers as described
from storage import demonstrators as plans

router = APIRouter(tags=["demonstrators"], responses=responses(404, 422, 503))


@router.get("/portfolio", summary="What all demonstrators of a site saved together", responses=described(Portfolio))
def together(parts: WithParts, site: SiteQuery = None) -> Response:
    """Add up the runs that stand: euros, tonnes of CO2, and each unit by itself.

    Demonstrators share weather and production, so that their errors go together: the interval to speak of lies between
    two bounds, all independent and all as one, which are given beside it. Figures without an interval are left out, by
    name.
    """
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = plans.demonstrators(connection, chosen.id)
        runs = list(standing_runs(connection, chosen.id))
    return answer(portfolio(chosen.id, found, runs))
