-- What devices say about themselves: whether they are online, and what they believe about their points.
-- depends: 0007-roles

CREATE TABLE device_status (
    site text NOT NULL,
    device text NOT NULL,
    state text NOT NULL CHECK (state IN ('online', 'offline')),
    since timestamptz NOT NULL,                -- of this state; for a last will, which has no time, its arrival
    last_will boolean NOT NULL,                -- offline: the connection broke, nobody said goodbye
    at timestamptz NOT NULL,                   -- of the newest status: the device's time, else its arrival
    received_at timestamptz NOT NULL,
    boot bigint,                               -- NULL: the bare word, which says nothing but the state
    link bigint NOT NULL,                      -- counts connections within a boot from 1; 0: not told
    via text NOT NULL,                         -- the agent that speaks for the device; '' where it is itself
    clock text NOT NULL,                       -- ntp, rtc, none; '' where not told
    packs bigint,                              -- kept and not yet safe; what a last will cannot tell stays as it was
    kept_bytes bigint,
    oldest timestamptz,                        -- time of the oldest pack kept
    dropped_packs bigint,                      -- lost to a full buffer
    dropped_readings bigint,
    PRIMARY KEY (site, device)
) WITH (fillfactor = 70);

CREATE INDEX device_status_via ON device_status (site, via) WHERE via <> '';

CREATE TABLE device_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site text NOT NULL,
    device text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    boot bigint,
    via text NOT NULL
);

CREATE INDEX device_change_of_device ON device_change (site, device, id);

CREATE FUNCTION note_device_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO device_change (site, device, state, at, boot, via)
    VALUES (NEW.site, NEW.device, NEW.state, NEW.at, NEW.boot, NEW.via);
    DELETE FROM device_change WHERE id IN (
        SELECT id FROM device_change WHERE site = NEW.site AND device = NEW.device ORDER BY id DESC OFFSET 100);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION note_device_change IS 'Keeps the newest 100 changes of a device''s state or boot.';

CREATE TRIGGER first_status AFTER INSERT ON device_status FOR EACH ROW EXECUTE FUNCTION note_device_change();
CREATE TRIGGER other_status AFTER UPDATE ON device_status FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.boot IS DISTINCT FROM NEW.boot) EXECUTE FUNCTION note_device_change();

CREATE FUNCTION is_newer_status(known device_status, told device_status, has_time boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        -- A last will come again says nothing new, least of all a new time.
        WHEN told.state = known.state AND told.state = 'offline' AND NOT has_time THEN false
        WHEN told.boot IS NULL OR known.boot IS NULL THEN told.at > known.at
        -- Nothing comes after the end of a connection but the next connection.
        WHEN (told.boot, told.link) = (known.boot, known.link) AND told.link > 0 AND told.state <> known.state
            THEN told.state = 'offline'
        WHEN (told.boot, told.link) = (known.boot, known.link) THEN told.at > known.at
        WHEN (told.boot, told.link) > (known.boot, known.link) THEN true
        -- An older boot: stale, unless it has the time to prove the contrary (a device that was replaced counts anew).
        ELSE has_time AND told.at > known.at
    END
$$;

COMMENT ON FUNCTION is_newer_status IS 'Whether a status came about after the one that is known, in whatever order they arrive.';

CREATE TABLE device_meta (
    site text NOT NULL,
    asset text NOT NULL,                       -- area/asset
    device text NOT NULL,
    boot bigint NOT NULL,
    at timestamptz NOT NULL,                   -- the device's time, else its arrival
    received_at timestamptz NOT NULL,
    catalogue text NOT NULL,                   -- version of the site file that the device was configured from, as told
    points jsonb NOT NULL,                     -- as told
    compared text NOT NULL DEFAULT '',         -- version of the catalogue that it was compared with; '' not yet
    differences jsonb NOT NULL DEFAULT '[]',   -- [{point, what, told, declared}]
    PRIMARY KEY (site, asset)
);

CREATE VIEW v_device AS
SELECT s.key AS site, d.key AS device, coalesce(st.state, 'unknown') AS state, st.since,
       coalesce(st.last_will, false) AS last_will, st.at AS status_at,
       greatest(st.received_at, q.last_at, l.last_at) AS last_seen, st.boot, coalesce(st.via, '') AS via,
       coalesce(st.clock, '') AS clock, st.packs, st.kept_bytes, st.oldest, st.dropped_packs, st.dropped_readings,
       coalesce(q.missing, 0) AS missing, coalesce(m.differences, 0) AS differences
FROM device AS d
JOIN site AS s ON s.id = d.site_id
LEFT JOIN device_status AS st ON st.site = s.key AND st.device = d.key
LEFT JOIN LATERAL (
    SELECT max(q.last_at) AS last_at, sum(n.missing)::bigint AS missing
    FROM device_sequence AS q, device_numbers(q) AS n WHERE q.site = s.key AND q.device = d.key) AS q ON true
LEFT JOIN LATERAL (
    SELECT max(p.received_at) AS last_at FROM asset AS a JOIN point ON point.asset_id = a.id
    JOIN point_latest AS p ON p.point_id = point.id WHERE a.site_id = d.site_id AND a.device = d.key) AS l ON true
LEFT JOIN LATERAL (
    SELECT sum(jsonb_array_length(m.differences)) AS differences
    FROM device_meta AS m JOIN asset AS a ON a.site_id = d.site_id AND a.key = m.asset AND a.retired_at IS NULL
    WHERE m.site = s.key AND a.device = d.key) AS m ON true
WHERE d.retired_at IS NULL;

CREATE VIEW v_device_change AS SELECT site, device, state, at, boot, via FROM device_change;

CREATE VIEW v_meta_difference AS
SELECT m.site, m.asset, a.device, m.at AS told_at, f.point, f.what, f.told, f.declared
FROM device_meta AS m
JOIN site AS s ON s.key = m.site
JOIN asset AS a ON a.site_id = s.id AND a.key = m.asset AND a.retired_at IS NULL,
    jsonb_to_recordset(m.differences) AS f (point text, what text, told text, declared text);

GRANT SELECT, INSERT, UPDATE ON device_status, device_meta TO quaymeter_writer, quaymeter_app;
GRANT SELECT ON device_change TO quaymeter_app;
GRANT SELECT ON v_device, v_device_change, v_meta_difference TO quaymeter_writer, quaymeter_app, quaymeter_reader;
