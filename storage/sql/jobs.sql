-- name: make_schema
-- A schema for the queue and a list of the package's steps that were taken.
DO $$
BEGIN
    CREATE SCHEMA IF NOT EXISTS jobs;
    CREATE TABLE IF NOT EXISTS jobs.schema_step (name text PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT now());
END
$$;

-- name: note_step
-- Note a step of the package as taken.
INSERT INTO jobs.schema_step (name) VALUES (%s) ON CONFLICT DO NOTHING;

-- name: grant
-- Who may use the queue: services, and nobody else.
DO $$
BEGIN
    REVOKE ALL ON SCHEMA jobs FROM PUBLIC, quaymeter_writer, quaymeter_reader;
    REVOKE ALL ON ALL TABLES IN SCHEMA jobs FROM PUBLIC, quaymeter_writer, quaymeter_reader;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC, quaymeter_writer, quaymeter_reader;
    GRANT USAGE ON SCHEMA jobs TO quaymeter_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO quaymeter_app;
    REVOKE INSERT, UPDATE, DELETE ON jobs.schema_step FROM quaymeter_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO quaymeter_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO quaymeter_app;
END
$$;

-- name: status
-- How a job stands, with its history.
SELECT j.id, j.task_name, j.args, j.status::text, j.attempts, j.scheduled_at,
       (SELECT max(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id),
       (SELECT min(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id)
FROM jobs.procrastinate_jobs AS j WHERE j.id = %s;
