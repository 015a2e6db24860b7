-- name: site_row
-- One site by its key, locked against a second apply at the same time.
SELECT id, version FROM site WHERE key = %s FOR UPDATE;

-- name: one_claim_at_a_time
-- Waits for other sites that are being applied with mappings of their own.
SELECT pg_advisory_xact_lock(1903519096);

-- name: claims_of_others
-- The plain topics and Sparkplug nodes that other sites have mapped.
SELECT key, plain_topics, sparkplug FROM site WHERE key <> %s;

-- name: save_site
-- Adds a site or brings its row up to date.
INSERT INTO site (key, name, latitude, longitude, timezone, version, plain_topics, sparkplug, calendars,
                  alarm_rules)
VALUES (%(key)s, %(name)s, %(latitude)s, %(longitude)s, %(timezone)s, %(version)s, %(plain_topics)s, %(sparkplug)s,
        %(calendars)s, %(alarm_rules)s)
ON CONFLICT (key) DO UPDATE
    SET name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude,
        timezone = excluded.timezone, version = excluded.version, plain_topics = excluded.plain_topics,
        sparkplug = excluded.sparkplug, calendars = excluded.calendars,
        alarm_rules = excluded.alarm_rules, applied_at = now()
RETURNING id;

-- name: set_version
-- Marks a site as changed: gateways load their catalogue again.
UPDATE site SET version = %(version)s WHERE id = %(site_id)s;

-- name: audit
-- Records who did what.
INSERT INTO audit_log (who, what, subject, detail) VALUES (%(who)s, %(what)s, %(subject)s, %(detail)s);

-- name: points_of_site
-- Declared points with their numbers; retired ones left out.
SELECT id, key, name, quantity, unit, kind, period_s, silent_after_s, valid_min, valid_max, rate_limit, modulus,
       pulse_weight, accuracy_class, calibration_due, tags
FROM point WHERE site_id = %s AND retired_at IS NULL ORDER BY id;

-- name: devices_of_assets
-- Which device may publish which asset.
SELECT key, device FROM asset WHERE site_id = %s AND retired_at IS NULL ORDER BY key;

-- name: swaps_of_site
-- Meter swaps of a site by point and time.
SELECT point.key, swap.at, swap.register_before, swap.register_after, swap.by, point.id
FROM meter_swap AS swap JOIN point ON point.id = swap.point_id WHERE point.site_id = %s;

-- name: save_swap
-- Adds or corrects a meter swap.
INSERT INTO meter_swap (point_id, at, register_before, register_after, by)
VALUES (%(point_id)s, %(at)s, %(register_before)s, %(register_after)s, %(by)s)
ON CONFLICT (point_id, at) DO UPDATE
    SET register_before = excluded.register_before, register_after = excluded.register_after, by = excluded.by;

-- name: drop_swap
-- Takes back a meter swap that the site file no longer declares (the audit log remembers it).
DELETE FROM meter_swap WHERE point_id = %(point_id)s AND at = %(at)s;
