"""Plans, events and savings runs in the database: all of it only grows, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from savings.input_record import Source
from savings.record import encoded
from storage.catalogue import apply_site
from storage.demonstrators import declare, demonstrator, demonstrators, revisions, the_demonstrator
from storage.engine import connect
from storage.events_nonroutine import (
    OverlapError,
    accept,
    change,
    declare_event,
    events,
    history,
    reject,
    suggest,
    withdraw,
)
from storage.savings_runs import content_sha256, input_bytes, newest, run_bytes, run_row, runs, save
from telemetry.errors import ContractError, StorageError
from telemetry.plan import DriverPlan, EventMethod, NonRoutineEvent, Status
from tests.storage.saving_records import KNOWN_AT, PERIODS, a_plan, a_run, a_site, an_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.engine import Connection


@pytest.fixture
def connection(any_engine_dsn: str) -> Iterator[Connection]:
    """Give a connection to a database with one demonstrator from its site file."""
    apply_site(any_engine_dsn, a_site(a_plan()), who="file")
    with connect(any_engine_dsn, autocommit=True) as connection:
        yield connection


def an_event(first: int, last: int, **changed: object) -> NonRoutineEvent:
    """Return an event of February."""
    event = NonRoutineEvent(
        id="", meter="energy", first_day=date(2026, 2, first), last_day=date(2026, 2, last), title="t"
    )
    return msgspec.structs.replace(event, **changed)


def test_a_plan_grows_by_revisions(connection: Connection) -> None:
    """The API dates a plan; saying it again is nothing new; each revision stays as it was."""
    first = the_demonstrator(connection, "quay", "pump")
    assert (first.origin, first.revision.revision, first.plan) == ("site", 1, a_plan())
    dated = a_plan(periods=PERIODS)
    assert declare(connection, "quay", dated, who="demo", reason="dated").revision == 2
    assert declare(connection, "quay", dated, who="demo").revision == 2
    found = revisions(connection, "quay", "pump")
    assert [(each.revision, each.origin, each.declared_by, each.plan) for each in found] == [
        (2, "api", "demo", dated),
        (1, "site", "file", a_plan()),
    ]
    assert connection.execute("SELECT reporting_from FROM v_demonstrator").fetchone() == (PERIODS.reporting_from,)


def test_plans_of_the_api_are_held_against_the_site(connection: Connection) -> None:
    """A point that is not there is refused with the nearest name, and so is a demonstrator that is not."""
    wrong = a_plan(id="other", drivers=(DriverPlan(point="quay/pump/powr"),))
    with pytest.raises(ContractError, match=r'quay/pump/powr.*did you mean "quay/pump/power"'):
        declare(connection, "quay", wrong, who="api")
    assert demonstrator(connection, "quay", "other") is None
    with pytest.raises(StorageError, match='did you mean "pump"'):
        the_demonstrator(connection, "quay", "pumpe")
    assert declare(connection, "quay", a_plan(id="other"), who="api").revision == 1
    assert [each.key for each in demonstrators(connection, "quay")] == ["pump", "other"]


def test_a_plan_with_an_unknown_calendar_is_refused(connection: Connection) -> None:
    """A plan by the API names a calendar of the site, or is not taken."""
    with pytest.raises(ContractError, match="unknown calendar 'port-week'"):
        declare(connection, "quay", a_plan(calendar="port-week"), who="api")


def test_a_plan_with_a_calendar_without_holidays_is_refused(any_engine_dsn: str) -> None:
    """A calendar of shifts alone makes no holiday: a plan by the API that names it is not taken."""
    shifts = {"id": "shifts", "name": {"fr": "x", "en": "x"}, "shifts": []}
    calendars = (shifts, shifts | {"id": "empty", "holidays": ""}, shifts | {"id": "port-week", "holidays": "FR"})
    apply_site(any_engine_dsn, replace(a_site(a_plan()), calendars=calendars), who="file")
    with connect(any_engine_dsn, autocommit=True) as connection:
        for name in ("shifts", "empty"):
            with pytest.raises(ContractError, match=f"unknown calendar '{name}'"):
                declare(connection, "quay", a_plan(calendar=name), who="api")
        assert declare(connection, "quay", a_plan(calendar="port-week"), who="api").plan.calendar == "port-week"


def test_events_are_decided_by_people(connection: Connection) -> None:
    """What is known is not suggested again; every decision is kept with its name and its time."""
    (key,) = suggest(connection, "quay", "pump", [an_event(3, 5)], who="worker")
    assert suggest(connection, "quay", "pump", [an_event(3, 6)], who="worker") == []
    agreed = accept(connection, "quay", "pump", key, who="A. Martin", reason="a new line")
    assert (agreed.event.status, agreed.event.agreed_by) == (Status.ACCEPTED, "A. Martin")
    own = declare_event(connection, "quay", "pump", an_event(20, 21), who="B")
    changed = change(connection, "quay", "pump", msgspec.structs.replace(agreed.event, evidence="log"), who="B")
    assert changed.event.status is Status.SUGGESTED
    assert reject(connection, "quay", "pump", own.key, who="C").event.status is Status.REJECTED
    withdraw(connection, "quay", "pump", key, who="A. Martin")
    assert [row.key for row in events(connection, "quay", "pump")] == [own.key]
    assert suggest(connection, "quay", "pump", [an_event(20, 20)], who="worker") == []
    told = [(row.number, row.what, row.who) for row in history(connection, "quay", "pump", key)]
    assert told == [(1, "suggested", "worker"), (2, "accepted", "A. Martin"), (3, "changed", "B"),
                    (4, "withdrawn", "A. Martin")]  # fmt: skip
    with pytest.raises(StorageError, match="no event"):
        accept(connection, "quay", "pump", "none", who="A")


def test_days_are_accepted_once_and_sizes_have_bounds(connection: Connection) -> None:
    """A second event of accepted days is refused, and the first is named; so is what no page could show."""
    keys = [declare_event(connection, "quay", "pump", an_event(*days), who="A").key for days in ((3, 9), (9, 12))]
    water = declare_event(connection, "quay", "pump", msgspec.structs.replace(an_event(3, 9), meter="water"), who="A")
    accept(connection, "quay", "pump", keys[0], who="A")
    with pytest.raises(OverlapError, match=rf"shares days with {keys[0]} \(t, 2026-02-03 to 2026-02-09\)"):
        accept(connection, "quay", "pump", keys[1], who="A")
    assert events(connection, "quay", "pump")[-1].event.status is Status.SUGGESTED
    for key in (keys[0], water.key):  # the same again, and another figure
        assert accept(connection, "quay", "pump", key, who="A").event.status is Status.ACCEPTED
    withdraw(connection, "quay", "pump", keys[0], who="A")
    assert accept(connection, "quay", "pump", keys[1], who="A").event.status is Status.ACCEPTED
    for wrong, said in (({"amount": 1e300}, "amount"), ({"title": "t" * 301}, "301 characters")):
        with pytest.raises(ContractError, match=said):
            declare_event(connection, "quay", "pump", an_event(20, 21, **wrong), who="A")


def test_suggestions_follow_what_stands_out_until_a_person_decides(connection: Connection) -> None:
    """An event that goes on replaces its shorter self; a month within a stage is told; what was decided stays so."""
    (short,) = suggest(connection, "quay", "pump", [an_event(3, 5)], who="worker")
    stage, stop = suggest(connection, "quay", "pump", [an_event(3, 28), an_event(10, 16)], who="worker")
    assert [row.key for row in events(connection, "quay", "pump")] == [stage, stop]
    assert history(connection, "quay", "pump", short)[-1].what == "withdrawn"
    accept(connection, "quay", "pump", stop, who="A. Martin")
    reject(connection, "quay", "pump", stage, who="A. Martin")
    assert suggest(connection, "quay", "pump", [an_event(11, 15), an_event(4, 28)], who="worker") == []
    assert [row.what for row in events(connection, "quay", "pump")] == ["rejected", "accepted"]
    again = suggest(connection, "quay", "pump", [msgspec.structs.replace(an_event(3, 5), meter="water")], who="worker")
    assert len(again) == 1


def test_a_suggestion_follows_the_advice_until_a_person_decides(connection: Connection) -> None:
    """That its days had now better be left out is a further change of the event; whoever decided is not asked again."""
    out = msgspec.structs.replace(an_event(3, 9), method=EventMethod.EXCLUDED)
    (first,) = suggest(connection, "quay", "pump", [an_event(3, 9)], who="worker")
    for _ in range(2):  # the second night says nothing new
        assert suggest(connection, "quay", "pump", [out], who="worker") == []
    assert [(row.key, row.event.method) for row in events(connection, "quay", "pump")] == [(first, out.method)]
    assert [row.what for row in history(connection, "quay", "pump", first)] == ["suggested", "suggested"]
    accept(connection, "quay", "pump", first, who="A. Martin")
    assert suggest(connection, "quay", "pump", [an_event(3, 9)], who="worker") == []


def test_what_was_taken_back_is_suggested_again_under_its_name(connection: Connection) -> None:
    """A run names its suggestions by their days: the event of that name is the one that stands, not an older one."""
    named = [msgspec.structs.replace(an_event(*days), id=name) for name, days in (("short", (3, 5)), ("long", (3, 28)))]
    for name, event in zip(("short", "long", "short"), (*named, named[0]), strict=True):
        assert suggest(connection, "quay", "pump", [event], who="worker") == [name]
        assert [row.key for row in events(connection, "quay", "pump")] == [name]
    assert [row.what for row in history(connection, "quay", "pump", "short")] == ["suggested", "withdrawn", "suggested"]


def test_runs_stand_beside_each_other(connection: Connection) -> None:
    """A run keeps its input to the byte, the next takes its place, and one of an earlier day takes nobody's."""
    declare(connection, "quay", a_plan(periods=PERIODS), who="demo")
    given = an_input(2)
    first = save(connection, given, a_run(given), cause="asked", asked_by="A")
    later = an_input(2, energy=(1.0, 2.5, None))
    second = save(
        connection, later, a_run(later, 6.0), cause="restated", asked_by="worker", explanation={"days": ["2026-02-02"]}
    )
    beside = save(connection, given, a_run(given, None), cause="asked", asked_by="A", standing=False)
    assert input_bytes(connection, first) == encoded(given)
    assert run_bytes(connection, second) == encoded(a_run(later, 6.0))
    row = newest(connection, "quay", "pump")
    assert row is not None
    assert (row.id, row.cause, row.explanation) == (second, "restated", {"days": ["2026-02-02"]})
    figure = row.figures[0]
    assert (figure.saving, figure.saving_low, figure.saving_high, figure.money) == (6.0, 5.0, 7.0, None)
    old = run_row(connection, first)
    assert old is not None
    assert (old.superseded_by, old.current, old.plan_revision) == (second, False, 2)
    assert [each.id for each in runs(connection, "quay", "pump")] == [beside, second, first]
    assert [each.id for each in runs(connection, before=second)] == [first]
    query = "SELECT day, cumulative, low FROM v_savings_day WHERE current ORDER BY day"
    assert connection.execute(query).fetchall() == [(date(2026, 2, 1), 2.0, 1.0), (date(2026, 2, 2), 5.0, None)]
    assert connection.execute("SELECT run FROM v_savings_run WHERE current").fetchall() == [(second,)]
    with pytest.raises(StorageError, match="no savings run"):
        input_bytes(connection, 9999)


