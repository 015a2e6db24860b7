"""A simulated port on the roads of a real one: plans and their parts, quick restarts, backfill and truth by command."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from quaymeter.cli.context import default_site_file
from quaymeter.cli.output import ExitCode
from quaymeter.simulation.plan import HistoryPlan, make_parts
from storage import ledger
from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site
from tests.fixtures.small_port import BEGINS, SITE
from tests.quaymeter.counting_port import A_DAY, SCENARIO, small_port
from tests.quaymeter.test_cli import run, run_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


__all__ = ["small_port"]  # a fixture
SCENARIO_FILE = """
name = "{name}"
include = ["plain"]

[[measures]]
demonstrator = "placebo"
kind = "null"
asset = "mole/refrigeration"
from = "{since}"
energy = ["mole/refrigeration/energy"]
"""


def history(**changes: Any) -> HistoryPlan:
    """Return a plan of five days of the small port."""
    values: dict[str, Any] = {
        "site": SITE, "scenario": SCENARIO, "first": BEGINS, "last": BEGINS + 4 * A_DAY, "cadence_s": 900,
    }  # fmt: skip
    return HistoryPlan(**values | changes)


def test_a_plan_is_known_by_what_decides_its_parts() -> None:
    """Seed, cadence, first day and the live source's begin are another history; its length is not."""
    known = history().fingerprint
    assert history(last=BEGINS + 9 * A_DAY).fingerprint == known
    others = [
        history(scenario=msgspec.structs.replace(SCENARIO, seed=4)),
        history(cadence_s=60),
        history(first=BEGINS + A_DAY),
        history(until=datetime(2025, 3, 5, tzinfo=UTC)),
        history(site=replace(SITE, id="other")),
    ]
    assert len({known, *(other.fingerprint for other in others)}) == 6


def test_a_content_is_the_whole_scenario_in_any_order() -> None:
    """A fault's size is another content, the order of its table is not; how much of it is wanted does not matter."""
    fault = {"point": "a/room/t", "kind": "drift", "size": 0.1}
    known, turned, edited = (
        history(scenario=msgspec.structs.replace(SCENARIO, faults=(table,)))
        for table in (fault, dict(reversed(fault.items())), fault | {"size": 0.2})
    )
    assert known.content == turned.content == replace(known, cadence_s=60, last=BEGINS).content
    assert edited.content != known.content


@pytest.mark.parametrize(("zone", "first", "last"), [("Europe/Paris", 1, 4), ("UTC", 0, 4), ("America/New_York", 0, 3)])
def test_only_whole_days_of_the_calendar_have_a_truth(zone: str, first: int, last: int) -> None:
    """East of Greenwich the first day lacks its first hour, west of it the last its last hours."""
    wanted = history(site=replace(SITE, timezone=ZoneInfo(zone)))
    assert wanted.local_days(wanted.last) == (BEGINS + first * A_DAY, BEGINS + last * A_DAY)


def test_days_that_a_scenario_does_not_have_are_refused() -> None:
    """Before its begin there is nothing, and no history ends before it starts."""
    with pytest.raises(ConfigurationError, match="begins on 2025-03-03"):
        history(first=BEGINS - A_DAY)
    with pytest.raises(ConfigurationError, match="is before"):
        history(last=BEGINS - A_DAY)


@pytest.mark.usefixtures("small_port")
def test_parts_are_the_same_from_wherever_they_are_made() -> None:
    """From the third part on, they equal the third and later ones; the truth comes whole with the last."""
    whole, later = list(make_parts(history(), 0)), list(make_parts(history(), 2))
    assert len(whole) == history().parts == 5
    for one, other in zip(whole[2:], later, strict=True):
        assert one.chunk.value.tobytes() == other.chunk.value.tobytes()
        assert one.chunk.ts_us.tobytes() == other.chunk.ts_us.tobytes()
    for made in (whole, later):
        assert [len(part.truth) for part in made[:-1]] == [0] * (len(made) - 1)
        assert [row.day for row in made[-1].truth] == [BEGINS + number * A_DAY for number in range(1, 5)]


@pytest.mark.usefixtures("small_port")
def test_what_comes_live_is_no_history() -> None:
    """The last part ends where the live source begins; nothing before is lost."""
    until = datetime(2025, 3, 7, 10, tzinfo=UTC)
    cut, whole = list(make_parts(history(until=until), 0)), list(make_parts(history(), 0))
    end_us = int(until.timestamp()) * 1_000_000
    assert cut[-1].chunk.ts_us.max() < end_us
    assert len(cut[-1].chunk.value) == np.count_nonzero(whole[-1].chunk.ts_us < end_us)
    assert cut[0].chunk.value.tobytes() == whole[0].chunk.value.tobytes()


def test_a_plan_can_be_sent_to_another_process() -> None:
    """Site, scenario and dates survive pickling, or no other process could make the history."""
    assert pickle.loads(pickle.dumps(history())) == history()  # noqa: S301 – our own bytes


@pytest.fixture
def keys(database: str) -> Iterator[dict[str, str]]:
    """Give the settings of a database with the port applied, and with a login that holds the key to the truth."""
    apply_site(database, load_site(default_site_file()), who="test")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS try_key")
        connection.execute("CREATE ROLE try_key LOGIN IN ROLE quaymeter_truth")
    yield {"QUAYMETER_DSN": database, "QUAYMETER_TRUTH_DSN": make_conninfo(database, user="try_key")}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP ROLE try_key")


