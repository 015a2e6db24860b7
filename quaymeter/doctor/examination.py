"""All checks of the doctor, in the order in which causes come before their effects."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from quaymeter.doctor import broker, database, machine, services, site
from quaymeter.doctor.finding import Finding, failed, ok, warn
from quaymeter.settings import FILE_SUFFIX, PREFIX, Settings, known_variables
from storage.catalogue import list_sites
from telemetry.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield one finding after the other; a check that cannot be made is a finding too."""
    yield from machine.findings()
    try:
        settings = Settings.load(environ)
    except ConfigurationError as error:
        yield failed("settings", error)
        return
    yield ok("settings", _told(environ))
    yield from _secrets(environ)
    dsn = ""
    try:
        dsn = settings.conninfo
        yield from database.findings(dsn)
    except ConfigurationError as error:
        yield failed("database", error)
    yield from site.findings(settings.site_file, dsn)
    yield from broker.findings(settings, _any_site(settings, dsn))
    yield from services.findings(settings)


def _any_site(settings: Settings, dsn: str) -> str:
    """Return a site that the gateway's user may speak for: one that it serves, or one of the database."""
    if settings.sites:
        return settings.sites[0]
    with suppress(StorageError):
        return next(iter(list_sites(dsn)), "doctor") if dsn else "doctor"
    return "doctor"


def _told(environ: Mapping[str, str]) -> str:
    names = sorted(name for name in environ if name.startswith(PREFIX))
    return ", ".join(names) if names else "none given: every setting has its default"


def _secrets(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield secrets that others on this machine could read."""
    for name, row in known_variables():
        if not row.metadata["secret"] or not name.endswith(FILE_SUFFIX) or name not in environ:
            continue
        path = Path(environ[name])
        # A container's secret is a mount of its own: who may read it is decided by who may enter the container.
        if path.is_relative_to("/run/secrets") or not hasattr(os, "getuid"):
            continue
        if _open_to_all(path):
            yield warn(name, f"{path} may be read by every user of this machine", f"chmod o-rwx {path}")


def _open_to_all(path: Path) -> bool:
    """Say whether others may read a file: neither its own mode nor that of a directory above keeps them out."""
    if not path.stat().st_mode & stat.S_IROTH:
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
