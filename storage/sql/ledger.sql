-- name: totals
-- The whole ledger in one line.
SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint,
       coalesce(sum(quarantined), 0)::bigint, coalesce(sum(late), 0)::bigint,
       coalesce(bool_and(received = stored + duplicate + quarantined), true)
FROM ingest_ledger;

-- name: of_gateway
-- The ledger of one gateway in one line.
SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint,
       coalesce(sum(quarantined), 0)::bigint
FROM ingest_ledger WHERE gateway = %(gateway)s;

-- name: lines
-- Ledger lines of a time of arrival, newest first.
SELECT gateway, minute, received, stored, duplicate, quarantined, late
FROM ingest_ledger
WHERE minute >= coalesce(%(start)s, '-infinity'::timestamptz) AND minute < coalesce(%(end)s, 'infinity'::timestamptz)
ORDER BY minute DESC, gateway
LIMIT %(limit)s;

-- name: losses
-- Messages missing within each boot of each device: holes in the numbers seen.
SELECT s.site, s.device, s.boot, n.seen, n.missing, s.last_at
FROM device_sequence AS s, device_numbers(s) AS n
ORDER BY s.site, s.device, s.boot;
