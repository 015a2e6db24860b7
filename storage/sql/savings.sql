-- name: demonstrators
-- The demonstrators of a site, or one of them, with the plan in force.
SELECT s.key, d.key, d.origin, d.retired_at, p.revision, p.origin, p.plan, p.declared_by, p.declared_at, p.reason
FROM demonstrator AS d
JOIN site AS s ON s.id = d.site_id
JOIN LATERAL (SELECT * FROM demonstrator_plan AS p WHERE p.demonstrator_id = d.id ORDER BY revision DESC LIMIT 1) AS p
    ON true
WHERE s.key = %(site)s AND (%(key)s::text IS NULL OR d.key = %(key)s) AND (%(retired)s OR d.retired_at IS NULL)
ORDER BY d.id;

-- name: revisions
-- Every revision of a plan, the newest first.
SELECT p.revision, p.origin, p.plan, p.declared_by, p.declared_at, p.reason
FROM demonstrator_plan AS p
JOIN demonstrator AS d ON d.id = p.demonstrator_id
JOIN site AS s ON s.id = d.site_id
WHERE s.key = %(site)s AND d.key = %(key)s
ORDER BY p.revision DESC;

-- name: plans_of_site
-- What a site file is compared with: number, origin, retirement, plan in force, and what the file said last.
SELECT d.key, d.id, d.origin, d.retired_at, p.revision, p.plan,
       (SELECT f.declared FROM demonstrator_plan AS f WHERE f.demonstrator_id = d.id AND f.origin = 'site'
        ORDER BY f.revision DESC LIMIT 1)
FROM demonstrator AS d
JOIN LATERAL (SELECT * FROM demonstrator_plan AS p WHERE p.demonstrator_id = d.id ORDER BY revision DESC LIMIT 1) AS p
    ON true
WHERE d.site_id = %s
ORDER BY d.id;

-- name: site_number
-- The number of a site.
SELECT id FROM site WHERE key = %s;

-- name: known_keys
-- Every point of a site, derived ones too, every price and factor that is in use, and the calendars that have holidays.
SELECT 'point', key FROM point WHERE site_id = %(site)s AND retired_at IS NULL
UNION ALL SELECT 'point', key FROM derived_point WHERE site_id = %(site)s AND retired_at IS NULL
UNION ALL SELECT 'tariff', key FROM tariff WHERE site_id = %(site)s AND retired_at IS NULL
UNION ALL SELECT 'emission factor', key FROM emission_factor WHERE site_id = %(site)s AND retired_at IS NULL
UNION ALL SELECT 'calendar', each->>'id' FROM site, jsonb_array_elements(calendars) AS each
    WHERE site.id = %(site)s AND each->>'holidays' <> '';

-- name: add_demonstrator
-- Add a demonstrator.
INSERT INTO demonstrator (site_id, key, origin) VALUES (%(site)s, %(key)s, %(origin)s) RETURNING id;

-- name: retire_demonstrator
-- Take a demonstrator out of use, or back into it.
UPDATE demonstrator SET retired_at = CASE WHEN %(retired)s THEN now() END WHERE id = %(demonstrator)s;

-- name: add_plan
-- Add the next revision of a plan; two at once are refused.
INSERT INTO demonstrator_plan (demonstrator_id, revision, origin, declared, plan, declared_by, reason)
VALUES (%(demonstrator)s, %(revision)s, %(origin)s, %(declared)s, %(plan)s, %(who)s, %(reason)s);

-- name: demonstrator_number
-- The number of a demonstrator, retired ones too.
SELECT d.id FROM demonstrator AS d JOIN site AS s ON s.id = d.site_id WHERE s.key = %(site)s AND d.key = %(key)s;

-- name: events
-- The events of a demonstrator as they stand, in order of time.
SELECT e.key, c.event, c.what, c.who, c.at, c.reason, c.number
FROM non_routine_event AS e
JOIN demonstrator AS d ON d.id = e.demonstrator_id
JOIN site AS s ON s.id = d.site_id
JOIN LATERAL (SELECT * FROM non_routine_event_change AS c WHERE c.event_id = e.id ORDER BY number DESC LIMIT 1) AS c
    ON true
WHERE s.key = %(site)s AND d.key = %(demonstrator)s AND (%(key)s::text IS NULL OR e.key = %(key)s)
ORDER BY c.event ->> 'first_day', e.id;

-- name: event_history
-- Every change of an event, the oldest first.
SELECT e.key, c.event, c.what, c.who, c.at, c.reason, c.number
FROM non_routine_event AS e
JOIN non_routine_event_change AS c ON c.event_id = e.id
JOIN demonstrator AS d ON d.id = e.demonstrator_id
JOIN site AS s ON s.id = d.site_id
WHERE s.key = %(site)s AND d.key = %(demonstrator)s AND e.key = %(key)s
ORDER BY c.number;

-- name: add_event
-- Add an event; its first change follows.
INSERT INTO non_routine_event (demonstrator_id, key) VALUES (%(demonstrator)s, %(key)s) RETURNING id;

-- name: add_event_change
-- Add a change of an event; two at once are refused.
INSERT INTO non_routine_event_change (event_id, number, who, what, event, reason)
SELECT e.id, %(number)s, %(who)s, %(what)s, %(event)s, %(reason)s
FROM non_routine_event AS e WHERE e.demonstrator_id = %(demonstrator)s AND e.key = %(key)s;

