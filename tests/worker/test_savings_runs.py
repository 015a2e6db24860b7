"""Runs from the database: read, computed, kept; made anew beside the old one when late readings change its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from savings.record import decode_input
from storage.catalogue import apply_site
from storage.demonstrators import declare, revisions
from storage.engine import connect
from storage.events_nonroutine import accept, declare_event, history, withdraw
from storage.savings_runs import input_bytes, newest, run_row, runs
from telemetry.errors import ContractError, StorageError
from telemetry.plan import DayTypes, NonRoutineEvent
from telemetry.quality import Reason
from tests.storage.aligned_site import a_plan, a_site, midnight_s, steady, steps, store
from worker.run_input import run_input
from worker.savings_runs import SETTLED, due, make_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.engine import Connection

FIRST, LAST = date(2025, 3, 27), date(2025, 4, 3)
PLAN = a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1))
NOW = datetime(2025, 4, 3, 1, tzinfo=UTC)  # 03:00 in Paris: the second of April is over, and settled
MISSING = date(2025, 3, 29)
GAS = "quay/pump/gas"


@pytest.fixture
def port(database: str) -> str:
    """Give a database with a week of readings but for one day, which did not arrive."""
    apply_site(database, a_site(PLAN), who="test")
    store(database, _readings(missing=False), received=NOW)
    return database


@pytest.fixture
def connection(port: str) -> Iterator[Connection]:
    """Give a connection to it."""
    with connect(port, autocommit=True) as connection:
        yield connection


def _readings(*, missing: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the readings of the missing day, or those of all others, an hour of the last night included."""
    ts = np.append(steps(FIRST, LAST), midnight_s(LAST) + np.arange(0, 3600, 900))
    gone = ts[(ts >= midnight_s(MISSING)) & (ts < midnight_s(MISSING + timedelta(days=1)))]
    columns = steady(ts, int(ts[0]))
    return {
        name: (at[np.isin(at, gone) == missing], value[np.isin(at, gone) == missing])
        for name, (at, value) in columns.items()
    }


def test_the_input_says_all_that_a_run_rests_on(connection: Connection) -> None:
    """Rows of local days, prices, sources with what was read of them, kinds of day, the last day that is over."""
    given = run_input(connection, "quay", "heat", now=NOW)
    (meter,) = given.meters
    assert given.reporting_to == date(2025, 4, 2)
    assert (meter.start[0], len(meter.start), meter.hours[3]) == ("2025-03-27T00:00:00", 7, 23.0)
    assert [driver.name for driver in meter.drivers][-1] == "day_type"
    assert meter.drivers[-1].values == (0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0)
    assert meter.reasons[2] == "quay/pump/gas: no reading"
    assert meter.energy[2] is None
    assert [value.id for value in given.tariffs] == ["gas"]
    sources = {source.point: source for source in meter.sources}
    assert sources["quay/pump/t_air"].readings == 6 * 96 - 4  # and a day of 23 hours
    assert (sources["quay/pump/gas"].role, sources["quay/pump/on"].role) == ("energy", "driver")


def test_a_plan_may_tell_all_days_of_the_week_apart(connection: Connection) -> None:
    """A boiler that rested on Sunday starts cold on Monday: seven kinds of day from Monday on."""
    declare(connection, "quay", msgspec.structs.replace(PLAN, day_types=DayTypes.WEEKDAY), who="A. Martin")
    (meter,) = run_input(connection, "quay", "heat", now=NOW).meters
    assert meter.drivers[-1].values == (3.0, 4.0, 5.0, 6.0, 0.0, 1.0, 2.0)


def test_one_simulated_reading_makes_the_whole_run_a_simulated_one(port: str, connection: Connection) -> None:
    """Where any reading of a figure or a driver is marked as simulated, the input says so and every report with it."""
    assert not run_input(connection, "quay", "heat", now=NOW).simulated
    columns = {"t_air": _readings(missing=True)["t_air"]}
    store(port, columns, received=NOW, quality=int(Reason.SIMULATED))
    assert run_input(connection, "quay", "heat", now=NOW).simulated


