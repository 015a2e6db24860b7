-- What came of a background job, attempt by attempt: the queue itself keeps no error and no result.
-- depends: 0015-jobs

CREATE TABLE jobs.outcome (
    job_id bigint NOT NULL REFERENCES jobs.procrastinate_jobs ON DELETE CASCADE,
    attempt int NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id bigint,                             -- the savings run that it made or found
    note text NOT NULL DEFAULT '',
    error text NOT NULL DEFAULT '',            -- '' where it went well
    PRIMARY KEY (job_id, attempt)
);

GRANT SELECT, INSERT, DELETE ON jobs.outcome TO quaymeter_app;
