"""The command line over the real database: what it prints, what it exits with, what it changes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from quaymeter.cli.application import COMMANDS, build_app
from quaymeter.cli.output import ExitCode
from storage import ledger, quarantine
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.writer import Writer
from telemetry.batch import Message
from telemetry.decode import Decoder
from telemetry.formats.envelope import encode_pack
from telemetry.site_file import parse_site
from tests.quaymeter.north_port import SITE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEVEL = """
level = { name = { fr = "Niveau", en = "Level" }, quantity = "level", unit = "m", kind = "gauge", period_s = 60 }
"""


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    """Write a site of one asset and one point."""
    path = tmp_path / "north.toml"
    path.write_text(SITE, encoding="utf-8")
    return path


def run(*arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a command in this process; returns (exit code, stdout, stderr)."""
    result = CliRunner().invoke(build_app(arguments), list(arguments), env=dict(environ or {}))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Run a command with --json; its stdout must be one JSON document and nothing else."""
    code, out, _ = run(*arguments, "--json", environ=environ)
    return code, json.loads(out)


def test_every_command_explains_itself() -> None:
    """Each command and group has a help text, and the first line of none is missing."""
    code, out, _ = run("--help")
    assert code == 0
    for name in COMMANDS:
        if name != "part":
            assert name in out
            assert run(name, "--help")[0] == 0


def test_a_command_imports_only_its_own_room() -> None:
    """`quaymeter gateway` does not pay for the API, nor `site check` for the gateway."""
    program = "import sys; sys.argv = ['quaymeter', 'site', 'check', '--help']\n"
    program += "from quaymeter.cli import main\n"
    program += (
        "try: main()\nexcept SystemExit: pass\nprint([m for m in ('fastapi', 'ingest_gateway') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_command_line_exits_2() -> None:
    """A command that does not exist is wrong use."""
    assert run("fly")[0] == ExitCode.USAGE


def test_a_missing_setting_exits_3_with_a_cure() -> None:
    """Without a DSN the error names the variable and how to set it."""
    code, _, err = run("db", "status")
    assert code == ExitCode.CONFIGURATION
    assert "QUAYMETER_DSN" in err
    assert "cure:" in err


def test_a_database_out_of_reach_exits_4(tmp_path: Path) -> None:
    """A database that is not there is told from a wrong setting."""
    code, _, err = run("db", "status", environ={"QUAYMETER_DSN": f"postgresql:///x?host={tmp_path}"})
    assert code == ExitCode.UNREACHABLE
    assert "database" in err


def test_settings_come_from_a_file_too(tmp_path: Path) -> None:
    """--env-file gives settings; the environment wins over it."""
    path = tmp_path / "settings.env"
    path.write_text(f"# the demo's\nQUAYMETER_DSN=postgresql:///x?host={tmp_path}\n")
    assert run("--env-file", str(path), "db", "status")[0] == ExitCode.UNREACHABLE
    code, _, err = run("--env-file", str(path), "db", "status", environ={"QUAYMETER_DSN": ""})
    assert code == ExitCode.CONFIGURATION, err


def test_site_check_names_file_line_cause_and_cure(site_file: Path) -> None:
    """A right file is exit 0; a wrong unit is exit 1 with its line."""
    assert run_json("site", "check", str(site_file))[0] == ExitCode.OK
    text = SITE.replace('unit = "m3/h"', 'unit = "m3/hour"')
    site_file.write_text(text, encoding="utf-8")
    code, document = run_json("site", "check", str(site_file))
    assert code == ExitCode.NOT_IN_ORDER
    (mistake,) = document["mistakes"]
    assert mistake["line"] == next(n for n, line in enumerate(text.splitlines(), 1) if "m3/hour" in line)
    assert mistake["cause"]
    assert mistake["cure"]
    code, _, err = run("site", "check", str(site_file))
    assert code == ExitCode.NOT_IN_ORDER
    assert f"{site_file}:{mistake['line']}: " in err


def test_migrate_apply_and_show(empty_database: str, site_file: Path) -> None:
    """From an empty database to a declared point, each step saying what it did; a second time nothing changes."""
    environ = {"QUAYMETER_DSN": empty_database}
    assert run_json("db", "status", environ=environ)[0] == ExitCode.NOT_IN_ORDER
    code, document = run_json("db", "migrate", "--site", str(site_file), environ=environ)
    assert code == ExitCode.OK
    assert document["applied"]
    assert document["site"]["added"] > 0
    assert run_json("db", "status", environ=environ) == (0, run_json("db", "status", environ=environ)[1])
    _, again = run_json("db", "migrate", "--site", str(site_file), environ=environ)
    assert again == {"applied": [], "site": {"added": 0, "changed": 0, "retired": 0}}
    _, points = run_json("site", "show", environ=environ)
    assert [point["key"] for point in points] == ["quay/pump/flow"]


def test_apply_shows_before_it_changes(database: str, site_file: Path) -> None:
    """A dry run names what would change and changes nothing."""
    environ = {"QUAYMETER_DSN": database}
    run("site", "apply", str(site_file), environ=environ)
    site_file.write_text(SITE + LEVEL, encoding="utf-8")
    _, dry = run_json("site", "apply", str(site_file), "--dry-run", environ=environ)
    _, real = run_json("site", "apply", str(site_file), environ=environ)
    assert dry["added"] == real["added"]
    assert any("quay/pump/level" in line for line in real["added"])


def _refused(dsn: str) -> None:
    """Write a pack of one known and one unknown point, as a gateway would."""
    apply_site(dsn, parse_site(SITE, "north.toml"), who="test")
    payload = encode_pack("node-1", 1, 1, _now_ms(), [{"n": "flow", "v": 12.5}, {"n": "level", "v": 1.5}])
    message = Message("port/v1/north/quay/pump/telemetry", payload, "", _now_ms() * 1000)
    decoded = Decoder(load_catalogue(dsn, "north"), clock_us=lambda: _now_ms() * 1000).decode([message])
    with Writer(dsn, gateway="test") as writer:
        result = writer.write([message], decoded)
    assert (result.stored, result.quarantined) == (1, 1)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_quarantine_is_listed_shown_and_replayed(database: str, site_file: Path) -> None:
    """A refused entry goes in once its point is declared; its neighbour counts as duplicate; the ledger stays exact."""
    _refused(database)
    environ = {"QUAYMETER_DSN": database}
    _, listed = run_json("quarantine", "list", environ=environ)
    assert listed["counts"] == [{"reason": "unknown_point", "entries": 1, "open": 1}]
    number = listed["entries"][0]["id"]
    _, shown = run_json("quarantine", "show", str(number), environ=environ)
    assert '"level"' in shown["payload"]

    code, still = run_json("quarantine", "replay", environ=environ)
    assert code == ExitCode.NOT_IN_ORDER
    assert still["still_refused"] == 1

    site_file.write_text(SITE + LEVEL, encoding="utf-8")
    run("site", "apply", str(site_file), environ=environ)
    assert run_json("quarantine", "replay", "--dry-run", environ=environ)[1]["replayed"] == 1
    code, done = run_json("quarantine", "replay", "--reason", "unknown_point", environ=environ)
    assert code == ExitCode.OK
    assert (done["stored"], done["duplicate"], done["quarantined"]) == (1, 1, 0)
    assert run_json("quarantine", "list", environ=environ)[1]["entries"] == []
    assert len(run_json("quarantine", "list", "--all", environ=environ)[1]["entries"]) == 1
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
    assert totals.balanced
    assert (totals.received, totals.stored, totals.duplicate, totals.quarantined) == (4, 2, 1, 1)


def test_a_replayed_message_is_marked_with_who(database: str, site_file: Path) -> None:
    """Who replayed a message and when is kept beside it."""
    _refused(database)
    site_file.write_text(SITE + LEVEL, encoding="utf-8")
    environ = {"QUAYMETER_DSN": database}
    run("site", "apply", str(site_file), environ=environ)
    run("quarantine", "replay", environ=environ)
    with connect(database) as connection:
        (entry,) = quarantine.list_(connection)
    assert entry.replayed_at is not None
    assert entry.replayed_by


def test_a_refused_entry_is_closed_by_hand(database: str) -> None:
    """An entry whose cause will not be mended is closed in the user's name and no longer listed; once is enough."""
    _refused(database)
    environ = {"QUAYMETER_DSN": database}
    number = str(run_json("quarantine", "list", environ=environ)[1]["entries"][0]["id"])
    assert run_json("quarantine", "close", number, environ=environ) == (ExitCode.OK, {"closed": 1})
    assert run_json("quarantine", "list", environ=environ)[1]["entries"] == []
    assert run_json("quarantine", "close", number, environ=environ) == (ExitCode.OK, {"closed": 0})
    code, _, err = run("quarantine", "close", "999", environ=environ)
    assert code != ExitCode.OK
    assert "quarantine list" in err


