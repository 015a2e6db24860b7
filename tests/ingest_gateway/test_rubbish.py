"""Searching for reference cycles seldom."""

from __future__ import annotations

import gc

import pytest

from ingest_gateway.rubbish import seldom_collected


def test_cycles_are_searched_for_seldom_and_as_before_afterwards() -> None:
    """More objects before a search, the old ones left out; undone on leaving, whatever happened."""
    before = gc.get_threshold()

    def run() -> None:
        with seldom_collected():
            assert gc.get_threshold()[0] > 10 * before[0]
            assert gc.isenabled()
            assert gc.get_freeze_count() > 1000
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
