"""A simulated history brought into the database by the road of imports, its truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quaymeter.simulation.elsewhere import made_elsewhere
from quaymeter.simulation.plan import make_parts, make_truth
from quaymeter.simulation.truth_keeper import TruthKeeper
from storage.transfer import ColumnHistory, import_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quaymeter.simulation.plan import HistoryPlan
    from storage.transfer import ColumnChunk, ImportResult


def backfill(
    plan: HistoryPlan,
    dsn: str,
    *,
    truth_dsn: str = "",
    who: str,
    progress: Callable[[ImportResult], None] | None = None,
) -> ImportResult:
    """Import a history and keep its truth where there is a key to it; days that are there are not made again.

    The truth of a day is kept before its readings are: a history that is there has its truth.
    """
    with TruthKeeper(truth_dsn, plan) as keeper:

        def chunks(first: int) -> Iterator[ColumnChunk]:
            for made in made_elsewhere(make_parts, plan, first):
                keeper.keep(made.truth)
                yield made.chunk

        history = ColumnHistory(
            name=plan.name, fingerprint=plan.fingerprint, parts=plan.parts, chunks=chunks, cadence_s=plan.cadence_s
        )
        result = import_parts(dsn, history, site=plan.site.id, who=who, progress=progress)
        if keeper.lacking:
            for rows in made_elsewhere(make_truth, plan):
                keeper.keep(rows)
        return result