-- name: lock_demonstrator
-- One at a time adds runs or events to a demonstrator; held to the end of the transaction.
SELECT pg_advisory_xact_lock(1903519097, %s);

-- name: add_run
-- Add a run.
INSERT INTO savings_run (demonstrator_id, plan_revision, known_at, cause, asked_by, reporting_from, reporting_to, confidence,
    input, input_sha256, content_sha256, run, run_sha256, code_version, stopped, standing, explanation)
VALUES (%(demonstrator)s, %(plan_revision)s, %(known_at)s, %(cause)s, %(asked_by)s, %(reporting_from)s, %(reporting_to)s,
    %(confidence)s, %(input)s, %(input_sha256)s, %(content_sha256)s, %(run)s, %(run_sha256)s, %(code_version)s, %(stopped)s,
    %(standing)s, %(explanation)s)
RETURNING id;

-- name: add_succession
-- Note that a run takes the place of the one that stood until now.
INSERT INTO savings_succession (run_id, successor_id)
SELECT r.id, %(run)s FROM savings_run AS r
WHERE r.demonstrator_id = %(demonstrator)s AND r.standing AND r.id < %(run)s
    AND NOT EXISTS (SELECT FROM savings_succession AS n WHERE n.run_id = r.id);

-- name: add_figure
-- Add the headline of one figure of a run.
INSERT INTO savings_figure (run_id, meter, name, unit, measured, adjusted, adjustments, saving, saving_low, saving_high,
    percent, percent_low, percent_high, money, money_low, money_high, carbon, carbon_low, carbon_high, cv_rmse, r2)
VALUES (%(run)s, %(meter)s, %(name)s, %(unit)s, %(measured)s, %(adjusted)s, %(adjustments)s, %(saving)s, %(saving_low)s,
    %(saving_high)s, %(percent)s, %(percent_low)s, %(percent_high)s, %(money)s, %(money_low)s, %(money_high)s, %(carbon)s,
    %(carbon_low)s, %(carbon_high)s, %(cv_rmse)s, %(r2)s);

-- name: add_days
-- Add the days of one figure of a run.
INSERT INTO savings_day (run_id, meter, day, measured, adjusted, adjustments, saving, cumulative, low, high)
SELECT %(run)s, %(meter)s, u.* FROM unnest(%(day)s::date[], %(measured)s::float8[], %(adjusted)s::float8[],
    %(adjustments)s::float8[], %(saving)s::float8[], %(cumulative)s::float8[], %(low)s::float8[], %(high)s::float8[]) AS u;

-- name: runs
-- Runs of a demonstrator without input and output, the newest first.
SELECT r.id, s.key, d.key, r.plan_revision, r.known_at, r.created_at, r.cause, r.asked_by, r.reporting_from, r.reporting_to,
       r.confidence, r.input_sha256, r.content_sha256, r.run_sha256, r.code_version, r.stopped, r.standing,
       (SELECT n.successor_id FROM savings_succession AS n WHERE n.run_id = r.id), r.explanation
FROM savings_run AS r
JOIN demonstrator AS d ON d.id = r.demonstrator_id
JOIN site AS s ON s.id = d.site_id
WHERE (%(site)s::text IS NULL OR s.key = %(site)s) AND (%(demonstrator)s::text IS NULL OR d.key = %(demonstrator)s)
    AND (%(run)s::bigint IS NULL OR r.id = %(run)s) AND (%(before)s::bigint IS NULL OR r.id < %(before)s)
    AND (NOT %(current)s OR r.standing AND NOT EXISTS (SELECT FROM savings_succession AS n WHERE n.run_id = r.id))
ORDER BY r.id DESC LIMIT %(limit)s;

-- name: figures
-- The headlines of runs.
SELECT run_id, meter, name, unit, measured, adjusted, adjustments, saving, saving_low, saving_high, percent, percent_low,
       percent_high, money, money_low, money_high, carbon, carbon_low, carbon_high, cv_rmse, r2
FROM savings_figure WHERE run_id = ANY(%s) ORDER BY run_id, meter;

-- name: input
-- The input of a run, packed.
SELECT input FROM savings_run WHERE id = %s;

-- name: output
-- The output of a run, packed.
SELECT run FROM savings_run WHERE id = %s;

-- name: tariffs
-- The values in use of some tariffs of a site.
SELECT t.key, t.quantity, t.unit, t.value, t.valid_from, t.valid_to, t.source, t.scope
FROM tariff AS t JOIN site AS s ON s.id = t.site_id
WHERE s.key = %(site)s AND t.key = ANY(%(ids)s) AND t.retired_at IS NULL ORDER BY t.key, t.valid_from, t.scope;

-- name: emission_factors
-- The values in use of some emission factors of a site.
SELECT t.key, t.quantity, t.unit, t.value, t.valid_from, t.valid_to, t.source, t.scope
FROM emission_factor AS t JOIN site AS s ON s.id = t.site_id
WHERE s.key = %(site)s AND t.key = ANY(%(ids)s) AND t.retired_at IS NULL ORDER BY t.key, t.valid_from, t.scope;
