"""Savings runs: the figures, how they came about, and everything that an auditor needs to compute them again."""

# ruff: noqa: FAST003 – `asked_for` reads the run from the path, through an alias that ruff does not follow

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query
from starlette.responses import Response

from api import saving_answers as answers
from api.choice import SiteQuery, choose_site
from api.demonstrators import choose_demonstrator, choose_run, latest_run
from api.explanations import explanation_of, restatement_of
from api.formats import FRENCH, PROGRAMS
from api.language import choose
from api.parts import Parts, WithParts
from api.problems import not_found, responses
from api.records import JSON, answer, schema_of
from api.records import answers as described
from api.run_files import ReportForm, ReportKey, daily_csv, one_of_few, policy_of, report
from api.times import Moment
from savings import bundle
from savings.record import Run, decode_input, decode_run
from storage import savings_runs
from storage.savings_runs import RunRow

LARGEST_ID = 2**63 - 1
router = APIRouter(prefix="/demonstrators/{demonstrator}/runs", tags=["runs"], responses=responses(404, 422, 503))
RunName = Annotated[str, Path(max_length=20, description="Number of the run, or `latest`.", examples=["latest"])]
KnownAt = Annotated[
    Moment | None, Query(description="With `latest`: the run that stood at this time, by what was known then.")
]
Language = Annotated[Literal["fr", "en"] | None, Query(description="By Accept-Language where it is left out.")]
Form = Annotated[ReportForm, Query(alias="format", description="pdf, or one page of HTML that needs nothing else.")]
CSV = "text/csv"
CSV_EXAMPLE = "meter,unit,day,measured,adjusted,adjustments,saving,cumulative,cumulative_low,cumulative_high\n"


def asked_for(
    demonstrator: str, run: RunName, parts: WithParts, site: SiteQuery = None, known_at: KnownAt = None
) -> RunRow:
    """Return the run that an address names; ProblemError where there is none."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        key = choose_demonstrator(connection, chosen.id, demonstrator).key
        if run == "latest":
            return latest_run(connection, chosen.id, key, known_at)
        return choose_run(connection, chosen.id, key, number_of(run, key))


def number_of(run: str, demonstrator: str) -> int:
    """Return the number of a run as it stands in an address; ProblemError where it is none."""
    number = int(run) if run.isascii() and run.isdigit() else -1
    if not 0 <= number <= LARGEST_ID:
        cure = f"give a number, or `latest`; the list is at /api/v1/demonstrators/{demonstrator}/runs"
        raise not_found("run", f"{run!r} is no run", place="run", cure=cure)
    return number


WithRun = Annotated[RunRow, Depends(asked_for)]


@router.get("", summary="The runs of a demonstrator, newest first",
            responses=described(answers.RunHeadline, many=True))  # fmt: skip
def listed(
    demonstrator: str,
    parts: WithParts,
    site: SiteQuery = None,
    *,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="Only runs with a smaller number.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Runs at most.")] = 100,
) -> Response:
    """List runs in short. None is ever changed: a newer one stands beside it and says so in `superseded_by`."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        rows = savings_runs.runs(connection, chosen.id, found.key, before=before, limit=limit)
    return answer([answers.run_headline(row) for row in rows])


@router.get("/{run}", summary="One run, whole", responses=described(Run))
def one(row: WithRun, parts: WithParts) -> Response:
    """Return all that a run says, byte for byte as it was stored: its SHA-256 is the ETag."""
    with parts.pool.connection() as connection:
        body = savings_runs.run_bytes(connection, row.id)
    headers = {
        "ETag": f'"{row.run_sha256}"',
        "Content-Location": f"/api/v1/demonstrators/{row.demonstrator}/runs/{row.id}?site={row.site}",
    }
    return Response(body, media_type=JSON, headers=headers)


@router.get("/{run}/summary", summary="One run in short", responses=described(answers.RunHeadline))
def summary(row: WithRun) -> Response:
    """Return the headlines of a run, with what took its place."""
    return answer(answers.run_headline(row))


