"""The machine: Python, packages, room on the disk."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from quaymeter.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED_PYTHON = (3, 11)
LEAST_FREE_GB = 2.0
_EXTRA = re.compile(r"extra\s*==\s*['\"](\w+)['\"]")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^;\s]+)")
# What an extra is for, and one module that tells whether it was installed at all.
EXTRAS = {"api": ("fastapi", "the API and the console"), "demo": ("iotcore", "`quaymeter demo`")}


def findings() -> Iterator[Finding]:
    """Look at this machine."""
    yield python()
    yield from packages()
    yield disk(Path.cwd())


def python() -> Finding:
    """Return whether this Python can run quaymeter."""
    text = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < NEEDED_PYTHON:
        return fail("python", f"this is Python {text}", "install Python 3.11 or newer")
    return ok("python", text)


def packages() -> Iterator[Finding]:
    """Return whether the packages are there in the versions that were tested."""
    try:
        wanted = metadata.requires("quaymeter") or []
    except metadata.PackageNotFoundError:
        wanted = []  # run from a source tree, as in the image, where the lock file decided
    wrong = {name: _compare(name, version) for name, version in _base(wanted)}
    wrong = {name: text for name, text in wrong.items() if text}
    missing = [name for name, text in wrong.items() if text == "missing"]
    if missing:
        yield fail("packages", "missing: " + ", ".join(missing), "make setup (or pip install quaymeter again)")
    elif wrong:
        told = ", ".join(f"{name} {text}" for name, text in wrong.items())
        yield warn("packages", f"not the tested version: {told}", "make setup installs what the lock file names")
    else:
        yield ok("packages", f"{len(list(_base(wanted)))} packages in the tested versions" if wanted else "source tree")
    for extra, (module, purpose) in EXTRAS.items():
        there = find_spec(module) is not None
        yield (
            ok(f"extra {extra}", "installed")
            if there
            else warn(
                f"extra {extra}", f"not installed: {purpose} cannot run here", f"pip install 'quaymeter[{extra}]'"
            )
        )


def _base(wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (package, version) of the requirements that belong to no extra."""
    for text in wanted:
        pin = _PIN.match(text)
        if pin and not _EXTRA.search(text):
            yield pin[1], pin[2]


def _compare(name: str, version: str) -> str:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
    return "" if found == version else f"{found} (tested: {version})"


def disk(directory: Path) -> Finding:
    """Return whether there is room where data are written."""
    free = shutil.disk_usage(directory).free / 1e9
    if free < LEAST_FREE_GB:
        return warn("disk", f"{free:.1f} GB free in {directory}", "make room, or move the data to a larger disk")
    return ok("disk", f"{free:.0f} GB free in {directory}")
