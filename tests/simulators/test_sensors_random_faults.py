"""Faults by chance: as many as asked for, sound, addressed by seed, point and day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulators.sensors.faults import LASTING, RULES, FaultKind, befalls
from simulators.sensors.random_faults import random_faults
from telemetry.site_file import load_site

SITE = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
POINTS = {point.key: point for point in SITE.points}
FIRST, LAST = date(2020, 1, 1), date(2029, 12, 31)
RUNS = {seed: random_faults(seed, SITE, FIRST, LAST, 0.5) for seed in range(1, 11)}
FAULTS = RUNS[1]
ALL = [fault for run in RUNS.values() for fault in run]


def test_there_are_as_many_as_asked_for() -> None:
    """Half a fault a point and year, less the few that would begin while another lasts."""
    assert len(ALL) / len(RUNS) == pytest.approx(0.5 * 10 * len(POINTS), rel=0.1)
    assert random_faults(1, SITE, FIRST, LAST, 0.0) == ()


def test_every_fault_is_one_that_its_point_can_have() -> None:
    """Kinds fit points, sizes fit kinds, times are in order, and a point is ill in one way at a time."""
    free_s: dict[str, int] = {}
    for fault in FAULTS:
        rule = RULES[fault.kind]
        assert befalls(fault.kind, POINTS[fault.point])
        assert rule.low <= fault.size <= rule.high
        assert fault.size or rule.zero or not rule.meaning
        assert (fault.end > fault.start) != (fault.kind in LASTING)
        assert fault.start_s >= free_s.get(fault.point, 0)
        free_s[fault.point] = fault.end_s
    assert [fault.start for fault in FAULTS] == sorted(fault.start for fault in FAULTS)


def test_most_kinds_come_and_gaps_come_most() -> None:
    """What maintenance meets often is drawn often; what needs a person or a plant is not drawn."""
    counts = {kind: sum(fault.kind is kind for fault in ALL) for kind in FaultKind}
    assert max(counts, key=lambda kind: counts[kind]) is FaultKind.DROPOUT
    never = {kind for kind, count in counts.items() if count == 0}
    assert never == {
        FaultKind.ROLLOVER,
        FaultKind.METER_SWAP,
        FaultKind.CROSSED,
        FaultKind.SATURATION,
        FaultKind.FOULING,
    }


def test_what_befalls_a_device_befalls_its_points_together() -> None:
    """A clock is wrong for all points of its device at once, but for those that are ill already."""
    device_of = {asset.key: asset.device for asset in SITE.assets}
    steps: dict[tuple[str, int, int], set[str]] = {}
    for seed, run in RUNS.items():
        for fault in run:
            if fault.kind is FaultKind.CLOCK_STEP:
                steps.setdefault((device_of[POINTS[fault.point].asset], fault.start_s, seed), set()).add(fault.point)
    assert len(steps) > 5
    for (device, *_), hit in steps.items():
        own = {point.key for point in SITE.points if device_of[point.asset] == device}
        assert hit <= own
        assert len(hit) >= 0.5 * len(own)


def test_errors_are_worth_finding() -> None:
    """A bias is at least three accuracies, whatever the quantity: a detector can be blamed for missing it."""
    biases = [fault for fault in ALL if fault.kind is FaultKind.BIAS and POINTS[fault.point].accuracy_class == "0.5 K"]
    assert len(biases) > 5
    assert all(1.5 <= abs(fault.size) <= 5.0 for fault in biases)
    assert {fault.size > 0 for fault in biases} == {True, False}


def test_a_longer_period_has_the_same_faults_and_more() -> None:
    """What begins by a day does not depend on what comes after it; another seed has other faults."""
    middle = date(2022, 6, 30)
    until = tuple(fault for fault in FAULTS if fault.start.date() <= middle)
    assert random_faults(1, SITE, FIRST, middle, 0.5) == until
    assert random_faults(2, SITE, FIRST, middle, 0.5) != until
