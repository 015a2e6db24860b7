"""The state of a live source: a restart is quick and tells the same; it is its owner's alone, and holds no truth."""

from __future__ import annotations

import os
import pickle
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from quaymeter.cli.context import default_site_file
from quaymeter.simulation.checkpoint import RestartableReadings
from simulators.scenario import load_scenario
from telemetry.site_file import load_site
from tests.fixtures.small_port import BEGINS, POINTS, SITE, midnight_s
from tests.quaymeter.counting_port import A_DAY, SCENARIO, CountingPort, same, small_port

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["small_port"]  # a fixture


def test_a_restart_simulates_only_what_is_new(small_port: type[CountingPort], tmp_path: Path) -> None:
    """A second source begins at the last day told and tells the same; one without the file begins at the first."""
    file = tmp_path / "port.state"
    first, last = BEGINS + 3 * A_DAY, BEGINS + 5 * A_DAY
    whole = list(RestartableReadings(SITE, SCENARIO, state=tmp_path / "other").days(first, last + A_DAY))
    told = list(RestartableReadings(SITE, SCENARIO, state=file).days(first, last))
    assert all(same(one, other) for one, other in zip(told, whole, strict=False))
    small_port.asked.clear()
    again = list(RestartableReadings(SITE, SCENARIO, state=file).days(last, last + A_DAY))
    assert small_port.asked == [last, last + A_DAY]
    assert [same(one, other) for one, other in zip(again, whole[-2:], strict=True)] == [True, True]
    file.unlink()
    small_port.asked.clear()
    assert same(next(RestartableReadings(SITE, SCENARIO, state=file).days(last, last)), told[-1])
    assert small_port.asked[0] == BEGINS


@pytest.mark.parametrize("spoilt", ["seed", "site", "damage", "nothing"])
def test_a_state_of_something_else_is_not_used(small_port: type[CountingPort], tmp_path: Path, spoilt: str) -> None:
    """Another seed, another site or a damaged file: everything from the first day. Nothing changed: from the last."""
    file, last = tmp_path / "port.state", BEGINS + 3 * A_DAY
    list(RestartableReadings(SITE, SCENARIO, state=file).days(last, last))
    site, scenario = SITE, SCENARIO
    if spoilt == "seed":
        scenario = msgspec.structs.replace(SCENARIO, seed=4)
    elif spoilt == "site":
        site = replace(SITE, points=POINTS[:-1])
    elif spoilt == "damage":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    small_port.asked.clear()
    next(RestartableReadings(site, scenario, state=file).days(last, last))
    assert small_port.asked[0] == (last if spoilt == "nothing" else BEGINS)


def test_an_earlier_day_than_the_state_is_made_from_the_beginning(
    small_port: type[CountingPort], tmp_path: Path
) -> None:
    """What lies before the state is still told, and told the same."""
    file, last = tmp_path / "port.state", BEGINS + 3 * A_DAY
    told = list(RestartableReadings(SITE, SCENARIO, state=file).days(BEGINS, last))
    small_port.asked.clear()
    again = list(RestartableReadings(SITE, SCENARIO, state=file).days(BEGINS, BEGINS))
    assert small_port.asked == [BEGINS]
    assert same(again[0], told[0])
    assert int(again[0].due_s[0]) == midnight_s(BEGINS)


@pytest.mark.usefixtures("small_port")
def test_the_state_is_its_owners_alone(tmp_path: Path) -> None:
    """Created so, even where all may read what is new, and a file of an interrupted write is in its place."""
    file, open_to_all = tmp_path / "port.state", os.umask(0)
    try:
        (tmp_path / "port.state.new").write_bytes(b"half")
        list(RestartableReadings(SITE, SCENARIO, state=file).days(BEGINS, BEGINS))
    finally:
        os.umask(open_to_all)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_state_that_others_may_write_is_not_read(
    small_port: type[CountingPort], tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Who may write it may have it run anything: it is named, and everything is simulated from the first day."""
    file, last = tmp_path / "port.state", BEGINS + 2 * A_DAY
    list(RestartableReadings(SITE, SCENARIO, state=file).days(last, last))
    file.chmod(mode)
    small_port.asked.clear()
    next(RestartableReadings(SITE, SCENARIO, state=file).days(last, last))
    assert small_port.asked[0] == BEGINS
    assert str(file) in caplog.text


def test_a_state_of_another_user_is_not_read(
    small_port: type[CountingPort], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else laid there is not unpickled, however well its digest fits."""
    file, last = tmp_path / "port.state", BEGINS + 2 * A_DAY
    list(RestartableReadings(SITE, SCENARIO, state=file).days(last, last))
    monkeypatch.setattr("quaymeter.simulation.checkpoint.os.geteuid", lambda: file.stat().st_uid + 1)
    small_port.asked.clear()
    next(RestartableReadings(SITE, SCENARIO, state=file).days(last, last))
    assert small_port.asked[0] == BEGINS


def test_the_state_holds_no_truth_and_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    """The physical port, three days in: nothing in its book, and the next day is that of a port never stopped."""
    site, scenario, file = load_site(default_site_file()), load_scenario("capecure"), tmp_path / "port.state"
    last = scenario.begins + 2 * A_DAY
    *_, whole = RestartableReadings(site, scenario, state=tmp_path / "other").days(scenario.begins, last)
    list(RestartableReadings(site, scenario, state=file).days(last - A_DAY, last - A_DAY))
    (again,) = RestartableReadings(site, scenario, state=file).days(last, last)
    kept = pickle.loads(file.read_bytes()[64:])  # noqa: S301 – our own bytes
    assert kept.next_day == last
    assert kept.port.truth().rows() == []
    assert same(again, whole)
