"""Errors for people cross from one process to another with all that they say."""

from __future__ import annotations

import pickle

import pytest

from savings.findings import Finding, InsufficientDataError, Severity
from telemetry.errors import ContractError, Mistake, QuaymeterError, SiteFileError, StorageError

STOP = Finding(code="baseline_too_short", severity=Severity.STOP, message="too short", cure="take a year")


@pytest.mark.parametrize(
    "error",
    [
        ContractError("unknown unit", place="pump", cure="write kW"),
        StorageError("gone", place="database", transient=True),
        InsufficientDataError((STOP,), place="baseline"),
        SiteFileError([Mistake(file="site.toml", line=3, cause="no name", cure="give one")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel_between_processes(error: QuaymeterError) -> None:
    """Kind, words and parts are the same on the other side; a pool of processes would break on one that cannot."""
    there = pickle.loads(pickle.dumps(error))  # noqa: S301 – what was just written here
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