def test_unknown_quarantine_entry_is_an_error_with_a_cure(database: str) -> None:
    """Asking for an entry that is not there says how to list them."""
    code, _, err = run("quarantine", "show", "999", environ={"QUAYMETER_DSN": database})
    assert code != ExitCode.OK
    assert "quarantine list" in err


def test_history_goes_in_and_comes_out(database: str, site_file: Path, tmp_path: Path) -> None:
    """A CSV file in another unit comes in once, comes out in canonical units, and the export comes in again."""
    environ = {"QUAYMETER_DSN": database}
    run("site", "apply", str(site_file), environ=environ)
    history = tmp_path / "history.csv"
    history.write_text("date,flow\n2026-10-25 01:30:00,2.0\n2026-10-25 03:30:00,3.0\n", encoding="utf-8")
    words = ("--time", "date", "--map", "flow=quay/pump/flow:L/s", "--tz", "Europe/Paris")
    code, done = run_json("import", str(history), *words, environ=environ)
    assert (code, done["stored"], done["duplicate"], done["finished"]) == (0, 2, 0, True)
    assert run_json("import", str(history), *words, "--cadence", "7200", environ=environ)[1]["duplicate"] == 2
    with connect(database) as connection:
        stretches = connection.execute("SELECT cadence_s, ends - starts FROM history_cadence").fetchall()
    assert stretches == [(7200.0, timedelta(hours=3))]  # the clocks went back between the two

    parquet = tmp_path / "out.parquet"
    code, written = run_json("export", str(parquet), environ=environ)
    assert (code, written["rows"], written["format"]) == (0, 2, "parquet")
    assert run_json("import", str(parquet), "--canonical", environ=environ)[1]["duplicate"] == 2

    code, out, _ = run("export", "-", "--format", "csv", "--to", "2026-10-25T00:00:00Z", environ=environ)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 2  # half past one in summer time; the other is after the clocks went back
    assert "quay/pump/flow" in lines[1]
    assert "7.2" in lines[1]  # 2 L/s are 7.2 m3/h


