-- The views that dashboards read: the same on both engines, and all that quaymeter_reader can see.

CREATE VIEW v_site AS
SELECT key AS site, name, latitude, longitude, timezone, applied_at FROM site;

CREATE VIEW v_asset AS
SELECT s.key AS site, a.key AS asset, a.name, a.utility, a.operator, a.device, a.kind, a.retired_at
FROM asset AS a JOIN site AS s ON s.id = a.site_id;

CREATE VIEW v_point AS
SELECT s.key AS site, p.id AS point_id, p.key AS point, a.key AS asset, a.utility, a.operator, p.name, p.quantity,
       p.canonical_unit AS unit, p.kind, p.period_s, p.silent_after_s, p.valid_min, p.valid_max, p.accuracy_class,
       p.calibration_due, p.tags, p.retired_at, rollup_level(p.period_s, s.timezone) AS finest_level
FROM point AS p JOIN site AS s ON s.id = p.site_id JOIN asset AS a ON a.id = p.asset_id;

CREATE VIEW v_latest AS
SELECT s.key AS site, p.id AS point_id, p.key AS point, p.canonical_unit AS unit, l.ts, l.value, l.quality,
       l.received_at, date_part('epoch', now() - l.ts) AS age_s,
       l.ts IS NULL OR now() - l.ts > make_interval(secs => p.silent_after_s) AS silent
FROM point AS p JOIN site AS s ON s.id = p.site_id LEFT JOIN point_latest AS l ON l.point_id = p.id
WHERE p.retired_at IS NULL;

CREATE VIEW v_reading AS SELECT ts, point_id, value, quality, received_at FROM reading;
CREATE VIEW v_reading_1m AS SELECT * FROM reading_1m;
CREATE VIEW v_reading_15m AS SELECT * FROM reading_15m;
CREATE VIEW v_reading_1h AS SELECT * FROM reading_1h;
CREATE VIEW v_reading_1d AS SELECT * FROM reading_1d;

CREATE VIEW v_ledger AS
SELECT minute, gateway, received, stored, duplicate, quarantined, late FROM ingest_ledger;

CREATE VIEW v_quarantine AS
SELECT reason, date_trunc('hour', arrived_at) AS hour, count(*) AS entries,
       count(*) FILTER (WHERE replayed_at IS NULL) AS open
FROM quarantine GROUP BY 1, 2;

CREATE VIEW v_device_loss AS
SELECT s.site, s.device, s.boot, n.seen, n.missing, s.last_at FROM device_sequence AS s, device_numbers(s) AS n;
