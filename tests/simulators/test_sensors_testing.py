"""The fixture for integrators: a port in a few lines, with its faults and its truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from simulators import testing
from simulators.scenario import Scenario
from simulators.sensors.faults import Fault, FaultKind
from simulators.testing import simulate
from telemetry.errors import ConfigurationError
from telemetry.quantities import QUANTITIES
from telemetry.units import conversion
from tests.fixtures.small_port import BEGINS, SITE, SmallPort, midnight_s

if TYPE_CHECKING:
    from simulators.testing import Simulate, SimulatedRun

simulated_port = testing.simulated_port  # as `pytest_plugins` in the topmost conftest would give it

SCENARIO = Scenario(name="own", begins=BEGINS, seed=3)
STUCK = {"point": "a/room/t", "kind": "stuck", "from": "2025-03-04T06:00:00Z", "to": "2025-03-04T18:00:00Z"}


def run(**options: Any) -> SimulatedRun:
    """Return a run of the small port."""
    return simulate(SCENARIO, site=SITE, port=SmallPort(), **options)


def test_the_fixture_gives_a_week_of_a_port(simulated_port: Simulate) -> None:
    """Readings by point, as columns, and the truth of a demonstrator, all of the same days."""
    week = simulated_port(SCENARIO, site=SITE, port=SmallPort())
    assert (week.first, week.last) == (BEGINS, BEGINS + timedelta(days=6))
    found = week.series("a/room/t")
    assert found.ts_us.tolist() == [(midnight_s(BEGINS) + 900 * number) * 10**6 for number in range(7 * 96)]
    assert sum(len(day.value) for day in week.columns()) > 5000
    truth = week.truth("pump")
    assert [row.day for row in truth] == [BEGINS + timedelta(days=number) for number in range(7)]
    assert all(row.saving == pytest.approx(0.1 * row.with_) for row in truth)
    assert week.truth("another") == []


def test_faults_are_given_as_tables_or_as_records_and_are_known() -> None:
    """A stuck reading is there from the table's start to its end, and the run says so."""
    bias = Fault(
        point="a/room/t_far",
        kind=FaultKind.BIAS,
        start=datetime(2025, 3, 5, tzinfo=UTC),
        end=datetime(2025, 3, 6, tzinfo=UTC),
        size=3.0,
    )
    week = run(faults=[bias, STUCK])
    assert [(fault.point, fault.kind) for fault in week.faults] == [("a/room/t", "stuck"), ("a/room/t_far", "bias")]
    found = week.series("a/room/t")
    stuck = week.faults[0]
    inside = (found.ts_us >= stuck.start_s * 10**6) & (found.ts_us < stuck.end_s * 10**6)
    assert len(set(found.value[inside])) == 1
    assert len(set(found.value[~inside])) > 10
    assert run(first=date(2025, 3, 6), faults=[bias, STUCK]).faults == ()


def test_a_scenario_brings_its_own_faults() -> None:
    """What the scenario declares happens unless the test says otherwise."""
    own = Scenario(name="own", begins=BEGINS, faults=({**STUCK, "from": "P1D"},))
    assert len(simulate(own, site=SITE, port=SmallPort()).faults) == 1
    assert simulate(own, site=SITE, port=SmallPort(), faults=[]).faults == ()


def test_a_swap_is_told_with_both_registers() -> None:
    """The swap that a person would declare closes the gap that it leaves: nothing that was counted is lost."""
    swap = {"point": "b/meter/energy", "kind": "meter_swap", "from": "2025-03-04T12:00:00Z", "size": 20.0}
    week, sound = run(faults=[swap], cadence_s=60), run(cadence_s=60).series("b/meter/energy")
    (told,) = week.swaps
    found = week.series("b/meter/energy")
    place = int(np.searchsorted(found.ts_us, told.at.timestamp() * 1e6))
    counted = (told.register_before - found.value[0]) + (found.value[-1] - told.register_after)
    assert counted == pytest.approx(sound.value[-1] - sound.value[0], abs=0.021)
    assert found.value[place] == told.register_after == 20.0
    assert told.register_before == pytest.approx(sound.value[place], abs=0.011)


def test_a_point_that_does_not_exist_is_named() -> None:
    """A slip in a test is told, not answered with nothing."""
    with pytest.raises(ConfigurationError, match='unknown point "a/room/tt"'):
        run().series("a/room/tt")


def test_the_shipped_port_is_read_whole() -> None:
    """Every point of the site with a physical model sends within a week, and nothing that its quantity forbids."""
    week = simulate("plain", cadence_s=900)
    columns = week.columns()
    counts = sum(np.bincount(day.key_index, minlength=len(day.keys)) for day in columns)
    assert [key for key, count in zip(columns[0].keys, np.atleast_1d(counts).tolist(), strict=True) if not count] == []
    for day in columns:
        for number, point in enumerate(week.site.points):
            factor, offset = conversion(point.quantity, point.unit)
            value = day.value[day.key_index == number] * factor * (point.pulse_weight or 1.0) + offset
            quantity = QUANTITIES[point.quantity]
            assert ((value >= quantity.minimum - 1e-9) & (value <= quantity.maximum + 1e-9)).all(), point.key
