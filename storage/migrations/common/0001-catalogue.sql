-- The catalogue: sites, plant, points and who said so. Nothing in it is ever deleted, only retired.

CREATE TABLE site (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,                  -- the third level of every topic
    name text NOT NULL,
    latitude float8 NOT NULL,                  -- [deg]
    longitude float8 NOT NULL,                 -- [deg]
    timezone text NOT NULL,                    -- IANA name; day buckets are in it
    version text NOT NULL,                     -- changes whenever the site file is applied with a change
    plain_topics jsonb NOT NULL DEFAULT '{}',  -- mapped topic → point key
    sparkplug jsonb NOT NULL DEFAULT '{}',     -- group/node[/device] → asset key
    demonstrators jsonb NOT NULL DEFAULT '[]', -- kept as declared until their rooms are built
    calendars jsonb NOT NULL DEFAULT '[]',
    alarm_rules jsonb NOT NULL DEFAULT '[]',
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE utility (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    name jsonb NOT NULL,                       -- by language
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE operator (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    name text NOT NULL,
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE device (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE asset (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,                         -- area/asset
    name jsonb NOT NULL,
    utility text NOT NULL,
    operator text NOT NULL,
    device text NOT NULL,
    kind text NOT NULL DEFAULT '',
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE point (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    asset_id int NOT NULL REFERENCES asset,
    key text NOT NULL,                         -- area/asset/name
    name jsonb NOT NULL,
    quantity text NOT NULL,
    unit text NOT NULL,                        -- as the device sends it
    canonical_unit text NOT NULL,              -- as it is stored
    kind text NOT NULL CHECK (kind IN ('gauge', 'counter', 'state', 'event')),
    -- Within what a site file may say: one impossible figure would stop the roll-ups of every site.
    period_s float8 NOT NULL CHECK (period_s BETWEEN 0.001 AND 7776000),
    silent_after_s float8 NOT NULL CHECK (silent_after_s BETWEEN 0.001 AND 7776000),
    valid_min float8,
    valid_max float8,
    rate_limit float8 CHECK (rate_limit BETWEEN 1e-12 AND 1e18), -- [canonical unit per second]
    modulus float8 CHECK (modulus BETWEEN 1e-12 AND 1e18),
    pulse_weight float8 CHECK (pulse_weight BETWEEN 1e-12 AND 1e18),
    accuracy_class text NOT NULL DEFAULT '',
    calibration_due date,
    tags jsonb NOT NULL DEFAULT '{}',
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE derived_point (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    name jsonb NOT NULL,
    quantity text NOT NULL,
    unit text NOT NULL,
    formula text NOT NULL,
    inputs jsonb NOT NULL,                     -- formula name → point key
    retired_at timestamptz,
    UNIQUE (site_id, key)
);

CREATE TABLE tariff (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    quantity text NOT NULL,
    unit text NOT NULL,
    value float8 NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    source text NOT NULL,
    scope text NOT NULL DEFAULT '',
    retired_at timestamptz,
    UNIQUE (site_id, key, valid_from, scope)
);

CREATE TABLE emission_factor (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id int NOT NULL REFERENCES site,
    key text NOT NULL,
    quantity text NOT NULL,
    unit text NOT NULL,
    value float8 NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    source text NOT NULL,
    scope text NOT NULL DEFAULT '',
    retired_at timestamptz,
    UNIQUE (site_id, key, valid_from, scope)
);

CREATE TABLE meter_swap (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point_id int NOT NULL REFERENCES point,
    at timestamptz NOT NULL,
    register_before float8 NOT NULL,           -- [canonical unit]
    register_after float8 NOT NULL,
    by text NOT NULL,
    UNIQUE (point_id, at)
);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    what text NOT NULL,                        -- site_apply, quarantine_replay, import, …
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);
