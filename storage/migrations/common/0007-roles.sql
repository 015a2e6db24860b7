-- Who may do what. The roles cannot log in until an operator gives them a password (see docs/storage.md).

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['quaymeter_writer', 'quaymeter_app', 'quaymeter_reader'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- roles belong to the whole server: another database was migrated at the same moment
            END;
        END IF;
    END LOOP;
    IF NOT EXISTS (
        SELECT 1 FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole
        WHERE r.rolname = 'quaymeter_reader' AND s.setdatabase = 0) THEN
        ALTER ROLE quaymeter_reader SET default_transaction_read_only = on;
        ALTER ROLE quaymeter_reader SET statement_timeout = '30s';
        ALTER ROLE quaymeter_reader SET idle_in_transaction_session_timeout = '60s';
    END IF;
END
$$;

-- The gateway: adds readings and keeps the books beside them. It cannot change or remove a reading, nor read what was
-- quarantined, who did what, or what anything costs.
GRANT SELECT ON site, asset, device, point TO quaymeter_writer;
GRANT SELECT, INSERT ON reading TO quaymeter_writer;
GRANT SELECT, INSERT, UPDATE ON point_latest, ingest_ledger, device_sequence TO quaymeter_writer;
GRANT INSERT ON quarantine, quarantine_payload, rollup_pending TO quaymeter_writer;
GRANT USAGE ON SEQUENCE quarantine_payload_id_seq TO quaymeter_writer;

-- api and worker: everything but changing raw readings or what the audit log says.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO quaymeter_app;
GRANT INSERT, UPDATE ON site, utility, operator, device, asset, point, derived_point, tariff, emission_factor,
    point_latest, ingest_ledger, device_sequence, quarantine, import_job TO quaymeter_app;
GRANT INSERT, UPDATE, DELETE ON meter_swap, rollup_pending, rollup_set_aside, reading_1m, reading_15m, reading_1h,
    reading_1d TO quaymeter_app;
GRANT INSERT ON reading, quarantine_payload, audit_log TO quaymeter_app;
GRANT USAGE ON SEQUENCE quarantine_payload_id_seq TO quaymeter_app;

REVOKE EXECUTE ON FUNCTION ensure_reading_space(date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_reading_space(date[]) TO quaymeter_writer, quaymeter_app;

-- Dashboards: views, and nothing else.
GRANT SELECT ON v_site, v_asset, v_point, v_latest, v_reading, v_reading_1m, v_reading_15m, v_reading_1h, v_reading_1d,
    v_ledger, v_quarantine, v_device_loss TO quaymeter_reader;
