"""`quaymeter simulate` and a user's mistakes: each is explained, with the exit code of its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quaymeter.cli.output import ExitCode
from tests.quaymeter.test_cli import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--step", "7"), "step_s"),
        (("--step", "1"), "step_s"),
        (("--from", "2024-10-01", "--to", "2024-09-02"), "--to"),
        (("--to", "2024-08-02"), "--to"),
        (("--begins", "1900-01-01"), "begins"),
    ],
)
def test_wrong_days_and_steps_are_explained(words: tuple[str, ...], place: str) -> None:
    """No step of the physics, no period, no such year: place, cause and cure instead of a trace."""
    code, _, told = run("simulate", "describe", *words)
    assert code == ExitCode.CONFIGURATION
    assert place in told
    assert "cure:" in told


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """Below a file there is no folder: the option is named, before anything is simulated or sent."""
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "below")
    for words, option in (
        (("describe", "--plots", below), "--plots"),
        (("live", "--buffer", f"{below}/buffer.sqlite"), "--buffer"),
    ):
        code, _, told = run("simulate", *words, environ={})
        assert code == ExitCode.FILE, told
        assert f"{option}: " in told
        assert "cure:" in told


@pytest.mark.parametrize(("command", "words"), [("live", "Seconds of the past"), ("describe", "seconds")])
def test_units_are_not_lost_from_the_help(command: str, words: str) -> None:
    """What stands in brackets is markup to the help's writer, so the unit is a word."""
    code, out, _ = run("simulate", command, "--help")
    assert code == ExitCode.OK
    assert words in " ".join(out.split())
