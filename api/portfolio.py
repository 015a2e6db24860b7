"""All demonstrators of a site together: one saving whose interval knows that their errors go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta

from savings.economics import per_year, ranked, worthwhile
from savings.portfolio import combine, recorded_total
from savings.record import Figure, decode_run
from storage import demonstrators as plans
from storage import savings_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from savings.economics import Worthwhile
    from savings.portfolio import MeterTotal
    from savings.record import MeterRun, Run
    from storage.demonstrators import Demonstrator
    from storage.engine import Connection
    from storage.savings_runs import RunRow

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
        str, Meta(description="no run, no figure, no interval, another confidence, no cost, less than a year.")
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
    confidence = _usual([each.run.confidence for each in known.values()])
    left_out = [LeftOut(demonstrator=each.key, meter="", reason="no run") for each in found if each.key not in known]
    meters: list[tuple[str, MeterRun]] = []
    for key, each in known.items():
        if each.run.confidence != confidence:
            left_out.append(LeftOut(demonstrator=key, meter="", reason="another confidence"))
            continue
        for meter in each.run.meters:
            reason = _reason(meter)
            if reason:
                left_out.append(LeftOut(demonstrator=key, meter=meter.meter, reason=reason))
            else:
                meters.append((f"{key}/{meter.meter}", meter))
    totals = {kind: _totals(meters, kind) for kind in KINDS}
    units = dict.fromkeys(total.saving.unit for total in totals["saving"])
    return Portfolio(
        site=site, confidence=confidence, money=_together(totals["money"]), carbon=_together(totals["carbon"]),
        amounts=[
            made for unit in units
            if (made := _together([total for total in totals["saving"] if total.saving.unit == unit])) is not None
        ],
        rankings=list(_rankings(known.values(), left_out)), left_out=left_out,
    )  # fmt: skip


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


def _rankings(runs: Iterable[Standing], left_out: list[LeftOut]) -> Iterator[Ranking]:
    """Yield a ranking for each unit of first figures, and one for CO2; what cannot be ranked is told apart."""
    by_unit: dict[str, list[Worthwhile]] = {}
    for each in runs:
        cost, first = each.demonstrator.plan.cost, each.run.meters[0]
        days = (each.run.reporting_to - each.run.reporting_from).days + 1
        if cost is None or days < LEAST_YEAR_DAYS:
            reason = "no cost" if cost is None else "less than a year"
            left_out.append(LeftOut(demonstrator=each.demonstrator.key, meter="", reason=reason))
            continue
        money = None if each.run.money is None else per_year(each.run.money, days)
        for unit, saved in ((first.unit, first.saving), (CARBON, each.run.carbon)):
            if saved is not None:
                found = worthwhile(each.demonstrator.key, cost, per_year(saved, days), money)
                by_unit.setdefault(unit, []).append(found)
    for unit, measures in by_unit.items():
        yield Ranking(unit=unit, entries=[_entry(each) for each in ranked(measures)])


def _entry(found: Worthwhile) -> Ranked:
    return Ranked(
        demonstrator=found.name, case=found.case.value, yearly_saving=found.yearly_saving,
        yearly_cost=found.yearly_cost, unit_cost=found.unit_cost, payback_years=found.payback_years,
        net_present_value=found.net_present_value,
    )  # fmt: skip
