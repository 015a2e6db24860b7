"""Many demonstrators together: sums whose intervals know that errors go together, and rankings by cost.

What is right for one site's demonstrators is right for bundles of several: all that counts is a plan and its run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta

from savings.economics import per_year, ranked, worthwhile
from savings.portfolio import combine, recorded_total
from savings.record import Figure  # noqa: TC001 – msgspec reads annotations when it encodes
from savings.run import together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from savings.economics import Worthwhile
    from savings.portfolio import MeterTotal
    from savings.record import MeterRun, Run
    from telemetry.plan import Cost

KINDS = ("money", "carbon", "saving")
CARBON = "t{CO2e}"  # told apart from tonnes of goods
LEAST_YEAR_DAYS = 330  # a season says nothing of the others


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Several figures of one unit as one."""

    unit: str
    saving: Annotated[Figure, Meta(description="With the interval to speak of: errors go together as far as they do.")]
    independent: Annotated[Figure, Meta(description="If no two figures erred together: the narrowest it could be.")]
    dependent: Annotated[Figure, Meta(description="If all erred as one: the widest it could be.")]
    told: Annotated[bool, Meta(description="Whether common weeks say how errors go together; else `dependent` counts.")]
    figures: Annotated[list[str], Meta(examples=[["cold-store/energy"]], description="demonstrator/figure")]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A demonstrator, or one figure of it, that is in no sum."""

    demonstrator: str
    meter: Annotated[str, Meta(examples=["energy"], description="Id of the figure; empty where all are left out.")]
    reason: Annotated[
        str,
        Meta(
            description="no run, no figure, no interval, another confidence, the same demonstrator again; of a "
            "ranking: no cost, less than a year, no emission factor."
        ),
    ]


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """The economy of one demonstrator, for a saved unit."""

    demonstrator: str
    case: Annotated[str, Meta(description="sound; open: the saving may be nothing; no_saving.")]
    yearly_saving: Annotated[Figure, Meta(description="Of a year.")]
    yearly_cost: Annotated[float, Meta(description="Investment spread over its life, and upkeep [EUR/a].")]
    unit_cost: Annotated[Figure | None, Meta(description="Of a saved unit [EUR]; null where nothing is saved.")]
    payback_years: Annotated[Figure | None, Meta(description="Simple, undiscounted; null where never or not valued.")]
    net_present_value: Annotated[Figure | None, Meta(description="Over its life [EUR]; null where not valued.")]


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Demonstrators by the cost of a saved unit, the cheapest first."""

    unit: Annotated[str, Meta(examples=["kW.h"], description="t{CO2e}: tonne of CO2 equivalent, to compare all.")]
    entries: list[Ranked]


class Demonstrated(NamedTuple):
    """A demonstrator's run, and what the measure cost."""

    key: str
    cost: Cost | None
    run: Run


class Sums(NamedTuple):
    """Demonstrators together."""

    confidence: float | None  # of every interval; None where nothing can be added up
    money: Together | None  # [EUR]
    carbon: Together | None  # [t] of CO2 equivalent
    amounts: list[Together]  # in their own units
    rankings: list[Ranking]
    left_out: list[LeftOut]


def sums(runs: Iterable[Demonstrated]) -> Sums:
    """Return demonstrators together, each once; what is left out, as a run of another confidence, is said."""
    known, left_out = _once(runs)
    confidence = _usual([each.run.confidence for each in known])
    meters: list[tuple[str, MeterRun]] = []
    for each in known:
        if each.run.confidence != confidence:
            left_out.append(LeftOut(demonstrator=each.key, meter="", reason="another confidence"))
            continue
        for meter in each.run.meters:
            reason = _reason(meter)
            if reason:
                left_out.append(LeftOut(demonstrator=each.key, meter=meter.meter, reason=reason))
            else:
                meters.append((f"{each.key}/{meter.meter}", meter))
    totals = {kind: _totals(meters, kind) for kind in KINDS}
    units = dict.fromkeys(total.saving.unit for total in totals["saving"])
    amounts = [_together([total for total in totals["saving"] if total.saving.unit == unit]) for unit in units]
    return Sums(
        confidence=confidence, money=_together(totals["money"]), carbon=_together(totals["carbon"]),
        amounts=[each for each in amounts if each is not None], rankings=list(_rankings(known, left_out)),
        left_out=left_out,
    )  # fmt: skip


