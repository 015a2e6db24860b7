"""The database: can it be reached, what is it, is it set to keep what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quaymeter.doctor.finding import Finding, fail, failed, ok, warn
from quaymeter.doctor.machine import disk
from storage import migrate
from storage.condition import Condition, condition
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = ("quaymeter_writer", "quaymeter_app", "quaymeter_reader")
MOST_SKEW_S = 1.0  # more than this, and ages on the screen are wrong
FEW_CONNECTIONS = 10


def findings(dsn: str) -> Iterator[Finding]:
    """Look at the database behind a DSN."""
    try:
        found = condition(dsn)
    except StorageError as error:
        yield failed("database", error, "start the database, or mend QUAYMETER_DSN")
        return
    yield _engine(found)
    yield _role(found)
    yield from _promise(found)
    yield _migrations(dsn)
    yield _roles(found)
    yield _clock(found)
    yield _connections(found)
    yield _space(found)


def _engine(found: Condition) -> Finding:
    server = found.server
    text = f"PostgreSQL {server.version}, database of {server.size / 1e6:.0f} MB"
    if server.in_recovery:
        return fail("database", f"{text}: a standby, nothing can be written", "name the primary in QUAYMETER_DSN")
    if server.timescaledb is None:
        return ok("database", f"{text}, without TimescaleDB (compression and retention policies are not available)")
    return ok("database", f"{text}, TimescaleDB {server.timescaledb}")


def _role(found: Condition) -> Finding:
    return ok("database role", f"connected as {found.server.user}")


def _promise(found: Condition) -> Iterator[Finding]:
    """Yield the settings without which a committed reading may be lost in a power cut."""
    server = found.server
    values = {
        "synchronous_commit": server.synchronous_commit,
        "fsync": server.fsync,
        "full_page_writes": server.full_page_writes,
    }
    for name, value in values.items():
        if value == "off":
            yield fail(name, "off: an acknowledged reading may be lost in a power cut", f"set {name} = on and reload")
        else:
            yield ok(name, value)
    if server.data_checksums != "on":
        yield warn("data_checksums", "off: a failing disk is noticed late", "pg_checksums --enable on a stopped server")


def _migrations(dsn: str) -> Finding:
    try:
        state = migrate.status(dsn)
    except StorageError as error:
        if "permission denied" in error.cause:  # the gateway's role has no business there
            return ok("migrations", "not visible to this role; ask with the DSN of the API or of the owner")
        return failed("migrations", error)
    if state.unknown:
        return fail(
            "migrations", f"a newer quaymeter applied {', '.join(state.unknown)}", "run that version, or a newer one"
        )
    if state.pending:
        return fail("migrations", f"{len(state.pending)} pending: {', '.join(state.pending)}", "quaymeter db migrate")
    return ok("migrations", f"all {len(state.applied)} applied")


def _roles(found: Condition) -> Finding:
    missing = [role for role in ROLES if role not in found.roles]
    if missing:
        return fail("roles", "missing: " + ", ".join(missing), "quaymeter db migrate, as the database's owner")
    silent = [role for role in ROLES if not found.roles[role]]
    if silent:
        return warn(
            "roles",
            f"without login: {', '.join(silent)} (every process then needs the owner's password)",
            "ALTER ROLE … LOGIN PASSWORD '…' (docs/install.md)",
        )
    return ok("roles", "writer, app and reader may log in")


def _clock(found: Condition) -> Finding:
    ahead = found.clock_ahead_s
    text = f"the database's clock is {abs(ahead):.3f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    if abs(ahead) - found.clock_uncertainty_s > MOST_SKEW_S:
        return warn("clock", text, "let both follow a time server (NTP)")
    return ok("clock", f"{text} (± {found.clock_uncertainty_s:.3f} s)")


def _connections(found: Condition) -> Finding:
    server = found.server
    text = f"{server.connections} of {server.max_connections} in use"
    if server.max_connections - server.connections < FEW_CONNECTIONS:
        return warn("connections", text, "raise max_connections, or run fewer processes")
    return ok("connections", text)


def _space(found: Condition) -> Finding:
    directory = found.server.data_directory
    if directory is None:
        return ok("database disk", "not visible to this role; ask the database's machine")
    try:
        seen = disk(Path(directory))
    except OSError:  # another machine's path, or not ours to read
        return ok("database disk", f"{directory} is not on this machine; ask the database's machine")
    return Finding(check="database disk", state=seen.state, cause=seen.cause, cure=seen.cure)
