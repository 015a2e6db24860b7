"""All demonstrators together: what they saved, between which bounds, and which saves a unit at the least cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.language import noted
from api.portfolio import CARBON
from locales import REPORT
from locales.words import words
from reports.figures import NONE, footprint, interval_of, number, shown, significant, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.language import Words
    from api.portfolio import Portfolio, Ranked, Together
    from savings.record import Figure

LABELS = {"EUR": noted("Money"), "t": noted("Emissions avoided")}


class TotalCard(NamedTuple):
    """A sum over demonstrators."""

    label: str
    value: str
    interval: str
    bounds: str  # if no errors go together, and if all do; empty where there is one figure


class RankTable(NamedTuple):
    """Demonstrators by the cost of a saved unit."""

    unit: str
    rows: list[tuple[str, ...]]  # name, cost of the unit with its interval, payback with its interval


def totals(found: Portfolio, say: Words) -> list[TotalCard]:
    """Return the sums: money and emissions first, then savings in their own units."""
    told = words(say.language, REPORT)
    sums = [each for each in (found.money, found.carbon, *found.amounts) if each is not None]
    return [_card(each, say, told) for each in sums]


def _card(each: Together, say: Words, told: Words) -> TotalCard:
    as_carbon = each.unit == "t"
    saving, apart, as_one = (
        footprint(figure) if as_carbon else figure for figure in (each.saving, each.independent, each.dependent)
    )
    label = say(LABELS[each.unit]) if each.unit in LABELS else say("Saving [%(unit)s]", unit=shown(told, each.unit))
    bounds = ""
    if len(each.figures) > 1:
        bounds = say(
            "at the narrowest %(apart)s, at the widest %(as_one)s", apart=interval_of(told, apart),
            as_one=interval_of(told, as_one),
        )  # fmt: skip
    return TotalCard(label=label, value=value_of(told, saving), interval=interval_of(told, saving), bounds=bounds)


def rank_tables(found: Portfolio, names: Mapping[str, str], say: Words) -> list[RankTable]:
    """Return the rankings that compare anything: those of two demonstrators or more."""
    told = words(say.language, REPORT)
    return [
        RankTable(unit=shown(told, each.unit), rows=[_row(one, names, say, told) for one in each.entries])
        for each in sorted(found.rankings, key=lambda ranking: ranking.unit != CARBON)
        if len(each.entries) > 1
    ]


def _row(one: Ranked, names: Mapping[str, str], say: Words, told: Words) -> tuple[str, ...]:
    return (names.get(one.demonstrator, one.demonstrator), *_ends(one.unit_cost, say, told),
            *_ends(one.payback_years, say, told))  # fmt: skip


def _ends(figure: Figure | None, say: Words, told: Words) -> tuple[str, str]:
    """Return a number of three figures and its interval; an end that nothing bounds is said so."""
    if figure is None:
        return NONE, NONE
    places = max(significant(figure.value, 3), 0)
    high = say("no end") if figure.high is None else number(told, figure.high, places)
    return number(told, figure.value, places), f"{number(told, figure.low, places)} … {high}"
