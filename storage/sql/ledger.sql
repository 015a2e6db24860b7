-- name: totals
-- The whole ledger in one line.
SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint,
       coalesce(sum(quarantined), 0)::bigint, coalesce(sum(late), 0)::bigint,
       coalesce(bool_and(received = stored + duplicate + quarantined), true)
FROM ingest_ledger;

-- name: lines
-- Ledger lines of a time of arrival, newest first.
SELECT gateway, minute, received, stored, duplicate, quarantined, late
FROM ingest_ledger
WHERE minute >= coalesce(%(start)s, '-infinity'::timestamptz) AND minute < coalesce(%(end)s, 'infinity'::timestamptz)
ORDER BY minute DESC, gateway
LIMIT %(limit)s;

-- name: losses
-- Messages missing within each boot of each device: holes in the numbers seen.
SELECT device, boot,
       (SELECT sum(upper(r) - lower(r)) FROM unnest(seqs) r)::bigint AS seen,
       (upper(seqs) - lower(seqs) - (SELECT sum(upper(r) - lower(r)) FROM unnest(seqs) r))::bigint AS missing,
       last_at
FROM device_sequence
ORDER BY device, boot;
