"""Things made in a process of their own: in order, ahead, with their errors, and never left behind."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from quaymeter.simulation.elsewhere import made_elsewhere
from telemetry.errors import ConfigurationError, QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Iterator


def squares(count: int) -> Iterator[tuple[int, int]]:
    """Yield (square, number of the process)."""
    for number in range(count):
        yield number * number, os.getpid()


def refusing() -> Iterator[int]:
    """Yield once, then refuse."""
    yield 1
    raise ConfigurationError("no such plant", place="port", cure="build one")


def dying() -> Iterator[int]:
    """Yield once, then end without a word."""
    yield 1
    os._exit(9)


def test_what_is_made_arrives_in_order_from_another_process() -> None:
    """Ten squares come in order, and none of them was made here."""
    found = list(made_elsewhere(squares, 10))
    assert [square for square, _ in found] == [number * number for number in range(10)]
    assert os.getpid() not in {pid for _, pid in found}


def test_an_error_there_is_an_error_here() -> None:
    """Cause, place and cure survive the way; what came before it is kept."""
    made = made_elsewhere(refusing)
    assert next(made) == 1
    with pytest.raises(ConfigurationError) as caught:
        next(made)
    assert (caught.value.cause, caught.value.place, caught.value.cure) == ("no such plant", "port", "build one")


def test_a_process_that_dies_is_told() -> None:
    """Killed half way, it does not look like the end of the work."""
    made = made_elsewhere(dying)
    with pytest.raises(QuaymeterError, match="ended by itself"):
        list(made)


def test_who_stops_listening_leaves_no_process() -> None:
    """Closed half way, the process ends."""
    made = made_elsewhere(squares, 1_000_000)
    _, pid = next(made)
    made.close()  # type: ignore[attr-defined] # it is a generator
    end = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
