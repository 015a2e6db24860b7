"""What the routes of demonstrators answer: rows of the database as records, every figure with its interval."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 – msgspec reads annotations when it encodes
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from api.figure_rows import figure_of, verdict_of_figure, verdict_of_run
from api.verdicts import Verdict  # noqa: TC001 – as above
from savings.record import DailyColumns, Figure, MonthRow  # noqa: TC001 – as above
from savings.restate import Explanation  # noqa: TC001 – as above
from telemetry.plan import NonRoutineEvent, Option, Periods, Plan, Words  # noqa: TC001 – as above

if TYPE_CHECKING:
    from storage import demonstrators as plans
    from storage.events_nonroutine import EventRow
    from storage.jobs import JobFailure, JobStatus
    from storage.savings_runs import FigureRow, RunRow

Key = Annotated[str, Meta(examples=["cold-store"])]


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What all answers are."""


class FigureHeadline(_Answer, frozen=True):
    """One figure of a run in short."""

    meter: str
    name: Words
    unit: str
    verdict: Verdict
    measured: float | None
    adjusted: float | None
    adjustments: float | None
    saving: Figure | None
    percent: Figure | None
    money: Figure | None
    carbon: Figure | None
    cv_rmse: float | None
    r2: float | None


class RunHeadline(_Answer, frozen=True):
    """A run in short; the run itself is at its own address."""

    id: Annotated[int, Meta(examples=[17], description="Number of the run.")]
    demonstrator: Key
    verdict: Verdict
    plan_revision: Annotated[int, Meta(examples=[2], description="The plan that it was computed by.")]
    known_at: datetime
    created_at: datetime
    cause: Annotated[str, Meta(examples=["nightly"], description="nightly, asked or restated.")]
    asked_by: Annotated[str, Meta(examples=["A. Martin"], description="Who asked, or which process.")]
    reporting_from: date
    reporting_to: date
    confidence: float
    input_sha256: Annotated[str, Meta(description="Of the input's JSON.")]
    run_sha256: Annotated[str, Meta(description="Of the run's JSON.")]
    code_version: Annotated[str, Meta(examples=["0.1.0"], description="Version of quaymeter.")]
    stopped: Annotated[bool, Meta(description="A finding forbids any figure.")]
    standing: Annotated[bool, Meta(description="False: asked as of an earlier day, beside the others.")]
    superseded_by: Annotated[int | None, Meta(description="Run that took its place.")]
    figures: Annotated[list[FigureHeadline], Meta(description="In the order of their ids.")]


class Failure(_Answer, frozen=True):
    """A computation that failed, with no better one since."""

    job: Annotated[int, Meta(examples=[4], description="Number of the job.")]
    at: datetime
    error: Annotated[str, Meta(description="Place, cause and cure.")]


class DemonstratorHeadline(_Answer, frozen=True):
    """A demonstrator: its plan in short, and the run that stands."""

    id: Key
    site: str
    name: Words
    measure: Words
    boundary: Words
    option: Option
    periods: Periods | None
    responsible: str
    revision: Annotated[int, Meta(examples=[2], description="Of the plan in force.")]
    retired_at: Annotated[datetime | None, Meta(description="Since when it is no longer declared.")]
    verdict: Verdict
    events_to_decide: Annotated[int, Meta(examples=[1], description="Suspected events that wait for a person.")]
    run: Annotated[RunHeadline | None, Meta(description="The run that stands; null where there is none yet.")]
    failure: Annotated[Failure | None, Meta(description="Why the last computation failed; null where it did not.")]


class PlanRevision(_Answer, frozen=True):
    """One revision of a plan; none is ever changed."""

    revision: Annotated[int, Meta(examples=[2], description="From 1 on; the largest is in force.")]
    origin: Annotated[str, Meta(examples=["api"], description="site: from the site file; api: through this API.")]
    declared_by: Annotated[str, Meta(examples=["A. Martin"], description="Who declared it.")]
    declared_at: datetime
    reason: Annotated[str, Meta(description="Why, in their words.")]
    plan: Annotated[Plan, Meta(description="The plan.")]


class EventState(_Answer, frozen=True):
    """An event as it stands after its newest change."""

    event: NonRoutineEvent
    what: Annotated[str, Meta(examples=["accepted"], description="suggested, declared, changed, accepted, rejected or "
                              "withdrawn.")]  # fmt: skip
    who: Annotated[str, Meta(examples=["A. Martin"], description="Who made the change.")]
    at: datetime
    reason: Annotated[str, Meta(description="Why, in their words.")]
    change: Annotated[int, Meta(examples=[2], description="Number of the change, from 1 on.")]
    job: Annotated[int | None, Meta(description="Job of the new run that the change asks for; null where none.")] = None


