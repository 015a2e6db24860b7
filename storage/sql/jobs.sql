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
-- How a job stands, with what came of its last attempt.
SELECT j.id, j.task_name, j.args, j.status::text, j.attempts, j.scheduled_at,
       (SELECT min(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id),
       (SELECT max(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id),
       o.run_id, coalesce(o.note, ''), coalesce(o.error, '')
FROM jobs.procrastinate_jobs AS j
LEFT JOIN LATERAL (SELECT * FROM jobs.outcome AS o WHERE o.job_id = j.id ORDER BY attempt DESC LIMIT 1) AS o ON true
WHERE j.id = %s;

-- name: waiting
-- The job of a lock that waits already.
SELECT id FROM jobs.procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo';

-- name: note_outcome
-- Keep what came of an attempt.
INSERT INTO jobs.outcome (job_id, attempt, run_id, note, error)
VALUES (%(job)s, %(attempt)s, %(run)s, %(note)s, %(error)s) ON CONFLICT DO NOTHING;

-- name: last_outcomes
-- What came last of a task's jobs of a site, or of one demonstrator of it.
SELECT DISTINCT ON (j.args ->> 'demonstrator') j.args ->> 'demonstrator', j.id, o.at, o.note, o.error
FROM jobs.procrastinate_jobs AS j
JOIN jobs.outcome AS o ON o.job_id = j.id
WHERE j.task_name = %(task)s AND j.args ->> 'site' = %(site)s
    AND (%(key)s::text IS NULL OR j.args ->> 'demonstrator' = %(key)s)
ORDER BY j.args ->> 'demonstrator', o.at DESC, j.id DESC, o.attempt DESC;

-- name: forget
-- Forget jobs that ended before a time; their outcomes go with them.
DELETE FROM jobs.procrastinate_jobs AS j
WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
    AND (SELECT max(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id) < %s;
