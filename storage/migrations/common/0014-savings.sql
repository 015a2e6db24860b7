-- Demonstrators: their plans, the events no baseline knows of, and the runs that say what was saved. All of it only grows.
-- depends: 0007-roles

ALTER TABLE site DROP COLUMN demonstrators;    -- declared anew with the next apply of the site file

CREATE TABLE demonstrator (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('site', 'api')), -- who declared it first: the site file, or the API
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,                    -- the site file no longer declares it; plans, events and runs stay
    UNIQUE (site_id, key)
);

CREATE TABLE demonstrator_plan (
    demonstrator_id int NOT NULL REFERENCES demonstrator,
    revision int NOT NULL CHECK (revision > 0),
    origin text NOT NULL CHECK (origin IN ('site', 'api')),
    declared jsonb NOT NULL,                   -- as it was given
    plan jsonb NOT NULL,                       -- as it is in force: periods may be those of the revision before
    declared_by text NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (demonstrator_id, revision)
);

CREATE TABLE non_routine_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    demonstrator_id int NOT NULL REFERENCES demonstrator,
    key text NOT NULL,
    UNIQUE (demonstrator_id, key)
);

CREATE TABLE non_routine_event_change (
    event_id bigint NOT NULL REFERENCES non_routine_event,
    number int NOT NULL CHECK (number > 0),    -- the newest is how the event stands
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL,
    what text NOT NULL CHECK (what IN ('suggested', 'declared', 'changed', 'accepted', 'rejected', 'withdrawn')),
    event jsonb NOT NULL,                      -- after the change
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (event_id, number)
);

CREATE TABLE savings_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    demonstrator_id int NOT NULL,
    plan_revision int NOT NULL,
    known_at timestamptz NOT NULL,             -- nothing that arrived later is in it
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cause text NOT NULL CHECK (cause IN ('nightly', 'asked', 'restated')),
    asked_by text NOT NULL,
    reporting_from date NOT NULL,
    reporting_to date NOT NULL,
    confidence float8 NOT NULL,
    input bytea NOT NULL,                      -- JSON, zlib
    input_sha256 text NOT NULL,                -- of the JSON
    content_sha256 text NOT NULL,              -- of the JSON without `known_at`: the same content makes no second run
    run bytea NOT NULL,                        -- JSON, zlib
    run_sha256 text NOT NULL,                  -- of the JSON
    code_version text NOT NULL,
    stopped boolean NOT NULL,                  -- a finding forbids any figure
    standing boolean NOT NULL,                 -- false: asked as it was known on an earlier day, beside the others
    explanation jsonb NOT NULL,                -- how it differs from the run before
    FOREIGN KEY (demonstrator_id, plan_revision) REFERENCES demonstrator_plan
);

CREATE INDEX savings_run_of_demonstrator ON savings_run (demonstrator_id, id);

