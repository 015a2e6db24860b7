"""The site file: is it right, and is it what the database has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quaymeter.doctor.finding import Finding, fail, failed, ok, warn
from storage.catalogue import apply_site, list_sites
from telemetry.errors import SiteFileError, StorageError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telemetry.site import Site


def findings(site_file: str, dsn: str) -> Iterator[Finding]:
    """Look at the site file (where one is named) and at the sites of the database (where there is one)."""
    site = None
    if site_file:
        checked = _load(Path(site_file))
        if isinstance(checked, Finding):
            yield checked
        else:
            site = checked
            yield ok("site file", f"{site_file}: {len(site.points)} points of {site.name}")
    if dsn:
        try:
            yield _applied(site_file, site, dsn)
        except StorageError as error:
            yield failed("site applied", error)


def _load(path: Path) -> Site | Finding:
    try:
        return load_site(path)
    except SiteFileError as error:
        first = error.mistakes[0]
        return fail(
            "site file", f"{len(error.mistakes)} mistake(s), the first: {first}", f"quaymeter site check {path}"
        )
    except OSError as error:
        return fail("site file", f"{path} cannot be read: {error.strerror}", "mend QUAYMETER_SITE_FILE")


def _applied(site_file: str, site: Site | None, dsn: str) -> Finding:
    names = list_sites(dsn)
    if not names:
        return fail("site applied", "the database knows no site", "quaymeter site apply sites/capecure.toml")
    if site is None:
        return ok("site applied", "in the database: " + ", ".join(names))
    changes = apply_site(dsn, site, who="quaymeter doctor", dry_run=True)
    total = len(changes.added) + len(changes.changed) + len(changes.retired)
    if total:
        return warn(
            "site applied",
            f"the database differs from {site_file} in {total} thing(s)",
            f"quaymeter site apply {site_file} --dry-run shows them",
        )
    return ok("site applied", f"{site.id} is as {site_file} says")
