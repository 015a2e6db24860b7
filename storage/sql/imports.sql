-- name: begin
-- Finds the job of a file or begins it; a finished one begins again.
INSERT INTO import_job AS job (file, fingerprint) VALUES (%(file)s, %(fingerprint)s)
ON CONFLICT (fingerprint) DO UPDATE
    SET file = excluded.file, finished_at = NULL,
        started_at = CASE WHEN job.finished_at IS NULL THEN job.started_at ELSE now() END,
        rows_done = CASE WHEN job.finished_at IS NULL THEN job.rows_done ELSE 0 END,
        stored = CASE WHEN job.finished_at IS NULL THEN job.stored ELSE 0 END,
        duplicate = CASE WHEN job.finished_at IS NULL THEN job.duplicate ELSE 0 END,
        quarantined = CASE WHEN job.finished_at IS NULL THEN job.quarantined ELSE 0 END
RETURNING id;

-- name: begin_parts
-- Finds the job of a history in parts or begins it; a finished one stays so unless there are more parts now.
INSERT INTO import_job AS job (file, fingerprint, parts) VALUES (%(file)s, %(fingerprint)s, %(parts)s)
ON CONFLICT (fingerprint) DO UPDATE
    SET file = excluded.file, parts = excluded.parts,
        finished_at = CASE WHEN job.parts_done >= excluded.parts THEN job.finished_at END
RETURNING id;

-- name: look
-- How far a job is.
SELECT rows_done, stored, duplicate, quarantined, parts_done, finished_at IS NOT NULL, started_at FROM import_job WHERE id = %s;

-- name: own
-- Makes a job this connection's own for as long as it lives.
SELECT pg_try_advisory_lock(1903519095, %s::int);

-- name: let_go
-- Gives up the job that this connection owns.
SELECT pg_advisory_unlock_all();

-- name: move
-- Moves the mark of a job, in the transaction of its readings.
UPDATE import_job SET rows_done = %(rows)s, stored = %(stored)s, duplicate = %(duplicate)s, quarantined = %(quarantined)s,
                      parts_done = %(parts_done)s
WHERE id = %(id)s;

-- name: note_history
-- Notes that these points have history of a cadence from their first reading to their last.
SELECT note_history(%(point_id)s, %(first)s, %(last)s, %(cadence_s)s);

-- name: finish
-- Marks a job as done.
UPDATE import_job SET finished_at = now() WHERE id = %s;

-- name: jobs
-- Imports of histories in parts that are not done yet, the newest first.
SELECT file, rows_done, parts_done, parts, started_at FROM import_job
WHERE finished_at IS NULL AND parts IS NOT NULL ORDER BY id DESC;