@router.get(
    "/{run}/daily", summary="The days of a run, as JSON or CSV",
    responses={200: {"content": {JSON: {"schema": schema_of(answers.DailyTable)}, CSV: {"example": CSV_EXAMPLE}},
                     "description": "Successful Response"}},
)  # fmt: skip
def daily(
    row: WithRun,
    parts: WithParts,
    *,
    form: Annotated[Literal["json", "csv"], Query(alias="format", description="json or csv.")] = "json",
    dialect: Annotated[
        Literal["programs", "fr"], Query(description="CSV only: `fr` has semicolons and decimal commas.")
    ] = "programs",
) -> Response:
    """Return what was used, what would have been and the saving of each day, with the sum and its interval."""
    record = _run(parts, row)
    if form == "csv":
        name = f"{row.demonstrator}_{row.reporting_to:%Y%m%d}_{row.input_sha256[:8]}.csv"
        return _file(daily_csv(record, FRENCH if dialect == "fr" else PROGRAMS), f"{CSV}; charset=utf-8", name)
    figures = [answers.MeterDays(meter=each.meter, unit=each.unit, days=each.daily) for each in record.meters]
    return answer(answers.DailyTable(run=row.id, demonstrator=row.demonstrator, figures=figures))


@router.get("/{run}/months", summary="The months of a run", responses=described(answers.MonthlyTable))
def months(row: WithRun, parts: WithParts) -> Response:
    """Return each calendar month with its saving and interval; months are not independent of each other."""
    figures = [
        answers.MeterMonths(meter=each.meter, unit=each.unit, months=list(each.months))
        for each in _run(parts, row).meters
    ]
    return answer(answers.MonthlyTable(run=row.id, demonstrator=row.demonstrator, figures=figures))


@router.get("/{run}/restatement", summary="Why a run differs from the one before it",
            responses=described(answers.Restatement))  # fmt: skip
def restatement(row: WithRun) -> Response:
    """Explain a restatement: which days, points, events or versions changed, and by how much."""
    found = explanation_of(row)
    previous = None if found is None else found.against
    return answer(answers.Restatement(run=row.id, previous=previous, explanation=found))


@router.get(
    "/{run}/bundle", summary="Everything that is needed to recompute a run, in one file", response_class=Response,
    responses={200: {"content": {"application/zip": {"example": "PK…"}}, "description": "A ZIP archive."}},
)  # fmt: skip
def bundled(row: WithRun, parts: WithParts) -> Response:
    """Download input, output, hashes and a text that says how to check them: `quaymeter savings verify FILE`."""
    with one_of_few(parts.downloads, place="bundle"), parts.pool.connection() as connection:
        kept = savings_runs.input_bytes(connection, row.id), savings_runs.run_bytes(connection, row.id)
        data = bundle.pack_kept(*kept)
    name = f"{row.demonstrator}_{row.reporting_to:%Y%m%d}_{row.input_sha256[:8]}.zip"
    return _file(data, "application/zip", name)


@router.get(
    "/{run}/report", summary="The savings report, in French or English, as PDF or HTML", response_class=Response,
    responses={200: {"content": {"application/pdf": {"example": "%PDF…"}, "text/html": {"example": "<!doctype html>"}},
                     "description": "The report."}},
)  # fmt: skip
def reported(
    row: WithRun,
    parts: WithParts,
    *,
    language: Language = None,
    form: Form = ReportForm.PDF,
    accept_language: Annotated[str, Header(max_length=500, description="Language where `language` is left out.")] = "",
) -> Response:
    """Return the report of a run; the same run gives the same bytes."""
    spoken = choose(language, accept_language=accept_language, default=parts.settings.default_language)
    body = parts.reports.get(ReportKey(row.id, spoken, form), lambda: _made(parts, row, spoken, form))
    name = f"{row.demonstrator}_{row.reporting_to:%Y%m%d}_{row.input_sha256[:8]}_{spoken}.{form}"
    headers = {
        "Content-Disposition": f'inline; filename="{name}"', "Content-Language": spoken, "Vary": "Accept-Language"
    }  # fmt: skip
    if form is ReportForm.HTML:
        headers["Content-Security-Policy"] = policy_of(body)
    return Response(body, media_type="application/pdf" if form is ReportForm.PDF else "text/html", headers=headers)


def _run(parts: Parts, row: RunRow) -> Run:
    with parts.pool.connection() as connection:
        return decode_run(savings_runs.run_bytes(connection, row.id))


def _made(parts: Parts, row: RunRow, language: str, form: ReportForm) -> bytes:
    with one_of_few(parts.downloads, place="report"):
        with parts.pool.connection() as connection:
            given = decode_input(savings_runs.input_bytes(connection, row.id))
            record = decode_run(savings_runs.run_bytes(connection, row.id))
            before = restatement_of(connection, row)
        return report(given, record, before, language, form)


def _file(data: bytes, media: str, name: str) -> Response:
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
