"""All demonstrators of a site together: one saving whose interval knows that their errors go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta

from savings.record import decode_run
from savings.together import CARBON, Demonstrated, LeftOut, Ranked, Ranking, Together, sums
from storage import demonstrators as plans
from storage import savings_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from savings.record import Run
    from storage.demonstrators import Demonstrator
    from storage.engine import Connection
    from storage.savings_runs import RunRow

__all__ = ("CARBON", "LeftOut", "Portfolio", "Ranked", "Ranking", "Standing", "Together", "portfolio", "standing_runs")


class Portfolio(msgspec.Struct, frozen=True, kw_only=True):
    """The demonstrators of a site together, by the runs that stand."""

    site: str
    confidence: Annotated[float | None, Meta(description="Of every interval; null where nothing can be added up.")]
    money: Annotated[Together | None, Meta(description="[EUR]")]
    carbon: Annotated[Together | None, Meta(description="[t] of CO2 equivalent")]
    amounts: Annotated[list[Together], Meta(description="Savings in their own units: kilowatt hours, cubic metres.")]
    rankings: Annotated[list[Ranking], Meta(description="By unit. The whole cost of a measure is borne by one figure: "
                                            "the first of its plan, or its CO2.")]  # fmt: skip
    left_out: Annotated[list[LeftOut], Meta(description="What is in no sum or in no ranking, and why.")]


class Standing(NamedTuple):
    """A demonstrator with the run that stands."""

    demonstrator: Demonstrator
    row: RunRow
    run: Run


def standing_runs(connection: Connection, site: str) -> Iterator[Standing]:
    """Yield the demonstrators in use that have a run, with it."""
    rows = {row.demonstrator: row for row in savings_runs.runs(connection, site, current=True, limit=500)}
    for each in plans.demonstrators(connection, site):
        row = rows.get(each.key)
        if row is not None:
            yield Standing(each, row, decode_run(savings_runs.run_bytes(connection, row.id)))


def portfolio(site: str, found: Iterable[Demonstrator], runs: Iterable[Standing]) -> Portfolio:
    """Return the demonstrators of a site together."""
    known = {each.demonstrator.key: each for each in runs}
    made = sums(Demonstrated(key, each.demonstrator.plan.cost, each.run) for key, each in known.items())
    unmeasured = [LeftOut(demonstrator=each.key, meter="", reason="no run") for each in found if each.key not in known]
    return Portfolio(
        site=site, confidence=made.confidence, money=made.money, carbon=made.carbon, amounts=made.amounts,
        rankings=made.rankings, left_out=[*unmeasured, *made.left_out],
    )  # fmt: skip
