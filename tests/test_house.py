"""Rules of the house that no linter knows: they hold for every tracked file."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 330  # lines; style.md says about 300


def tracked(*patterns: str) -> list[Path]:
    """Return the files under version control that match."""
    listing = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are ours")
    files = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [file for file in files if file.is_file()]


def test_lock_file_carries_no_address() -> None:
    """The lock file names versions and hashes, never where they came from."""
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > lock.count("==")


def test_npm_locks_carry_no_address() -> None:
    """A package-lock.json names versions and integrity hashes, never where they came from."""
    assert [file for file in tracked("*package-lock.json") if '"resolved"' in file.read_text()] == []


def test_every_test_says_what_it_shows() -> None:
    """Every test function has a docstring of one sentence."""
    silent = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in tracked("tests/*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_files_stay_small() -> None:
    """A file that outgrows the house's measure has found a second reason to change."""
    python = [file for file in tracked("*.py") if not file.name.endswith("_pb2.py")]
    long = {
        str(file.relative_to(ROOT)): n for file in python if (n := len(file.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_path_of_a_home_or_work_directory() -> None:
    """No tracked text names a directory of the machine it was written on."""
    private = re.compile(r"(?<![\w.])/(?:work|home/\w+|root)/\w")
    texts = [
        file for file in tracked() if file.suffix in {".py", ".md", ".toml", ".yml", ".sql", ".html", ".js", ".sh", ""}
    ]
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in texts
        for match in private.finditer(file.read_text(errors="replace"))
    ]
    assert found == []


def test_code_knows_no_port_by_name() -> None:
    """The first port is data: no code of the product names it."""
    rooms = [
        "telemetry",
        "savings",
        "alarms",
        "storage",
        "edge",
        "ingest_gateway",
        "worker",
        "api",
        "reports",
        "dashboards",
    ]
    named = [
        str(file.relative_to(ROOT))
        for room in rooms
        for file in tracked(f"{room}/*.py", f"{room}/*.sql")
        if "capecure" in file.read_text().lower()
    ]
    assert named == []