-- A run is superseded by a row beside it: the run itself is never touched again.
CREATE TABLE savings_succession (
    run_id bigint PRIMARY KEY REFERENCES savings_run,
    successor_id bigint NOT NULL UNIQUE REFERENCES savings_run CHECK (successor_id > run_id),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE savings_figure (
    run_id bigint NOT NULL REFERENCES savings_run,
    meter text NOT NULL,
    name jsonb NOT NULL,
    unit text NOT NULL,
    measured float8,                           -- [unit], of the reporting period as are the next
    adjusted float8,
    adjustments float8,                        -- by non-routine events, within `adjusted`
    saving float8,                             -- NULL where a finding forbids it
    saving_low float8,
    saving_high float8,
    percent float8,                            -- of the adjusted baseline
    percent_low float8,
    percent_high float8,
    money float8,                              -- [EUR]
    money_low float8,
    money_high float8,
    carbon float8,                             -- [t] of CO2 equivalent
    carbon_low float8,
    carbon_high float8,
    cv_rmse float8,
    r2 float8,
    PRIMARY KEY (run_id, meter)
);

CREATE TABLE savings_day (
    run_id bigint NOT NULL,
    meter text NOT NULL,
    day date NOT NULL,                         -- of the site's calendar; the first of a bill where rows are months
    measured float8 NOT NULL,                  -- [unit]
    adjusted float8 NOT NULL,
    adjustments float8 NOT NULL,
    saving float8 NOT NULL,
    cumulative float8 NOT NULL,
    low float8,                                -- of `cumulative`
    high float8,
    PRIMARY KEY (run_id, meter, day),
    FOREIGN KEY (run_id, meter) REFERENCES savings_figure
);

CREATE VIEW v_demonstrator AS
SELECT s.key AS site, d.key AS demonstrator, p.revision, p.plan -> 'name' AS name, p.plan ->> 'option' AS option,
       (p.plan #>> '{periods,baseline_from}')::date AS baseline_from,
       (p.plan #>> '{periods,baseline_to}')::date AS baseline_to,
       (p.plan #>> '{periods,reporting_from}')::date AS reporting_from,
       (p.plan #>> '{periods,reporting_to}')::date AS reporting_to,
       p.declared_by, p.declared_at, d.retired_at
FROM demonstrator AS d
JOIN site AS s ON s.id = d.site_id
JOIN LATERAL (SELECT * FROM demonstrator_plan AS p WHERE p.demonstrator_id = d.id ORDER BY revision DESC LIMIT 1) AS p
    ON true;

CREATE VIEW v_savings_run AS
SELECT s.key AS site, d.key AS demonstrator, r.id AS run, r.created_at, r.known_at, r.cause, r.asked_by, r.plan_revision,
       r.reporting_from, r.reporting_to, r.confidence, r.code_version, r.stopped, r.input_sha256,
       n.successor_id AS superseded_by, r.standing AND n.run_id IS NULL AS current, f.meter, f.name, f.unit, f.measured, f.adjusted,
       f.adjustments, f.saving, f.saving_low, f.saving_high, f.percent, f.percent_low, f.percent_high, f.money,
       f.money_low, f.money_high, f.carbon, f.carbon_low, f.carbon_high, f.cv_rmse, f.r2
FROM savings_run AS r
JOIN demonstrator AS d ON d.id = r.demonstrator_id
JOIN site AS s ON s.id = d.site_id
JOIN savings_figure AS f ON f.run_id = r.id
LEFT JOIN savings_succession AS n ON n.run_id = r.id;

CREATE VIEW v_savings_day AS
SELECT s.key AS site, d.key AS demonstrator, y.run_id AS run, r.standing AND n.run_id IS NULL AS current, y.meter, f.unit, y.day,
       y.day::timestamp AT TIME ZONE s.timezone AS ts, y.measured, y.adjusted, y.adjustments, y.saving, y.cumulative,
       y.low, y.high
FROM savings_day AS y
JOIN savings_figure AS f ON f.run_id = y.run_id AND f.meter = y.meter
JOIN savings_run AS r ON r.id = y.run_id
JOIN demonstrator AS d ON d.id = r.demonstrator_id
JOIN site AS s ON s.id = d.site_id
LEFT JOIN savings_succession AS n ON n.run_id = r.id;

CREATE VIEW v_non_routine_event AS
SELECT s.key AS site, d.key AS demonstrator, e.key AS event, c.event ->> 'meter' AS meter,
       (c.event ->> 'first_day')::date AS first_day, (c.event ->> 'last_day')::date AS last_day,
       c.event ->> 'title' AS title, c.event ->> 'status' AS status, c.what = 'withdrawn' AS withdrawn,
       c.who AS changed_by, c.at AS changed_at
FROM non_routine_event AS e
JOIN demonstrator AS d ON d.id = e.demonstrator_id
JOIN site AS s ON s.id = d.site_id
JOIN LATERAL (SELECT * FROM non_routine_event_change AS c WHERE c.event_id = e.id ORDER BY number DESC LIMIT 1) AS c
    ON true;

-- What was said once stays said: rows are added, and none is changed or removed.
GRANT SELECT, INSERT ON demonstrator, demonstrator_plan, non_routine_event, non_routine_event_change, savings_run,
    savings_succession, savings_figure, savings_day TO quaymeter_app;
GRANT UPDATE (retired_at) ON demonstrator TO quaymeter_app;
GRANT SELECT ON v_demonstrator, v_savings_run, v_savings_day, v_non_routine_event TO quaymeter_app, quaymeter_reader;

COMMENT ON TABLE savings_succession IS 'Which run took the place of which: the newest run is in no row as run_id.';
