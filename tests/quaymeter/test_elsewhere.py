"""Things made in a process of their own: in order, ahead, with their errors, and never left behind."""

from __future__ import annotations

import os
import pickle
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from quaymeter.simulation.elsewhere import made_elsewhere
from quaymeter.simulation.port_elsewhere import SeenDay
from simulators.day import Day
from simulators.outputs import Amounts, Flow, Level, Mean, Switch
from telemetry.errors import ConfigurationError, QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.outputs import Output


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


def test_a_day_of_a_port_arrives_as_it_left() -> None:
    """Every output of every kind comes out of a pickle as it went in: type, numbers, instants."""
    rows = np.arange(96.0)
    outputs: dict[str, Output] = {
        "a/b/level": Level(rows),
        "a/b/amounts": Amounts(np.array([60, 3600]), np.array([1.0, 2.0])),
        "a/b/mean": Mean(rows + 1.0),
        "a/b/other": Level(rows + 2.0),
        "a/b/flow": Flow(rows + 3.0),
        "a/b/switch": Switch(np.ones(1440)),
    }
    sent = SeenDay(day=Day(20_000, 900), outputs=outputs)
    found = pickle.loads(pickle.dumps(sent))  # noqa: S301 – made one call ago
    assert found.day == sent.day
    assert found.outputs.keys() == outputs.keys()
    for key, output in outputs.items():
        assert type(found.outputs[key]) is type(output)
        for name, values in vars(output).items():
            np.testing.assert_array_equal(getattr(found.outputs[key], name), values)
