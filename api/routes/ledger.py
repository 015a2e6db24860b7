"""What came in, what became of it, and what never came."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from api import answers, schemas
from api.choice import SiteQuery, choose_site
from api.parts import WithParts
from api.problems import responses
from api.times import Moment
from storage import ledger, overview

router = APIRouter(tags=["trust"], responses=responses(422, 503))
Audit = Annotated[bool, Query(description="Count the stored readings too and compare: exact, slow on large tables.")]


@router.get("/ledger", summary="The ledger, minute by minute")
def lines(
    parts: WithParts,
    start: Annotated[Moment | None, Query(alias="from", description="First minute of arrival.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="End of the window, not included.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Lines at most, newest first.")] = 1440,
) -> schemas.Ledger:
    """List what each gateway received in each minute and what became of it; `totals` is since the beginning."""
    with parts.pool.connection() as connection:
        rows = ledger.summary(connection, start, end, limit=limit + 1)
        totals = ledger.totals(connection)
    found = [
        schemas.LedgerLine(**asdict(row), balanced=row.received == row.stored + row.duplicate + row.quarantined)
        for row in rows[:limit]
    ]
    return schemas.Ledger(totals=_totals(totals), lines=found, truncated=len(rows) > limit)


@router.get("/ledger/totals", summary="The whole ledger in one line")
def totals(parts: WithParts, *, audit: Audit = False) -> schemas.LedgerTotals:
    """Add up the ledger since the beginning and say whether it balances."""
    with parts.pool.connection() as connection:
        return _totals(ledger.totals(connection, audit=audit))


def _totals(totals: ledger.LedgerTotals) -> schemas.LedgerTotals:
    return schemas.LedgerTotals(**asdict(totals))


@router.get("/losses", summary="Messages that never came", responses=responses(404))
def losses(parts: WithParts, site: SiteQuery = None) -> schemas.Losses:
    """List, boot by boot, the gaps in the numbers of each device's messages."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        return answers.losses(overview.losses(connection, chosen.id))
