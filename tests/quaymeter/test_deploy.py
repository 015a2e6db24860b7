"""What is deployed agrees with what is written: the compose file, the image, the documented settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from quaymeter.access import API_SECRETS, BROKER_SECRETS, DATABASE_SECRETS
from quaymeter.settings import PREFIX, known_variables

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
# Chosen by whoever runs compose, not read by quaymeter.
FOREIGN = {"QUAYMETER_VERSION"}


def _known() -> set[str]:
    return {name for name, _ in known_variables()}


@pytest.mark.parametrize("file", ["docker-compose.yml", "deploy/Dockerfile", "docs/install.md", "docs/operations.md"])
def test_every_variable_that_is_named_exists(file: str) -> None:
    """No file tells people or containers to set something that no process reads."""
    named = set(VARIABLE.findall((ROOT / file).read_text(encoding="utf-8")))
    assert named - _known() - FOREIGN == set()


def test_every_setting_is_documented() -> None:
    """docs/install.md has a row for each setting, with its default."""
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    rows = {name for name, _ in known_variables() if not name.endswith("_FILE") or name == "QUAYMETER_SITE_FILE"}
    missing = sorted(name for name in rows if f"| `{name}` |" not in text)
    assert missing == []


def test_gateways_can_be_scaled() -> None:
    """A gateway has no fixed container name and no port on the host, so that several may run on one machine."""
    service = _service("gateway")
    assert "container_name" not in service
    assert "ports:" not in service
    assert "gateway-{slot}" in service


def test_what_listens_is_bound_to_the_loopback() -> None:
    """Every published port names 127.0.0.1: nothing is open to a network unless somebody decides so."""
    published = re.findall(r"ports: \[(.*)\]", COMPOSE.read_text(encoding="utf-8"))
    assert len(published) == 2
    assert all(port.startswith('"127.0.0.1:') for port in published)


def test_secrets_of_the_compose_file_are_those_that_are_made() -> None:
    """`quaymeter site secrets` makes every file that the compose file reads."""
    named = set(re.findall(r"file: \./deploy/secrets/(\w+)", COMPOSE.read_text(encoding="utf-8")))
    made = {*DATABASE_SECRETS, *BROKER_SECRETS, *API_SECRETS, "broker_passwords", "broker_acl"}
    assert named <= made


def test_no_password_is_written_down() -> None:
    """Passwords come from files alone."""
    for path in (COMPOSE, *(ROOT / "deploy").rglob("*")):
        if path.is_file() and "secrets" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"PASSWORD[:=] *['\"]?[A-Za-z0-9]", text), path


def test_compose_reads_its_file(tmp_path: Path) -> None:
    """Docker's own compose accepts the file, where it is installed."""
    command = _compose()
    if command is None:
        pytest.skip("neither docker compose nor docker-compose is installed")
    for name in {*DATABASE_SECRETS, *BROKER_SECRETS, *API_SECRETS, "broker_passwords", "broker_acl"}:
        secret = tmp_path / "deploy" / "secrets" / name
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text("x")
    shutil.copy(COMPOSE, tmp_path)
    done = subprocess.run([*command, "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for service in ("database", "broker", "migrate", "gateway", "worker", "api"):
        assert f"\n  {service}:\n" in done.stdout


def test_the_image_holds_what_the_services_need_and_nothing_else() -> None:
    """deploy/image-packages.txt is exactly what quaymeter[api,reports] requires, and setuptools for the build."""
    listed = (ROOT / "deploy" / "image-packages.txt").read_text(encoding="utf-8").split()
    assert set(listed) == _closure("quaymeter", {"api", "reports"}) | {"setuptools"}


def test_the_part_of_the_lock_file_keeps_its_hashes() -> None:
    """The image installs entries of the one lock file, unchanged; a name that it does not hold ends the build."""
    script, lock, names = ROOT / "deploy/lock_subset.py", ROOT / "requirements.lock", ROOT / "deploy/image-packages.txt"
    done = subprocess.run([sys.executable, script, lock, names], capture_output=True, text=True, check=True)
    assert done.stdout.count("==") == len(names.read_text(encoding="utf-8").split())
    assert all(entry in lock.read_text(encoding="utf-8") for entry in done.stdout.strip().split("\n"))


def _service(name: str) -> str:
    text = COMPOSE.read_text(encoding="utf-8")
    found = re.search(rf"\n  {name}:\n(.*?)(?=\n  \w+:\n|\n\w+:\n)", text, re.DOTALL)
    assert found
    return found[1]


def _compose() -> list[str] | None:
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    older = shutil.which("docker-compose")
    return [older] if older else None


def _closure(name: str, extras: set[str], seen: set[Any] | None = None) -> set[str]:
    """Return the packages that a package with these extras needs on this platform, in normalised names."""
    seen = set() if seen is None else seen
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        key = (re.sub(r"[-_.]+", "-", wanted.name).lower(), frozenset(wanted.extras))
        if key not in seen:
            seen.add(key)
            _closure(wanted.name, set(wanted.extras), seen)
    return {package for package, _ in seen}
