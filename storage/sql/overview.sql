-- name: sites
-- All sites with the number of their assets and points in use.
SELECT s.key, s.name, s.latitude, s.longitude, s.timezone, s.version, s.applied_at,
       (SELECT count(*) FROM asset a WHERE a.site_id = s.id AND a.retired_at IS NULL),
       (SELECT count(*) FROM point p WHERE p.site_id = s.id AND p.retired_at IS NULL)
FROM site s ORDER BY s.key;

-- name: calendars
-- The calendars of a site as its file declares them.
SELECT s.calendars FROM site s WHERE s.key = %(site)s;

-- name: utilities
-- The utilities of a site, in the order of the site file.
SELECT u.key, u.name FROM utility u JOIN site s ON s.id = u.site_id
WHERE s.key = %(site)s AND u.retired_at IS NULL ORDER BY u.id;

-- name: operators
-- The companies of a site, in the order of the site file.
SELECT o.key, o.name FROM operator o JOIN site s ON s.id = o.site_id
WHERE s.key = %(site)s AND o.retired_at IS NULL ORDER BY o.id;

-- name: assets
-- The plant of a site, in the order of the site file.
SELECT a.key, a.name, a.utility, a.operator, coalesce(o.name, a.operator), a.device, a.kind,
       (SELECT count(*) FROM point p WHERE p.asset_id = a.id AND p.retired_at IS NULL)
FROM asset a
JOIN site s ON s.id = a.site_id
LEFT JOIN operator o ON o.site_id = a.site_id AND o.key = a.operator
WHERE s.key = %(site)s AND a.retired_at IS NULL ORDER BY a.id;

-- name: points
-- The points of a site; those no longer in use only where asked for.
SELECT p.id, p.key, p.name, a.key, a.utility, p.quantity, p.canonical_unit, p.kind, p.period_s, p.silent_after_s,
       p.valid_min, p.valid_max, p.rate_limit, p.modulus, p.accuracy_class, p.calibration_due, p.tags,
       p.retired_at IS NOT NULL
FROM point p
JOIN site s ON s.id = p.site_id
JOIN asset a ON a.id = p.asset_id
WHERE s.key = %(site)s AND (p.retired_at IS NULL OR %(retired)s)
ORDER BY p.id;

-- name: derived_points
-- The derived points of a site, those no longer in use too.
SELECT d.id, d.key, d.name, a.key, a.utility, d.quantity, d.unit, d.formula, d.inputs, d.retired_at IS NOT NULL
FROM derived_point d
JOIN site s ON s.id = d.site_id
JOIN asset a ON a.site_id = d.site_id AND a.key = regexp_replace(d.key, '/[^/]*$', '')
WHERE s.key = %(site)s
ORDER BY d.id;

-- name: latest
-- The latest reading of every point in use that was ever heard; of one site, or of all.
SELECT s.key, p.id, p.key, l.ts, l.value, l.quality, l.received_at
FROM point_latest l
JOIN point p ON p.id = l.point_id
JOIN site s ON s.id = p.site_id
WHERE p.retired_at IS NULL AND (%(site)s::text IS NULL OR s.key = %(site)s)
ORDER BY p.id;

-- name: losses
-- Message numbers of the site's devices, boot by boot: first, last, how many came, and the holes that are still known.
SELECT q.device, q.boot, n.first, n.last, n.seen,
       ARRAY(SELECT ARRAY[lower(hole), upper(hole) - 1]
             FROM unnest(int8multirange(range_merge(q.seqs)) - q.seqs) AS hole LIMIT %(holes)s),
       q.last_at
FROM device_sequence AS q, device_numbers(q) AS n
WHERE q.site = %(site)s
ORDER BY q.device, q.boot;
