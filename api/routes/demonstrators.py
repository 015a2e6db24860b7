"""Demonstrators and their plans: what is measured, against what, and who answers for it."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import saving_answers as answers
from api.bodies import MistakesError, read_body
from api.choice import SiteQuery, choose_site
from api.demonstrators import choose_demonstrator
from api.parts import WithParts
from api.plan_check import Site, plan_mistakes
from api.plan_example import PLAN_EXAMPLE
from api.problems import Mistake, conflict, not_found, responses
from api.records import answer, takes
from api.records import answers as described
from api.saving_bodies import RETIRE_EXAMPLE, RetireBody
from api.writing import Body, Writing
from storage import audit, events_nonroutine, jobs, overview, rates, savings_runs
from storage import demonstrators as plans
from storage.engine import Connection
from telemetry.errors import ContractError
from telemetry.plan import Plan, Status

router = APIRouter(prefix="/demonstrators", tags=["demonstrators"], responses=responses(404, 422, 503))
# PostgreSQL's text cannot hold NUL.
By = Annotated[
    str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$", description="Who declares it: a name.")
]
Reason = Annotated[str, Query(max_length=4000, pattern=r"^[^\x00]*$", description="Why, in a sentence.")]
InForce = Annotated[int | None, Query(ge=0, lt=2**31, description="Refuse (409) where another revision is in force.")]
Number = Annotated[int | None, Query(ge=1, lt=2**31, description="This revision; the one in force if left out.")]
Retired = Annotated[bool, Query(description="Also those that are no longer declared.")]


@router.get("", summary="The demonstrators of a site with what each saved",
            responses=described(answers.DemonstratorHeadline, many=True))  # fmt: skip
def listed(parts: WithParts, site: SiteQuery = None, *, retired: Retired = False) -> Response:
    """List demonstrators: the plan in short, the figures of the run that stands, and the verdict on each."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = plans.demonstrators(connection, chosen.id, retired=retired)
        failures = jobs.last_failures(connection, chosen.id)
        return answer([_headline(connection, each, failures.get(each.key)) for each in found])


@router.get("/{demonstrator}", summary="One demonstrator in short", responses=described(answers.DemonstratorHeadline))
def one(demonstrator: str, parts: WithParts, site: SiteQuery = None) -> Response:
    """Describe one demonstrator, also one that is no longer declared."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        failure = jobs.last_failures(connection, chosen.id, found.key).get(found.key)
        return answer(_headline(connection, found, failure))


@router.get("/{demonstrator}/plan", summary="The plan in force, or an earlier one",
            responses=described(answers.PlanRevision))  # fmt: skip
def plan(demonstrator: str, parts: WithParts, site: SiteQuery = None, revision: Number = None) -> Response:
    """Return a revision of the plan with who declared it, when and why."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        rows = plans.revisions(connection, chosen.id, found.key)
    for row in rows:
        if revision in {None, row.revision}:
            return answer(answers.plan_revision(row))
    cure = f"the newest is {rows[0].revision}"
    raise not_found("revision", f"there is no revision {revision}", place="revision", cure=cure)


@router.get("/{demonstrator}/plan/revisions", summary="Every revision of the plan",
            responses=described(answers.PlanRevision, many=True))  # fmt: skip
def revisions(demonstrator: str, parts: WithParts, site: SiteQuery = None) -> Response:
    """List all revisions, the newest first."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        return answer([answers.plan_revision(row) for row in plans.revisions(connection, chosen.id, found.key)])


@router.put("/{demonstrator}/plan", summary="Declare a plan, or its next revision",
            responses=described(answers.PlanRevision) | responses(401, 403, 409, 415),
            openapi_extra=takes(Plan, PLAN_EXAMPLE))  # fmt: skip
def declare(
    demonstrator: str, pool: Writing, body: Body, by: By, site: SiteQuery = None, *, reason: Reason = "",
    in_force: InForce = None,
) -> Response:  # fmt: skip
    """Put a plan in force: the next revision beside those before, or the same one where it says nothing new.

    Everything that is wrong with the plan is named at once in `mistakes`, each by its path. Runs that were made stay as
    they are; the next night computes by the new plan, or a run is asked for.
    """
    declared = read_body(body, Plan)
    with pool.connection() as connection:
        chosen = choose_site(connection, site)
        _refuse_mistakes(connection, chosen.id, demonstrator, declared)
        before = plans.demonstrator(connection, chosen.id, declared.id)
        now = before.revision.revision if before else 0
        if in_force is not None and in_force != now:
            raise conflict("revision", f"revision {now} is in force, not {in_force}", place="in_force",
                           cure="read the plan in force, and declare again")  # fmt: skip
        made = plans.declare(connection, chosen.id, declared, who=by, reason=reason)
        if made.revision != now:
            subject = f"{chosen.id}/{declared.id}"
            detail = {"revision": made.revision, "reason": reason}
            audit.note(connection, who=by, what="plan_declare", subject=subject, detail=detail)
    return answer(answers.plan_revision(made))


@router.post("/{demonstrator}/retire", summary="Take a demonstrator out of use",
             responses=described(answers.DemonstratorHeadline) | responses(401, 403, 409, 415),
             openapi_extra=takes(RetireBody, RETIRE_EXAMPLE))  # fmt: skip
def retire(demonstrator: str, pool: Writing, body: Body, site: SiteQuery = None) -> Response:
    """Leave a demonstrator out of lists, sums and nightly runs. Its plans, runs and events stay, at their addresses.

    Refused (409) where the site file declares it: take it out there. Declaring its plan again brings it back.
    """
    given = read_body(body, RetireBody)
    with pool.connection() as connection:
        chosen = choose_site(connection, site)
        key = choose_demonstrator(connection, chosen.id, demonstrator).key
        try:
            found = plans.retire(connection, chosen.id, key, who=given.by, reason=given.reason)
        except ContractError as error:
            raise conflict("site-file", error.cause, place="demonstrator", cure=error.cure) from error
        return answer(_headline(connection, found, jobs.last_failures(connection, chosen.id, key).get(key)))


def _headline(
    connection: Connection, found: plans.Demonstrator, failure: jobs.JobFailure | None
) -> answers.DemonstratorHeadline:
    events = events_nonroutine.events(connection, found.site, found.key)
    to_decide = sum(row.event.status is Status.SUGGESTED for row in events)
    return answers.headline(found, savings_runs.newest(connection, found.site, found.key), to_decide, failure)


def _refuse_mistakes(connection: Connection, site: str, demonstrator: str, plan: Plan) -> None:
    points = overview.points_by_key(connection, site)
    metered = [point for meter in plan.meters for point in meter.points]
    known = Site(
        points={key: row for key, row in points.items() if not row.retired},
        tariffs=rates.tariffs(connection, site, {tariff for point in metered for tariff in point.tariff}),
        emission_factors=rates.emission_factors(connection, site, {point.emission_factor for point in metered}),
    )
    found = list(plan_mistakes(plan, known))
    if plan.id != demonstrator:
        wrong = Mistake(place="id", detail=f"the plan is of {plan.id!r}, the address of {demonstrator[:60]!r}",
                        cure="make them the same")  # fmt: skip
        found.insert(0, wrong)
    if found:
        raise MistakesError(found)
