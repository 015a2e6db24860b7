"""Logins of the roles that migrations make: each process connects as what it is, not as the owner."""

from __future__ import annotations

from psycopg import sql
from psycopg.conninfo import make_conninfo

from storage.engine import connect, storage_errors

WRITER = "quaymeter_writer"  # gateways
APP = "quaymeter_app"  # api, worker, imports
TRUTH = "quaymeter_truth"  # simulations, and whoever judges analyses by them


def let_log_in(owner_dsn: str, role: str, password: str) -> str:
    """Let a role log in with a password, in place of any it had; return its connection string."""
    query = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    with storage_errors(f"let {role} log in"), connect(owner_dsn, autocommit=True) as connection:
        connection.execute(query)
    return make_conninfo(owner_dsn, user=role, password=password)
