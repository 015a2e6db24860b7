"""What is remembered of Sparkplug nodes: not more than is needed, and never from a pass that is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telemetry.batch import ReadingBatch, RefusalReason
from telemetry.checks import Checks
from telemetry.quality import QualityClass, quality_class
from tests.telemetry.harbour import NOW_MS, decoder, message, readings, reasons
from tests.telemetry.nodes import (
    born,
    metric,
    payload,
    say,
)

if TYPE_CHECKING:
    import pytest


def test_a_second_pass_over_the_same_messages_starts_where_the_first_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data before a birth that renames aliases keep their point when the checks fail and all is decoded once more."""
    told = born()
    whole = Checks.batch

    def fragile(self: Checks, gathering: Any, messages: Any, *rest: Any) -> ReadingBatch:
        if len(messages) > 1:
            raise ZeroDivisionError
        return whole(self, gathering, messages, *rest)

    monkeypatch.setattr(Checks, "batch", fragile)
    data = payload([metric(alias=1, value=7.0)], 1)
    anew = payload([metric("bdSeq", long_value=4), metric("flow", 30.0, alias=1), metric("t_in", 8.0, alias=2)])
    decoded = told.decode([message(data, "spBv1.0/port/NDATA/node"), message(anew, "spBv1.0/port/NBIRTH/node")])
    assert readings(decoded) == [("t_in", NOW_MS, 7.0), ("flow", NOW_MS, 30.0), ("t_in", NOW_MS, 8.0)]
    assert quality_class(decoded.batch.quality).tolist() == [QualityClass.GOOD] * 3
    assert not decoded.rebirths


def test_births_of_unmapped_devices_are_not_remembered() -> None:
    """A node may bear as many devices as it likes: those without an asset leave nothing behind and cost no rebirth."""
    told = born()
    for number in range(1, 5):
        ghost = payload([metric(f"m{place}", alias=place) for place in range(50)], number)
        decoded = say(told, "DBIRTH", ghost, f"ghost{number}")
        assert reasons(decoded) == [RefusalReason.UNKNOWN_POINT] * 50
    data = say(told, "DDATA", payload([metric(alias=7, value=1.0)], 5), "ghost1")
    assert reasons(data) == [RefusalReason.UNKNOWN_POINT]
    assert "'port/node/ghost1' is not mapped" in data.refusals[0].detail
    assert not data.rebirths
    assert list(told._sparkplug._nodes["port/node"].births) == [""]
    after = say(told, "NDATA", payload([metric(alias=1, value=2.0)], 6))
    assert quality_class(after.batch.quality).tolist() == [QualityClass.GOOD]


def test_what_a_birth_declares_beside_points_is_kept_short() -> None:
    """Names that are no points are cut, and from the ten-thousandth on forgotten; their aliases stay known."""
    told = decoder(max_payload=10_000_000)
    strangers = [metric(f"stranger-{number}-{'x' * 200}", alias=number) for number in range(10, 10_700)]
    say(told, "NBIRTH", payload([metric("bdSeq", long_value=1), metric("t_in", 1.0, alias=1), *strangers]))
    birth = told._sparkplug._nodes["port/node"].births[""]
    assert list(birth.by_name) == ["t_in"]
    assert max(len(declared.name) for declared in birth.by_alias.values()) <= 101
    told_again = payload([metric(alias=1, value=2.0), metric(alias=11, value=1.0), metric(alias=10_650, value=1.0)], 1)
    decoded = say(told, "NDATA", told_again)
    assert readings(decoded) == [("t_in", NOW_MS, 2.0)]
    assert reasons(decoded) == [RefusalReason.UNKNOWN_POINT] * 2
    assert "stranger-11-" in decoded.refusals[0].detail
    assert not decoded.rebirths
