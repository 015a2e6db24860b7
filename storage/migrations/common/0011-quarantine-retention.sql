-- What was refused and is over with may be forgotten after a while; how much it was stays in the books.

CREATE TABLE quarantine_forgotten (
    reason text PRIMARY KEY,
    entries bigint NOT NULL,
    last_arrived_at timestamptz NOT NULL       -- of the newest of them
);

CREATE INDEX quarantine_closed ON quarantine (replayed_at) WHERE replayed_at IS NOT NULL;
CREATE INDEX quarantine_of_payload ON quarantine (payload_id);

CREATE FUNCTION forget_quarantine(closed_before timestamptz, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    payloads bigint[];
    forgotten int;
BEGIN
    WITH old AS (
        SELECT id FROM quarantine WHERE replayed_at < closed_before ORDER BY replayed_at LIMIT most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM quarantine AS q USING old WHERE q.id = old.id RETURNING q.payload_id, q.reason, q.arrived_at
    ), counted AS (
        INSERT INTO quarantine_forgotten AS f (reason, entries, last_arrived_at)
        SELECT reason, count(*), max(arrived_at) FROM gone GROUP BY reason
        ON CONFLICT (reason) DO UPDATE
            SET entries = f.entries + excluded.entries,
                last_arrived_at = greatest(f.last_arrived_at, excluded.last_arrived_at)
    )
    SELECT array_agg(DISTINCT payload_id), count(*) INTO payloads, forgotten FROM gone;
    -- A message stays as long as one of its entries does.
    DELETE FROM quarantine_payload AS p
    WHERE p.id = ANY(payloads) AND NOT EXISTS (SELECT FROM quarantine AS q WHERE q.payload_id = p.id);
    RETURN forgotten;
END
$$;

COMMENT ON FUNCTION forget_quarantine IS
    'Deletes at most so many refused entries that were replayed or closed before a time, and counts them; open ones stay.';

-- The only way of deleting from the quarantine, and it cannot touch what is open.
REVOKE EXECUTE ON FUNCTION forget_quarantine(timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_quarantine(timestamptz, int) TO quaymeter_app;
GRANT SELECT ON quarantine_forgotten TO quaymeter_app;
