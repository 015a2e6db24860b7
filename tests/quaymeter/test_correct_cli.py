"""`quaymeter correct`: a file that puts a tenfold day right, looked at first, listed, shown, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quaymeter.cli.output import ExitCode
from storage.catalogue import apply_site
from storage.engine import connect
from storage.rollups import refresh_all
from telemetry.site_file import parse_site
from tests.quaymeter.north_port import SITE
from tests.quaymeter.test_cli import run, run_json

if TYPE_CHECKING:
    from pathlib import Path

KEY = "quay/pump/flow"
WORDS = ("--time", "when", "--map", f"m3h={KEY}", "--tz", "Europe/Paris")


@pytest.fixture
def environ(database: str, tmp_path: Path) -> dict[str, str]:
    """Import an hour of a pump, sent tenfold; write the right readings beside it."""
    apply_site(database, parse_site(SITE, file="north.toml"), who="test")
    for name, factor in (("wrong", 10), ("right", 1)):
        lines = [f"2026-07-01 14:{minute:02},{5 * factor}" for minute in range(60)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["when,m3h", *lines, ""]))
    environ = {"QUAYMETER_DSN": database, "COLUMNS": "160"}
    assert run("import", str(tmp_path / "wrong.csv"), *WORDS, environ=environ)[0] == 0
    refresh_all(database)
    return environ


def mean(dsn: str) -> Any:
    """Return the mean of the only day."""
    refresh_all(dsn)
    with connect(dsn) as connection:
        row = connection.execute("SELECT mean FROM reading_1d").fetchone()
    return row and row[0]


def test_a_file_is_looked_at_taken_and_withdrawn(environ: dict[str, str], tmp_path: Path) -> None:
    """The dry run says the day and changes nothing; then it counts, is on record, and goes again."""
    dsn, right = environ["QUAYMETER_DSN"], str(tmp_path / "right.csv")
    code, told = run_json("correct", right, *WORDS, "--dry-run", environ=environ)
    assert (code, told["days"][0]["day"]) == (0, "2026-07-01")
    assert (told["days"][0]["before"]["value"], told["days"][0]["after"]["value"]) == (50.0, 5.0)
    assert mean(dsn) == 50.0
    assert "2026-07-01" in run("correct", right, *WORDS, "--dry-run", environ=environ)[1]

    code, made = run_json("correct", right, *WORDS, "--why", "tenfold", "--by", "Ada", environ=environ)
    (one,) = made["corrections"]
    assert (code, one["point"], one["readings"], one["who"], one["why"]) == (0, KEY, 60, "Ada", "tenfold")
    assert (one["starts"], one["ends"]) == ("2026-07-01 12:00:00+00:00", "2026-07-01 13:00:00+00:00")
    assert mean(dsn) == 5.0

    number = str(one["number"])
    assert run_json("correct", "list", "--point", KEY, environ=environ)[1]["corrections"] == made["corrections"]
    days = run_json("correct", "show", number, environ=environ)[1]["days"]
    assert days == [{"day": "2026-07-01", "readings": 60, "mean": 5.0, "raw_readings": 60, "raw_mean": 50.0}]
    assert "tenfold" in run("correct", "list", environ=environ)[1]
    assert run("correct", "show", number, environ=environ)[0] == 0

    code, _ = run_json("correct", "withdraw", number, "--why", "another meter", environ=environ)
    assert (code, mean(dsn)) == (0, 50.0)
    assert run_json("correct", "list", environ=environ)[1]["corrections"] == []
    assert len(run_json("correct", "list", "--all", environ=environ)[1]["corrections"]) == 1


def test_readings_are_struck_out(environ: dict[str, str]) -> None:
    """Half an hour of a point is struck out: half of it is left, and the list says so."""
    window = ("--from", "2026-07-01T14:00:00+02:00", "--to", "2026-07-01T14:30:00+02:00")
    assert run("correct", "--strike", KEY, *window, "--why", "stuck", environ=environ)[0] == 0
    assert mean(environ["QUAYMETER_DSN"]) == 50.0
    with connect(environ["QUAYMETER_DSN"]) as connection:
        assert connection.execute("SELECT n FROM reading_1d").fetchone() == (30,)
    assert "struck out" in run("correct", "list", environ=environ)[1]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("right.csv", *WORDS), ExitCode.CONFIGURATION, "an auditor will ask"),
        ((), ExitCode.USAGE, "Usage"),
        (("--why", "so"), ExitCode.CONFIGURATION, "neither a file nor --strike"),
        (("right.csv", "--strike", KEY, "--why", "so"), ExitCode.CONFIGURATION, "a file and --strike at once"),
        (("--strike", KEY, "--from", "2026-07-01", "--why", "so"), ExitCode.FILE, "has no time zone"),
        (("right.csv", *WORDS[:4], "--why", "so"), ExitCode.FILE, "carries no time zone"),
        (("withdraw", "9", "--why", "so"), ExitCode.FILE, "no correction 9"),
        (("withdraw", "9"), ExitCode.CONFIGURATION, "--why"),
        (("show", "9"), ExitCode.FILE, "no correction 9"),
    ],
)
def test_what_cannot_be_is_told(
    environ: dict[str, str], tmp_path: Path, words: tuple[str, ...], code: ExitCode, told: str
) -> None:
    """A missing reason, file or zone, both file and strike, a number that is none: exit code, cause and cure."""
    words = tuple(str(tmp_path / word) if word.endswith(".csv") else word for word in words)
    found, out, err = run("correct", *words, environ=environ)
    assert found == code
    assert told in out + err
