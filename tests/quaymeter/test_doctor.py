"""The doctor finds what is wrong, names its cause and its cure, and changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from typer.testing import CliRunner

from quaymeter.cli.application import build_app
from quaymeter.demo.ports import free_port
from quaymeter.doctor.broker import queue_limits
from quaymeter.settings import Settings
from tests.quaymeter.north_port import SITE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quaymeter.broker import LocalBroker


def examine(environ: Mapping[str, str]) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run `quaymeter doctor --json`; returns (exit code, findings by check)."""
    ports = {f"QUAYMETER_{name}": str(free_port()) for name in ("GATEWAY_HTTP_PORT", "WORKER_HTTP_PORT", "API_PORT")}
    result = CliRunner().invoke(build_app(["doctor"]), ["doctor", "--json"], env={**ports, **environ})
    document = json.loads(result.stdout)
    assert document["healthy"] == (document["counts"]["fail"] == 0)
    assert result.exit_code == (0 if document["healthy"] else 1)
    for finding in document["findings"]:
        assert finding["cause"]
        assert finding["cure"] or finding["state"] == "ok", finding
    return result.exit_code, {finding["check"]: finding for finding in document["findings"]}


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    """Write a site of one point."""
    path = tmp_path / "north.toml"
    path.write_text(SITE, encoding="utf-8")
    return path


def run(environ: Mapping[str, str], *arguments: str) -> None:
    """Run a command that must succeed."""
    result = CliRunner().invoke(build_app(arguments), list(arguments), env=dict(environ))
    assert result.exit_code == 0, result.stderr


def test_a_right_installation_is_healthy(database: str, broker: LocalBroker, site_file: Path) -> None:
    """With a migrated database, an applied site and a broker, nothing fails; what is not started is a warning."""
    environ = {
        "QUAYMETER_DSN": database,
        "QUAYMETER_BROKER_PORT": str(broker.port),
        "QUAYMETER_SITE_FILE": str(site_file),
    }
    run(environ, "site", "apply", str(site_file))
    _, found = examine(environ)
    # The tests' own server leaves fsync out to be fast, and the doctor is right to say so; the demo's does not.
    assert {one["check"] for one in found.values() if one["state"] == "fail"} <= {"fsync", "full_page_writes"}
    checks = ("python", "database", "synchronous_commit", "migrations", "clock", "site applied", "broker")
    for check in (*checks, "shared subscriptions", "round trip"):
        assert found[check]["state"] == "ok", found[check]
    assert found["gateway"]["state"] == "warn"
    assert "quaymeter gateway" in found["gateway"]["cure"]


def test_a_site_file_that_was_not_applied_is_noticed(database: str, site_file: Path) -> None:
    """No site in the database fails; a file that differs from it warns; a file with a mistake fails with its line."""
    environ = {"QUAYMETER_DSN": database, "QUAYMETER_SITE_FILE": str(site_file)}
    assert examine(environ)[1]["site applied"]["state"] == "fail"
    run(environ, "site", "apply", str(site_file))
    site_file.write_text(SITE.replace("North port", "North harbour"), encoding="utf-8")
    assert examine(environ)[1]["site applied"]["state"] == "warn"
    site_file.write_text(SITE.replace("m3/h", "m3/hour"), encoding="utf-8")
    finding = examine(environ)[1]["site file"]
    assert finding["state"] == "fail"
    assert f"{site_file}:" in finding["cause"]


def test_a_database_without_a_schema(empty_database: str) -> None:
    """Pending migrations are named with the command that applies them."""
    finding = examine({"QUAYMETER_DSN": empty_database})[1]["migrations"]
    assert finding["state"] == "fail"
    assert "quaymeter db migrate" in finding["cure"]


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    """A database out of reach is one finding, and the other checks are still made."""
    _, found = examine({"QUAYMETER_DSN": f"postgresql:///x?host={tmp_path}"})
    assert found["database"]["state"] == "fail"
    assert "broker" in found


def test_a_database_set_to_lose_data(database: str) -> None:
    """Acknowledging before the disk has it is a failure, because the promise is that nothing is lost."""
    name = database.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    finding = examine({"QUAYMETER_DSN": database})[1]["synchronous_commit"]
    assert finding["state"] == "fail"
    assert "power cut" in finding["cause"]


def test_a_newer_schema_is_recognised(database: str) -> None:
    """A migration that this version does not know means that a newer one was here."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)"
            " VALUES ('x', '9999-later', now())"
        )
    finding = examine({"QUAYMETER_DSN": database})[1]["migrations"]
    assert finding["state"] == "fail"
    assert "9999-later" in finding["cause"]


def test_a_broker_that_is_not_there(database: str) -> None:
    """A broker out of reach names the settings to mend."""
    finding = examine({"QUAYMETER_DSN": database, "QUAYMETER_BROKER_PORT": str(free_port())})[1]["broker"]
    assert finding["state"] == "fail"
    assert "QUAYMETER_BROKER_HOST" in finding["cure"]


def test_a_port_taken_by_another_program(database: str, broker: LocalBroker) -> None:
    """A port that answers something else than our service is told from one where nothing answers."""
    found = examine({"QUAYMETER_DSN": database, "QUAYMETER_API_PORT": str(broker.port)})[1]
    assert found["api"]["state"] == "fail"
    assert "another program" in found["api"]["cause"]


def test_wrong_settings_are_a_finding_too() -> None:
    """A mistyped variable is found instead of ending the examination."""
    code, found = examine({"QUAYMETER_BROKER_PASWORD": "x"})
    assert code == 1
    assert "QUAYMETER_BROKER_PASSWORD" in found["settings"]["cure"]


def test_a_secret_that_everybody_may_read(database: str, tmp_path: Path) -> None:
    """A password file open to all users of the machine is a warning, one in a closed directory is not."""
    secret = tmp_path / "dsn"
    secret.write_text(database)
    secret.chmod(0o644)
    _, found = examine({"QUAYMETER_DSN_FILE": str(secret)})
    assert "QUAYMETER_DSN_FILE" not in found  # pytest keeps its directories closed
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == secret.stat().st_uid and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    _, found = examine({"QUAYMETER_DSN_FILE": str(secret)})
    assert found["QUAYMETER_DSN_FILE"]["state"] == "warn"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("listener 1883\n", "warn"),
        ("max_queued_messages 100000\n", "warn"),
        ("max_queued_messages 0\nmax_queued_bytes 2000000000\n", "ok"),
    ],
)
def test_queue_limits_of_a_mosquitto_on_this_machine(tmp_path: Path, text: str, state: str) -> None:
    """Mosquitto's default drops the 1001st message without a word: its file is looked into where it can be read."""
    path = tmp_path / "mosquitto.conf"
    path.write_text(text)
    (finding,) = queue_limits(Settings.load({}), (path,))
    assert finding.state == state
