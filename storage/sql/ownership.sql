-- name: hold
-- Takes the lock of a name unless somebody else has it; says whether it is ours.
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
      AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%(name)s, 0)
) OR pg_try_advisory_lock(hashtextextended(%(name)s, 0));
