#!/bin/sh
# Runs once, when the database is made: the three roles may log in, each with the password from its secret file.
# What they may do is granted by the migrations. A later change of a password: docs/operations.md.
set -eu
for role in writer app reader; do
  psql -v ON_ERROR_STOP=1 -v "role=quaymeter_$role" -v "password=$(cat "/run/secrets/database_$role")" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
done