def test_other_methods_restate_the_run(port: str, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same readings computed by further methods are another run, which the night asks for."""
    first = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
    monkeypatch.setattr("savings.run.METHODS", "1000")
    assert list(due(connection, now=NOW)) == [("quay", "heat")]
    later = make_run(connection, "quay", "heat", asked_by="A", now=NOW)
    assert later.fresh
    assert later.run_id != first.run_id
    assert port


def test_a_late_file_restates_the_run(port: str, connection: Connection) -> None:
    """The day that came late makes a new run beside the old one; it is named point by point, and nothing else is."""
    first = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
    assert (first.fresh, first.cause) == (True, "nightly")
    again = make_run(connection, "quay", "heat", asked_by="A", now=NOW + timedelta(hours=1))
    assert (again.run_id, again.fresh) == (first.run_id, False)
    assert list(due(connection, now=NOW)) == []
    store(port, _readings(missing=True), received=NOW + timedelta(hours=5))
    assert list(due(connection, now=NOW + timedelta(hours=6))) == [("quay", "heat")]
    later = NOW + timedelta(hours=6)
    second = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=later)
    assert second.cause == "restated"
    row = run_row(connection, second.run_id)
    assert row is not None
    assert row.explanation["against"] == first.run_id
    assert row.explanation["changed"] == ["readings"]
    told = {(each["point"], each["start"][:10]): (each["before"], each["after"]) for each in row.explanation["rows"]}
    assert {day for _, day in told} == {MISSING.isoformat()}
    assert told["quay/pump/gas", MISSING.isoformat()] == (None, pytest.approx(120.0))
    assert [point["point"] for point in row.explanation["points"]] == [
        "quay/pump/t_air", "quay/pump/landed", "quay/pump/on", "quay/pump/gas", "quay/pump/energy"
    ]  # fmt: skip
    old = run_row(connection, first.run_id)
    assert old is not None
    assert old.superseded_by == second.run_id
    assert decode_input(input_bytes(connection, first.run_id)).meters[0].energy[2] is None


def test_another_day_is_no_restatement(port: str, connection: Connection) -> None:
    """The night after, a run has one day more; before the day has settled, nothing is due."""
    make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
    ts = np.arange(midnight_s(LAST) + 3600, midnight_s(LAST) + 86_400 + 3600, 900)
    store(port, steady(ts, midnight_s(FIRST)), received=NOW + timedelta(days=1))
    midnight = datetime.fromtimestamp(midnight_s(LAST + timedelta(days=1)), UTC)
    assert list(due(connection, now=midnight + timedelta(hours=1))) == []
    morning = midnight + timedelta(hours=3)
    assert list(due(connection, now=morning)) == [("quay", "heat")]
    made = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=morning)
    row = newest(connection, "quay", "heat")
    assert row is not None
    assert (made.cause, row.explanation["changed"], row.reporting_to) == ("nightly", ["new days"], LAST)


def test_an_accuracy_class_restates_the_run_and_a_name_does_not(port: str, connection: Connection) -> None:
    """A class that was put right in the site file is due, named and reaches the input; other names make no run."""
    first = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
    site = a_site(PLAN)
    names = tuple(replace(point, name={"fr": "autre", "en": "other"}) for point in site.points)
    apply_site(port, replace(site, points=names, name="Quay 2"), who="test")
    assert list(due(connection, now=NOW)) == []
    classed = tuple(replace(point, accuracy_class="class 1" if point.key == GAS else "") for point in names)
    apply_site(port, replace(site, points=classed), who="test")
    assert list(due(connection, now=NOW)) == [("quay", "heat")]
    made = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
    row = run_row(connection, made.run_id)
    assert row is not None
    assert (made.cause, row.explanation["against"]) == ("restated", first.run_id)
    assert (row.explanation["changed"], row.explanation["meters"]) == (["meters"], [GAS])
    sources = decode_input(input_bytes(connection, made.run_id)).meters[0].sources
    assert [each.point for each in sources if each.accuracy_class == "class 1"] == [GAS]


def test_only_what_a_person_agreed_to_is_in_a_run(connection: Connection) -> None:
    """A suspected event changes nothing until it is accepted; withdrawn, it is out again."""
    event = NonRoutineEvent(id="", meter="heat", first_day=date(2025, 4, 1), last_day=date(2025, 4, 1), title="t")
    first = make_run(connection, "quay", "heat", asked_by="A", now=NOW)
    key = declare_event(connection, "quay", "heat", event, who="A").key
    assert make_run(connection, "quay", "heat", asked_by="A", now=NOW).run_id == first.run_id
    accept(connection, "quay", "heat", key, who="A")
    made = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", now=NOW)
    row = newest(connection, "quay", "heat")
    assert row is not None
    assert (made.cause, row.explanation["changed"], row.explanation["events"]) == ("restated", ["events"], [key])
    withdraw(connection, "quay", "heat", key, who="A")
    assert not run_input(connection, "quay", "heat", now=NOW).meters[0].events


def test_a_run_as_it_was_known_stands_beside_the_others(port: str, connection: Connection) -> None:
    """Asked for an earlier moment, the late day is missing; the run that stands keeps its place."""
    store(port, _readings(missing=True), received=NOW + timedelta(hours=5))
    stands = make_run(connection, "quay", "heat", asked_by="A", now=NOW + timedelta(hours=6))
    beside = make_run(connection, "quay", "heat", asked_by="A", known_at=NOW)
    given = decode_input(input_bytes(connection, beside.run_id))
    assert given.known_at == NOW
    assert given.meters[0].energy[2] is None
    assert [row.id for row in runs(connection, current=True)] == [stands.run_id]


def test_what_was_decided_later_is_not_known(connection: Connection) -> None:
    """Asked for the moment before, neither a new revision of the plan nor an event accepted since is in the input."""
    declare(connection, "quay", msgspec.structs.replace(PLAN, confidence=0.8), who="A")
    event = NonRoutineEvent(id="", meter="heat", first_day=date(2025, 4, 1), last_day=date(2025, 4, 1), title="t")
    key = declare_event(connection, "quay", "heat", event, who="A").key
    accept(connection, "quay", "heat", key, who="A")
    before, after = revisions(connection, "quay", "heat")[1].declared_at, history(connection, "quay", "heat", key)[1].at
    withdraw(connection, "quay", "heat", key, who="A")

    def known(moment: datetime) -> tuple[int, float, list[str]]:
        given = run_input(connection, "quay", "heat", known_at=moment, last_day=date(2025, 4, 2))
        return given.plan_revision, given.plan.confidence, [each.id for each in given.meters[0].events]

    assert known(before) == (1, PLAN.confidence, [])
    assert known(after) == (2, 0.8, [key])
    assert known(datetime.now(UTC) + timedelta(minutes=1)) == (2, 0.8, [])
    assert known(NOW) == (1, PLAN.confidence, [])  # before there was any plan: the first


def test_a_set_point_that_moves_is_seen(port: str, connection: Connection) -> None:
    """Three days away from what it was in the baseline is a change, dated and sized; two days are none."""
    dated = a_plan(FIRST, date(2025, 3, 29), date(2025, 3, 30))
    declare(connection, "quay", dated, who="test")
    ts = np.arange(midnight_s(LAST), midnight_s(LAST) + 86_400 * 3, 900)
    store(port, {"set": (ts, np.full(len(ts), 1.0))}, received=NOW)
    two_days = NOW + timedelta(days=2)
    assert run_input(connection, "quay", "heat", now=two_days).factor_changes == ()
    (change,) = run_input(connection, "quay", "heat", now=two_days + timedelta(days=1)).factor_changes
    assert (change.factor, change.day, change.unit) == ("set", LAST, "Cel")
    assert (change.before, change.after) == (2.0, 1.0)


def test_what_cannot_be_computed_is_explained(port: str) -> None:
    """A plan without periods, a period that has not begun, a demonstrator that is not there."""
    with connect(port, autocommit=True) as connection:
        with pytest.raises(ContractError, match="begins on 2025-04-01"):
            run_input(connection, "quay", "heat", now=datetime(2025, 4, 1, 12, tzinfo=UTC))
        declare(
            connection, "quay", a_plan(FIRST, FIRST + timedelta(days=1), LAST, id="other", periods=None), who="test"
        )
        with pytest.raises(ContractError, match="no periods"):
            run_input(connection, "quay", "other", now=NOW)
        with pytest.raises(StorageError, match='did you mean "heat"'):
            run_input(connection, "quay", "heatt", now=NOW)