def _once(runs: Iterable[Demonstrated]) -> tuple[list[Demonstrated], list[LeftOut]]:
    """Return the first run of each demonstrator of a site, and the others as left out: no saving counts twice."""
    known: dict[tuple[str, str], Demonstrated] = {}
    left_out = []
    for each in runs:
        name = (each.run.site, each.run.demonstrator)
        if name in known:
            left_out.append(LeftOut(demonstrator=each.key, meter="", reason="the same demonstrator again"))
        else:
            known[name] = each
    return [*known.values()], left_out


def _usual(confidences: list[float]) -> float | None:
    """Return the confidence that most runs have."""
    return max(confidences, key=confidences.count, default=None)


def _reason(meter: MeterRun) -> str:
    if meter.saving is None:
        return "no figure"
    return "" if meter.saving.low is not None and meter.saving.high is not None else "no interval"


def _totals(meters: Iterable[tuple[str, MeterRun]], kind: str) -> list[MeterTotal]:
    return [total for name, meter in meters if (total := recorded_total(name, meter, kind)) is not None]


def _together(totals: list[MeterTotal]) -> Together | None:
    if not totals:
        return None
    made = combine(totals)
    return Together(
        unit=made.saving.unit, saving=made.saving, independent=made.independent, dependent=made.dependent,
        told=made.told, figures=list(made.names),
    )  # fmt: skip


def _rankings(runs: Iterable[Demonstrated], left_out: list[LeftOut]) -> Iterator[Ranking]:
    """Yield a ranking for each unit of first figures, and one for CO2; what cannot be ranked is told apart."""
    by_unit: dict[str, list[Worthwhile]] = {}
    for each in runs:
        asked = (each.run.reporting_to - each.run.reporting_from).days + 1
        first = each.run.meters[0]
        reached = _reached(first, asked)
        if each.cost is None or min(asked, reached) < LEAST_YEAR_DAYS:
            reason = "no cost" if each.cost is None else "less than a year"
            left_out.append(LeftOut(demonstrator=each.key, meter="", reason=reason))
            continue
        days = min(asked * _used(first), reached)
        money = None if each.run.money is None else per_year(each.run.money, days)
        carbon = together([meter.carbon for meter in each.run.meters if meter.carbon is not None])
        if carbon is None and first.saving is not None:
            left_out.append(LeftOut(demonstrator=each.key, meter="", reason="no emission factor"))
        for unit, saved in ((first.unit, first.saving), (CARBON, carbon)):
            if saved is not None:
                found = worthwhile(each.key, each.cost, per_year(saved, days), money)
                by_unit.setdefault(unit, []).append(found)
    for unit, measures in by_unit.items():
        yield Ranking(unit=unit, entries=[_entry(each) for each in ranked(measures)])


def _reached(meter: MeterRun, asked: int) -> int:
    """Return from the first to the last day that is summed [d]: a month that is not over is in no sum."""
    for each in meter.coverage:
        if each.period == "reporting" and each.used_from and each.used_to:
            return (each.used_to - each.used_from).days + 1
    return asked


def _used(meter: MeterRun) -> float:
    """Return the share of the reporting period's rows that are in the figure: a year has the others as well."""
    for each in meter.coverage:
        if each.period == "reporting" and each.used:
            return each.used / each.rows
    return 1.0


def _entry(found: Worthwhile) -> Ranked:
    return Ranked(
        demonstrator=found.name, case=found.case.value, yearly_saving=found.yearly_saving,
        yearly_cost=found.yearly_cost, unit_cost=found.unit_cost, payback_years=found.payback_years,
        net_present_value=found.net_present_value,
    )  # fmt: skip