def test_backfill_brings_the_port_and_its_truth(database: str, keys: dict[str, str]) -> None:
    """Days come in once, however often it is asked for; the truth is there for the key, and for nobody else."""
    fill = partial(run_json, "simulate", "backfill", "--from", "2024-09-01", "--cadence", "900")
    code, document = fill("--to", "2024-09-02", environ={"QUAYMETER_DSN": database})
    assert (code, document["parts_done"], document["finished"]) == (0, 2, True)
    assert document["stored"] == document["rows"] > 0
    code, longer = fill("--to", "2024-09-03", environ=keys)
    assert (code, longer["parts_done"], longer["duplicate"]) == (0, 3, 0)
    assert longer["resumed_at"] == document["rows"] < longer["rows"]
    assert fill("--to", "2024-09-03", environ=keys)[1]["stored"] == longer["stored"]
    with connect(database) as connection:
        assert ledger.totals(connection, audit=True).balanced
        coarse = connection.execute(
            "SELECT DISTINCT cadence_s, min(starts) OVER (), max(ends) OVER () FROM history_cadence"
        ).fetchall()
    begin = datetime(2024, 9, 1, tzinfo=UTC)
    assert coarse == [(900.0, begin, begin + timedelta(days=3))]  # the last hour's landings are told at its end

    key = {"QUAYMETER_TRUTH_DSN": keys["QUAYMETER_TRUTH_DSN"]}
    code, truth = run_json("truth", environ=key)
    assert (code, truth["scenario"], truth["begins"]) == (0, "capecure", "2024-09-01")
    assert len({one["demonstrator"] for one in truth["demonstrators"]}) == 8
    assert {day["day"] for one in truth["demonstrators"] for day in one["days"]} == {"2024-09-02", "2024-09-03"}
    one = truth["demonstrators"][0]["demonstrator"]
    code, chosen = run_json("truth", "--demonstrator", one, "--from", "2024-09-03", environ=key)
    assert {(row["demonstrator"], day["day"]) for row in chosen["demonstrators"] for day in row["days"]} == {
        (one, "2024-09-03")
    }


def test_an_edited_scenario_of_the_same_name_is_refused(database: str, keys: dict[str, str], tmp_path: Path) -> None:
    """Before a reading or a day of truth is written: place, cause, cure. Under another name it comes in."""
    file = tmp_path / "ours.toml"
    fill = partial(run, "simulate", "backfill", "--to", "2024-09-02", "--scenario", str(file), environ=keys)
    file.write_text(SCENARIO_FILE.format(name="ours", since="P13M"))
    assert fill()[0] == ExitCode.OK
    before = run_json("truth", environ=keys)[1]
    file.write_text(SCENARIO_FILE.format(name="ours", since="P14M"))
    code, _, told = fill()
    assert code == ExitCode.CONFIGURATION
    assert "scenario ours" in told
    assert "another name" in told
    assert run_json("truth", environ=keys)[1] == before
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM import_job").fetchone() == (1,)
    file.write_text(SCENARIO_FILE.format(name="theirs", since="P14M"))
    assert fill()[0] == ExitCode.OK


def test_a_history_that_came_without_the_key_gets_its_truth_later(database: str, keys: dict[str, str]) -> None:
    """Readings are not made again, and the truth of all their days is there afterwards."""
    fill = partial(run_json, "simulate", "backfill", "--to", "2024-09-02", "--scenario", "null")
    assert fill(environ={"QUAYMETER_DSN": database})[0] == 0
    with connect(database) as connection:
        before = connection.execute("SELECT count(*) FROM ingest_ledger").fetchone()
    assert fill(environ=keys)[0] == 0
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM ingest_ledger").fetchone() == before
    rows = run_json("truth", environ=keys)[1]["demonstrators"]
    assert rows
    assert {day["day"] for row in rows for day in row["days"]} == {"2024-09-02"}
    assert {row["saving"] for row in rows} == {0.0}


def test_without_the_key_there_is_no_truth(database: str) -> None:
    """No setting, a login without the key, a truth that nobody wrote: each is told with its cure."""
    code, _, told = run("truth", environ={"QUAYMETER_DSN": database})
    assert code == ExitCode.CONFIGURATION
    assert "QUAYMETER_TRUTH_DSN" in told
    assert "truth.env" in told
    code, _, told = run("truth", environ={"QUAYMETER_TRUTH_DSN": database})
    assert code == ExitCode.CONFIGURATION
    assert "simulate backfill" in told


def test_describe_needs_no_database() -> None:
    """Seed, period, drivers by month and the truth of each demonstrator, as one document."""
    code, document = run_json("simulate", "describe", "--to", "2024-09-02")
    assert (code, document["site"], document["period"]) == (0, "capecure", {"from": "2024-09-01", "to": "2024-09-02"})
    assert len(document["demonstrators"]) == 8
    assert [month["month"] for month in document["drivers"]["monthly_mean"]] == ["2024-09"]
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize("command", ["live", "backfill", "describe"])
def test_an_image_of_services_does_not_simulate(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra of the demo is not installed, as in the services' image, each command says so with the cure."""
    monkeypatch.setattr("quaymeter.cli.simulate.find_spec", lambda _: None)
    code, _, told = run("simulate", command, environ={})
    assert code == ExitCode.CONFIGURATION
    assert "not installed here" in told
    assert "quaymeter[demo]" in told


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("backfill", "--from", "yesterday"), "--from"),
        (("backfill", "--from", "2020-01-01"), "--from"),
        (("describe", "--scenario", "nothing"), "nothing"),
    ],
)
def test_wrong_words_are_explained(database: str, words: tuple[str, ...], place: str) -> None:
    """No day, a day before the scenario, no such scenario: place, cause and cure."""
    code, _, told = run("simulate", *words, environ={"QUAYMETER_DSN": database})
    assert code == ExitCode.CONFIGURATION
    assert place in told
    assert "cure:" in told
