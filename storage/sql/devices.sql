-- name: note_status
-- Takes a status where it is newer than the known one. A last will ends a connection for all that its speaker spoke for.
WITH over AS ( -- retained words of a connection whose last will came first: of several topics, one has the will
    SELECT o.at FROM device_status AS o
    WHERE %(link)s > 0 AND o.site = %(site)s AND o.device <> %(device)s AND o.last_will
        AND o.boot = %(boot)s::bigint AND o.link = %(link)s
        AND (o.via = %(speaker)s OR (o.device = %(speaker)s AND o.via = ''))
    LIMIT 1
), one AS (
    SELECT %(device)s AS device, %(via)s AS via, %(clock)s AS clock, %(packs)s::bigint AS packs,
           %(kept_bytes)s::bigint AS kept_bytes, %(oldest)s::timestamptz AS oldest,
           %(dropped_packs)s::bigint AS dropped_packs, %(dropped_readings)s::bigint AS dropped_readings,
           %(last_will)s OR over.at IS NOT NULL AS last_will, coalesce(over.at, %(at)s) AS at
    FROM (VALUES (1)) AS always LEFT JOIN over ON true
    UNION ALL
    SELECT o.device, o.via, '', NULL, NULL, NULL, NULL, NULL, true, %(at)s FROM device_status AS o
    WHERE %(last_will)s AND o.site = %(site)s AND o.device <> %(device)s
        AND (o.via = %(speaker)s OR (o.device = %(speaker)s AND o.via = ''))
    ORDER BY device
)
INSERT INTO device_status AS known (site, device, state, since, last_will, at, received_at, boot, link, via, clock, packs,
                                    kept_bytes, oldest, dropped_packs, dropped_readings)
SELECT %(site)s, one.device, CASE WHEN one.last_will THEN 'offline' ELSE %(state)s END, one.at, one.last_will, one.at,
       %(received_at)s, %(boot)s, %(link)s, one.via, one.clock, one.packs, one.kept_bytes, one.oldest,
       one.dropped_packs, one.dropped_readings
FROM one
ON CONFLICT (site, device) DO UPDATE
    SET state = excluded.state,
        since = CASE WHEN excluded.state = known.state AND excluded.boot IS NOT DISTINCT FROM known.boot
                     THEN known.since ELSE excluded.at END,
        last_will = excluded.last_will, at = excluded.at, received_at = excluded.received_at, boot = excluded.boot, link = excluded.link,
        via = excluded.via, clock = CASE WHEN excluded.clock = '' THEN known.clock ELSE excluded.clock END,
        packs = coalesce(excluded.packs, known.packs), kept_bytes = coalesce(excluded.kept_bytes, known.kept_bytes),
        oldest = CASE WHEN excluded.packs IS NULL THEN known.oldest ELSE excluded.oldest END,
        dropped_packs = coalesce(excluded.dropped_packs, known.dropped_packs),
        dropped_readings = coalesce(excluded.dropped_readings, known.dropped_readings)
    WHERE is_newer_status(known, excluded, %(has_time)s AND NOT excluded.last_will);

-- name: note_meta
-- Takes what a device believes about an asset's points where it is newer; it is compared anew where it has changed.
INSERT INTO device_meta AS known (site, asset, device, boot, at, received_at, catalogue, points)
VALUES (%(site)s, %(asset)s, %(device)s, %(boot)s, %(at)s, %(received_at)s, %(catalogue)s, %(points)s)
ON CONFLICT (site, asset) DO UPDATE
    SET device = excluded.device, boot = excluded.boot, at = excluded.at, received_at = excluded.received_at,
        catalogue = excluded.catalogue, points = excluded.points,
        compared = CASE WHEN excluded.points = known.points THEN known.compared ELSE '' END,
        differences = CASE WHEN excluded.points = known.points THEN known.differences ELSE '[]' END
    WHERE excluded.boot > known.boot OR (excluded.at > known.at AND (%(has_time)s OR excluded.boot = known.boot));

-- name: not_compared
-- What is told of a site's assets and was not compared with this version of the catalogue.
SELECT asset, points FROM device_meta WHERE site = %(site)s AND compared <> %(version)s ORDER BY asset;

-- name: keep_differences
-- Notes how what is told differs from a version of the catalogue, unless something else has been told meanwhile.
UPDATE device_meta SET compared = %(version)s, differences = %(differences)s
WHERE site = %(site)s AND asset = %(asset)s AND points = %(points)s;

-- name: standing
-- How many devices of these sites are offline, and how many believe what the site file does not say.
SELECT count(*) FILTER (WHERE state = 'offline'), count(*) FILTER (WHERE differences > 0)
FROM v_device WHERE site = ANY(%(sites)s);

-- name: devices
-- The devices of a site with their state, their losses and what they have not sent yet.
SELECT v.device,
       ARRAY(SELECT a.key FROM asset a JOIN site s ON s.id = a.site_id
             WHERE s.key = v.site AND a.device = v.device AND a.retired_at IS NULL ORDER BY a.id),
       v.state, v.since, v.last_will, v.status_at, v.last_seen, v.boot, v.via, v.clock, v.packs, v.kept_bytes, v.oldest,
       v.dropped_packs, v.dropped_readings, v.missing
FROM v_device AS v WHERE v.site = %(site)s ORDER BY v.device;

-- name: metas
-- What is told of the points of a site's assets in use, and how it differs from the site file.
SELECT m.asset, a.device, m.at, m.catalogue, jsonb_array_length(m.points), m.compared <> '', m.differences
FROM device_meta AS m
JOIN site AS s ON s.key = m.site
JOIN asset AS a ON a.site_id = s.id AND a.key = m.asset AND a.retired_at IS NULL
WHERE m.site = %(site)s ORDER BY a.id;

-- name: changes
-- The latest changes of state of a site's devices, newest first; of one device, or of all.
SELECT device, state, at, boot, via FROM device_change
WHERE site = %(site)s AND (%(device)s::text IS NULL OR device = %(device)s)
ORDER BY id DESC LIMIT %(limit)s;
