"""The queue of background jobs: procrastinate's own tables, in a schema of their own."""

from yoyo import step

from storage.job_schema import bring_up

__depends__ = {"0007-roles"}

steps = [step(bring_up)]
