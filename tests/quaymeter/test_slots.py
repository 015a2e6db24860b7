"""Replicas take fixed numbers, and a number is free again as soon as its holder is gone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from quaymeter.slots import name_with_slot, stopped_name
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from quaymeter.slots import name_with_slot
with name_with_slot("gateway-{slot}", Path(sys.argv[1])) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


def _holder(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _name(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def test_a_killed_replicas_number_is_taken_again(tmp_path: Path) -> None:
    """Two processes get two numbers; after kill -9 of the first its number goes to the next that comes."""
    holders = []
    try:
        for expected in ("gateway-1", "gateway-2"):
            holders.append(_holder(tmp_path))
            assert _name(holders[-1]) == expected
        holders[0].kill()
        holders[0].wait()
        holders.append(_holder(tmp_path))
        assert _name(holders[-1]) == "gateway-1"
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_a_name_without_a_slot_is_taken_as_it_is(tmp_path: Path) -> None:
    """A fixed name needs no lock and no directory."""
    with name_with_slot("quay-gateway", tmp_path / "absent") as name:
        assert name == "quay-gateway"
    assert not (tmp_path / "absent").exists()


def test_a_directory_that_cannot_be_is_explained(tmp_path: Path) -> None:
    """Where no lock can be kept the error names the setting."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigurationError, match="QUAYMETER_GATEWAY_SLOTS"),
        name_with_slot("g-{slot}", tmp_path / "file"),
    ):
        pass


def test_a_name_in_use_is_not_free_to_be_retired(tmp_path: Path) -> None:
    """A number that a process holds is refused; one that is free is held, so that no replica takes it meanwhile."""
    with name_with_slot("gateway-{slot}", tmp_path) as first:
        with pytest.raises(ConfigurationError, match="runs on this machine"), stopped_name(first, tmp_path):
            pass
        with stopped_name("gateway-2", tmp_path), name_with_slot("gateway-{slot}", tmp_path) as second:
            assert second == "gateway-3"