class MeterDays(_Answer, frozen=True):
    """The days of one figure."""

    meter: str
    unit: str
    days: Annotated[DailyColumns | None, Meta(description="Columns of one length; null where there is no figure.")]


class DailyTable(_Answer, frozen=True):
    """The days of a run."""

    run: Annotated[int, Meta(examples=[17], description="Number of the run.")]
    demonstrator: Key
    figures: Annotated[list[MeterDays], Meta(description="In the order of the plan.")]


class MeterMonths(_Answer, frozen=True):
    """The months of one figure."""

    meter: str
    unit: str
    months: list[MonthRow]


class MonthlyTable(_Answer, frozen=True):
    """The months of a run."""

    run: Annotated[int, Meta(examples=[17], description="Number of the run.")]
    demonstrator: Key
    figures: Annotated[list[MeterMonths], Meta(description="In the order of the plan.")]


class Restatement(_Answer, frozen=True):
    """How a run differs from the one before it, and why."""

    run: Annotated[int, Meta(examples=[17], description="Number of the run.")]
    previous: Annotated[int | None, Meta(examples=[16], description="The run whose place it took; null: the first.")]
    explanation: Annotated[Explanation | None, Meta(description="What each change makes; null where none is kept.")]


class Job(_Answer, frozen=True):
    """A run that was asked for, and how it stands."""

    id: Annotated[int, Meta(examples=[4], description="Number of the job.")]
    demonstrator: Key
    status: Annotated[str, Meta(examples=["doing"], description="todo, doing, succeeded, failed, cancelled, aborted.")]
    attempts: Annotated[int, Meta(examples=[1], description="How often it was begun.")] = 0
    asked_at: Annotated[datetime | None, Meta(description="When it was asked for.")] = None
    changed_at: Annotated[datetime | None, Meta(description="When its status changed last.")] = None
    scheduled_at: Annotated[datetime | None, Meta(description="When a failed attempt is tried again.")] = None
    run: Annotated[int | None, Meta(description="The run that it made, or found as good as new.")] = None
    note: Annotated[str, Meta(description="What came of it, in words.")] = ""
    error: Annotated[str, Meta(description="Of its last attempt; empty where it went well.")] = ""


def headline(
    found: plans.Demonstrator, run: RunRow | None, events_to_decide: int, failure: JobFailure | None
) -> DemonstratorHeadline:
    """Return a demonstrator with the run that stands, and why a later one could not be made."""
    plan = found.plan
    return DemonstratorHeadline(
        id=found.key, site=found.site, name=plan.name, measure=plan.measure, boundary=plan.boundary,
        option=plan.option, periods=plan.periods, responsible=plan.responsible, revision=found.revision.revision,
        retired_at=found.retired_at, verdict=verdict_of_run(plan, run), events_to_decide=events_to_decide,
        run=None if run is None else run_headline(run),
        failure=None if failure is None else Failure(job=failure.job, at=failure.at, error=failure.error),
    )  # fmt: skip


def run_headline(run: RunRow) -> RunHeadline:
    """Return a run in short."""
    names = RunHeadline.__struct_fields__
    same = {name: getattr(run, name) for name in names if name not in {"figures", "verdict"}}
    return RunHeadline(**same, verdict=verdict_of_run(None, run), figures=[_figure(row) for row in run.figures])


def _figure(row: FigureRow) -> FigureHeadline:
    return FigureHeadline(
        meter=row.meter, name=dict(row.name), unit=row.unit, verdict=verdict_of_figure(row), measured=row.measured,
        adjusted=row.adjusted, adjustments=row.adjustments, saving=figure_of(row, "saving"),
        percent=figure_of(row, "percent"), money=figure_of(row, "money"), carbon=figure_of(row, "carbon"),
        cv_rmse=row.cv_rmse, r2=row.r2,
    )  # fmt: skip


def plan_revision(row: plans.PlanRevision) -> PlanRevision:
    """Return one revision of a plan."""
    return PlanRevision(**row._asdict())


def event_state(row: EventRow, job: int | None = None) -> EventState:
    """Return an event as it stands."""
    return EventState(
        event=row.event, what=row.what, who=row.who, at=row.at, reason=row.reason, change=row.number, job=job
    )


def job(row: JobStatus) -> Job:
    """Return how a job stands."""
    return Job(
        id=row.id, demonstrator=str(row.arguments.get("demonstrator", "")), status=row.status, attempts=row.attempts,
        asked_at=row.asked_at, changed_at=row.changed_at, scheduled_at=row.scheduled_at, run=row.run_id, note=row.note,
        error=row.error,
    )  # fmt: skip
