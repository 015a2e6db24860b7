-- What a simulated port truly saved and which of its sensors lied: for judging analyses, never for making them.
-- depends: 0007-roles

CREATE SCHEMA truth;

CREATE TABLE truth.run (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL,                        -- key of the site whose readings were made
    scenario text NOT NULL,
    seed bigint NOT NULL,
    begins date NOT NULL,                      -- first simulated day
    step_s int NOT NULL CHECK (step_s > 0),
    code_version text NOT NULL,                -- of the newest write
    written_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site, scenario, seed, begins, step_s)
);

CREATE TABLE truth.demonstrator_day (
    run_id int NOT NULL REFERENCES truth.run,
    demonstrator text NOT NULL,
    point text NOT NULL,                       -- key of the point whose use it is
    day date NOT NULL,                         -- of the site's calendar
    without_measure float8 NOT NULL,           -- use of that day in the same port without the demonstrator
    with_measure float8 NOT NULL,              -- use of that day as it was
    unit text NOT NULL,                        -- canonical unit of both
    saving float8 GENERATED ALWAYS AS (without_measure - with_measure) STORED,
    PRIMARY KEY (run_id, demonstrator, point, day)
);

CREATE TABLE truth.fault (
    run_id int NOT NULL REFERENCES truth.run,
    point text NOT NULL,
    kind text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,              -- 'infinity' where it was never mended
    size float8 NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, point, kind, begins_at)
);

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'quaymeter_truth') THEN
        BEGIN
            CREATE ROLE quaymeter_truth NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles belong to the whole server: another database was migrated at the same moment
        END;
    END IF;
END
$$;

-- An installation may give new tables to some role by default privileges: here nobody gets anything that way.
REVOKE ALL ON SCHEMA truth FROM PUBLIC, quaymeter_writer, quaymeter_app, quaymeter_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA truth FROM PUBLIC, quaymeter_writer, quaymeter_app, quaymeter_reader;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA truth FROM PUBLIC, quaymeter_writer, quaymeter_app, quaymeter_reader;

-- The one key. Nobody is a member of it but whom the owner makes one.
GRANT USAGE ON SCHEMA truth TO quaymeter_truth;
GRANT SELECT, INSERT, UPDATE ON truth.run, truth.demonstrator_day, truth.fault TO quaymeter_truth;

COMMENT ON SCHEMA truth IS 'The simulated port''s truth: no role that analyses may read it.';
