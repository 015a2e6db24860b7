-- name: begin
-- Finds the job of a file or begins it; a finished one begins again.
INSERT INTO import_job AS job (file, fingerprint) VALUES (%(file)s, %(fingerprint)s)
ON CONFLICT (fingerprint) DO UPDATE
    SET file = excluded.file, finished_at = NULL,
        rows_done = CASE WHEN job.finished_at IS NULL THEN job.rows_done ELSE 0 END,
        stored = CASE WHEN job.finished_at IS NULL THEN job.stored ELSE 0 END,
        duplicate = CASE WHEN job.finished_at IS NULL THEN job.duplicate ELSE 0 END,
        quarantined = CASE WHEN job.finished_at IS NULL THEN job.quarantined ELSE 0 END
RETURNING id, rows_done, stored, duplicate, quarantined;

-- name: own
-- Makes a job this connection's own for as long as it lives.
SELECT pg_try_advisory_lock(1903519095, %s::int);

-- name: move
-- Moves the mark of a job, in the transaction of its readings.
UPDATE import_job SET rows_done = %(rows)s, stored = %(stored)s, duplicate = %(duplicate)s, quarantined = %(quarantined)s
WHERE id = %(id)s;

-- name: finish
-- Marks a job as done.
UPDATE import_job SET finished_at = now() WHERE id = %s;
