"""The demonstrators of a site: one card each, the verdict first, from the headlines of the runs that stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.figure_rows import figure_of, verdict_of_run
from api.verdicts import Verdict  # noqa: TC001 – a field of a dataclass
from locales import REPORT
from locales.words import words
from reports.figures import day, footprint, interval_of, value_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from api.language import Words
    from storage.demonstrators import Demonstrator
    from storage.savings_runs import FigureRow, RunRow


@dataclass(frozen=True, kw_only=True)
class FigureLine:
    """One figure of a card."""

    name: str
    saving: str
    interval: str
    others: tuple[str, ...]  # percent, money, emissions: those that there are


@dataclass(frozen=True, kw_only=True)
class DemonstratorCard:
    """One demonstrator of the list."""

    id: str
    name: str
    measure: str
    verdict: Verdict
    figures: tuple[FigureLine, ...]
    until: str  # last day that is looked at; empty without a run
    asked: int  # suspected events that wait for a person
    failed: bool  # the last computation did


def cards(
    found: Iterable[Demonstrator], runs: Mapping[str, RunRow], asked: Mapping[str, int], failed: Container[str],
    say: Words,
) -> list[DemonstratorCard]:  # fmt: skip
    """Return the cards in the site's own order; `runs` and `asked` are by demonstrator, `failed` names some."""
    return [_card(each, runs.get(each.key), asked.get(each.key, 0), each.key in failed, say) for each in found]


def _card(each: Demonstrator, run: RunRow | None, asked: int, failed: bool, say: Words) -> DemonstratorCard:  # noqa: FBT001 – beside its like
    told = words(say.language, REPORT)
    return DemonstratorCard(
        id=each.key,
        name=say.named(each.plan.name, each.key),
        measure=say.named(each.plan.measure, ""),
        verdict=verdict_of_run(each.plan, run),
        figures=tuple(_line(figure, say, told) for figure in in_order(each, run)),
        until="" if run is None else day(told, run.reporting_to),
        asked=asked,
        failed=failed,
    )


def in_order(each: Demonstrator, run: RunRow | None) -> Iterator[FigureRow]:
    """Yield the figures of a run in the order of the plan, those that it no longer has last."""
    order = [meter.id for meter in each.plan.meters]
    yield from sorted(
        () if run is None else run.figures, key=lambda row: order.index(row.meter) if row.meter in order else len(order)
    )


def _line(row: FigureRow, say: Words, told: Words) -> FigureLine:
    saving = figure_of(row, "saving")
    others = (figure_of(row, "percent"), figure_of(row, "money"), footprint(figure_of(row, "carbon")))
    return FigureLine(
        name=say.named(row.name, row.meter),
        saving=value_of(told, saving),
        interval="" if saving is None or saving.low is None else interval_of(told, saving),
        others=tuple(value_of(told, other) for other in others if other is not None),
    )
