"""The pages of the demonstrators: what was saved, how sure that is, and why. They only read."""

from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request

from api.choice import choose_site
from api.console.demonstrators import cards, in_order
from api.console.plan_view import event_rows, plan_facts
from api.console.portfolio_view import rank_tables, totals
from api.console.render import Taste, page
from api.console.run_view import RunReader
from api.demonstrators import choose_demonstrator, choose_run
from api.explanations import explanation_lines
from api.figure_rows import figure_of, verdict_of_run
from api.language import Words, noted, words
from api.parts import Parts, WithParts
from api.portfolio import portfolio, standing_runs
from api.verdicts import SIGNS, WORDS, Verdict
from locales import REPORT
from reports.figures import full, percent
from savings.record import decode_input, decode_run
from storage import demonstrators as plans
from storage import events_nonroutine, jobs, overview, savings_runs
from storage.demonstrators import Demonstrator
from storage.engine import Connection
from storage.overview import SiteRow
from storage.savings_runs import RunRow
from telemetry.plan import Status
from telemetry.quality import Reason

router = APIRouter()
MOST_RUNS = 30
CAUSES = {
    "nightly": noted("every night"),
    "asked": noted("somebody asked"),
    "restated": noted("what it rests on changed"),
}


class RunLine(NamedTuple):
    """One run of the list of runs."""

    id: int
    created: str
    known: str
    cause: str
    figures: tuple[str, ...]
    explanation: list[str]
    shown: bool


@router.get("/{site}/demonstrators")
def listed(site: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show what each demonstrator saved."""
    say = _reader(request, parts)
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = plans.demonstrators(connection, chosen.id)
        runs = {run.demonstrator: run for run in savings_runs.runs(connection, chosen.id, current=True)}
        failed = jobs.last_failures(connection, chosen.id)
        asked = {each.key: _asked(connection, chosen.id, each.key) for each in found}
        simulated = _simulated(connection, chosen.id, found)
        together = portfolio(chosen.id, found, standing_runs(connection, chosen.id))
    names = {each.key: say.named(each.plan.name, each.key) for each in found}
    return page(
        request, "demonstrators.html", site=chosen, page="/demonstrators", cards=cards(found, runs, asked, failed, say),
        totals=totals(together, say), rankings=rank_tables(together, names, say),
        simulated=simulated, verdict_words=WORDS, sign=_sign,
    )  # fmt: skip


@router.get("/{site}/demonstrators/{demonstrator}")
def one(
    site: str,
    demonstrator: str,
    request: Request,
    parts: WithParts,
    run: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Any:  # noqa: ANN401 - a page, not a model
    """Show one demonstrator: the run that stands, or the one that is asked for."""
    say = _reader(request, parts)
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        shown = (
            savings_runs.newest(connection, chosen.id, found.key)
            if run is None
            else choose_run(connection, chosen.id, found.key, run)
        )
        failure = jobs.last_failures(connection, chosen.id, found.key).get(found.key)
        events = events_nonroutine.events(connection, chosen.id, found.key)
        runs = savings_runs.runs(connection, chosen.id, found.key, limit=MOST_RUNS)
        data = None if shown is None else (
            decode_input(savings_runs.input_bytes(connection, shown.id)),
            decode_run(savings_runs.run_bytes(connection, shown.id)),
        )  # fmt: skip
        simulated = (data is not None and data[0].simulated) or _simulated(connection, chosen.id, [found])
    reader = RunReader(*data, say) if data else None
    meters = reader.meters() if reader else ()
    told = words(say.language, REPORT)
    return page(
        request, "demonstrator.html", site=chosen, page=None, name=say.named(found.plan.name, found.key),
        measure=say.named(found.plan.measure, found.key), verdict=verdict_of_run(found.plan, shown), run=shown,
        failure=failure, failed_at=failure and say.time(failure.at, ZoneInfo(chosen.timezone), style="short"),
        older=shown is not None and not shown.current, meters=meters,
        drawn=next((meter.id for meter in meters if meter.cumulative), ""),  # what the arrow keys read
        together=reader.together() if reader else (), simulated=simulated,
        corrections=reader.corrections() if reader else (),
        confidence=percent(told, shown.confidence if shown else found.plan.confidence, 0),
        events=event_rows(events, found.plan, data[1] if data else None, say, ZoneInfo(chosen.timezone)),
        runs=[_run_line(found, each, chosen, say, shown) for each in runs],
        plan=plan_facts(found.revision, say, chosen.timezone),
        address=f"/api/v1/demonstrators/{found.key}", site_query=f"site={chosen.id}", verdict_words=WORDS, sign=_sign,
    )  # fmt: skip


def _reader(request: Request, parts: Parts) -> Words:
    return words(Taste.of(request, parts.settings.default_language).lang)


def _sign(verdict: Verdict) -> str:
    return SIGNS.get(verdict, "–")


def _asked(connection: Connection, site: str, demonstrator: str) -> int:
    rows = events_nonroutine.events(connection, site, demonstrator)
    return sum(row.event.status is Status.SUGGESTED for row in rows)


def _simulated(connection: Connection, site: str, found: list[Demonstrator]) -> bool:
    """Whether a meter of these demonstrators brings simulated readings now."""
    made_up = {row.key for row in overview.latest(connection, site).values() if row.quality & Reason.SIMULATED}
    return any(point.point in made_up for each in found for meter in each.plan.meters for point in meter.points)


def _run_line(each: Demonstrator, run: RunRow, site: SiteRow, say: Words, shown: RunRow | None) -> RunLine:
    told, zone = words(say.language, REPORT), ZoneInfo(site.timezone)
    return RunLine(
        id=run.id,
        created=say.time(run.created_at, zone, style="short"),
        known=say.time(run.known_at, zone, style="short"),
        cause=say(CAUSES.get(run.cause, run.cause)) if run.standing else say("asked as of an earlier day"),
        figures=tuple(full(told, figure_of(row, "saving")) for row in in_order(each, run)),
        explanation=explanation_lines(run, say),
        shown=shown is not None and run.id == shown.id,
    )