def test_a_time_without_a_zone_is_refused(database: str, site_file: Path, tmp_path: Path) -> None:
    """An export from a moment that could mean two instants is an error with a cure."""
    environ = {"QUAYMETER_DSN": database}
    run("site", "apply", str(site_file), environ=environ)
    code, _, err = run("export", str(tmp_path / "x.csv"), "--from", "2026-01-01T00:00:00", environ=environ)
    assert code == ExitCode.FILE
    assert "2026-01-01T00:00:00Z" in err


def test_a_known_recording_that_does_not_exist(tmp_path: Path) -> None:
    """A mistyped recording is answered with those that are known."""
    code, _, err = run("replay", str(tmp_path), "--open-data", "scool")
    assert code == ExitCode.CONFIGURATION
    assert "school" in err


def test_a_replay_needs_a_column(site_file: Path, tmp_path: Path) -> None:
    """A file without a mapped column, or with a mapping that is none, is wrong before anything connects."""
    file = tmp_path / "meter.csv"
    file.write_text("time,kwh\n")
    assert run("replay", str(file), "--site", str(site_file))[0] == ExitCode.CONFIGURATION
    code, _, err = run("replay", str(file), "--site", str(site_file), "--map", "kwh:energy")
    assert code == ExitCode.CONFIGURATION
    assert "column=area/asset/point[:unit]" in err
