"""Runs that are asked for: the worker computes them, one at a time for a demonstrator."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api import saving_answers as answers
from api.bodies import read_body
from api.choice import SiteQuery, choose_site
from api.demonstrators import choose_demonstrator
from api.parts import WithParts
from api.problems import not_found, refused, responses
from api.records import answer, takes
from api.records import answers as described
from api.saving_bodies import RUN_EXAMPLE, RunBody
from api.writing import Body, Writing
from storage import audit, jobs

router = APIRouter(prefix="/demonstrators/{demonstrator}", tags=["runs"], responses=responses(404, 422, 503))
Number = Annotated[int, Path(ge=0, lt=2**63, description="Number of the job.")]


@router.post("/runs", status_code=202, summary="Ask for a run",
             responses=described(answers.Job, status=202) | responses(401, 403, 415),
             openapi_extra=takes(RunBody, RUN_EXAMPLE))  # fmt: skip
def ask(demonstrator: str, parts: WithParts, pool: Writing, body: Body, site: SiteQuery = None) -> Response:
    """Have the saving computed anew by the plan in force and all that is known now; Location is the job's address.

    Where nothing changed since the last run, the job finds that run and no other is made.
    """
    given = read_body(body, RunBody)
    with pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = choose_demonstrator(connection, chosen.id, demonstrator)
        if found.plan.periods is None:
            raise refused("undated", "the plan has no periods", place="periods", cure="declare a plan with `periods`")
        subject = f"{chosen.id}/{found.key}"
        audit.note(connection, who=given.by, what="run_ask", subject=subject, detail={})
    number = jobs.ask_for_run(parts.settings.dsn, chosen.id, found.key, asked_by=given.by)
    job = answers.Job(id=number, demonstrator=found.key, status="todo")
    made = answer(job, status=202)
    made.headers["Location"] = f"/api/v1/demonstrators/{found.key}/jobs/{number}?site={chosen.id}"
    return made


@router.get("/jobs/{job}", summary="How a run that was asked for stands", responses=described(answers.Job))
def status(demonstrator: str, job: Number, parts: WithParts, site: SiteQuery = None) -> Response:
    """Say whether a job waits, is at work, or ended; `run` is what it made. Jobs that ended are forgotten in time."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        key = choose_demonstrator(connection, chosen.id, demonstrator).key
        found = jobs.job_status(connection, job)
    if found is None or (found.arguments.get("site"), found.arguments.get("demonstrator")) != (chosen.id, key):
        cure = f"the runs are at /api/v1/demonstrators/{key}/runs"
        raise not_found("job", f"demonstrator {key!r} has no job {job}", place="job", cure=cure)
    return answer(answers.job(found))
