"""`[[faults]]` of a scenario: what is understood, and how every mistake is explained."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.scenario import Scenario, load_scenario
from simulators.sensors.fault_tables import faults_of
from simulators.sensors.faults import Fault, FaultKind
from simulators.sensors.port_readings import scenario_faults
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site
from tests.fixtures.small_port import BEGINS, SITE

SOUND = """
[[faults]]
point = "a/room/t"
kind = "drift"
from = 2025-03-04
to = 2025-03-05T06:00:00Z
size = 1.5
"""


def read(text: str) -> tuple[Fault, ...]:
    """Return the faults of a TOML text."""
    return faults_of(tomllib.loads(text)["faults"], SITE)


def told(**changes: Any) -> str:
    """Return what is said of a table with changes; None takes a key away."""
    table = {**tomllib.loads(SOUND)["faults"][0], **changes}
    with pytest.raises(ConfigurationError) as caught:
        faults_of([{key: value for key, value in table.items() if value is not None}], SITE)
    assert caught.value.place.startswith("faults 1")
    assert caught.value.cure
    return str(caught.value)


def test_a_table_becomes_a_fault() -> None:
    """A day without time is its midnight in the site's time zone: 23 h UTC the evening before, in March."""
    (fault,) = read(SOUND)
    assert fault == Fault(
        point="a/room/t",
        kind=FaultKind.DRIFT,
        start=datetime(2025, 3, 3, 23, tzinfo=UTC),
        end=datetime(2025, 3, 5, 6, tzinfo=UTC),
        size=1.5,
    )


def test_a_pattern_befalls_every_point_that_the_kind_can_befall() -> None:
    """A whole room loses its link; only its gauges can drift."""
    times = {"from": datetime(2025, 3, 4, tzinfo=UTC), "to": datetime(2025, 3, 5, tzinfo=UTC)}
    lost = faults_of([{"point": "a/room/*", "kind": "dropout", **times}], SITE)
    assert {fault.point for fault in lost} == {point.key for point in SITE.points if point.asset == "a/room"}
    assert {fault.size for fault in lost} == {1.0}
    drifting = faults_of([{"point": "a/room/*", "kind": "drift", "size": 1, **times}], SITE)
    assert {fault.point for fault in drifting} == {"a/room/t", "a/room/t_far", "a/room/set", "a/room/p"}


def test_what_lasts_needs_no_end_and_crossed_points_name_each_other() -> None:
    """A reset happens at once; crossed points need a second name; faults come in order of their start."""
    reset, crossed = read(
        """
        [[faults]]
        point = "a/room/t"
        kind = "crossed"
        with = "a/room/t_far"
        from = 2025-03-08
        to = 2025-03-09
        [[faults]]
        point = "b/meter/energy"
        kind = "counter_reset"
        from = 2025-03-04T12:00:00+01:00
        """
    )
    assert (reset.start, reset.end, reset.size) == (reset.end, reset.start, 0.0)
    assert crossed.other == "a/room/t_far"


@pytest.mark.parametrize(
    ("changes", "cause", "cure"),
    [
        ({"kind": "drfit"}, 'unknown kind "drfit"', 'did you mean "drift"'),
        ({"kind": None}, "it has no `kind`", 'write `kind = "…"`'),
        ({"kind": 7}, "`kind` is not a text", 'write `kind = "…"`'),
        ({"point": "a/room/tt"}, 'unknown point "a/room/tt"', 'did you mean "a/room/t"'),
        ({"point": "x/*"}, "no point that drift can befall fits this pattern", "a gauge"),
        ({"point": "b/meter/energy"}, "drift cannot befall a counter of energy", "it befalls a gauge"),
        ({"kind": "ct_swap", "size": None}, "ct_swap cannot befall a gauge of temperature", "power"),
        ({"size": None}, "it has no `size`", "error reached at the end"),
        ({"size": "large"}, "`size` is not a number", "error reached at the end"),
        ({"size": True}, "`size` is not a number", "error reached at the end"),
        ({"size": 0}, "`size` is 0", "not 0"),
        ({"kind": "dropout", "size": 1.5}, "`size` is 1.5", "from 0 to 1"),
        ({"kind": "stuck"}, "stuck has no size", "leave out `size`"),
        ({"from": None}, "it has no `from`", "2025-03-01T06:00:00Z"),
        ({"from": 20250304}, "`from` is not a date", "2025-03-01T06:00:00Z"),
        ({"from": "soon"}, "`from` is not a date", "2025-03-01T06:00:00Z"),
        ({"from": datetime(2025, 3, 4, 6)}, "`from` has no time zone", "end it with Z"),  # noqa: DTZ001 – the mistake
        ({"from": "2025-03-04T06:00:00"}, "`from` has no time zone", "end it with Z"),
        ({"to": datetime(2025, 3, 1, tzinfo=UTC)}, "not after its start", "a `to` after `from`"),
        ({"kind": "frost", "till": 5}, "unknown key `till`", "known: point"),
        ({"sise": 5}, "unknown key `sise`", 'did you mean "size"'),
        ({"with": "a/room/p"}, "`with` belongs to crossed points", "leave it out"),
        ({"kind": "crossed", "size": None}, "it has no `with`", 'write `with = "…"`'),
        ({"kind": "crossed", "size": None, "with": "a/room/t"}, "exactly two points", "another as"),
        ({"kind": "crossed", "size": None, "with": "a/room/p"}, "temperature cannot be taken", "the same quantity"),
        ({"kind": "counter_reset", "point": "b/meter/energy"}, "never undone", "leave out `to`"),
    ],
)
def test_a_mistake_is_explained(changes: dict[str, Any], cause: str, cure: str) -> None:
    """Place, cause and cure are told."""
    message = told(**changes)
    assert cause in message
    assert cure in message


def test_times_of_a_scenario_may_be_its_ages() -> None:
    """A scenario gives dates as text and ages counted from its first day."""
    scenario = Scenario(name="own", begins=BEGINS)
    table = {"point": "a/room/t", "kind": "stuck", "from": "P2D", "to": "2025-03-07"}
    (fault,) = faults_of([table], SITE, scenario=scenario)
    assert fault.start == datetime(2025, 3, 4, 23, tzinfo=UTC)
    assert fault.end == datetime(2025, 3, 6, 23, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="no moment"):
        faults_of([{**table, "from": "soon"}], SITE, scenario=scenario)


def test_a_scenario_with_faults_by_chance_has_them_beside_its_own(tmp_path: Path) -> None:
    """The shipped scenario of failing sensors draws half a fault a point and year; a file adds its own."""
    site = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
    drawn = scenario_faults(load_scenario("faulty"), site)
    assert 0.4 < len([fault for fault in drawn if 2025 <= fault.start.year <= 2033]) / len(site.points) / 9 < 0.7
    file = tmp_path / "own.toml"
    file.write_text('include = ["faulty"]\n' + SOUND.replace("a/room/t", site.points[0].key), "utf-8")
    both = scenario_faults(load_scenario(file), site)
    assert len(set(both) - set(drawn)) == 1
    assert list(both) == sorted(both, key=lambda fault: fault.start)
    assert scenario_faults(load_scenario("plain"), site) == ()