def test_the_same_content_is_known_again() -> None:
    """What is read later and says the same has the same digest; another figure, revision or accuracy class has not."""
    same = an_input(known_at=KNOWN_AT.replace(hour=20), site_name="Quay 2")
    assert content_sha256(same) == content_sha256(an_input())
    source = Source(point="p", name={"en": "Meter"}, unit="kW.h", kind="counter", role="energy", readings=9)
    (meter,) = an_input().meters

    def digest(**changed: object) -> str:
        sources = (msgspec.structs.replace(source, **changed),)
        return content_sha256(an_input(meters=(msgspec.structs.replace(meter, sources=sources),)))

    assert digest(name={"en": "Meter 12"}, readings=10, bad_readings=1) == digest()
    assert digest(accuracy_class="class 1") != digest()
    assert content_sha256(an_input(2)) != content_sha256(an_input())
    assert content_sha256(an_input(energy=(1.0, 2.0, 3.0))) != content_sha256(an_input())


def test_what_a_site_file_says_of_a_plan_that_was_dated_elsewhere(database: str) -> None:
    """The file's news hold, its silence on periods does not undate; retired and back again, nothing is lost."""
    apply_site(database, a_site(a_plan()), who="file")
    dated = a_plan(periods=PERIODS, note="by the API")
    with connect(database, autocommit=True) as connection:
        declare(connection, "quay", dated, who="demo")
    assert not apply_site(database, a_site(a_plan()), who="file")
    changes = apply_site(database, a_site(a_plan(responsible="A")), who="file")
    assert changes.changed == ("demonstrator pump: responsible",)
    assert apply_site(database, a_site(), who="file").retired == ("demonstrator pump",)
    with connect(database, autocommit=True) as connection:
        assert demonstrators(connection, "quay") == []
        found = demonstrators(connection, "quay", retired=True)[0]
        assert found.plan == a_plan(responsible="A", periods=PERIODS)
        assert found.revision.revision == 3
    changes = apply_site(database, a_site(a_plan(responsible="A")), who="file")
    assert changes.changed == ("demonstrator pump: in use again",)
    with connect(database, autocommit=True) as connection:
        assert demonstrators(connection, "quay")[0].revision.revision == 3
