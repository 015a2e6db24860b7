-- name: server
-- What a database says about itself, readable by every role.
SELECT current_setting('server_version'),
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
       current_setting('synchronous_commit'),
       current_setting('fsync'),
       current_setting('full_page_writes'),
       current_setting('data_checksums'),
       pg_is_in_recovery(),
       pg_database_size(current_database()),
       current_setting('max_connections')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       (SELECT setting FROM pg_settings WHERE name = 'data_directory'),
       current_user::text;

-- name: clock
-- The clock of the database.
SELECT clock_timestamp();

-- name: roles
-- The roles of quaymeter, and whether they may log in.
SELECT rolname::text, rolcanlogin FROM pg_roles WHERE rolname LIKE 'quaymeter\_%' ORDER BY rolname;
