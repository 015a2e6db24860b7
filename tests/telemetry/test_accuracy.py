"""What an accuracy class says of a register."""

from __future__ import annotations

import pytest

from telemetry.accuracy import relative_accuracy


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("class 1", 0.01), ("class 0.5S", 0.005), ("MID class 2", 0.02), ("2 %", 0.02), ("0.5 % of value", 0.005),
        ("", None), ("0.25 % FS", None), ("0.1 K", None), ("EN 12830 class 1", None), ("good", None),
    ],
)  # fmt: skip
def test_shares_are_read(text: str, share: float | None) -> None:
    """Classes and percents of the value are shares; percents of a scale, kelvins and praise are none."""
    assert relative_accuracy(text) == share
