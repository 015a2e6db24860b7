"""`quaymeter demonstrators` over the real database: plans, runs and events, for people and for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from quaymeter.cli.output import ExitCode
from storage.demonstrators import declare
from storage.engine import connect
from storage.events_nonroutine import declare_event
from telemetry.plan import NonRoutineEvent
from tests.quaymeter.test_cli import run, run_json
from tests.storage.aligned_site import a_plan, filled

if TYPE_CHECKING:
    from pathlib import Path

PLAN = a_plan(date(2025, 3, 27), date(2025, 3, 31), date(2025, 4, 1))


@pytest.fixture
def environ(database: str) -> dict[str, str]:
    """Give the settings of a database with a week of readings and one dated plan."""
    filled(database, PLAN, date(2025, 4, 3), received=datetime(2025, 4, 3, 1, tzinfo=UTC))
    return {"QUAYMETER_DSN": database}


def test_a_run_is_made_listed_and_shown(environ: dict[str, str]) -> None:
    """A week is too short for a figure, which the exit says; the run is kept all the same, and stands."""
    listed = run_json("demonstrators", "list", environ=environ)[1]
    assert [(each["demonstrator"], each["run"]) for each in listed["demonstrators"]] == [("heat", None)]
    code, made = run_json("demonstrators", "run", "heat", environ=environ)
    assert (code, made["fresh"], made["stopped"], made["current"]) == (ExitCode.NOT_IN_ORDER, True, True, True)
    again = run_json("demonstrators", "run", "heat", environ=environ)[1]
    assert (again["id"], again["fresh"]) == (made["id"], False)
    known = run_json("demonstrators", "run", "heat", "--known-at", "2025-04-03T02:00:00Z", environ=environ)[1]
    assert (known["standing"], known["reporting_to"]) == (False, "2025-04-02")
    kept = run_json("demonstrators", "runs", environ=environ)[1]["runs"]
    assert [each["id"] for each in kept] == [known["id"], made["id"]]
    code, out, _ = run("demonstrators", "runs", "heat", "--current", environ=environ)
    assert code == ExitCode.OK
    assert "heat" in out
    shown = run_json("demonstrators", "show", "heat", environ=environ)[1]
    assert (shown["plan"]["periods"]["baseline_from"], shown["run"]["id"]) == ("2025-03-27", made["id"])
    code, out, told = run("demonstrators", "show", "heat", environ=environ)
    assert "10 × quay/pump/gas" in told
    assert "revision 1 by test (site)" in told
    assert "heat" in run("demonstrators", "list", environ=environ)[1]


def test_events_are_listed(database: str, environ: dict[str, str]) -> None:
    """Each event with its days and where it stands."""
    event = NonRoutineEvent(id="", meter="heat", first_day=date(2025, 4, 1), last_day=date(2025, 4, 1), title="a stop")
    with connect(database, autocommit=True) as connection:
        declare_event(connection, "quay", "heat", event, who="A", reason="seen")
    (said,) = run_json("demonstrators", "events", "heat", environ=environ)[1]["events"]
    assert (said["title"], said["status"], said["what"], said["by"]) == ("a stop", "suggested", "declared", "A")
    assert "a stop" in run("demonstrators", "events", "heat", environ=environ)[1]


def test_a_person_decides_about_events(database: str, environ: dict[str, str]) -> None:
    """Accepted with evidence and a stated size, rejected with a reason; a size without its error is refused."""
    stop, none = (
        NonRoutineEvent(id="", meter="heat", first_day=date(2025, 4, day), last_day=date(2025, 4, day), title="a stop")
        for day in (1, 2)
    )
    with connect(database, autocommit=True) as connection:
        keys = [declare_event(connection, "quay", "heat", each, who="A").key for each in (stop, none)]
    accept = ("demonstrators", "accept", "heat", keys[0], "--evidence", "log", "--amount", "-9")
    assert run(*accept, environ=environ)[0] == ExitCode.CONFIGURATION
    contradicts = run(*accept, "--standard-error", "1", "--method", "excluded", environ=environ)
    assert (contradicts[0], "finds its own" in contradicts[2]) == (ExitCode.CONFIGURATION, True)
    code, said = run_json(*accept, "--standard-error", "1", "--by", "A. Martin", environ=environ)
    assert (code, said["status"], said["by"]) == (ExitCode.OK, "accepted", "A. Martin")
    with connect(database, autocommit=True) as connection:
        again = declare_event(connection, "quay", "heat", stop, who="A").key
    code, _, told = run("demonstrators", "accept", "heat", again, "--evidence", "log", environ=environ)
    assert code != ExitCode.OK
    assert f"shares days with {keys[0]}" in told
    run("demonstrators", "reject", "heat", again, "--why", "the same", environ=environ)
    code, said = run_json("demonstrators", "reject", "heat", keys[1], "--why", "a holiday", environ=environ)
    assert (code, said["status"]) == (ExitCode.OK, "rejected")
    found = run_json("demonstrators", "events", "heat", environ=environ)[1]["events"]
    assert {each["id"]: (each["status"], each["amount"]) for each in found} == {
        keys[0]: ("accepted", -9.0), keys[1]: ("rejected", None), again: ("rejected", None),
    }  # fmt: skip
    assert run("demonstrators", "reject", "heat", "none", "--why", "x", environ=environ)[0] == ExitCode.CONFIGURATION


def test_a_run_is_taken_away_and_verified(tmp_path: Path, environ: dict[str, str]) -> None:
    """The bundle of the run that stands verifies where no database is; without a run there is none."""
    out = tmp_path / "heat.zip"
    bundle = ("demonstrators", "bundle", "heat", "--out", str(out))
    assert run(*bundle, environ=environ)[0] == ExitCode.UNREACHABLE
    run("demonstrators", "run", "heat", environ=environ)
    assert run(*bundle, environ=environ)[0] == ExitCode.OK
    code, said = run_json("savings", "verify", str(out))
    assert (code, said["agrees"]) == (ExitCode.OK, True)


def test_what_is_asked_wrongly_is_explained(database: str, environ: dict[str, str]) -> None:
    """An unknown site or demonstrator, a moment to come, a plan without periods: each with its cure."""
    with connect(database, autocommit=True) as connection:
        declare(connection, "quay", a_plan(date(2025, 3, 27), date(2025, 3, 31), date(2025, 4, 1), id="other",
                                           periods=None), who="A")  # fmt: skip
    wrong = [
        (("list", "--site", "key"), "one of: quay"),
        (("show", "hat"), 'did you mean "heat"'),
        (("run", "heat", "--known-at", "2099-01-01T00:00:00Z"), "no moment of the past"),
        (("run", "heat", "--known-at", "2025-01-01"), "with its offset"),
        (("run", "other"), "has no periods"),
    ]
    for arguments, cure in wrong:
        code, _, told = run("demonstrators", *arguments, environ=environ)
        assert code not in (ExitCode.OK, ExitCode.NOT_IN_ORDER) or "periods" in told
        assert cure in told, arguments
    of_file = run("demonstrators", "retire", "heat", "--why", "old", environ=environ)
    assert (of_file[0], "take it out of the site file" in of_file[2]) == (ExitCode.NOT_IN_ORDER, True)
    assert run("demonstrators", "retire", "other", "--why", "twice", environ=environ)[0] == ExitCode.OK
    assert "other" not in run("demonstrators", "list", environ=environ)[1]
