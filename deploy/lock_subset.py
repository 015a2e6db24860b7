# ruff: noqa: INP001 – a build script, run by its path
"""Print the part of the lock file that the image needs: versions and hashes stay those of the one lock.

    python deploy/lock_subset.py requirements.lock deploy/image-packages.txt > image.lock

`image-packages.txt` names the packages, one a line; a test holds it equal to what quaymeter[api,reports] needs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def entries(lock: str) -> dict[str, str]:
    """Return the entries of a lock file by normalised package name."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()):
        name = re.split(r"[^A-Za-z0-9._-]", entry, maxsplit=1)[0]
        found[re.sub(r"[-_.]+", "-", name).lower()] = entry
    return found


def subset(lock: str, names: list[str]) -> str:
    """Return the entries of `names`; a name that the lock does not hold ends the build."""
    known = entries(lock)
    missing = [name for name in names if name not in known]
    if missing:
        message = f"the lock file has no {', '.join(missing)}: run `make lock`, then mend deploy/image-packages.txt"
        raise SystemExit(message)
    return "\n".join(known[name] for name in names) + "\n"


if __name__ == "__main__":
    lock_file, names_file = map(Path, sys.argv[1:])
    wanted = [line for line in names_file.read_text("utf-8").split() if line]
    sys.stdout.write(subset(lock_file.read_text("utf-8"), wanted))
