-- name: copy_readings
-- Takes a batch in binary; fails on the first reading that is already there.
COPY reading (ts, point_id, value, quality, received_at) FROM STDIN (FORMAT binary);

-- name: stored_already
-- Of these points and times, those that are stored, with the place in the question and the stored value.
SELECT asked.place - 1, stored.value
FROM unnest(%(ts)s::timestamptz[], %(point_id)s::int[]) WITH ORDINALITY AS asked (ts, point_id, place)
JOIN reading AS stored ON stored.ts = asked.ts AND stored.point_id = asked.point_id
WHERE stored.ts BETWEEN %(first)s AND %(last)s;

-- name: keep_books
-- Latest values, ledger, message numbers and roll-ups to do, in one round trip.
WITH latest AS (
    INSERT INTO point_latest AS known (point_id, ts, value, quality, received_at)
    SELECT * FROM unnest(%(point_id)s::int[], %(ts)s::timestamptz[], %(value)s::float8[], %(quality)s::int2[],
                         %(received_at)s::timestamptz[])
    ON CONFLICT (point_id) DO UPDATE
        SET ts = excluded.ts, value = excluded.value, quality = excluded.quality, received_at = excluded.received_at
        WHERE excluded.ts > known.ts
), sequences AS (
    INSERT INTO device_sequence AS known (site, device, boot, seqs, last_at)
    SELECT site, device, boot, seqs::int8multirange, %(now)s
    FROM unnest(%(site)s::text[], %(device)s::text[], %(boot)s::int8[], %(seqs)s::text[]) AS u (site, device, boot, seqs)
    ON CONFLICT (site, device, boot) DO UPDATE
        SET seqs = known.seqs + excluded.seqs * int8multirange(int8range(known.folded_to, NULL)),
            last_at = excluded.last_at
), pending AS (
    INSERT INTO rollup_pending (point_id, from_ts, to_ts)
    SELECT %(todo_point)s::int[], %(todo_first)s::timestamptz[], %(todo_last)s::timestamptz[]
    WHERE cardinality(%(todo_point)s::int[]) > 0
)
INSERT INTO ingest_ledger AS line (gateway, minute, received, stored, duplicate, quarantined, late)
SELECT %(gateway)s, * FROM unnest(%(minute)s::timestamptz[], %(received)s::int8[], %(stored)s::int8[],
                                  %(duplicate)s::int8[], %(quarantined)s::int8[], %(late)s::int8[])
ON CONFLICT (gateway, minute) DO UPDATE
    SET received = line.received + excluded.received, stored = line.stored + excluded.stored,
        duplicate = line.duplicate + excluded.duplicate, quarantined = line.quarantined + excluded.quarantined,
        late = line.late + excluded.late;

-- name: payload_numbers
-- Takes numbers for the payloads of refused messages.
SELECT nextval(pg_get_serial_sequence('quarantine_payload', 'id')) FROM generate_series(1, %s);

-- name: copy_payloads
-- Takes the messages that something was refused of.
COPY quarantine_payload (id, topic, content_type, payload, payload_bytes) FROM STDIN;

-- name: copy_refusals
-- Takes what was refused, and why.
COPY quarantine (payload_id, arrived_at, gateway, reason, detail, entry) FROM STDIN;

-- name: point_keys
-- Names of points by number, for people who read the quarantine.
SELECT id, key FROM point WHERE id = ANY(%s);
