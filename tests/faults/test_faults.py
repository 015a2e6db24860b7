"""The promise itself: kill -9 of any part and any pair, under load, loses nothing and stores nothing twice.

The long version is `python -m benchmarks.faults --kills 50`; its figures are in docs/edge.md.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from benchmarks.faults import PARTS, SCENARIOS, run_rounds
from quaymeter.broker import find_mosquitto

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed: apt install mosquitto"),
]


def test_the_scenarios_cover_every_part_every_pair_and_a_wiped_broker() -> None:
    """A scenario that is missing would never fail."""
    assert {(part,) for part in PARTS} | {*combinations(PARTS, 2)} | {("broker_wiped",)} <= {*SCENARIOS}


@pytest.mark.timeout(240)
def test_eleven_kills_lose_nothing_and_the_ledger_is_exact_after_each(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every reading promised is stored exactly once, after each kill; the ledger adds up; quarantine is empty."""
    folder: Path = tmp_path_factory.mktemp("faults") / "road"
    rounds = run_rounds(folder, SCENARIOS[:11], packs_per_s=40, seed=7)
    assert len(rounds) == 11
    for one in rounds:
        assert one.found.clean, one
    assert rounds[-1].found.promised > 10_000
    assert rounds[-1].found.ledger.duplicate > 0  # something was sent again: the kills did hit the road
