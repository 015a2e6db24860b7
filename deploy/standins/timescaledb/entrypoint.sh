#!/bin/sh
# What the image's entrypoint does that the compose file relies on: initialise once with the user, database and
# password asked for, run the scripts of /docker-entrypoint-initdb.d on a server that listens on its socket only,
# then be the server.
set -eu
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
install -d -m 0700 -o postgres -g postgres "$PGDATA"
install -d -m 0775 -o postgres -g postgres /var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  install -m 0400 -o postgres "$POSTGRES_PASSWORD_FILE" /tmp/password
  # shellcheck disable=SC2086 – the arguments are several words
  as_postgres initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust ${POSTGRES_INITDB_ARGS:-}
  rm -f /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  as_postgres pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
  [ "$POSTGRES_DB" = postgres ] || as_postgres createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ -e "$script" ] && . "$script"
  done
  as_postgres pg_ctl -D "$PGDATA" -w -m fast stop
fi
exec setpriv --reuid postgres --regid postgres --init-groups postgres -D "$PGDATA" -c 'listen_addresses=*'
